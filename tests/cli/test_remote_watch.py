"""``watch`` with a remote: told of what others commit, and nothing is missed when the line is cut."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import nursery
from domain.sightings import sighting
from flightctl.domain.caller import Caller, Role, Tier
from flightctl.domain.listing import Kind
from flightctl.services import observing
from flightctl.services.watching import Watching
from flightctl.store import lists
from flightctl.store.remote_engine import Remote
from flightctl.store.remote_watch import RemoteWatch
from machines import machine_of
from postgres import BASIC, SERVICE, RemoteDatabase
from running import As

PATIENCE_S = 30.0
ADD_GATE = (
    "INSERT INTO flight_changes (flight_id, field, old, new, observed_at, provider) "
    "VALUES (%s, 'departure_gate', '', %s, now(), 'aeroapi')"
)
Ingest = Callable[[str], None]
Sql = psycopg.Connection[Any]


@pytest.fixture
def flight(shared_remote: RemoteDatabase) -> str:
    """A stored flight that ``basic`` tracks."""
    before = datetime.now(UTC) - timedelta(hours=1)
    with closing(Remote(shared_remote.url(SERVICE))) as remote, remote.writing() as session:
        [taken] = observing.take(session, [sighting("2026-12-03 08:30", observed_at=before)])
    with closing(Remote(shared_remote.url(BASIC))) as remote, remote.writing() as session:
        lists.add(session, BASIC, taken.flight.flight_id, Kind.OWNED, before)
    return taken.flight.flight_id


@pytest.fixture
def ingest(at: As, flight: str) -> Ingest:
    """Another machine learns of a gate."""

    def gate(number: str) -> None:
        row = {"flight_id": flight, "departure_gate": number}
        line = {"provider": "flightctl", "observed_at": datetime.now(UTC).isoformat(), "row": row}
        told = at(SERVICE, "ingest", "-", "--json", stdin=json.dumps(line))
        assert json.loads(told.out)["applied"] == 1

    return gate


@contextmanager
def watching_of(remote: RemoteDatabase) -> Iterator[Watching]:
    caller = Caller(BASIC, Tier.BASIC, Role.USER, "a test")
    signal = RemoteWatch(remote.url(BASIC))
    with closing(Watching(Remote(remote.url(BASIC)), signal, caller, lambda: datetime.now(UTC))) as watching:
        yield watching


@contextmanager
def transactions(remote: RemoteDatabase) -> Iterator[tuple[Sql, Sql]]:
    """Two of the admin's, side by side."""
    with psycopg.connect(remote.url()) as one, psycopg.connect(remote.url()) as other:
        yield one, other


def gates(watching: Watching, many: int) -> list[str | None]:
    """The gates that are told of until there are so many."""
    found: list[str | None] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < many:
        assert time.monotonic() < deadline
        found += [change.new for change in watching.look().changes if change.field == "departure_gate"]
        time.sleep(0.02)
    return found


def test_a_watcher_at_another_machine_is_told(
    shared_remote: RemoteDatabase, home: Path, empty_cache: Path, flight: str, ingest: Ingest
) -> None:
    environ = {**os.environ, **machine_of(BASIC, shared_remote, home, empty_cache)}
    with nursery.flightctl("watch", "--format", "ndjson", environ=environ) as child:
        listens = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        deadline = time.monotonic() + PATIENCE_S
        while shared_remote.rows(listens) == [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        ingest("7")
        time.sleep(2)
        child.send_signal(2)
        out, _ = child.communicate(PATIENCE_S)
    [line] = out.decode().splitlines()
    told = json.loads(line)
    assert (told["flight_id"], told["field"], told["new"]) == (flight, "departure_gate", "7")


def test_what_is_committed_is_told_in_order(shared_remote: RemoteDatabase, flight: str, ingest: Ingest) -> None:
    with watching_of(shared_remote) as watching:
        assert [one.flight.flight_id for one in watching.look().listed] == [flight]
        for number in "123":
            ingest(number)
        assert gates(watching, 3) == ["1", "2", "3"]
        assert watching.look().listed[0].flight.departure_gate == "3"


def test_what_happens_while_the_line_is_cut_is_told_afterwards(
    shared_remote: RemoteDatabase, flight: str, ingest: Ingest
) -> None:
    with watching_of(shared_remote) as watching:
        watching.look()
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        shared_remote.rows(f"{cut} AND usename = ?", BASIC)
        ingest("7")
        assert gates(watching, 1) == ["7"]


def test_nothing_is_missed_when_transactions_end_in_another_order_than_they_began(
    shared_remote: RemoteDatabase, flight: str
) -> None:
    with watching_of(shared_remote) as watching, transactions(shared_remote) as (slow, quick):
        watching.look()
        slow.execute(ADD_GATE, [flight, "slow"])
        quick.execute(ADD_GATE, [flight, "quick"])
        quick.execute("NOTIFY flightctl")
        quick.commit()
        watching.look()
        slow.execute("NOTIFY flightctl")
        slow.commit()
        # The numbers are those of the beginnings.
        assert gates(watching, 2) == ["slow", "quick"]


def test_what_the_first_look_has_shown_is_not_told_again_when_an_older_transaction_ends(
    shared_remote: RemoteDatabase, flight: str
) -> None:
    with watching_of(shared_remote) as watching, transactions(shared_remote) as (slow, quick):
        slow.execute(ADD_GATE, [flight, "slow"])
        quick.execute(ADD_GATE, [flight, "shown"])
        quick.commit()
        watching.look()
        quick.execute(ADD_GATE, [flight, "new"])
        quick.commit()
        slow.execute("NOTIFY flightctl")
        slow.commit()
        assert gates(watching, 2) == ["slow", "new"]


def test_a_list_that_changes_is_noticed(at: As, shared_remote: RemoteDatabase, flight: str) -> None:
    with watching_of(shared_remote) as watching:
        assert len(watching.look().listed) == 1
        assert at(BASIC, "untrack", flight).code == 0
        deadline = time.monotonic() + 4
        while watching.look().listed:
            assert time.monotonic() < deadline
            time.sleep(0.05)
