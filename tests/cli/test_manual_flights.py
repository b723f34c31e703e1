"""``add-manual --date``: a flight of one day entered by hand: its times, its route, and what it may not contradict."""

from __future__ import annotations

from datetime import date

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import (
    AKL,
    APW,
    CHC,
    DAY,
    LAX,
    PPG,
    Place,
    fold,
    gap,
    ids,
    local,
    look,
    stamp,
    summer_day,
    today,
)
from running import Cached, Flightctl, Result, Rows
from upstream import Row

pytestmark = pytest.mark.usefixtures("database")

DAY_FAR = summer_day(AKL)


def add(flightctl: Flightctl, day: date | str, *options: str, flight: str = "NZ527") -> Result:
    return flightctl("add-manual", flight, f"--date={day}", *options, "--json")


def entered(done: Result) -> Row:
    """The one flight that was entered."""
    assert done.code == 0, done.err
    [flight] = done.json["flights"]
    made: Row = flight
    return made


def _ends(origin: Place, destination: Place) -> tuple[str, ...]:
    return "--from", origin.iata, "--to", destination.iata


TO_CHC = _ends(AKL, CHC)


def test_a_flight_is_entered_in_local_time_and_waits(flightctl: Flightctl, rows: Rows) -> None:
    flight = entered(add(flightctl, DAY_FAR, *TO_CHC, "--out", "08:30", "--in", "09:55"))
    assert flight["flight_id"] == f"ANZ527.{DAY_FAR}.0830.NZAA.NZCH"
    assert flight["scheduled_out"] == stamp(local(AKL, DAY_FAR, "08:30"))
    assert flight["scheduled_in"] == stamp(local(CHC, DAY_FAR, "09:55"))
    assert (flight["review"], flight["status"], flight["provider"]) == ("pending", "scheduled", "manual")
    assert rows("SELECT review, added_by <> '' FROM flights") == [("pending", 1)]


@pytest.mark.parametrize(
    ("typed", "clock"), [("0830", "0830"), ("8:30", "0830"), ("00:00", "0000"), (" 23:59 ", "2359")]
)
def test_times_may_be_typed_in_several_ways(flightctl: Flightctl, typed: str, clock: str) -> None:
    assert f".{clock}." in entered(add(flightctl, DAY_FAR, *TO_CHC, "--out", typed))["flight_id"]


@pytest.mark.parametrize(
    "typed", ["24:00", "12:60", "8", "8h30", "08:30Z", "-08:30", "٠٨:٣٠", "08:30:00", "\x1b[31m", "9" * 5000]
)
@pytest.mark.parametrize("option", ["--out", "--in"])
def test_what_is_no_time_is_a_usage_error_and_writes_nothing(
    flightctl: Flightctl, rows: Rows, option: str, typed: str
) -> None:
    times = {"--out": "08:30", "--in": "09:55", option: typed}
    done = add(flightctl, DAY_FAR, *TO_CHC, *(f"{name}={text}" for name, text in times.items()))
    assert (done.code, done.json["error"]["code"]) == (2, "bad_date")
    assert "\x1b" not in done.err + done.out
    assert len(done.err) < 400
    assert rows("SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM proposals)") == [(0,)]


def test_an_arrival_before_the_departure_on_the_clock_is_on_the_next_day(flightctl: Flightctl) -> None:
    flight = entered(add(flightctl, DAY_FAR, *TO_CHC, "--out", "23:30", "--in", "00:55"))
    assert flight["scheduled_in"] == stamp(local(CHC, DAY_FAR + DAY, "00:55"))


def test_across_the_date_line_the_arrival_is_on_the_day_before(flightctl: Flightctl) -> None:
    flight = entered(add(flightctl, DAY_FAR, *_ends(APW, PPG), "--out", "10:00", "--in", "10:35", flight="OL701"))
    assert flight["scheduled_in"] == stamp(local(PPG, DAY_FAR - DAY, "10:35"))


def test_a_long_flight_west_arrives_the_day_before_it_left(flightctl: Flightctl) -> None:
    flight = entered(add(flightctl, DAY_FAR, *_ends(AKL, LAX), "--out", "22:00", "--in", "14:20", flight="NZ6"))
    assert flight["scheduled_in"] == stamp(local(LAX, DAY_FAR, "14:20"))


def test_a_time_that_does_not_exist_is_read_as_the_clock_before_the_change(
    flightctl: Flightctl, aeroapi: AeroApiServer
) -> None:
    """It is the instant of 03:30, and so a provider means the same flight."""
    line, day = gap()
    ends, name = (line.origin, line.destination), line.flight(400)
    flight = entered(add(flightctl, day, *_ends(*ends), "--out", "02:30", flight=name))
    assert flight["scheduled_out"] == stamp(local(line.origin, day, "03:30"))
    aeroapi.schedules = [schedule_row(line.both(400), *ends, local(line.origin, day, "03:30"))]
    assert ids(look(flightctl, name, day)) == [flight["flight_id"]]


def test_a_time_that_happens_twice_is_the_first_one(flightctl: Flightctl) -> None:
    line, day, clock = fold()
    ends = _ends(line.origin, line.destination)
    flight = entered(add(flightctl, day, *ends, "--out", clock, flight=line.flight(400)))
    assert flight["scheduled_out"] == stamp(local(line.origin, day, clock, fold=0))


