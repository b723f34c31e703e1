"""The rows: their shape, their times, and how they age."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.providers.sandbox.progress import NEVER_CANCELLED, Status, progress
from flightctl.providers.sandbox.rows import rows_at, rows_of, rows_on
from flightctl.providers.sandbox.schedule import Leg, legs

Rows = list[dict[str, Any]]
DAY = date(2026, 11, 20)

DEPARTURE = "airport timezone iata icao terminal gate delay scheduled estimated actual estimated_runway actual_runway"
ARRIVAL = DEPARTURE.replace("delay scheduled", "baggage scheduled delay")
ROW = "flight_date flight_status departure arrival airline flight aircraft live"
CODESHARED = "airline_name airline_iata airline_icao flight_number flight_iata flight_icao"

any_leg = st.sampled_from(legs())
any_day = st.dates(date(2025, 1, 1), date(2028, 12, 31))
any_moment = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


def _leg(flight: str) -> Leg:
    return next(leg for leg in legs() if leg.flight == flight)


def _row(leg: Leg, now: datetime) -> dict[str, Any]:
    return next(rows_of(leg, DAY, now))


def test_every_row_has_exactly_the_fields_of_the_real_service(everything: Rows) -> None:
    for row in everything:
        assert list(row) == ROW.split()
        assert list(row["departure"]) == DEPARTURE.split()
        assert list(row["arrival"]) == ARRIVAL.split()
        assert list(row["airline"]) == ["name", "iata", "icao"]
        assert list(row["flight"]) == ["number", "iata", "icao", "codeshared"]


def test_every_time_is_labelled_utc_though_it_is_local(everything: Rows) -> None:
    stamps = [
        row[end][name]
        for row in everything
        for end in ("departure", "arrival")
        for name in ("scheduled", "estimated", "actual")
    ]
    assert all(stamp.endswith(":00+00:00") for stamp in stamps if stamp)


def test_the_wall_clock_is_that_of_the_airport(everything: Rows) -> None:
    departures = {row["departure"]["scheduled"][11:16] for row in everything if row["flight"]["iata"] == "NZ527"}
    assert departures == {"08:30"}


def test_the_flight_date_is_that_of_the_scheduled_departure(everything: Rows) -> None:
    assert all(row["departure"]["scheduled"].startswith(row["flight_date"]) for row in everything)


def test_the_actual_time_is_the_runway_time(everything: Rows) -> None:
    for row in everything:
        for end in ("departure", "arrival"):
            assert row[end]["actual"] == row[end]["actual_runway"]


def test_dates_are_yesterday_today_and_tomorrow_at_the_origin(now: datetime) -> None:
    dates = {row["flight_date"] for row in rows_at(now, "NZ527")}
    assert dates == {"2026-11-20", "2026-11-21", "2026-11-22"}  # it is the 21st in Auckland already
    assert {row["flight_date"] for row in rows_at(now, "DL1")} == {"2026-11-19", "2026-11-20", "2026-11-21"}


def test_a_marketing_number_is_a_row_of_its_own(everything: Rows) -> None:
    rows = [row for row in everything if row["flight"]["iata"] == "AA7370"]
    assert len(rows) == 3
    assert {row["airline"]["iata"] for row in rows} == {"AA"}
    assert {row["flight"]["codeshared"]["flight_iata"] for row in rows} == {"qf11"}


def test_the_operating_flight_is_told_in_lower_case(everything: Rows) -> None:
    shared = [row["flight"]["codeshared"] for row in everything if row["flight"]["codeshared"]]
    assert len(shared) > 300
    for members in shared:
        assert list(members) == CODESHARED.split()
        assert all(value == value.lower() for value in members.values())


def test_the_operating_row_says_no_codeshare(everything: Rows) -> None:
    assert all(row["flight"]["codeshared"] is None for row in everything if row["flight"]["iata"] == "QF11")


def test_the_order_means_nothing_but_stays(now: datetime, everything: Rows) -> None:
    designators = [row["flight"]["iata"] for row in everything]
    assert designators != sorted(designators)
    assert designators == [row["flight"]["iata"] for row in rows_at(now + timedelta(seconds=59))]


@pytest.mark.parametrize(
    "path",
    [
        "departure.timezone",
        "departure.gate",
        "departure.terminal",
        "departure.icao",
        "arrival.estimated",
        "arrival.baggage",
        "flight.icao",
        "aircraft",
        "live",
    ],
)
def test_some_things_are_not_known_for_some_rows(everything: Rows, path: str) -> None:
    *parts, name = path.split(".")
    values = [(row[parts[0]] if parts else row)[name] for row in everything]
    assert 0 < sum(value is None for value in values) < len(values)


def test_a_flight_is_scheduled_then_active_then_landed() -> None:
    leg = _leg("NZ6")
    out, landing = leg.scheduled_out(DAY), leg.scheduled_in(DAY)
    moments = (out - timedelta(hours=5), (out + (landing - out) / 2), landing + timedelta(hours=4))
    assert [_row(leg, moment)["flight_status"] for moment in moments] == ["scheduled", "active", "landed"]


def test_most_rows_are_scheduled_active_or_landed_and_a_few_cancelled(everything: Rows) -> None:
    counts = Counter(row["flight_status"] for row in everything)
    assert counts.keys() == {"scheduled", "active", "landed", "cancelled"}
    assert 0 < counts["cancelled"] < len(everything) / 20


def test_a_cancelled_flight_keeps_its_schedule_and_never_leaves(everything: Rows) -> None:
    for row in everything:
        if row["flight_status"] == "cancelled":
            assert row["departure"]["actual"] is None
            assert row["departure"]["estimated"] == row["departure"]["scheduled"]


def test_delays_are_minutes_from_one_up_or_unknown(everything: Rows) -> None:
    delays = [row["departure"]["delay"] for row in everything]
    assert all(delay is None or delay >= 1 for delay in delays)
    assert any(delay and delay >= 60 for delay in delays)
    assert delays.count(None) > len(delays) / 2


def test_an_aircraft_over_the_date_line_is_over_the_pacific() -> None:
    leg = _leg("NZ6")
    days = [DAY - timedelta(days=ago) for ago in range(40)]
    middles = [leg.scheduled_out(day) + (leg.scheduled_in(day) - leg.scheduled_out(day)) / 2 for day in days]
    live = [next(rows_of(leg, day, middle))["live"] for day, middle in zip(days, middles, strict=True)]
    longitudes = [seen["longitude"] for seen in live if seen]
    assert longitudes
    assert all(longitude > 170 or longitude < -110 for longitude in longitudes)


@given(any_day)
def test_the_flight_of_the_first_example_is_never_cancelled(day: date) -> None:
    leg = _leg(NEVER_CANCELLED)
    assert progress(leg, day, leg.scheduled_out(day)).status is not Status.CANCELLED


@given(any_leg, any_day)
def test_every_leg_lands_after_it_takes_off_on_any_day(leg: Leg, day: date) -> None:
    for now in (leg.scheduled_out(day), leg.scheduled_in(day) + timedelta(days=1)):
        state = progress(leg, day, now)
        assert state.departure.expected < state.arrival.expected


@given(any_leg, any_moment)
def test_the_dates_of_a_leg_surround_its_local_day(leg: Leg, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(leg.departure.zone_name)).date()
    dates = {row["flight_date"] for row in rows_at(now, leg.flight) if row["departure"]["iata"] == leg.departure.iata}
    assert dates == {(today + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)}


def test_history_reaches_three_months_back(now: datetime) -> None:
    today = date(2026, 11, 21)
    assert len(rows_on(today - timedelta(days=90), now, "NZ527")) == 1
    assert rows_on(today - timedelta(days=91), now, "NZ527") == ()
    assert rows_on(today + timedelta(days=2), now, "NZ527") == ()
