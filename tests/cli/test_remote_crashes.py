"""PostgreSQL stopped at once under claims, look-ups and updates: nothing is done twice, nothing acknowledged lost."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import nursery
import postgres as postgres_server
from domain.sightings import sighting
from flightctl.domain.listing import Kind
from flightctl.domain.share import token_hash
from flightctl.services import observing
from flightctl.store import lists, shares
from flightctl.store.remote_engine import Remote
from machines import machine_of
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase, Server
from running import Result
from upstream import Upstream, row

DOCUMENTED = {0, 3, 4, 5, 6, 7}
SETTINGS = "synchronous_commit = on\nfsync = off\nmax_connections = 100\n"
"""A crash of the server, and not of the machine, takes nothing from what the kernel was given."""
PAUSE_S = 1.5
_NOT_KEPT = "not kept"


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    folder = Path(tempfile.gettempdir()) / f"flightctl-crashes-{uuid.uuid4().hex[:8]}"
    with postgres_server.running(folder, SETTINGS) as server:
        yield server


@pytest.fixture
def crashing(own_server: Server) -> Iterator[RemoteDatabase]:
    with postgres_server.database(own_server) as made:
        yield made


@dataclass
class Work:
    """What goes on meanwhile, each in a thread that starts one command after the other."""

    remote: RemoteDatabase
    home: Path
    empty_cache: Path
    door: threading.Lock = field(default_factory=threading.Lock)
    """One at a time is forked."""
    over: threading.Event = field(default_factory=threading.Event)
    codes: list[int] = field(default_factory=list)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    """(who, what)."""

    def run(self, login: str, *command: str, stdin: str = "") -> Result:
        environ = {**os.environ, **machine_of(login, self.remote, self.home, self.empty_cache)}
        with self.door:
            started = nursery.flightctl(*command, stdin=stdin.encode(), environ=environ)
        with started as child:
            out, err = child.communicate(60)
            result = Result(child.wait(60), out.decode(), err.decode())
        self.codes.append(result.code)
        return result

    def claims(self, login: str, tokens: list[str]) -> None:
        for token in tokens:
            while not self.over.is_set():
                done = self.run(login, "claim", token)
                if done.code == 0:
                    self.acknowledged.append((login, token))
                if done.code != 5:
                    break

    def lookups(self, login: str, flights: list[str]) -> None:
        for flight in flights:
            if self.over.is_set():
                return
            done = self.run(login, "lookup", flight)
            # What was paid for is told even where it could not be stored; then it says so.
            if done.code == 0 and _NOT_KEPT not in done.out + done.err:
                self.acknowledged.append((login, flight))

    def updates(self, flight_id: str) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            fields = {"flight_id": flight_id, "departure_gate": str(number)}
            line = {"provider": "flightctl", "observed_at": datetime.now(UTC).isoformat(), "row": fields}
            if self.run(SERVICE, "ingest", "-", stdin=json.dumps(line)).code == 0:
                self.acknowledged.append(("gate", str(number)))


@pytest.mark.parametrize("stops", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_a_server_that_is_stopped_at_once_loses_nothing_that_was_acknowledged(
    crashing: RemoteDatabase,
    home: Path,
    empty_cache: Path,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    stops: int,
) -> None:
    flights = [f"NZ{number}" for number in range(1, 2000)]
    upstream.rows = [row(flight) for flight in flights]
    crashing.rows("UPDATE provider_terms SET cap = NULL")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    flight_id, tokens = _prepared(crashing, 40 * stops)
    work = Work(crashing, home, empty_cache)
    jobs: list[Callable[[], None]] = [
        lambda: work.claims(SUBSCRIBER, tokens),
        lambda: work.claims(OTHER, tokens),
        lambda: work.lookups(BASIC, flights[::2]),
        lambda: work.lookups(SERVICE, flights[1::2]),
        lambda: work.updates(flight_id),
    ]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for _ in range(stops):
        time.sleep(PAUSE_S)
        crashing.server.crash()
    time.sleep(PAUSE_S)
    work.over.set()
    for thread in threads:
        thread.join()
    _check(work, upstream, flight_id)


def _check(work: Work, upstream: Upstream, flight_id: str) -> None:
    remote = work.remote
    assert set(work.codes) <= DOCUMENTED
    assert 0 in work.codes
    claimed = {(login, token) for login, token in work.acknowledged if login in (SUBSCRIBER, OTHER)}
    assert len({token for _, token in claimed}) == len(claimed)
    winners = dict(remote.rows("SELECT token_sha256, user_id FROM share_claims JOIN shares USING (share_id)"))
    assert {token_hash(token): login for login, token in claimed}.items() <= winners.items()
    cached = {one[0] for one in remote.rows("SELECT flight_iata FROM aviationstack_cache")}
    assert {flight for login, flight in work.acknowledged if login in (BASIC, SERVICE)} <= cached
    gates = [int(number) for kind, number in work.acknowledged if kind == "gate"]
    [(gate,)] = remote.rows("SELECT departure_gate FROM flights WHERE flight_id = ?", flight_id)
    assert int(gate or 0) >= max(gates, default=0)
    [(used,)] = remote.rows("SELECT coalesce(sum(used), 0) FROM budget_cycles")
    assert used >= len(upstream.asked)
    with closing(Remote(remote.url())) as admin, admin.reading() as session:
        assert (lists.differences(session), lists.miscounted(session)) == ([], [])


def _prepared(remote: RemoteDatabase, many: int) -> tuple[str, list[str]]:
    """A flight, and so many tokens that share it."""
    before = datetime.now(UTC) - timedelta(hours=1)
    with closing(Remote(remote.url(SERVICE))) as service, service.writing() as session:
        [taken] = observing.take(session, [sighting("2026-12-03 08:30", observed_at=before)])
    flight_id = taken.flight.flight_id
    tokens = ["A" + secrets.token_urlsafe(32)[:42] for _ in range(many)]
    with closing(Remote(remote.url(STAFF))) as staff, staff.writing() as session:
        lists.add(session, STAFF, flight_id, Kind.OWNED, before)
        for token in tokens:
            told = {"flight_id": flight_id}
            shares.add(session, STAFF, flight_id, token_hash(token), told, before, timedelta(days=1))
    return flight_id, tokens