def test_today_is_the_origins(flightctl: Flightctl) -> None:
    for origin, destination in ((APW, PPG), (PPG, APW)):
        flight = entered(add(flightctl, "today", *_ends(origin, destination), "--out", "12:00", flight="OL701"))
        assert flight["departure_date"] in (str(today(origin)), str(today(origin) - DAY))


def test_the_same_again_is_no_error_and_no_second_flight(flightctl: Flightctl, rows: Rows) -> None:
    options = *TO_CHC, "--out", "08:30", "--note", "by phone"
    first, second = (entered(add(flightctl, DAY_FAR, *options)) for _ in range(2))
    assert first["flight_id"] == second["flight_id"]
    assert rows("SELECT review, note FROM flights") == [("pending", "by phone")]
    assert rows("SELECT count(*) FROM proposals") == [(1,)]


def test_a_flight_that_a_provider_has_told_of_is_not_entered_against(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, DAY_FAR, "08:30"))]
    look(flightctl, "NZ527", DAY_FAR)
    before = rows("SELECT * FROM flights")
    done = add(flightctl, DAY_FAR, *TO_CHC, "--out", "09:15")
    assert (done.code, done.json["error"]["code"]) == (7, "already_confirmed")
    assert f"ANZ527.{DAY_FAR}.0830.NZAA.NZCH is known (aeroapi)" in done.err
    assert rows("SELECT * FROM flights") == before


def test_another_flight_of_the_number_may_be_entered_beside_a_known_one(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, DAY_FAR, "06:00"))]
    look(flightctl, "NZ527", DAY_FAR)
    flight = entered(add(flightctl, DAY_FAR + DAY, *TO_CHC, "--out", "06:00"))
    assert flight["flight_id"] == f"ANZ527.{DAY_FAR + DAY}.0600.NZAA.NZCH"
    assert rows("SELECT count(*) FROM flights") == [(2,)]


def test_the_airports_may_be_left_out_where_the_route_is_known(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527", "AKL", "CHC")
    assert entered(add(flightctl, DAY_FAR, "--out", "08:30"))["flight_id"] == f"ANZ527.{DAY_FAR}.0830.NZAA.NZCH"


@pytest.mark.parametrize("status", ["pending", None])
def test_the_airports_are_needed_where_the_route_is_not_known(
    flightctl: Flightctl, cached: Cached, status: str | None
) -> None:
    if status:
        cached("NZ527", "AKL", "ZQN", status=status)
    done = add(flightctl, DAY_FAR, "--out", "08:30")
    assert (done.code, done.json["error"]["code"]) == (2, "usage")
    assert "ZQN" not in done.out + done.err


def test_the_route_is_proposed_too_where_none_is_confirmed(flightctl: Flightctl, rows: Rows) -> None:
    add(flightctl, DAY_FAR, *TO_CHC, "--out", "08:30")
    assert rows("SELECT departure_iata, arrival_iata, decision FROM proposals") == [("AKL", "CHC", None)]
    assert rows("SELECT cache_key, status FROM aviationstack_cache") == [("flight:NZ527", "pending")]


def test_a_confirmed_route_is_left_as_it_is(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527", "AKL", "WLG")
    assert add(flightctl, DAY_FAR, *TO_CHC, "--out", "08:30").code == 0
    assert rows("SELECT arrival_iata, status FROM aviationstack_cache") == [("WLG", "confirmed")]
    assert rows("SELECT count(*) FROM proposals") == [(0,)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (TO_CHC, "usage"),
        ((*TO_CHC, "--in", "09:55"), "usage"),
        (("--from", "AKL", "--out", "08:30"), "usage"),
        (("--to", "CHC", "--out", "08:30"), "usage"),
        (("--from", "AKL", "--to", "NZAA", "--out", "08:30"), "usage"),
        (("--from", "QQQ", "--to", "CHC", "--out", "08:30"), "bad_airport"),
        (("--from", "AKL", "--to", "%", "--out", "08:30"), "bad_airport"),
        ((*TO_CHC, "--out", "08:30", "--replace"), "usage"),
        ((*TO_CHC, "--out", "08:30", "--airline", "%"), "usage"),
    ],
)
def test_what_cannot_be_entered_is_a_usage_error_and_writes_nothing(
    flightctl: Flightctl, rows: Rows, options: tuple[str, ...], code: str
) -> None:
    done = add(flightctl, DAY_FAR, *options)
    assert (done.code, done.json["error"]["code"]) == (2, code)
    assert rows("SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM proposals)") == [(0,)]


@pytest.mark.parametrize("options", [("--out", "08:30"), ("--in", "09:55")])
def test_times_without_a_day_are_refused(flightctl: Flightctl, options: tuple[str, ...]) -> None:
    done = flightctl("add-manual", "NZ527", *TO_CHC, *options, "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "usage")
    assert "--date" in done.err


def test_a_note_is_kept_without_what_steers_a_terminal(flightctl: Flightctl, rows: Rows) -> None:
    add(flightctl, DAY_FAR, *TO_CHC, "--out", "08:30", "--note", "\x1b[31mred\x00\u202e; DROP TABLE flights")
    for command in (("pending",), ("pending", "--json")):
        assert not {"\x1b", "\x00", "\u202e"} & set(flightctl(*command).out)
    assert rows("SELECT count(*) FROM flights") == [(1,)]
