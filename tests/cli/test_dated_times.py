"""``lookup --date``: days and instants are right wherever the origin is, whichever way a provider writes its clocks."""

from __future__ import annotations

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import (
    AKL,
    APW,
    CHC,
    DAY,
    HOUR,
    PPG,
    SYD,
    fold,
    gap,
    ids,
    local,
    look,
    outcome,
    stack_row,
    stamp,
    summer_day,
    today,
)
from running import Cached, Flightctl, Result
from upstream import Row, Upstream

pytestmark = pytest.mark.usefixtures("database")


def first(done: Result) -> Row:
    """The first flight of the first answer."""
    flight: Row = done.answers[0]["flights"][0]
    return flight


def test_aviationstacks_clocks_are_local_whatever_they_claim(flightctl: Flightctl, upstream: Upstream) -> None:
    day = today(AKL)
    upstream.rows = [stack_row("NZ103", SYD, AKL, day, "09:15", "14:20", airline=("Air New Zealand", "NZ", "ANZ"))]
    flight = first(look(flightctl, "NZ103", day))
    assert flight["flight_id"] == f"ANZ103.{day}.0915.YSSY.NZAA"
    assert flight["scheduled_out"] == stamp(local(SYD, day, "09:15"))
    assert flight["scheduled_in"] == stamp(local(AKL, day, "14:20"))


def test_aviationstacks_actual_times_are_of_the_runway(flightctl: Flightctl, upstream: Upstream) -> None:
    day = today(AKL)
    left = {"actual": f"{day}T00:21:00+00:00", "actual_runway": f"{day}T00:21:00+00:00", "gate": "28"}
    upstream.rows = [stack_row("NZ527", AKL, CHC, day, "00:10", "01:30", status="active", departure=left)]
    flight = first(look(flightctl, "NZ527", day))
    assert (flight["actual_off"], flight["actual_out"]) == (stamp(local(AKL, day, "00:21")), None)
    assert (flight["status"], flight["departure_gate"]) == ("active", "28")


@pytest.mark.parametrize("zone", [None, "+8", "Mars/Olympus", "Europe/Paris"])
def test_a_zone_that_is_missing_or_wrong_is_that_of_our_table(
    flightctl: Flightctl, upstream: Upstream, zone: str | None
) -> None:
    day = today(AKL)
    upstream.rows = [stack_row("NZ527", AKL, CHC, day, "08:30", "09:55", departure={"timezone": zone})]
    assert first(look(flightctl, "NZ527", day))["scheduled_out"] == stamp(local(AKL, day, "08:30"))


@pytest.mark.parametrize("clock", ["00:10", "12:00", "23:55"])
def test_a_flight_is_of_the_origins_day_13_hours_ahead_of_utc(
    flightctl: Flightctl, aeroapi: AeroApiServer, clock: str
) -> None:
    day = summer_day(AKL)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, day, clock))]
    flight = first(look(flightctl, "NZ527", day))
    assert flight["flight_id"] == f"ANZ527.{day}.{clock.replace(':', '')}.NZAA.NZCH"
    assert flight["departure_date"] == str(day)


@pytest.mark.parametrize(("clock", "other"), [("00:10", -1), ("23:55", 1)])
def test_a_flight_near_midnight_is_not_of_the_day_beside(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached, clock: str, other: int
) -> None:
    cached("NZ527", "AKL", "CHC")
    day = summer_day(AKL)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, day, clock))]
    assert outcome(look(flightctl, "NZ527", day + other * DAY)) == "not_found"
    assert len(ids(look(flightctl, "NZ527", day))) == 1


