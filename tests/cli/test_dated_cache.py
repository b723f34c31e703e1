"""``lookup --date``: what is stored answers, whatever the flight is called, and an absence is remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, HOUR, YUL, YYZ, Line, calm_line, code, ids, local, look, outcome, stack_row, today
from running import Flightctl, Rows
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY


@pytest.fixture
def scheduled(aeroapi: AeroApiServer) -> AeroApiServer:
    """NZ527 is in the timetable of a day that is weeks ahead."""
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    return aeroapi


@pytest.fixture
def line() -> Line:
    return calm_line()


def test_the_second_look_up_costs_nothing(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    first, second = (look(flightctl, "NZ527", FAR) for _ in range(2))
    assert [(outcome(done), done.answers[0]["source"]) for done in (first, second)] == [
        ("miss", "aeroapi"),
        ("hit", "local"),
    ]
    assert ids(first) == ids(second) == [f"ANZ527.{FAR}.0830.NZAA.NZCH"]
    assert [done.json["metrics"]["upstream_calls"] for done in (first, second)] == [1, 0]
    assert len(scheduled.asked) == 1


@pytest.mark.parametrize("name", ["nz 0527", "ANZ527", "anz 0527"])
def test_other_spellings_are_hits(flightctl: Flightctl, scheduled: AeroApiServer, name: str) -> None:
    look(flightctl, "NZ527", FAR)
    assert outcome(look(flightctl, name, FAR)) == "hit"


@pytest.mark.parametrize("name", ["AC8428", "ACA8428", "JZA8428", "QK8428"])
def test_a_codeshare_of_a_near_day_is_found_again_by_every_name(
    flightctl: Flightctl, aeroapi: AeroApiServer, name: str
) -> None:
    day, sold_as = today(YYZ), {"codeshares": ["ACA8428"], "codeshares_iata": ["AC8428"]}
    aeroapi.flights = [{**flight_row("JZA8428/QK8428", YYZ, YUL, local(YYZ, day, "18:30")), **sold_as}]
    assert ids(look(flightctl, "AC8428", day)) == [f"JZA8428.{day}.1830.CYYZ.CYUL"]
    done = look(flightctl, name, day)
    assert (outcome(done), ids(done)) == ("hit", [f"JZA8428.{day}.1830.CYYZ.CYUL"])
    assert len(aeroapi.asked) == 1


@pytest.mark.parametrize("name", ["AC8428", "ACA8428", "JZA8428", "QK8428"])
def test_a_codeshare_of_a_timetable_goes_by_who_operates_it(
    flightctl: Flightctl, aeroapi: AeroApiServer, name: str
) -> None:
    day = today(YYZ) + 30 * DAY
    ends = YYZ, YUL, local(YYZ, day, "18:30")
    aeroapi.schedules = [schedule_row("ACA8428/AC8428", *ends, operated_as="JZA8428/QK8428")]
    assert ids(look(flightctl, "AC8428", day)) == [f"JZA8428.{day}.1830.CYYZ.CYUL"]
    assert ids(look(flightctl, name, day)) == [f"JZA8428.{day}.1830.CYYZ.CYUL"]


def test_a_codeshare_is_asked_for_again_by_who_operates_it_where_its_rotations_may_be_more(
    flightctl: Flightctl, aeroapi: AeroApiServer
) -> None:
    """One of the two rotations of a day is sold under the other number: that one's answer is not the whole day."""
    day = today(YYZ) + 30 * DAY
    early, late = (local(YYZ, day, clock) for clock in ("07:00", "18:30"))
    aeroapi.schedules = [
        schedule_row("ACA8428/AC8428", YYZ, YUL, late, operated_as="JZA842/QK842"),
        schedule_row("JZA842/QK842", YYZ, YUL, late),
        schedule_row("JZA842/QK842", YUL, YYZ, early),
    ]
    look(flightctl, "AC8428", day)
    assert len(ids(look(flightctl, "QK842", day))) == 2


def test_an_absence_is_remembered_for_about_an_hour(flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows) -> None:
    first, second = (look(flightctl, "NZ527", FAR) for _ in range(2))
    assert [(done.code, outcome(done), done.answers[0]["source"]) for done in (first, second)] == [
        (3, "not_found", "aeroapi"),
        (3, "not_found", "local"),
    ]
    assert len(aeroapi.asked) == 1
    [(minutes,)] = rows("SELECT (julianday(absent_until) - julianday(asked_at)) * 1440 FROM asked_days")
    assert 47.99 <= minutes <= 72.01


def test_an_absence_that_is_over_is_asked_about_again(flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows) -> None:
    look(flightctl, "NZ527", FAR)
    rows("UPDATE asked_days SET absent_until = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'")
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    assert [outcome(look(flightctl, "NZ527", FAR)) for _ in range(2)] == ["miss", "hit"]
    assert rows("SELECT count(*) FROM asked_days WHERE absent_until IS NOT NULL") == [(0,)]


