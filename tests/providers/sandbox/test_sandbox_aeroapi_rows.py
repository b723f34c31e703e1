"""AeroAPI's rows of /flights: their shape, their times, and that AviationStack's rows tell of the same flights."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.providers.sandbox.aeroapi_rows import flight_rows
from flightctl.providers.sandbox.rows import rows_of
from flightctl.providers.sandbox.schedule import Leg, legs

Ask = Callable[..., Any]
Row = dict[str, Any]

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FIELDS = """
    ident ident_icao ident_iata actual_runway_off actual_runway_on fa_flight_id operator operator_icao operator_iata
    flight_number registration atc_ident inbound_fa_flight_id codeshares codeshares_iata blocked diverted cancelled
    position_only origin destination departure_delay arrival_delay filed_ete progress_percent status aircraft_type
    route_distance filed_airspeed filed_altitude route baggage_claim seats_cabin_business seats_cabin_coach
    seats_cabin_first gate_origin gate_destination terminal_origin terminal_destination type scheduled_out
    estimated_out actual_out scheduled_off estimated_off actual_off scheduled_on estimated_on actual_on scheduled_in
    estimated_in actual_in foresight_predictions_available
"""
AIRPORT = "code code_icao code_iata code_lid timezone name city airport_info_url"
POINTS = ("out", "off", "on", "in")

any_leg = st.sampled_from(legs())
any_day = st.dates(date(2025, 1, 1), date(2028, 12, 31))
around = st.integers(-72 * 60, 72 * 60).map(lambda minutes: timedelta(minutes=minutes))


def _moment(stamp: str) -> datetime:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", stamp)
    return datetime.fromisoformat(stamp)


def _leg(flight: str) -> Leg:
    return next(leg for leg in legs() if leg.flight == flight)


def _local(stamp: str, leg_end: Any) -> datetime:
    """AviationStack's wall clock, its wrong label taken off, as an instant."""
    return datetime.fromisoformat(stamp).replace(tzinfo=leg_end.zone).astimezone(UTC)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Four days of every leg, at one moment."""
    days = [NOW.date() + shift * DAY for shift in (-1, 0, 1, 2)]
    return [row for leg in legs() for day in days for row in flight_rows(leg, day, NOW)]


def test_every_row_has_exactly_the_fields_of_the_real_service(rows: list[Row]) -> None:
    for row in rows:
        assert row.keys() == set(FIELDS.split())
        assert list(row["origin"]) == list(row["destination"]) == AIRPORT.split()


@pytest.mark.parametrize(
    "name",
    ["fa_flight_id", "registration", "gate_origin", "terminal_destination", "actual_out", "baggage_claim"],
)
def test_some_things_are_not_known_for_some_rows(rows: list[Row], name: str) -> None:
    assert 0 < sum(row[name] is None for row in rows) < len(rows)


def test_some_aircraft_types_end_in_a_blank(rows: list[Row]) -> None:
    blanks = sum(row["aircraft_type"].endswith(" ") for row in rows)
    assert 0 < blanks < len(rows) / 4


def test_airports_of_the_united_states_have_a_local_identifier(rows: list[Row]) -> None:
    assert {row["origin"]["code_lid"] for row in rows if row["origin"]["code"] == "KLAX"} == {"LAX"}
    assert {row["origin"]["code_lid"] for row in rows if row["origin"]["code"] == "NZAA"} == {None}


def test_the_words_of_a_status_are_those_of_the_real_service(rows: list[Row]) -> None:
    assert {row["status"] for row in rows} <= {
        "Scheduled",
        "Scheduled / Delayed",
        "Taxiing / Left Gate",
        "En Route / On Time",
        "En Route / Delayed",
        "Landed / Taxiing",
        "Arrived / Gate Arrival",
        "Cancelled",
        "Diverted",
    }


@given(any_leg, any_day, around)
def test_both_providers_tell_of_the_same_flight_at_any_moment(leg: Leg, day: date, shift: timedelta) -> None:
    now = leg.scheduled_out(day) + shift
    theirs, ours = next(rows_of(leg, day, now)), next(flight_rows(leg, day, now))
    departure, arrival = theirs["departure"], theirs["arrival"]
    assert _local(departure["scheduled"], leg.departure) == leg.scheduled_out(day) == _moment(ours["scheduled_out"])
    assert leg.scheduled_in(day) == _moment(ours["scheduled_in"])
    assert ours["cancelled"] == (theirs["flight_status"] == "cancelled")
    assert (ours["gate_origin"], ours["terminal_origin"]) == (departure["gate"], departure["terminal"])
    assert (ours["gate_destination"], ours["terminal_destination"]) == (arrival["gate"], arrival["terminal"])
    assert (ours["departure_delay"] > 0) == bool(departure["delay"])


@given(any_leg, any_day, around)
def test_the_actual_times_of_aviationstack_are_those_of_the_runway(leg: Leg, day: date, shift: timedelta) -> None:
    now = leg.scheduled_out(day) + shift
    theirs, ours = next(rows_of(leg, day, now)), next(flight_rows(leg, day, now))
    wall = "%Y-%m-%dT%H:%M:%S+00:00"
    for end, point, place in (("departure", "off", leg.departure), ("arrival", "on", leg.arrival)):
        stamp = ours[f"actual_{point}"]
        shown = stamp and _moment(stamp).astimezone(place.zone).strftime(wall)
        assert theirs[end]["actual"] == shown or (ours["diverted"] and end == "arrival")


@given(any_leg, any_day, around)
def test_a_flight_goes_out_off_on_and_in_in_that_order(leg: Leg, day: date, shift: timedelta) -> None:
    now = leg.scheduled_out(day) + shift
    *_, row = flight_rows(leg, day, now)
    for kind in ("scheduled", "estimated"):
        moments = [_moment(row[f"{kind}_{point}"]) for point in POINTS]
        assert moments == sorted(moments)
        assert moments[1] < moments[2]
    done = [row[f"actual_{point}"] for point in POINTS]
    assert all(later is None for earlier, later in pairwise(done) if earlier is None)
    assert all(_moment(stamp) <= now for stamp in done if stamp)
    assert not (row["cancelled"] and any(done))


@given(any_leg, any_day)
def test_taxiing_takes_its_time_on_all_but_hops(leg: Leg, day: date) -> None:
    row = next(flight_rows(leg, day, NOW))
    out, off, on, in_ = (_moment(row[f"scheduled_{point}"]) for point in POINTS)
    if in_ - out >= timedelta(minutes=80):
        assert timedelta(minutes=10) <= off - out <= timedelta(minutes=20)
        assert timedelta(minutes=4) <= in_ - on <= timedelta(minutes=8)
    assert row["filed_ete"] == (on - off).total_seconds()


@given(any_leg, any_day, around)
def test_delays_are_seconds_and_may_be_negative(leg: Leg, day: date, shift: timedelta) -> None:
    *_, row = flight_rows(leg, day, leg.scheduled_out(day) + shift)
    for name, point in (("departure_delay", "out"), ("arrival_delay", "in")):
        late = _moment(row[f"estimated_{point}"]) - _moment(row[f"scheduled_{point}"])
        assert row[name] == late.total_seconds()


def test_some_flights_are_early_and_some_are_late(rows: list[Row]) -> None:
    delays = [row["departure_delay"] for row in rows]
    assert min(delays) < 0 < max(delays)


@given(any_leg, any_day, around)
def test_progress_is_a_percentage_of_the_way_in_the_air(leg: Leg, day: date, shift: timedelta) -> None:
    *_, row = flight_rows(leg, day, leg.scheduled_out(day) + shift)
    percent = row["progress_percent"]
    assert percent is None if row["cancelled"] else 0 <= percent <= 100
    assert not (row["actual_off"] is None and percent)
    assert not (row["actual_on"] and percent != 100)


@given(any_leg, any_day)
def test_an_id_appears_within_two_days_of_departure_and_then_stays(leg: Leg, day: date) -> None:
    out = leg.scheduled_out(day)
    early, late, flown = (
        next(flight_rows(leg, day, out + shift))["fa_flight_id"]
        for shift in (timedelta(hours=-48, minutes=-1), timedelta(hours=-24), timedelta(days=9))
    )
    assert early is None
    assert late == flown
    assert re.fullmatch(r"[A-Z0-9]+-\d{10}-(airline|schedule)-\d{3}[\dp]", late)


def test_a_cancelled_flight_keeps_its_schedule_and_says_so(rows: list[Row]) -> None:
    cancelled = [row for row in rows if row["cancelled"]]
    assert cancelled
    assert {row["status"] for row in cancelled} == {"Cancelled"}
    assert all(row["estimated_out"] == row["scheduled_out"] for row in cancelled)


@pytest.fixture(scope="module")
def diverted() -> tuple[Leg, date]:
    """A leg and a day on which it lands elsewhere."""
    days = [NOW.date() - shift * DAY for shift in range(1, 9)]
    return next((leg, day) for leg in legs() for day in days if len(list(flight_rows(leg, day, NOW))) == 2)


def test_a_diverted_flight_has_two_rows_with_one_id(diverted: tuple[Leg, date]) -> None:
    planned, other = flight_rows(*diverted, NOW)
    assert planned["fa_flight_id"] == other["fa_flight_id"]
    assert (planned["diverted"], other["diverted"]) == (True, False)
    assert planned["actual_off"] == other["actual_off"]
    assert (planned["actual_on"], planned["actual_in"]) == (None, None)
    assert other["actual_on"]
    assert planned["destination"]["code_iata"] == diverted[0].arrival.iata != other["destination"]["code_iata"]


def test_nobody_knows_of_a_diversion_before_the_flight_is_on_its_way(diverted: tuple[Leg, date]) -> None:
    leg, day = diverted
    [row] = flight_rows(leg, day, leg.scheduled_out(day) - timedelta(hours=1))
    assert not row["diverted"]


def test_the_newest_departure_comes_first(aero: Ask) -> None:
    departures = [row["scheduled_out"] for row in aero("/flights/QF1")["flights"]]
    assert len(departures) == 15
    assert departures == sorted(departures, reverse=True)


def test_legs_of_one_number_are_rows_of_their_own(aero: Ask) -> None:
    rows = aero("/flights/PW494", start="2026-11-20", end="2026-11-21")["flights"]
    assert [(row["origin"]["code_iata"], row["destination"]["code_iata"]) for row in rows] == [
        ("MWZ", "DAR"),
        ("BKZ", "MWZ"),
    ]


def test_the_marketing_numbers_are_told_in_both_spellings(aero: Ask) -> None:
    row = aero("/flights/AA100")["flights"][0]
    assert (row["codeshares"], row["codeshares_iata"]) == (["BAW1511", "IBE4218"], ["BA1511", "IB4218"])
