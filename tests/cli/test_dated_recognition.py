"""``lookup --date`` again and again: one flight keeps its id, whoever tells of it and whatever becomes of it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from aeroapi_server import KEY, AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, HOUR, WLG, Line, calm_line, ids, local, look, outcome, stack_row, summer_day, today
from running import Cached, Flightctl, Rows
from upstream import Row, Upstream

pytestmark = pytest.mark.usefixtures("database")

REFRESH = "--refresh"


@pytest.fixture
def line(cached: Cached) -> Line:
    """Its route is known, and so is what tomorrow is there."""
    line = calm_line()
    cached(line.flight(527), line.origin.iata, line.destination.iata)
    return line


@pytest.fixture
def day(line: Line) -> date:
    return today(line.origin)


def _out(line: Line, day: date, clock: str) -> datetime:
    return local(line.origin, day, clock)


def _timetable(line: Line, *departures: datetime) -> list[Row]:
    return [schedule_row(line.both(527), line.origin, line.destination, out) for out in departures]


@pytest.mark.parametrize("first", ["aviationstack", "aeroapi"])
def test_two_providers_tell_of_one_flight(
    flightctl: Flightctl,
    upstream: Upstream,
    aeroapi: AeroApiServer,
    monkeypatch: pytest.MonkeyPatch,
    line: Line,
    day: date,
    first: str,
) -> None:
    """The airline's IATA designator at one, its ICAO designator at the other, five minutes apart."""
    upstream.rows = [stack_row(line.flight(527), line.origin, line.destination, day, "12:00", "13:25")]
    upstream.rows[0]["airline"] = {"name": None, "iata": line.iata, "icao": None}
    upstream.rows[0]["flight"]["icao"] = None
    aeroapi.flights = [flight_row(line.both(527), line.origin, line.destination, _out(line, day, "12:05"))]
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", "" if first == "aviationstack" else KEY)
    one = look(flightctl, line.flight(527), day)
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", KEY if first == "aviationstack" else "")
    two = look(flightctl, line.flight(527), day, REFRESH)
    assert ids(one) == ids(two)
    assert {one.answers[0]["source"], two.answers[0]["source"]} == {"aviationstack", "aeroapi"}
    assert ids(one)[0].startswith(line.icao)


def test_a_retime_past_midnight_keeps_the_id_and_both_days_find_it(
    flightctl: Flightctl, aeroapi: AeroApiServer
) -> None:
    day, line = summer_day(AKL), Line(AKL, CHC, "NZ", "ANZ")
    aeroapi.schedules = _timetable(line, _out(line, day, "23:30"))
    [first] = ids(look(flightctl, "NZ527", day))
    aeroapi.schedules = _timetable(line, _out(line, day + DAY, "00:40"))
    assert ids(look(flightctl, "NZ527", day, REFRESH)) == [first]
    later = look(flightctl, "NZ527", day + DAY)
    assert ids(later) == [first] == [f"ANZ527.{day}.2330.NZAA.NZCH"]
    assert later.answers[0]["flights"][0]["departure_date"] == str(day)
    assert [outcome(look(flightctl, "NZ527", one)) for one in (day, day + DAY)] == ["hit", "hit"]


