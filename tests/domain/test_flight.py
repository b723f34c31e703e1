"""A dated flight: the permanent id to the letter, when nothing more is expected of it, and how late it is."""

from __future__ import annotations

import string
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sightings import ID, NOW, flight, utc
from flightctl.domain.flight import TIMES, FlightId, FlightStatus, minted, parse_flight_id
from flightctl.errors import BadFlightId

EXAMPLE = "ANZ5272.2025-09-11.0830.NZAA.NZCH"
OUT, IN = utc("2026-12-03 08:30"), utc("2026-12-03 09:50")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LAST_SEEN_FINAL = (FlightStatus.ARRIVED, FlightStatus.CANCELLED, FlightStatus.DIVERTED)
NOT_AT_ITS_END = [status for status in FlightStatus if status not in LAST_SEEN_FINAL]

CODES = st.text(string.ascii_uppercase + string.digits, min_size=3, max_size=4)
IDS = st.builds(
    FlightId,
    st.text(string.ascii_uppercase + string.digits, min_size=2, max_size=8),
    st.dates(),
    st.times().map(lambda time: f"{time:%H%M}"),
    CODES,
    CODES,
)


def test_the_id_is_written_as_the_design_writes_it() -> None:
    made = minted("ANZ5272", datetime(2025, 9, 11, 8, 30), "NZAA", "NZCH")
    assert str(made) == EXAMPLE
    assert made.key == "flights.master.ANZ5272.2025-09-11.0830.NZAA.NZCH"


def test_a_departure_shortly_after_midnight_is_of_the_new_day_and_keeps_its_zeros() -> None:
    assert str(minted("JZA8428", datetime(2026, 1, 2, 0, 5, 59), "CYYZ", "CYOW")) == "JZA8428.2026-01-02.0005.CYYZ.CYOW"


@given(IDS)
def test_an_id_that_is_written_is_read_as_the_same(one: FlightId) -> None:
    assert parse_flight_id(str(one)) == one


@given(IDS)
def test_an_id_is_read_in_lower_case_and_between_blanks(one: FlightId) -> None:
    assert parse_flight_id(f"  {str(one).lower()}\n") == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NZ527",
        "ANZ5272.2025-09-11.0830.NZAA",
        f"{EXAMPLE}.",
        f"{EXAMPLE}.NZAA",
        f"flights.master.{EXAMPLE}",
        "ANZ5272.2025-02-29.0830.NZAA.NZCH",
        "ANZ5272.2025-13-01.0830.NZAA.NZCH",
        "ANZ5272.0000-01-01.0830.NZAA.NZCH",
        "ANZ5272.2025-9-11.0830.NZAA.NZCH",
        "ANZ5272.2025-09-11.830.NZAA.NZCH",
        "ANZ5272.2025-09-11.2400.NZAA.NZCH",
        "ANZ5272.2025-09-11.0860.NZAA.NZCH",
        "ANZ5272.2025-09-11.9999.NZAA.NZCH",
        "ANZ5272.2025-09-11.08:30.NZAA.NZCH",
        "A.2025-09-11.0830.NZAA.NZCH",
        "ANZ527234.2025-09-11.0830.NZAA.NZCH",
        "ANZ5272.2025-09-11.0830.NZ.NZCH",
        "ANZ5272.2025-09-11.0830.NZAA.NZCHX",
        "ANZ5272.2025-09-11.0830.*.>",
        "ANZ5272.2025-09-11.0830.NZA%.NZCH",
        "ANZ5272 .2025-09-11.0830.NZAA.NZCH",
        "ANZ5272.2025-09-11.0830.NZAA.NZCH\nANZ5272.2025-09-11.0830.NZAA.NZCH",
        "ANZ5272.2025-09-11.0830.NZAA.NZCH\x00",
        "ANZ5272.２０２５-09-11.0830.NZAA.NZCH",
        "ANZ5272.2025-09-11.0830.NZAA.NZCſ1",
        "\x1b[31mANZ5272",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadFlightId):
        parse_flight_id(text)


@given(st.text().filter(lambda text: "." not in text))
def test_any_other_text_is_refused_in_words_that_a_terminal_can_show(text: str) -> None:
    with pytest.raises(BadFlightId) as refused:
        parse_flight_id(text)
    assert str(refused.value).isascii()
    assert str(refused.value).isprintable()


@given(st.text(max_size=2000).map(lambda text: f"{text}{EXAMPLE * 40}"))
def test_a_refusal_does_not_repeat_a_long_text(text: str) -> None:
    with pytest.raises(BadFlightId) as refused:
        parse_flight_id(text)
    assert len(str(refused.value)) < 100


def test_the_five_parts_stand_in_the_id_of_a_flight() -> None:
    one = flight()
    parts = FlightId(one.ident, one.departure_date, one.departure_hhmm, one.origin, one.destination)
    assert one.flight_id == str(parts) == ID
    assert parts == ("ANZ527", date(2026, 12, 3), "0830", "NZAA", "NZCH")


def test_a_flight_has_the_twelve_times_in_the_order_of_a_flight_s_course() -> None:
    points, kinds = ("out", "off", "on", "in"), ("scheduled", "estimated", "actual")
    assert tuple(f"{kind}_{point}" for point in points for kind in kinds) == TIMES


@pytest.mark.parametrize("status", LAST_SEEN_FINAL)
@pytest.mark.parametrize("now", [NOW, OUT, IN, IN + 1000 * HOUR])
def test_a_flight_last_seen_at_its_end_is_final_at_any_time(status: FlightStatus, now: datetime) -> None:
    assert flight()._replace(status=status).is_final(now)


