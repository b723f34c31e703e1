"""``refresh-stale --flights``: renew what somebody tracks, the nearest departures first."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, local, today
from domain.sightings import sighting
from flightctl.services import observing
from flightctl.store.local_engine import LocalFile
from people import person
from running import Flightctl, Result, Rows
from trouble import change

pytestmark = pytest.mark.usefixtures("database")

TOMORROW, WEEK, FAR = (today(AKL) + days * DAY for days in (1, 4, 30))
COUNTS = ("selected", "refreshed", "changed", "unchanged", "not_found", "failed", "skipped", "upstream_calls")
KEYS = ["schema", *COUNTS, "dry_run", "plan", "entries"]
AGO = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-3 days') || '000'"
AGED = f"UPDATE flights SET observed_at = {AGO}", f"UPDATE asked_days SET asked_at = {AGO}"
Track = Callable[..., str]


def serve(aeroapi: AeroApiServer, number: int, day: date, clock: str = "12:00", **more: Any) -> None:
    out, name = local(AKL, day, clock), f"ANZ{number}/NZ{number}"
    aeroapi.flights.append(flight_row(name, AKL, CHC, out, fa_flight_id=f"ANZ{number}-{out:%d%H%M}", **more))
    aeroapi.schedules.append(schedule_row(name, AKL, CHC, out, **more))


@pytest.fixture
def track(flightctl: Flightctl, aeroapi: AeroApiServer, database: Path) -> Track:
    """The provider has a flight, and so many users track it; the id."""

    def call(number: int, day: date = FAR, users: int = 1, clock: str = "12:00") -> str:
        serve(aeroapi, number, day, clock)
        assert flightctl("lookup", f"NZ{number}", "--date", str(day), "--refresh").code == 0
        flight = f"ANZ{number}.{day}.{clock.replace(':', '')}.NZAA.NZCH"
        with closing(LocalFile(database)) as db:
            for user in range(users):
                person(db, f"user{user}").lists.track(flight)
        return flight

    return call


@pytest.fixture
def age(database: Path, aeroapi: AeroApiServer) -> Callable[[], None]:
    """Three days pass in which nobody is asked anything."""

    def call() -> None:
        change(database, *AGED)
        aeroapi.asked.clear()

    return call


Age = Callable[[], None]


@dataclass
class Kept:
    """What is made once, by the first who needs it: a file, and what the provider has."""

    file: Path
    ids: list[str] = field(default_factory=list)
    rows: tuple[list[Any], list[Any]] = ([], [])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("three") / "cache.db")


@pytest.fixture
def three(track: Track, age: Age, kept: Kept, aeroapi: AeroApiServer, database: Path) -> list[str]:
    """NZ1 to NZ3, due; that many people track each."""
    if not kept.ids:
        kept.ids = [track(number, users=number) for number in (1, 2, 3)]
        age()
        shutil.copy(database, kept.file)
        kept.rows = aeroapi.flights, aeroapi.schedules
    shutil.copy(kept.file, database)
    aeroapi.flights, aeroapi.schedules = deepcopy(kept.rows)
    return list(kept.ids)


def refresh(flightctl: Flightctl, *options: str) -> Result:
    return flightctl("refresh-stale", "--flights", "--json", *options)


def counts(done: Result) -> dict[str, int]:
    """Those that are not 0."""
    return {name: done.json[name] for name in COUNTS if done.json[name]}


def outcomes(done: Result) -> dict[str, str]:
    return {entry["flight_id"]: entry["outcome"] for entry in done.json["entries"]}


def asked(aeroapi: AeroApiServer) -> list[str]:
    """The numbers, in the order in which they were asked for."""
    return [
        one.params["flight_number"] if one.endpoint == "schedules" else one.path.split("/")[2].removeprefix("ANZ")
        for one in aeroapi.asked
    ]


# What is renewed


def test_the_report_has_its_keys_in_order(flightctl: Flightctl, three: list[str]) -> None:
    done = refresh(flightctl)
    assert (done.code, done.err) == (0, "")
    assert (list(done.json), done.json["schema"]) == (KEYS, "flightctl.refresh/1")
    assert (done.json["dry_run"], done.json["plan"]) == (False, None)
    assert [list(entry) for entry in done.json["entries"]] == [["flight_id", "outcome", "error"]] * 3
    assert counts(done) == {"selected": 3, "refreshed": 3, "unchanged": 3, "upstream_calls": 3}


def test_a_run_of_nothing_has_the_same_keys(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    done = refresh(flightctl)
    assert (done.code, list(done.json), counts(done), done.json["entries"]) == (0, KEYS, {}, [])


def test_each_flight_says_what_came_of_it(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], rows: Rows
) -> None:
    late = local(AKL, FAR, "14:30")
    aeroapi.schedules = [one for one in aeroapi.schedules if one["ident"] != "ANZ3"]
    for row in aeroapi.schedules:
        row["scheduled_in"] = late.strftime("%Y-%m-%dT%H:%M:%SZ") if row["ident"] == "ANZ2" else row["scheduled_in"]
    done = refresh(flightctl)
    assert outcomes(done) == {three[2]: "not_found", three[1]: "changed", three[0]: "unchanged"}
    assert counts(done) == {
        "selected": 3,
        "refreshed": 2,
        "changed": 1,
        "unchanged": 1,
        "not_found": 1,
        "upstream_calls": 3,
    }
    assert done.code == 0
    [(found,)] = rows("SELECT scheduled_in FROM flights WHERE flight_id = ?", three[1])
    assert found.startswith(late.strftime("%Y-%m-%d %H:%M:%S"))


def test_what_is_renewed_is_new_in_the_list_of_everybody_who_tracks_it(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in aeroapi.schedules:
        row["scheduled_in"] = local(AKL, FAR, "14:30").strftime("%Y-%m-%dT%H:%M:%SZ")
    refresh(flightctl)
    for user in ("user0", "user1"):
        monkeypatch.setenv("FLIGHTCTL_USER", user)
        assert flightctl("flights", "--json").json["changed"][three[1]] == ["scheduled_in"]


def test_once_renewed_it_is_not_due_again(flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]) -> None:
    refresh(flightctl)
    aeroapi.asked.clear()
    assert (counts(refresh(flightctl)), aeroapi.asked) == ({}, [])


def test_what_nobody_tracks_is_not_asked_for(
    flightctl: Flightctl, aeroapi: AeroApiServer, track: Track, age: Age, monkeypatch: pytest.MonkeyPatch
) -> None:
    track(1, users=0)
    tracked = track(2)
    age()
    monkeypatch.setenv("FLIGHTCTL_USER", "user0")
    flightctl("untrack", tracked)
    assert (counts(refresh(flightctl)), aeroapi.asked) == ({}, [])


@pytest.mark.parametrize("status", ["arrived", "cancelled", "diverted"])
def test_what_has_ended_is_not_asked_for(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], rows: Rows, status: str
) -> None:
    rows("UPDATE flights SET status = ?", status)
    assert (counts(refresh(flightctl)), aeroapi.asked) == ({}, [])


def test_flights_of_a_number_on_a_day_are_one_call_however_many_track_them(
    flightctl: Flightctl, aeroapi: AeroApiServer, track: Track, age: Age
) -> None:
    ids = {track(1, users=3, clock=clock) for clock in ("08:00", "18:00")}
    age()
    done = refresh(flightctl)
    assert (outcomes(done), len(aeroapi.asked)) == (dict.fromkeys(ids, "unchanged"), 1)


def test_ahead_asks_also_for_what_is_not_stale_yet(flightctl: Flightctl, aeroapi: AeroApiServer, track: Track) -> None:
    flight = track(1)
    aeroapi.asked.clear()
    assert counts(refresh(flightctl, "--ahead", "12h")) == {}
    done = refresh(flightctl, "--ahead", "3d")
    assert (outcomes(done), len(aeroapi.asked)) == ({flight: "unchanged"}, 1)


def test_a_remembered_absence_is_not_paid_for_again(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]
) -> None:
    aeroapi.schedules.clear()
    assert set(outcomes(refresh(flightctl)).values()) == {"not_found"}
    aeroapi.asked.clear()
    refresh(flightctl)
    assert aeroapi.asked == []


def test_a_day_that_no_provider_tells_of_any_more_is_no_failure_for_ever(
    flightctl: Flightctl, aeroapi: AeroApiServer, database: Path
) -> None:
    """It was last seen before it left, and then nobody looked for months."""
    with closing(LocalFile(database)) as db:
        long_ago = today(AKL) - 120 * DAY
        seen_at = datetime.now(UTC) - 121 * DAY
        with db.writing() as session:
            observing.take(session, [sighting(f"{long_ago} 08:30", observed_at=seen_at)])
        person(db, "user0").lists.track(f"ANZ527.{long_ago}.0830.NZAA.NZCH")
    done = refresh(flightctl)
    assert (done.code, done.json["failed"], aeroapi.asked) == (0, 0, [])


# The order, and how much


def test_the_nearest_are_asked_for_first_and_then_what_most_track(
    flightctl: Flightctl, aeroapi: AeroApiServer, track: Track, age: Age
) -> None:
    track(1, FAR, users=5)
    track(2, FAR, users=1)
    track(3, WEEK, users=2)
    track(4, TOMORROW, users=1)
    track(5, WEEK, users=3)
    age()
    done = refresh(flightctl)
    assert asked(aeroapi) == ["4", "5", "3", "1", "2"]
    assert [entry["flight_id"].split(".")[0] for entry in done.json["entries"]] == [
        f"ANZ{number}" for number in (4, 5, 3, 1, 2)
    ]


@pytest.mark.parametrize(("limit", "selected"), [(0, []), (1, ["3"]), (2, ["3", "2"]), (9, ["3", "2", "1"])])
def test_limit_selects_the_most_urgent(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], limit: int, selected: list[str]
) -> None:
    done = refresh(flightctl, "--limit", str(limit))
    assert (done.code, done.json["selected"], asked(aeroapi)) == (0, len(selected), selected)


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_max_calls_is_kept_and_the_rest_is_skipped(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], calls: int
) -> None:
    done = refresh(flightctl, "--max-calls", str(calls))
    assert (done.code, done.json["upstream_calls"], done.json["skipped"]) == (0, calls, 3 - calls)
    assert asked(aeroapi) == ["3", "2", "1"][:calls]
    assert list(outcomes(done)) == three[::-1], "what was skipped is told of, too"


def test_max_calls_is_kept_where_a_day_takes_several(
    flightctl: Flightctl, aeroapi: AeroApiServer, track: Track, age: Age
) -> None:
    for clock in ("08:00", "13:00", "18:00"):
        track(1, clock=clock)
    age()
    aeroapi.page_rows = 1
    done = refresh(flightctl, "--max-calls", "1")
    assert (len(aeroapi.asked), done.json["upstream_calls"]) == (1, 1)


def test_failed_calls_count_against_max_calls(flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    refresh(flightctl, "--max-calls", "1")
    assert len(aeroapi.asked) == 1


@pytest.mark.parametrize("options", [("--ahead", "3x"), ("--limit", "-1"), ("--max-calls", "x")], ids=str)
def test_bad_options_are_2(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], options: tuple[str, ...]
) -> None:
    assert refresh(flightctl, *options).code == 2
    assert aeroapi.asked == []


# A dry run


def test_a_dry_run_says_what_would_be_asked_for_and_does_nothing(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AEROAPI_KEY")
    before = rows("SELECT * FROM flights")
    done = refresh(flightctl, "--dry-run")
    assert (done.code, list(done.json), done.json["dry_run"]) == (0, KEYS, True)
    assert (done.json["selected"], done.json["upstream_calls"], done.json["plan"]) == (3, 0, {"upstream_calls": 3})
    assert outcomes(done) == dict.fromkeys(three[::-1], "selected")
    assert list(outcomes(done)) == three[::-1]
    assert (rows("SELECT * FROM flights"), aeroapi.asked) == (before, [])


def test_a_dry_run_promises_no_more_than_is_allowed(flightctl: Flightctl, three: list[str]) -> None:
    assert refresh(flightctl, "--dry-run", "--max-calls", "2").json["plan"] == {"upstream_calls": 2}
    done = refresh(flightctl, "--dry-run", "--limit", "1")
    assert (done.json["plan"], done.json["selected"]) == ({"upstream_calls": 1}, 1)


def test_a_dry_run_is_open_to_a_basic_caller(
    flightctl: Flightctl, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    assert refresh(flightctl, "--dry-run").json["selected"] == 3


def test_the_table_of_a_dry_run_says_what_it_is(flightctl: Flightctl, three: list[str]) -> None:
    lines = flightctl("refresh-stale", "--flights", "--dry-run").out.splitlines()
    assert lines[0].split() == ["FLIGHT", "ID", "OUTCOME", "WHY"]
    assert [line.split() for line in lines[2:5]] == [[flight, "selected"] for flight in three[::-1]]
    assert lines[5] == "3 selected · at least 3 upstream calls · nothing was done"


# Who may, and what it costs


@pytest.mark.usefixtures("three")
def test_a_basic_caller_is_refused(
    flightctl: Flightctl, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    done = refresh(flightctl)
    assert (done.code, aeroapi.asked) == (4, [])
    assert "subscribers" in done.err


def test_without_a_key_it_is_10_but_only_if_something_is_due(
    flightctl: Flightctl, three: list[str], monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AEROAPI_KEY")
    assert refresh(flightctl).code == 10
    rows("UPDATE flights SET status = 'arrived'")
    assert refresh(flightctl).code == 0


def test_with_a_cache_that_is_off_nothing_is_bought(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    assert (refresh(flightctl).code, aeroapi.asked) == (10, [])


def test_a_budget_that_is_reached_ends_the_run_with_6(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "0")
    done = refresh(flightctl)
    assert (done.code, counts(done), aeroapi.asked) == (6, {"selected": 3, "failed": 1, "skipped": 2}, [])
    assert done.json["entries"][0]["error"]["code"] == "budget"


def test_calls_that_are_frozen_end_the_run_with_6(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]
) -> None:
    assert flightctl("budget", "freeze").code == 0
    done = refresh(flightctl)
    assert (done.code, done.json["entries"][0]["error"]["code"], aeroapi.asked) == (6, "budget_frozen", [])


def test_calls_are_counted_as_those_of_a_refresh(flightctl: Flightctl, three: list[str], rows: Rows) -> None:
    rows("DELETE FROM upstream_calls")
    refresh(flightctl)
    stats = flightctl("stats", "--json").json
    assert stats["upstream"]["calls"] == 3


# Failures


def test_a_failure_is_kept_with_its_flights_and_the_run_goes_on(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], rows: Rows
) -> None:
    before = rows("SELECT * FROM flights WHERE flight_id = ?", three[2])
    aeroapi.fails(500, "INTERNAL", "it broke")
    aeroapi.while_asked = lambda: aeroapi.works() if len(aeroapi.asked) > 1 else None
    done = refresh(flightctl)
    assert outcomes(done) == {three[2]: "failed", three[1]: "unchanged", three[0]: "unchanged"}
    assert done.code == 9
    [error] = [entry["error"] for entry in done.json["entries"] if entry["error"]]
    assert (list(error), error["code"]) == (["code", "message", "hint"], "upstream_server_error")
    assert rows("SELECT * FROM flights WHERE flight_id = ?", three[2]) == before
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ((401, "INVALID_API_KEY", "Invalid API key"), "key_refused"),
        ((429, "RATE_LIMIT_ERROR", "slow down"), "upstream_rate_limited"),
    ],
    ids=["a bad key", "too many requests"],
)
def test_what_would_fail_for_all_ends_the_run(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str], failure: tuple[int, str, str], code: str
) -> None:
    aeroapi.fails(*failure)
    done = refresh(flightctl)
    assert (done.code, len(aeroapi.asked)) == (5, 1)
    assert counts(done) == {"selected": 3, "failed": 1, "skipped": 2, "upstream_calls": 1}
    assert done.json["entries"][0]["error"]["code"] == code


def test_all_failures_alike_have_their_code(flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    done = refresh(flightctl, "--limit", "2")
    assert (done.code, set(outcomes(done).values())) == (5, {"failed"})


# What it looks like


def test_a_quiet_success_prints_nothing(flightctl: Flightctl, three: list[str]) -> None:
    done = flightctl("refresh-stale", "--flights", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_the_table_has_a_line_a_flight_and_the_sums(
    flightctl: Flightctl, aeroapi: AeroApiServer, three: list[str]
) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    aeroapi.while_asked = lambda: aeroapi.works() if len(aeroapi.asked) > 1 else None
    lines = flightctl("refresh-stale", "--flights").out.splitlines()
    assert lines[0].split() == ["FLIGHT", "ID", "OUTCOME", "WHY"]
    assert [line.split()[:2] for line in lines[2:5]] == [
        [three[2], "failed"],
        [three[1], "unchanged"],
        [three[0], "unchanged"],
    ]
    assert lines[5] == "3 selected · 2 unchanged · 1 failed · 3 upstream calls"


def test_csv_and_ndjson_have_a_flight_a_line(flightctl: Flightctl, three: list[str]) -> None:
    done = flightctl("refresh-stale", "--flights", "--format", "ndjson")
    assert [list(json.loads(line)) for line in done.out.splitlines()] == [["flight_id", "outcome", "error"]] * 3
    dry = flightctl("refresh-stale", "--flights", "--ahead", "9w", "--dry-run", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(dry.out)))
    assert [row["flight_id"] for row in found] == three[::-1]
    assert [list(row) for row in found] == [["flight_id", "outcome", "error"]] * 3


def test_who_tracks_a_flight_is_not_told(flightctl: Flightctl, three: list[str]) -> None:
    done = refresh(flightctl, "--verbose")
    assert not re.search(r"user\d", done.out + done.err)


def test_the_sandbox_renews_what_is_tracked_there(flightctl: Flightctl, database: Path) -> None:
    assert flightctl("--sandbox", "track", "NZ527", "--date", "+12").code == 0
    change(database.with_name("cache.sandbox.db"), *AGED)
    done = flightctl("--sandbox", "refresh-stale", "--flights", "--json")
    assert (done.code, done.json["selected"], done.json["refreshed"]) == (0, 1, 1)