@pytest.mark.parametrize("origin_is_known", [True, False])
def test_every_flight_of_a_day_is_told_and_none_of_the_days_beside(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached, origin_is_known: bool
) -> None:
    if origin_is_known:
        cached("NZ527", "AKL", "CHC")
    day = summer_day(AKL)
    around = [(day - DAY, "23:55"), (day, "00:05"), (day, "12:00"), (day, "23:50"), (day + DAY, "00:20")]
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, *one)) for one in around]
    expected = [f"ANZ527.{day}.{clock}.NZAA.NZCH" for clock in ("0005", "1200", "2350")]
    assert ids(look(flightctl, "NZ527", day)) == expected
    again = look(flightctl, "NZ527", day)
    assert (outcome(again), ids(again)) == ("hit", expected)


def test_a_flight_across_the_date_line_arrives_before_it_departs_on_the_clock(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    day = today(APW)
    upstream.rows = [
        stack_row("OL701", APW, PPG, day, "10:00", "10:35", in_days=-1, airline=("Samoa Airways", "OL", "PAO"))
    ]
    done = look(flightctl, "OL701", day)
    assert first(done)["scheduled_out"] == stamp(local(APW, day, "10:00"))
    assert first(done)["scheduled_in"] == stamp(local(PPG, day - DAY, "10:35"))
    assert done.answers[0]["warning"] is None


def test_a_day_without_an_hour_is_asked_for_in_full(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached
) -> None:
    line, day = gap()
    cached(line.flight(400), line.origin.iata, line.destination.iata)
    before, after = (local(line.origin, day, clock) for clock in ("01:30", "03:30"))
    aeroapi.schedules = [
        schedule_row(line.both(400), line.origin, line.destination, before, lasts=HOUR),
        schedule_row(line.both(400), line.destination, line.origin, after, lasts=HOUR),
    ]
    assert after - before == HOUR
    assert [one.split(".")[2] for one in ids(look(flightctl, line.flight(400), day))] == ["0130", "0330"]
    assert aeroapi.asked[0].covers(line.origin, day)


@pytest.mark.parametrize("which", [0, 1])
def test_a_departure_in_the_hour_that_happens_twice_is_the_one_that_is_meant(
    flightctl: Flightctl, aeroapi: AeroApiServer, which: int
) -> None:
    line, day, clock = fold()
    out = local(line.origin, day, clock, fold=which)
    aeroapi.schedules = [schedule_row(line.both(400), line.origin, line.destination, out)]
    flight = first(look(flightctl, line.flight(400), day))
    assert (flight["departure_date"], flight["flight_id"].split(".")[2]) == (str(day), clock.replace(":", ""))
    assert flight["scheduled_out"] == stamp(out)


def test_the_last_hour_of_a_day_that_has_25_is_part_of_it(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached
) -> None:
    line, day, _ = fold()
    cached(line.flight(400), line.origin.iata, line.destination.iata)
    late = local(line.origin, day, "23:50")
    aeroapi.schedules = [schedule_row(line.both(400), line.origin, line.destination, late)]
    assert len(ids(look(flightctl, line.flight(400), day))) == 1
    assert aeroapi.asked[0].covers(line.origin, day)


def test_a_row_that_contradicts_itself_is_kept_out_and_the_answer_says_so(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    day = today(AKL)
    upstream.rows = [
        stack_row("NZ527", AKL, CHC, day, "08:30", "09:55"),
        stack_row("NZ527", AKL, CHC, day, "16:30", "05:00"),
    ]
    done = look(flightctl, "NZ527", day)
    assert ids(done) == [f"ANZ527.{day}.0830.NZAA.NZCH"]
    assert done.answers[0]["warning"] == "1 row kept out: scheduled to arrive before it departs"


def test_where_only_contradictions_are_told_the_absence_has_a_reason(flightctl: Flightctl, upstream: Upstream) -> None:
    day = today(AKL)
    upstream.rows = [stack_row("NZ527", AKL, CHC, day, "16:30", "05:00")]
    done = look(flightctl, "NZ527", day)
    assert (done.code, outcome(done)) == (3, "not_found")
    assert "knows no such flight; 1 row kept out: scheduled to arrive before it departs" in done.err
