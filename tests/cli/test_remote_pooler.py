"""The remote behind a transaction pooler: every transaction may be on another server connection, after anybody else."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from select import select
from typing import Any

import psycopg
import pytest

import nursery
from flightctl.store.schema import HEAD
from machines import machine_of, stored_flight
from pooler import Pooled, pooled
from postgres import ADMIN, BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Flightctl, Result
from upstream import Upstream, row

LOGINS = (BASIC, SUBSCRIBER, STAFF, SERVICE)
FOR_EACH_LOGIN = 2
PATIENCE_S = 30.0
_LEFT = {
    "setting": "SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session'",
    "prepared statement": "SELECT statement FROM pg_prepared_statements",
    "cursor": "SELECT name FROM pg_cursors WHERE is_holdable",
    "lock": "SELECT locktype || mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'",
    "temporary table": "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()",
    "channel": "SELECT pg_listening_channels()",
    "role": "SELECT current_user WHERE current_user <> session_user",
}


@pytest.fixture
def shared_remote(shared_remote: RemoteDatabase) -> Iterator[Pooled]:
    """All logins go through the pooler."""
    with pooled(shared_remote, FOR_EACH_LOGIN) as made:
        yield made


@pytest.fixture(autouse=True)
def flights(upstream: Upstream) -> None:
    upstream.rows = [row("NZ527"), row("NZ5", "AKL", "WLG"), row("QF1", "SYD", "SIN")]


@pytest.fixture
def flight(shared_remote: Pooled) -> str:
    """A stored flight."""
    return stored_flight(shared_remote)


def answer(result: Result) -> tuple[int, str, str | None]:
    [found] = result.answers
    return result.code, found["outcome"], found["source"]


def gate(flight: str, number: str) -> str:
    """A line that ``ingest`` takes."""
    row = {"flight_id": flight, "departure_gate": number}
    return json.dumps({"provider": "flightctl", "observed_at": datetime.now(UTC).isoformat(), "row": row})


def all_that_is_done(at: As, flight: str) -> list[Result]:
    """Reads and writes of every kind, by every login."""
    done = [at(login, "lookup", "NZ527", "QF1", "NZ999", "--json") for login in LOGINS]
    done += [at(login, "track", flight) for login in LOGINS]
    token = at(BASIC, "share", flight, "--json").json["token"]
    done += [at(OTHER, "claim", token), at(OTHER, "claim", "A" * 43), at(BASIC, "flights")]
    done += [at(SERVICE, "ingest", "-", stdin=gate(flight, "7")), at(BASIC, "history", flight)]
    done += [at(BASIC, "add-manual", "ZZ1", "--from", "AKL", "--to", "CHC"), at(STAFF, "confirm", "ZZ1")]
    done += [at(SERVICE, "refresh-stale", "--ahead", "31d"), at(SERVICE, "refresh-stale", "--flights")]
    done += [at(login, *command) for login in LOGINS for command in (("whoami",), ("stats",), ("doctor",))]
    done += [at(STAFF, "watchers", flight), at(BASIC, "budget", "show"), at(BASIC, "db", "status")]
    return [*done, at(BASIC, "untrack", flight), at(STAFF, "forget", "NZ527", "--yes")]


def left_behind(remote: Pooled, login: str) -> list[tuple[str, Any]]:
    """What of a session is on the server connections of this login."""
    with ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(remote.through(login))) for _ in range(FOR_EACH_LOGIN)]
        # In a transaction each has a server connection of its own, so this is all of them.
        assert len({client.execute("SELECT pg_backend_pid()").fetchone() for client in clients}) == FOR_EACH_LOGIN
        return [
            (what, found)
            for client in clients
            for what, query in _LEFT.items()
            for found in client.execute(query.encode())
        ]


def listed(at: As, login: str) -> list[tuple[str, str]]:
    return [(one["flight_id"], one["kind"]) for one in at(login, "flights", "--json").json["flights"]]


def at_once(remote: Pooled, home: Path, empty_cache: Path, wanted: Sequence[Sequence[str]]) -> list[bytes]:
    """What look-ups print that begin together, each at a machine of its own."""
    with ExitStack() as stack:
        children = []
        for number, flights in enumerate(wanted):
            folder = home / f"machine{number}"
            folder.mkdir()
            machine = machine_of(LOGINS[number % len(LOGINS)], remote, folder, empty_cache)
            command = nursery.flightctl("lookup", *flights, "--json", environ={**os.environ, **machine})
            children.append(stack.enter_context(command))
        return [child.communicate(120)[0] for child in children]


def outcomes(printed: Sequence[bytes]) -> Counter[str]:
    return Counter(one["outcome"] for out in printed for one in json.loads(out)["results"])


def first_line(child: nursery.Child, happens: Callable[[int], object]) -> dict[str, Any]:
    """What it prints first, while something happens again and again: nobody knows when it has begun to look."""
    deadline, number = time.monotonic() + PATIENCE_S, 0
    while not select([child.stdout], [], [], 0.2)[0]:
        assert time.monotonic() < deadline
        number += 1
        happens(number)
    line: dict[str, Any] = json.loads(child.stdout.readline())
    return line


def test_a_miss_is_paid_once_and_a_hit_for_all_others(at: As, upstream: Upstream) -> None:
    assert answer(at(BASIC, "lookup", "NZ527", "--json")) == (0, "miss", "aviationstack")
    for login in (SUBSCRIBER, STAFF, SERVICE):
        assert answer(at(login, "lookup", "NZ527", "--json")) == (0, "hit", "remote")
    assert len(upstream.asked) == 1


def test_nothing_of_a_session_remains(at: As, shared_remote: Pooled, flight: str) -> None:
    done = all_that_is_done(at, flight)
    assert {result.code for result in done} == {0, 7, 9}
    assert {login: left for login in (*LOGINS, OTHER) if (left := left_behind(shared_remote, login))} == {}


def test_nothing_of_an_admin_s_session_remains(flightctl: Flightctl, shared_remote: Pooled) -> None:
    login, through = f"pooled_{os.getpid()}", ("--url", shared_remote.through(ADMIN))
    try:
        for command in ("upgrade",), ("grant", login, "--role", "staff"), ("users",), ("revoke", login, "--yes"):
            assert flightctl("db", *command, *through).code == 0
    finally:
        shared_remote.server.run(f"DROP ROLE IF EXISTS {login}")
    assert left_behind(shared_remote, ADMIN) == []


def test_nobody_is_taken_for_somebody_else(at: As) -> None:
    for login in (*LOGINS, *reversed(LOGINS)):
        assert at(login, "whoami", "--json").json["user"] == login


def test_many_who_miss_one_flight_at_once_make_one_call(
    shared_remote: Pooled, home: Path, empty_cache: Path, upstream: Upstream
) -> None:
    upstream.delay_s = 1.0
    found = outcomes(at_once(shared_remote, home, empty_cache, [["NZ527"]] * 8))
    assert len(upstream.asked) == 1
    assert (found["miss"], found["coalesced"] + found["hit"]) == (1, 7)


def test_a_cap_is_never_overspent_by_many_at_once(
    shared_remote: Pooled, home: Path, empty_cache: Path, upstream: Upstream
) -> None:
    shared_remote.rows("UPDATE provider_terms SET cap = 5 WHERE provider = 'aviationstack'")
    wanted = [[f"NZ{number}", f"NZ{number + 10}"] for number in range(1, 7)]
    upstream.rows = [row(flight) for flights in wanted for flight in flights]
    found = outcomes(at_once(shared_remote, home, empty_cache, wanted))
    assert (len(upstream.asked), found) == (5, {"miss": 5, "error": 7})
    assert shared_remote.rows("SELECT used FROM budget_cycles") == [(5,)]


def test_a_budget_that_is_spent_is_told_of(at: As, shared_remote: Pooled) -> None:
    shared_remote.rows("UPDATE provider_terms SET cap = 1 WHERE provider = 'aviationstack'")
    assert at(SERVICE, "lookup", "NZ527").code == 0
    refused = at(BASIC, "lookup", "NZ5")
    assert (refused.code, "1 of 1" in refused.err) == (6, True)


def test_each_login_has_a_list_of_its_own(at: As, flight: str) -> None:
    assert at(BASIC, "track", flight).code == 0
    assert listed(at, BASIC) == [(flight, "owned")]
    assert listed(at, OTHER) == []


def test_a_token_works_once(at: As, flight: str) -> None:
    at(BASIC, "track", flight)
    token = at(BASIC, "share", flight, "--json").json["token"]
    assert [at(login, "claim", token).code for login in (SUBSCRIBER, OTHER, SUBSCRIBER)] == [0, 7, 0]
    assert listed(at, SUBSCRIBER) == [(flight, "shared")]
    assert at(BASIC, "shares", "--json").json["shares"][0]["status"] == "claimed"


def test_an_update_reaches_every_list(at: As, flight: str) -> None:
    for login in (BASIC, OTHER):
        at(login, "track", flight)
    told = at(SERVICE, "ingest", "-", "--json", stdin=gate(flight, "7")).json
    assert (told["applied"], told["fanned_out"]) == (1, 2)
    for login in (BASIC, OTHER):
        assert at(login, "flights", "--json").json["flights"][0]["departure_gate"] == "7"


def test_the_remote_is_in_order(at: As) -> None:
    facts = at(BASIC, "db", "status", "--json").json
    assert (facts["remote_user"], facts["remote_revision"]) == (BASIC, HEAD)


@pytest.mark.parametrize("login", LOGINS)
def test_doctor_finds_nothing_amiss(at: As, login: str) -> None:
    done = at(login, "doctor")
    assert (done.code, "remote access rules" in done.out) == (0, True)


@pytest.mark.parametrize("direct", [True, False], ids=["past the pooler", "through the pooler"])
def test_a_watcher_is_told(
    at: As, shared_remote: Pooled, home: Path, empty_cache: Path, flight: str, direct: bool
) -> None:
    assert at(BASIC, "track", flight).code == 0
    environ = {**os.environ, **machine_of(BASIC, shared_remote, home, empty_cache)}
    if direct:
        environ["FLIGHTCTL_REMOTE_LISTEN_URL"] = shared_remote.server.url(BASIC, shared_remote.name)
    with nursery.flightctl("watch", "--format", "ndjson", environ=environ) as child:
        try:
            told = first_line(child, lambda number: at(SERVICE, "ingest", "-", stdin=gate(flight, str(number))))
            listening = shared_remote.rows(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        finally:
            child.send_signal(signal.SIGINT)
    assert (told["flight_id"], told["field"]) == (flight, "departure_gate")
    assert listening == [(int(direct),)]
    assert left_behind(shared_remote, BASIC) == []