@pytest.mark.parametrize("status", NOT_AT_ITS_END)
@pytest.mark.parametrize(
    ("since_arrival", "final"),
    [(-100 * HOUR, False), (0 * HOUR, False), (48 * HOUR - MINUTE, False), (48 * HOUR, True), (1000 * HOUR, True)],
)
def test_any_other_flight_is_final_48_hours_after_its_arrival(
    status: FlightStatus, since_arrival: timedelta, final: bool
) -> None:
    assert flight()._replace(status=status).is_final(IN + since_arrival) is final


@pytest.mark.parametrize(
    ("times", "arrival"),
    [
        ({"scheduled_in": None}, OUT + 24 * HOUR),
        ({"scheduled_in": None, "estimated_out": OUT + HOUR}, OUT + 25 * HOUR),
        ({"estimated_in": IN + 20 * HOUR}, IN + 20 * HOUR),
        ({"estimated_in": IN + 20 * HOUR, "actual_on": IN + 3 * HOUR}, IN + 3 * HOUR),
    ],
)
def test_the_48_hours_run_from_the_best_known_arrival(times: dict[str, Any], arrival: datetime) -> None:
    one = flight()._replace(**times)
    assert not one.is_final(arrival + 48 * HOUR - MINUTE)
    assert one.is_final(arrival + 48 * HOUR)


# What is known, in the order of what goes before what: each entry adds one more, which then counts.
DEPARTURES = ["estimated_off", "estimated_out", "actual_off", "actual_out"]
ARRIVALS = ["scheduled_on", "scheduled_in", "estimated_on", "estimated_in", "actual_on", "actual_in"]


@pytest.mark.parametrize("known", range(len(DEPARTURES) + 1))
def test_the_expected_departure_is_the_best_that_is_known(known: int) -> None:
    times: dict[str, Any] = {name: OUT + (i + 1) * MINUTE for i, name in enumerate(DEPARTURES[:known])}
    assert flight()._replace(**times).expected_departure == OUT + known * MINUTE


@pytest.mark.parametrize("known", range(len(ARRIVALS) + 1))
def test_the_expected_arrival_is_the_best_that_is_known(known: int) -> None:
    times: dict[str, Any] = {"scheduled_in": None}
    times |= {name: IN + i * MINUTE for i, name in enumerate(ARRIVALS[:known])}
    assert flight()._replace(**times).expected_arrival == (IN + (known - 1) * MINUTE if known else None)


def test_a_flight_without_a_gate_departure_departs_when_it_takes_off() -> None:
    assert flight()._replace(scheduled_out=None, scheduled_off=OUT + MINUTE).departs_at == OUT + MINUTE


@pytest.mark.parametrize(
    ("times", "late"),
    [
        ({}, None),
        ({"estimated_out": OUT}, 0),
        ({"estimated_out": OUT + 20 * MINUTE}, 20),
        ({"estimated_out": OUT - 5 * MINUTE}, -5),
        ({"estimated_out": OUT + 20 * MINUTE, "actual_out": OUT + 25 * MINUTE}, 25),
        ({"estimated_out": OUT + 20 * MINUTE, "actual_out": OUT + 25 * MINUTE, "actual_off": OUT + HOUR}, 25),
        ({"actual_off": OUT + 30 * MINUTE}, 30),
        ({"estimated_off": OUT + 30 * MINUTE, "scheduled_off": OUT + 10 * MINUTE}, 20),
        ({"actual_off": OUT + 30 * MINUTE, "scheduled_off": OUT + 10 * MINUTE, "scheduled_out": None}, 20),
    ],
)
def test_a_departure_is_as_late_as_the_gate_or_else_the_runway_says(times: dict[str, Any], late: int | None) -> None:
    expected = None if late is None else late * MINUTE
    assert flight()._replace(**times).departure_delay == expected


@pytest.mark.parametrize(
    ("times", "late"),
    [
        ({}, None),
        ({"estimated_in": IN + 20 * MINUTE}, 20),
        ({"estimated_in": IN + 20 * MINUTE, "actual_in": IN - 5 * MINUTE}, -5),
        ({"actual_on": IN + 30 * MINUTE}, 30),
        ({"actual_on": IN + 30 * MINUTE, "scheduled_on": IN - 5 * MINUTE}, 35),
        ({"actual_on": IN + 30 * MINUTE, "scheduled_in": None}, None),
    ],
)
def test_an_arrival_is_as_late_as_the_gate_or_else_the_runway_says(times: dict[str, Any], late: int | None) -> None:
    expected = None if late is None else late * MINUTE
    assert flight()._replace(**times).arrival_delay == expected


@pytest.mark.parametrize("status", FlightStatus)
def test_a_flight_has_left_when_it_was_seen_under_way_or_after(status: FlightStatus) -> None:
    still_there = (FlightStatus.SCHEDULED, FlightStatus.CANCELLED, FlightStatus.UNKNOWN)
    assert flight()._replace(status=status).has_left is (status not in still_there)


@pytest.mark.parametrize("name", ["actual_out", "actual_off"])
def test_a_flight_has_left_when_a_time_says_so_whatever_its_status(name: str) -> None:
    happened: dict[str, Any] = {name: OUT}
    assert flight()._replace(status=FlightStatus.UNKNOWN, **happened).has_left