def test_a_retime_to_the_evening_before_keeps_the_id(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    day, line = summer_day(AKL), Line(AKL, CHC, "NZ", "ANZ")
    aeroapi.schedules = _timetable(line, _out(line, day, "00:10"))
    [first] = ids(look(flightctl, "NZ527", day))
    aeroapi.schedules = _timetable(line, _out(line, day - DAY, "23:40"))
    assert ids(look(flightctl, "NZ527", day - DAY)) == [first]
    assert ids(look(flightctl, "NZ527", day)) == [first]


def test_two_rotations_that_are_both_retimed_stay_two(flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows) -> None:
    day, line = summer_day(AKL), Line(AKL, CHC, "NZ", "ANZ")
    aeroapi.schedules = _timetable(line, _out(line, day, "08:00"), _out(line, day, "16:00"))
    before = ids(look(flightctl, "NZ527", day))
    aeroapi.schedules = _timetable(line, _out(line, day, "13:00"), _out(line, day, "20:30"))
    assert ids(look(flightctl, "NZ527", day, REFRESH)) == before
    assert rows("SELECT count(*) FROM flights") == [(2,)]


def test_the_next_days_flight_of_a_daily_number_is_another_one(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    day, line = summer_day(AKL), Line(AKL, CHC, "NZ", "ANZ")
    aeroapi.schedules = _timetable(line, *(_out(line, day + n * DAY, "08:30") for n in range(3)))
    found = [ids(look(flightctl, "NZ527", day + n * DAY)) for n in range(3)]
    assert found == [[f"ANZ527.{day + n * DAY}.0830.NZAA.NZCH"] for n in range(3)]


def test_legs_of_a_number_are_flights_of_their_own(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    day = summer_day(AKL)
    aeroapi.schedules = [
        schedule_row("ANZ527/NZ527", CHC, WLG, local(CHC, day, "11:00"), lasts=HOUR),
        schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, day, "08:30"), lasts=HOUR),
    ]
    answer = look(flightctl, "NZ527", day).answers[0]
    assert answer["legs"] == [["AKL", "CHC"], ["CHC", "WLG"]]
    assert (answer["departure_iata"], answer["arrival_iata"], len(answer["flights"])) == ("AKL", "WLG", 2)


def test_a_diversion_is_two_rows_and_one_flight(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, line: Line, day: date
) -> None:
    out = _out(line, day, "12:00")
    planned = flight_row(line.both(527), line.origin, line.destination, out)
    aeroapi.flights = [planned]
    before = ids(look(flightctl, line.flight(527), day))
    gone = flight_row(line.both(527), line.origin, WLG, out, actual_off=out, actual_on=out + HOUR)
    aeroapi.flights = [{**planned, "diverted": True}, gone]
    done = look(flightctl, line.flight(527), day, REFRESH)
    [flight] = done.answers[0]["flights"]
    assert ids(done) == before
    assert (flight["status"], flight["diverted_to"]) == ("diverted", "NZWN")
    assert rows("SELECT count(*) FROM flights") == [(1,)]


@pytest.mark.parametrize("later", ["14:00", "23:00"])
def test_an_id_of_the_provider_that_is_replaced_makes_no_second_flight(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, line: Line, day: date, later: str
) -> None:
    ends = line.origin, line.destination
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day + DAY, "12:00"), fa_flight_id="A-1-airline-1")]
    before = ids(look(flightctl, line.flight(527), day + DAY))
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day + DAY, later), fa_flight_id="B-2-airline-2")]
    assert ids(look(flightctl, line.flight(527), day + DAY, REFRESH)) == before
    assert rows("SELECT count(*) FROM flights") == [(1,)]


def test_a_retime_of_any_size_is_recognised_by_the_providers_id(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, line: Line, day: date
) -> None:
    ends, same = (line.origin, line.destination), {"fa_flight_id": "A-1-airline-1"}
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day - 2 * DAY, "12:00")) | same]
    before = ids(look(flightctl, line.flight(527), day - 2 * DAY))
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day, "12:00")) | same]
    assert ids(look(flightctl, line.flight(527), day)) == before
    assert rows("SELECT count(*) FROM flights") == [(1,)]


def test_what_changed_is_written_down(flightctl: Flightctl, aeroapi: AeroApiServer, line: Line, day: date) -> None:
    ends = line.origin, line.destination
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day, "12:00"))]
    [flight_id] = ids(look(flightctl, line.flight(527), day))
    aeroapi.flights = [flight_row(line.both(527), *ends, _out(line, day, "12:45"), gate_origin="31")]
    look(flightctl, line.flight(527), day, REFRESH)
    document = flightctl("history", flight_id, "--json").json
    assert (document["schema"], document["flight_id"]) == ("flightctl.history/1", flight_id)
    later = {one["field"]: (one["old"], one["new"]) for one in document["changes"] if one["old"]}
    assert later["departure_gate"] == ("28", "31")
    old, new = (datetime.fromisoformat(moment) for moment in later["scheduled_out"])
    assert (new - old).total_seconds() == 45 * 60
    assert {one["provider"] for one in document["changes"]} == {"aeroapi"}
