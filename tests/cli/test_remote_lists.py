"""Lists and shares in the remote: each login's own, handed on by a token that works once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flightctl.store import lists
from flightctl.store.remote_engine import Remote
from machines import stored_flight
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Result

UNKNOWN = "A" * 43


@pytest.fixture
def flight(shared_remote: RemoteDatabase) -> str:
    """A stored flight."""
    return stored_flight(shared_remote)


def listed(result: Result) -> list[tuple[str, str]]:
    assert result.code == 0, result.err
    return [(one["flight_id"], one["kind"]) for one in json.loads(result.out)["flights"]]


def shared(at: As, login: str, flight: str, *more: str) -> dict[str, Any]:
    made = at(login, "share", flight, *more, "--json")
    assert made.code == 0, made.err
    found: dict[str, Any] = json.loads(made.out)
    return found


def agreed(remote: RemoteDatabase) -> bool:
    """Whether the lists and the reverse index say the same."""
    admin = Remote(remote.url())
    try:
        with admin.reading() as session:
            return not lists.differences(session) and not lists.miscounted(session)
    finally:
        admin.close()


def test_each_login_has_a_list_of_its_own(at: As, flight: str, shared_remote: RemoteDatabase) -> None:
    assert at(BASIC, "track", flight).code == 0
    assert listed(at(BASIC, "flights", "--json")) == [(flight, "owned")]
    for other in (SUBSCRIBER, STAFF, SERVICE):
        assert listed(at(other, "flights", "--json")) == []
    assert agreed(shared_remote)


def test_tracking_twice_is_one_entry_and_untracking_leaves_none(
    at: As, flight: str, shared_remote: RemoteDatabase
) -> None:
    for _ in range(2):
        assert at(BASIC, "track", flight).code == 0
    assert shared_remote.rows("SELECT user_id, kind FROM user_flights") == [(BASIC, "owned")]
    assert at(BASIC, "untrack", flight).code == 0
    assert shared_remote.rows("SELECT user_id FROM user_flights UNION SELECT user_id FROM flight_watchers") == []
    assert at(BASIC, "untrack", flight).code == 3
    assert agreed(shared_remote)


def test_a_token_works_once_and_again_for_who_claimed(at: As, flight: str, shared_remote: RemoteDatabase) -> None:
    at(BASIC, "track", flight)
    token = shared(at, BASIC, flight)["token"]
    first, again = (at(SUBSCRIBER, "claim", token, "--json") for _ in range(2))
    assert (first.code, again.code, first.out) == (0, 0, again.out)
    assert at(OTHER, "claim", token).code == 7
    assert listed(at(SUBSCRIBER, "flights", "--json")) == [(flight, "shared")]
    [share] = json.loads(at(BASIC, "shares", "--json").out)["shares"]
    assert share["status"] == "claimed"
    assert agreed(shared_remote)


def test_the_claimant_keeps_what_the_sharer_drops(at: As, flight: str) -> None:
    at(BASIC, "track", flight)
    at(SUBSCRIBER, "claim", shared(at, BASIC, flight)["token"])
    assert at(BASIC, "untrack", flight).code == 0
    assert listed(at(SUBSCRIBER, "flights", "--json")) == [(flight, "shared")]


def test_unknown_revoked_expired_and_used_are_refused_alike(at: As, flight: str, shared_remote: RemoteDatabase) -> None:
    at(BASIC, "track", flight)
    used, revoked, expired = (shared(at, BASIC, flight) for _ in range(3))
    at(OTHER, "claim", used["token"])
    assert at(BASIC, "revoke", revoked["share_id"]).code == 0
    shared_remote.rows("UPDATE shares SET expires_at = now() WHERE share_id = ?", expired["share_id"])
    refused = [
        at(SUBSCRIBER, "claim", token) for token in (UNKNOWN, *(one["token"] for one in (used, revoked, expired)))
    ]
    assert {(one.code, one.out, one.err) for one in refused} == {(7, refused[0].out, refused[0].err)}


def test_the_eleventh_failure_of_an_hour_has_to_wait_whatever_is_set_here(
    at: As, flight: str, shared_remote: RemoteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_SHARING_MAX_FAILED_CLAIMS", "1000")
    at(BASIC, "track", flight)
    token = shared(at, BASIC, flight)["token"]
    refused = [at(SUBSCRIBER, "claim", UNKNOWN) for _ in range(10)]
    throttled = at(SUBSCRIBER, "claim", token)
    assert {(one.code, one.err) for one in (*refused, throttled)} == {(7, refused[0].err)}
    assert at(OTHER, "claim", token).code == 0
    shared_remote.rows("UPDATE claim_failures SET failed_at = failed_at - interval '1 hour'")
    assert at(SUBSCRIBER, "claim", shared(at, BASIC, flight)["token"]).code == 0


def test_somebody_else_s_share_does_not_exist(at: As, flight: str) -> None:
    at(BASIC, "track", flight)
    share = shared(at, BASIC, flight)
    for other in (SUBSCRIBER, STAFF, SERVICE):
        assert at(other, "revoke", share["share_id"]).code == 3
        assert json.loads(at(other, "shares", "--json").out)["shares"] == []


def test_only_what_is_on_one_s_own_list_can_be_shared(at: As, flight: str) -> None:
    at(SUBSCRIBER, "track", flight)
    assert at(BASIC, "share", flight).code == 3


def test_the_database_s_clock_says_when_a_share_ends(at: As, flight: str, shared_remote: RemoteDatabase) -> None:
    at(BASIC, "track", flight)
    shared(at, BASIC, flight, "--expires", "2h")
    [(lasts,)] = shared_remote.rows("SELECT expires_at - created_at FROM shares")
    assert lasts == timedelta(hours=2)


def test_who_must_hear_of_a_flight_is_told_to_staff_only(at: As, flight: str) -> None:
    for login in (BASIC, OTHER):
        at(login, "track", flight)
    assert json.loads(at(STAFF, "watchers", flight, "--json").out)["users"] == [BASIC, OTHER]
    assert at(BASIC, "watchers", flight).code == 4


def test_no_raw_token_is_in_the_database(at: As, flight: str, shared_remote: RemoteDatabase) -> None:
    at(BASIC, "track", flight)
    token = shared(at, BASIC, flight)["token"]
    at(SUBSCRIBER, "claim", token)
    for (table,) in shared_remote.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        assert token not in str(shared_remote.rows(f"SELECT * FROM {table}"))


def test_an_update_reaches_every_list(at: As, flight: str) -> None:
    for login in (BASIC, OTHER):
        at(login, "track", flight)
    row = {"flight_id": flight, "departure_gate": "7"}
    line = {"provider": "flightctl", "observed_at": datetime.now(UTC).isoformat(), "row": row}
    told = at(SERVICE, "ingest", "-", "--json", stdin=json.dumps(line))
    found = json.loads(told.out)
    assert (told.code, found["applied"], found["fanned_out"]) == (0, 1, 2)
    for login in (BASIC, OTHER):
        [one] = json.loads(at(login, "flights", "--json").out)["flights"]
        assert one["departure_gate"] == "7"


@pytest.mark.parametrize("login", [BASIC, SUBSCRIBER, STAFF])
def test_updates_are_taken_from_service_only(at: As, flight: str, login: str) -> None:
    assert at(login, "ingest", "-", stdin="").code == 4