def test_an_absence_is_of_its_day_only(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    assert outcome(look(flightctl, "NZ527", FAR + DAY)) == "not_found"
    assert outcome(look(flightctl, "NZ527", FAR)) == "miss"


def test_refresh_passes_a_remembered_absence_over(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    look(flightctl, "NZ527", FAR)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    assert outcome(look(flightctl, "NZ527", FAR, "--refresh")) == "miss"


def test_a_flight_that_the_provider_no_longer_knows_is_shown_as_it_was_last_seen(
    flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows
) -> None:
    look(flightctl, "NZ527", FAR)
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-2 days') || '.000000'")
    scheduled.schedules = []
    gone, again = (look(flightctl, "NZ527", FAR) for _ in range(2))
    assert [(done.code, outcome(done), len(ids(done))) for done in (gone, again)] == [(0, "stale", 1)] * 2
    assert "does not know it" in gone.answers[0]["warning"]
    assert len(scheduled.asked) == 2


def test_an_empty_answer_to_refresh_is_not_held_against_a_fresh_flight(
    flightctl: Flightctl, scheduled: AeroApiServer
) -> None:
    look(flightctl, "NZ527", FAR)
    scheduled.schedules = []
    assert [outcome(look(flightctl, "NZ527", FAR, *options)) for options in (["--refresh"], [])] == ["stale", "hit"]


def test_refresh_asks_once_more_and_says_so(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    look(flightctl, "NZ527", FAR)
    done = look(flightctl, "NZ527", FAR, "--refresh")
    assert (outcome(done), done.json["metrics"]["upstream_calls"], len(scheduled.asked)) == ("refreshed", 1, 2)


def test_offline_answers_with_what_is_fresh_only(flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows) -> None:
    absent = look(flightctl, "NZ527", FAR, "--offline")
    look(flightctl, "NZ527", FAR)
    fresh = look(flightctl, "NZ527", FAR, "--offline")
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-2 days') || '.000000'")
    stale = look(flightctl, "NZ527", FAR, "--offline")
    assert [(done.code, outcome(done)) for done in (absent, fresh, stale)] == [
        (3, "offline"),
        (0, "hit"),
        (3, "offline"),
    ]
    assert "what is stored has expired" in stale.err
    assert len(scheduled.asked) == 1


def test_offline_and_refresh_contradict_each_other(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    assert look(flightctl, "NZ527", FAR, "--offline", "--refresh").code == 2


@pytest.mark.parametrize(("options", "ended"), [((), (5, "error")), (("--stale-if-error",), (0, "stale"))])
def test_a_failure_is_told_or_on_request_covered_by_what_has_expired(
    flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows, options: tuple[str, ...], ended: tuple[int, str]
) -> None:
    look(flightctl, "NZ527", FAR)
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-2 days') || '.000000'")
    scheduled.fails(500, "INTERNAL", "it broke")
    done = look(flightctl, "NZ527", FAR, *options)
    assert (done.code, outcome(done)) == ended
    assert ("shown although it expired" in (done.answers[0]["warning"] or "")) is bool(options)


def test_a_refused_key_is_never_covered(flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows) -> None:
    look(flightctl, "NZ527", FAR)
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-2 days') || '.000000'")
    scheduled.fails(401, "INVALID_API_KEY", "Invalid API key")
    done = look(flightctl, "NZ527", FAR, "--stale-if-error")
    assert (done.code, code(done)) == (5, "key_refused")


def test_without_a_cache_every_look_up_is_passed_through(
    flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    done = [look(flightctl, "NZ527", FAR) for _ in range(2)]
    assert [(outcome(one), ids(one)) for one in done] == [("miss", [f"ANZ527.{FAR}.0830.NZAA.NZCH"])] * 2
    assert rows("SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM asked_days)") == [(0,)]
    assert len(scheduled.asked) == 2


def test_a_caller_who_may_not_ask_gets_what_is_stored_with_a_word_on_its_age(
    flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(flightctl, "NZ527", FAR)
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    assert outcome(look(flightctl, "NZ527", FAR)) == "hit"
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-30 hours') || '.000000'")
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, outcome(done)) == (0, "stale")
    assert done.answers[0]["warning"] == "as last seen 1 d 6 h ago; live lookups of that day are for subscribers"
    denied = look(flightctl, "NZ527", FAR + DAY)
    assert (denied.code, outcome(denied), denied.answers[0]["flights"]) == (4, "denied", [])
    assert len(scheduled.asked) == 1


def test_flights_of_a_neighbouring_days_answer_are_not_taken_for_the_whole_day(
    flightctl: Flightctl, upstream: Upstream, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, ends = today(line.origin), (line.origin, line.destination)
    upstream.rows = [stack_row(line.flight(1), *ends, day + n * DAY) for n in (-1, 0, 1)]
    assert len(ids(look(flightctl, line.flight(1), day))) == 1
    offline = look(flightctl, line.flight(1), day + DAY, "--offline")
    assert (outcome(offline), len(ids(offline))) == ("hit", 1)
    assert "there may be more flights" in offline.answers[0]["warning"]
    upstream.rows.append(stack_row(line.flight(1), *ends, day + DAY, "17:00", "18:25"))
    asked = look(flightctl, line.flight(1), day + DAY)
    assert (len(ids(asked)), len(upstream.asked)) == (2, 2)


def test_what_was_seen_in_the_future_counts_as_seen_now(
    flightctl: Flightctl, scheduled: AeroApiServer, rows: Rows
) -> None:
    look(flightctl, "NZ527", FAR)
    rows("UPDATE flights SET observed_at = '2099-01-01 00:00:00.000000'")
    done = look(flightctl, "NZ527", FAR)
    left = datetime.fromisoformat(done.answers[0]["expires_at"]) - datetime.now(UTC)
    assert outcome(done) == "hit"
    assert timedelta() < left <= 24 * HOUR
