"""Days of flights in the local file: copies that answer where the remote cannot, and never instead of it."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, local, today
from postgres import BASIC, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Flightctl, Result

FAR = today(AKL) + 10 * DAY
ASKED = ("lookup", "NZ527", "--date", str(FAR), "--json")
UNREACHABLE = "postgresql://basic@127.0.0.1:1/flightctl"


@pytest.fixture(autouse=True)
def day(aeroapi: AeroApiServer) -> None:
    """The provider has one flight of the number on the day."""
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch, flightctl: Flightctl) -> Flightctl:
    """At the machine of who asked last, from where the remote cannot be reached any more."""

    def call(*arguments: str, **more: Any) -> Result:
        monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
        return flightctl(*arguments, **more)

    return call


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)["results"][0]
    return found


def outs(result: Result) -> list[str]:
    return [flight["scheduled_out"] for flight in told(result)["flights"]]


@pytest.mark.parametrize("login", [SUBSCRIBER, BASIC])
def test_what_was_paid_for_or_read_answers_with_a_warning_where_the_remote_is_gone(
    at: As, gone: Flightctl, login: str
) -> None:
    at(SUBSCRIBER, *ASKED)
    there = at(login, *ASKED)
    copy = gone(*ASKED)
    assert (copy.code, told(copy)["outcome"], told(copy)["source"]) == (0, "hit", "local")
    assert "a local copy, not checked" in told(copy)["warning"]
    assert told(copy)["flights"] == told(there)["flights"]


def test_what_was_paid_for_is_copied_down_at_once(at: As, gone: Flightctl) -> None:
    at(SUBSCRIBER, *ASKED)
    assert told(gone(*ASKED))["outcome"] == "hit"


def test_what_was_never_seen_here_needs_the_remote(at: As, gone: Flightctl) -> None:
    at(SUBSCRIBER, *ASKED)
    at(BASIC, "whoami")
    failed = gone(*ASKED)
    assert (failed.code, told(failed)["error"]["code"]) == (5, "remote_unreachable")


def test_offline_answers_from_the_copy(at: As) -> None:
    at(SUBSCRIBER, *ASKED)
    found = at(SUBSCRIBER, *ASKED, "--offline")
    assert (found.code, told(found)["outcome"], told(found)["source"]) == (0, "hit", "local")


def test_a_copy_never_hides_what_the_remote_has_heard_since(at: As, gone: Flightctl, aeroapi: AeroApiServer) -> None:
    before = at(SUBSCRIBER, *ASKED)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "11:30"))]
    assert at(SERVICE, *ASKED, "--refresh").code == 0
    after = at(SUBSCRIBER, *ASKED)
    assert outs(after) != outs(before)
    assert outs(gone(*ASKED)) == outs(after)


def test_what_the_remote_no_longer_has_goes_here_too(at: As, gone: Flightctl, shared_remote: RemoteDatabase) -> None:
    at(SUBSCRIBER, *ASKED)
    shared_remote.rows("DELETE FROM flights")
    shared_remote.rows("DELETE FROM asked_days")
    assert at(STAFF, "budget", "freeze").code == 0
    assert at(SUBSCRIBER, *ASKED).code == 6
    assert gone(*ASKED).code == 5


def test_a_day_on_which_there_is_none_is_remembered_here_too(at: As, gone: Flightctl, aeroapi: AeroApiServer) -> None:
    aeroapi.schedules = []
    assert at(SUBSCRIBER, *ASKED).code == 3
    assert at(SUBSCRIBER, *ASKED).code == 3
    assert told(gone(*ASKED))["outcome"] == "not_found"
    assert len(aeroapi.asked) == 1


def test_a_copy_that_expired_is_no_answer_unless_it_is_asked_for(at: As, gone: Flightctl) -> None:
    at(SUBSCRIBER, *ASKED)
    with closing(sqlite3.connect(os.environ["FLIGHTCTL_DB"])) as connection, connection:
        connection.execute("UPDATE flights SET observed_at = '2026-01-01 00:00:00.000000'")
    assert gone(*ASKED).code == 5
    old = gone(*ASKED, "--stale-if-error")
    assert (old.code, told(old)["outcome"]) == (0, "stale")
