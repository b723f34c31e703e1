"""``lookup --explain`` with a remote: which tier had the answer, and what the other one said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, local, today
from postgres import BASIC, SERVICE, RemoteDatabase
from running import As, Flightctl, Result
from upstream import Upstream, row

FAR = today(AKL) + 10 * DAY
EXPLAIN = ("--explain", "--json")
NOTHING_HERE = "local: no confirmed entry"
NOT_REACHED = "remote: could not be asked, flightctl at 127.0.0.1 cannot be reached"


@pytest.fixture(autouse=True)
def flights(upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch, at: As) -> None:
    """At the machine of ``basic``, which has looked NZ527 up, the remote cannot be reached any more."""
    at(BASIC, "lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", "postgresql://basic@127.0.0.1:1/flightctl")


def steps(result: Result) -> list[str]:
    """Without times, and without what a call costs."""
    told: list[str] = result.answers[0]["explain"]
    return [step.partition(" old")[0] for step in told if not step.startswith("price:")]


def at_home(home: Path, statement: str) -> None:
    """Change the local file of ``basic``."""
    with closing(sqlite3.connect(home / f"{BASIC}.db")) as connection, connection:
        connection.execute(statement)


def unchecked_for_a_day(home: Path) -> None:
    at_home(home, "UPDATE remote_copies SET checked_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-25 hours') || '000'")


def test_an_entry_of_the_remote_is_told_as_the_remote_s_and_then_as_a_copy(
    at: As, shared_remote: RemoteDatabase
) -> None:
    at(SERVICE, "lookup", "NZ527")
    shared_remote.rows("UPDATE aviationstack_cache SET refreshed_at = now() - interval '76 hours'")
    asked_nobody = "aviationstack: not asked, the entry is fresh"
    first, again = (at(BASIC, "lookup", "NZ527", *EXPLAIN) for _ in range(2))
    assert steps(first) == [NOTHING_HERE, "remote: confirmed entry, 3 d 4 h", asked_nobody]
    assert steps(again) == ["local: confirmed entry, 3 d 4 h", asked_nobody]
    assert [done.answers[0]["source"] for done in (first, again)] == ["remote", "local"]


def test_how_long_an_entry_of_the_remote_lasts_is_told(at: As) -> None:
    at(SERVICE, "lookup", "NZ527")
    answer = at(BASIC, "lookup", "NZ527", *EXPLAIN).answers[0]
    until = answer["expires_at"].replace("T", " ")[:16]
    assert answer["explain"][1] == f"remote: confirmed entry, 0 min old, fresh until {until} UTC"


def test_what_no_tier_has_is_told_of_both(at: As) -> None:
    told = steps(at(BASIC, "lookup", "NZ527", *EXPLAIN))
    assert told == [NOTHING_HERE, "remote: no confirmed entry", "aviationstack: asked, one paid call"]


def test_a_copy_that_was_checked_is_told_so(at: As, home: Path) -> None:
    at(BASIC, "lookup", "NZ527")
    unchecked_for_a_day(home)
    told = steps(at(BASIC, "lookup", "NZ527", *EXPLAIN))
    assert told[:2] == ["local: an entry that had to be checked", "remote: confirmed entry, 0 min"]


def test_an_entry_of_one_s_own_that_is_younger_is_the_local_tier_s(
    at: As, home: Path, shared_remote: RemoteDatabase
) -> None:
    at(BASIC, "lookup", "NZ527")
    at_home(home, "DELETE FROM remote_copies")
    shared_remote.rows("UPDATE aviationstack_cache SET refreshed_at = refreshed_at - interval '1 day'")
    done = at(BASIC, "lookup", "NZ527", *EXPLAIN)
    assert steps(done)[:2] == ["local: confirmed entry, 0 min", "remote: nothing younger"]
    assert done.answers[0]["source"] == "local"


def test_an_absence_that_the_remote_remembers_is_the_remote_s(at: As) -> None:
    at(SERVICE, "lookup", "NZ999")
    told = steps(at(BASIC, "lookup", "NZ999", *EXPLAIN))
    assert told[:2] == [NOTHING_HERE, "remote: no confirmed entry"]
    assert told[2].startswith("remote: upstream did not know it; remembered until ")


def test_a_refresh_passes_over_the_tier_that_has_it(at: As) -> None:
    at(SERVICE, "lookup", "NZ527")
    told = steps(at(BASIC, "lookup", "NZ527", "--refresh", *EXPLAIN))
    assert told[1:3] == ["remote: confirmed entry, 0 min", "remote: passed over, because of --refresh"]


@pytest.mark.usefixtures("cut")
def test_a_remote_that_is_gone_is_told_of_where_it_was_needed(flightctl: Flightctl, home: Path) -> None:
    assert steps(flightctl("lookup", "NZ527", *EXPLAIN))[0] == "local: confirmed entry, 0 min"
    unchecked_for_a_day(home)
    assert steps(flightctl("lookup", "NZ527", *EXPLAIN))[:2] == ["local: confirmed entry, 0 min", NOT_REACHED]
    assert steps(flightctl("lookup", "NZ5", *EXPLAIN))[:2] == [NOTHING_HERE, NOT_REACHED]


@pytest.mark.usefixtures("cut")
def test_offline_speaks_of_the_local_tier_only(flightctl: Flightctl) -> None:
    told = steps(flightctl("lookup", "NZ5", "--offline", *EXPLAIN))
    assert told == [NOTHING_HERE, "aviationstack: not asked, because of --offline"]


def test_a_day_is_the_remote_s(at: As, aeroapi: AeroApiServer) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    day = ("lookup", "NZ527", "--date", str(FAR))
    assert steps(at(SERVICE, *day, *EXPLAIN))[0] == "remote: nothing is stored of that day"
    assert steps(at(BASIC, *day, *EXPLAIN))[0].startswith("remote: 1 flight, last seen 0 min ago, fresh until ")


@pytest.mark.usefixtures("cut")
def test_of_a_day_nothing_is_said_where_the_remote_is_gone(flightctl: Flightctl) -> None:
    done = flightctl("lookup", "NZ527", "--date", str(FAR), *EXPLAIN)
    assert (done.code, steps(done)[0]) == (5, NOT_REACHED)
