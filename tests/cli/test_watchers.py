"""``watchers``: who must hear of a flight, for staff."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import Path

import pytest

from flightctl.store.local_engine import LocalFile
from people import DAY, UNKNOWN, flight_id, observe, person
from running import Flightctl

pytestmark = pytest.mark.usefixtures("listed")
ID = flight_id()


@pytest.fixture
def listed(database: Path) -> None:
    """The flight is in the lists of carol and alice, who both have it twice, and another one in bob's."""
    with closing(LocalFile(database)) as db:
        for number in range(3):
            observe(db, number)
        carol, alice, bob = (person(db, user) for user in ("carol", "alice", "bob"))
        for user, other in ((carol, alice), (alice, carol)):
            user.lists.track(ID)
            other.sharing.claim(user.sharing.share(ID, DAY).token)
        bob.lists.track(flight_id(1))


def test_the_json_is_exact_and_a_user_stands_in_it_once(flightctl: Flightctl) -> None:
    done = flightctl("watchers", ID, "--json")
    assert done.out == f'{{"schema": "flightctl.watchers/1", "flight_id": "{ID}", "users": ["alice", "carol"]}}\n'
    assert (done.code, done.err) == (0, "")


def test_the_other_formats_have_a_user_a_line(flightctl: Flightctl) -> None:
    assert flightctl("watchers", ID, "--format", "ndjson").out == '{"user": "alice"}\n{"user": "carol"}\n'
    rows = csv.DictReader(io.StringIO(flightctl("watchers", ID, "--format", "csv").out))
    assert list(rows) == [{"user": "alice"}, {"user": "carol"}]
    lines = flightctl("watchers", ID).out.splitlines()
    assert [lines[0], *lines[2:]] == ["USER", "alice", "carol", "2 watchers"]


def test_a_flight_that_nobody_lists_has_no_watchers_and_that_is_no_failure(flightctl: Flightctl) -> None:
    done = flightctl("watchers", flight_id(2), "--json")
    assert (done.code, done.json["users"]) == (0, [])
    assert flightctl("watchers", flight_id(2)).out == "0 watchers\n"
    assert flightctl("watchers", flight_id(2), "--format", "csv").out == "user\n"


def test_one_watcher_is_one_watcher(flightctl: Flightctl) -> None:
    assert flightctl("watchers", flight_id(1)).out.splitlines()[-1] == "1 watcher"


def test_who_untracks_is_no_watcher_any_more(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    flightctl("untrack", ID, "--kind", "shared")
    assert flightctl("watchers", ID, "--json").json["users"] == ["alice", "carol"]
    flightctl("untrack", ID)
    assert flightctl("watchers", ID, "--json").json["users"] == ["carol"]


def test_an_id_is_read_in_any_case_and_shown_as_it_is_stored(flightctl: Flightctl) -> None:
    assert flightctl("watchers", f" {ID.lower()} ", "--json").json["flight_id"] == ID


@pytest.mark.parametrize(("role", "code"), [("user", 4), ("staff", 0), ("service", 0)])
def test_only_staff_may_know(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, role: str, code: int) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", role)
    done = flightctl("watchers", ID, "--json")
    assert done.code == code
    assert ("alice" in done.out + done.err) == (code == 0)


@pytest.mark.parametrize("flight", [ID, UNKNOWN, "nonsense"])
def test_who_may_not_know_is_told_the_same_of_every_flight(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, flight: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    done = flightctl("watchers", flight, "--json")
    assert (done.code, done.json["error"]["code"]) == (4, "denied")
    assert flight not in done.err


@pytest.mark.parametrize(
    ("flight", "code", "error"), [(UNKNOWN, 3, "not_found"), ("NZ527", 2, "bad_flight_id"), ("", 2, "bad_flight_id")]
)
def test_what_is_no_stored_flight_is_said(flightctl: Flightctl, flight: str, code: int, error: str) -> None:
    done = flightctl("watchers", flight, "--json")
    assert (done.code, done.json["error"]["code"]) == (code, error)
