"""One flight in JSON, and when it leaves and arrives on the clocks of its airports."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.flight import TIMES, FlightStatus
from flightctl.render.flight_table import gate_text
from flightctl.render.flights import FLIGHT_KEYS, flight_shape
from flightctl.render.local_clock import arrival_of, delay_of, delay_text, departure_of, local_clock
from flights import flight, utc

MINUTE = timedelta(minutes=1)
DAY = date(2026, 12, 3)
LATE = {"estimated_out": utc("2026-12-02 20:05")}
KEYS = """flight_id kind flight_iata ident departure_date origin_iata origin_icao destination_iata destination_icao
status scheduled_out estimated_out actual_out scheduled_off estimated_off actual_off
scheduled_on estimated_on actual_on scheduled_in estimated_in actual_in
departure_gate arrival_gate departure_terminal arrival_terminal aircraft_type diverted_to provider updated_at version"""


def test_a_flight_has_the_keys_of_the_schema_in_their_order() -> None:
    assert list(flight_shape(flight())) == list(FLIGHT_KEYS) == KEYS.split()


def test_a_flight_is_written_with_its_codes_its_day_and_utc_times() -> None:
    known = {key: value for key, value in flight_shape(flight()).items() if value is not None}
    assert known == {
        "flight_id": "ANZ527.2026-12-03.0830.NZAA.NZCH",
        "flight_iata": "NZ527",
        "ident": "ANZ527",
        "departure_date": "2026-12-03",
        "origin_iata": "AKL",
        "origin_icao": "NZAA",
        "destination_iata": "CHC",
        "destination_icao": "NZCH",
        "status": "scheduled",
        "scheduled_out": "2026-12-02T19:30:00Z",
        "scheduled_in": "2026-12-02T20:55:00Z",
        "provider": "aviationstack",
        "updated_at": "2026-12-02T09:00:00Z",
        "version": 1,
    }


@pytest.mark.parametrize(
    "name", ["flight_iata", "origin_iata", "origin_icao", "departure_gate", "arrival_terminal", "aircraft_type"]
)
def test_text_that_is_not_known_is_null(name: str) -> None:
    assert flight_shape(flight(**{name: ""}))[name] is None
    assert flight_shape(flight(**{name: "X1"}))[name] == "X1"


@pytest.mark.parametrize("name", TIMES)
def test_each_of_the_twelve_times_stands_under_its_own_name(name: str) -> None:
    assert flight_shape(flight(**{name: utc("2026-12-05 01:02:03")}))[name] == "2026-12-05T01:02:03Z"


def test_the_kind_is_that_of_the_list_it_stands_in() -> None:
    assert flight_shape(flight(), "owned")["kind"] == "owned"


@pytest.mark.parametrize(
    ("instant", "zone", "shown"),
    [
        ("2026-12-02 19:30", "Pacific/Auckland", "08:30"),
        ("2026-12-02 11:10", "Pacific/Auckland", "00:10"),
        ("2026-12-02 10:50", "Pacific/Auckland", "23:50-1"),
        ("2026-12-03 17:05", "Pacific/Auckland", "06:05+1"),
        ("2026-12-05 11:00", "Pacific/Auckland", "00:00+3"),
        ("2026-12-02 19:30", "America/Los_Angeles", "11:30-1"),
        ("2026-12-02 19:30", "", "19:30Z-1"),
        ("2026-12-03 19:30", "+13", "19:30Z"),
        ("2026-12-03 19:30", "UTC", "19:30"),
    ],
)
def test_a_local_clock_counts_days_from_the_flights_own(instant: str, zone: str, shown: str) -> None:
    assert local_clock(utc(instant), zone, DAY) == shown


@pytest.mark.parametrize(
    ("more", "shown", "brief", "in_utc"),
    [
        ({}, "08:30", "08:30", "19:30-1"),
        (LATE, "08:30 -> 09:05", "09:05", "20:05-1"),
        ({"estimated_out": utc("2026-12-02 19:30:40")}, "08:30", "08:30", "19:30-1"),
        ({**LATE, "actual_out": utc("2026-12-02 20:10")}, "08:30 -> 09:10", "09:10", "20:10-1"),
        ({"estimated_out": utc("2026-12-03 11:10")}, "08:30 -> 00:10+1", "00:10+1", "11:10"),
        ({"actual_off": utc("2026-12-02 19:47")}, "08:30 -> off 08:47", "off 08:47", "19:47-1"),
        ({**LATE, "actual_off": utc("2026-12-02 20:20")}, "08:30 -> 09:05", "09:05", "20:05-1"),
        ({"scheduled_out": None, "scheduled_off": utc("2026-12-02 19:40")}, "off 08:40", "off 08:40", "19:40-1"),
        (
            {"scheduled_out": None, "scheduled_off": utc("2026-12-02 19:40"), "actual_off": utc("2026-12-02 19:45")},
            "off 08:40 -> 08:45",
            "off 08:45",
            "19:45-1",
        ),
        ({**LATE, "status": FlightStatus.CANCELLED}, "08:30", "08:30", "19:30-1"),
        ({**LATE, "origin_zone": ""}, "19:30Z-1 -> 20:05Z-1", "20:05Z-1", "20:05-1"),
    ],
)
def test_a_departure_says_what_is_scheduled_and_what_is_expected(
    more: dict[str, Any], shown: str, brief: str, in_utc: str
) -> None:
    turn = departure_of(flight(**more))
    assert (turn.local, turn.local_now, turn.utc) == (shown, brief, in_utc)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "09:55"),
        ({"scheduled_in": None}, ""),
        ({"scheduled_in": None, "estimated_in": utc("2026-12-02 21:00")}, "10:00"),
        ({"estimated_in": utc("2026-12-02 21:30")}, "09:55 -> 10:30"),
        ({"actual_on": utc("2026-12-02 20:50")}, "09:55 -> on 09:50"),
        ({"destination_zone": "America/Los_Angeles"}, "12:55-1"),
        ({"actual_on": utc("2026-12-02 21:30"), "status": FlightStatus.DIVERTED}, "09:55"),
        ({"actual_on": utc("2026-12-02 21:30"), "diverted_to": "NZWN"}, "09:55"),
        ({"estimated_in": utc("2026-12-02 21:30"), "status": FlightStatus.CANCELLED}, "09:55"),
    ],
)
def test_an_arrival_is_on_the_clock_of_the_airport_it_was_to_go_to(more: dict[str, Any], shown: str) -> None:
    assert arrival_of(flight(**more)).local == shown


@pytest.mark.parametrize(
    ("more", "minutes"),
    [
        ({}, None),
        (LATE, 35),
        ({**LATE, "estimated_in": utc("2026-12-02 21:05")}, 35),
        ({"actual_out": utc("2026-12-02 20:05"), "estimated_in": utc("2026-12-02 21:05")}, 10),
        ({"actual_out": utc("2026-12-02 20:05")}, 35),
        ({**LATE, "status": FlightStatus.CANCELLED}, None),
        ({"actual_on": utc("2026-12-02 21:30"), "diverted_to": "NZWN"}, None),
    ],
)
def test_the_delay_is_the_arrivals_once_the_flight_has_left(more: dict[str, Any], minutes: int | None) -> None:
    assert delay_of(flight(**more)) == (None if minutes is None else minutes * MINUTE)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "on time"),
        (59, "on time"),
        (60, "+1 min"),
        (-30, "-1 min"),
        (-300, "-5 min"),
        (3599, "+59 min"),
        (3600, "+1h00"),
        (7500, "+2h05"),
        (-5400, "-1h30"),
        (94200, "+26h10"),
    ],
)
def test_a_delay_is_short(seconds: int, shown: str) -> None:
    assert delay_text(timedelta(seconds=seconds)) == shown


@given(late_s=st.integers(-86_000, 86_000))
def test_the_two_clocks_and_the_delay_agree_about_whether_it_is_on_time(late_s: int) -> None:
    late = flight(estimated_out=flight().departs_at + timedelta(seconds=late_s))
    delay = delay_of(late)
    assert delay is not None
    assert (delay_text(delay) == "on time") is (" -> " not in departure_of(late).local)


@pytest.mark.parametrize(
    ("terminal", "gate", "shown"),
    [
        ("2", "23", "T2 G23"),
        ("2", "", "T2"),
        ("", "23", "G23"),
        ("", "", ""),
        ("D", "C17", "TD C17"),
        ("Main", "4A", "Main G4A"),
        ("2E", "", "T2E"),
        ("International terminal", "a gate with a long name", "Internat a gate w"),
    ],
)
def test_terminal_and_gate_are_short(terminal: str, gate: str, shown: str) -> None:
    assert gate_text(terminal, gate) == shown
