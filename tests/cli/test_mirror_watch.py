"""``watch`` and a program of somebody else's, told of changes through NATS by a mirror at work."""

from __future__ import annotations

import json
import os
import select
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import nursery
from beating import until
from domain.sightings import sighting
from flightctl.domain.listing import Kind
from flightctl.services import observing
from flightctl.services.mirror_run import BEAT_EVERY_S
from flightctl.store import lists
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from followers import Seen, Watcher, mirror_at_work
from nats_servers import NatsServer
from people import flight_id, observe, person
from postgres import BASIC, SERVICE, RemoteDatabase
from running import Flightctl
from terminals import Terminal

ID = flight_id()
SILENT_WITHIN_S, RIGHT_WITHIN_S = 15.0, 30.0
Gate = Callable[[int], None]


@pytest.fixture
def nats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    """A server of the test's own that the program is configured for."""
    with NatsServer(tmp_path / "nats") as server:
        monkeypatch.setenv("FLIGHTCTL_NATS_URL", server.url)
        monkeypatch.setenv("FLIGHTCTL_NATS_BUCKET", f"b{uuid.uuid4().hex[:12]}")
        yield server


@pytest.fixture
def gate_of_the_file(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Alice tracks a flight of the local file; puts it to another gate."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    with closing(LocalFile(database)) as db:
        observe(db)
        person(db, "alice").lists.track(ID)
        yield lambda number: observe(db, departure_gate=str(number))


@pytest.fixture
def gate_of_the_remote(
    shared_remote: RemoteDatabase, home: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gate]:
    """The same in a remote, where ``basic`` tracks it."""
    (home / "cache.db").write_bytes(empty_cache.read_bytes())
    monkeypatch.setenv("FLIGHTCTL_DB", str(home / "cache.db"))
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", shared_remote.url(BASIC))
    with closing(Remote(shared_remote.url(SERVICE))) as db:

        def observed(number: int) -> None:
            row = sighting("2026-12-03 08:30", observed_at=datetime.now(UTC), departure_gate=str(number))
            with db.writing() as session:
                observing.take(session, [row])

        observed(0)
        with closing(Remote(shared_remote.url(BASIC))) as own, own.writing() as session:
            lists.add(session, BASIC, ID, Kind.OWNED, datetime.now(UTC) - timedelta(hours=1))
        yield observed


@pytest.fixture(params=["file", "remote"])
def gate(request: pytest.FixtureRequest) -> Gate:
    """Over both."""
    found: Gate = request.getfixturevalue(f"gate_of_the_{request.param}")
    return found


@pytest.fixture
def service(gate: Gate, request: pytest.FixtureRequest) -> dict[str, str]:
    """What a mirror needs in its environment."""
    if "FLIGHTCTL_REMOTE_URL" not in os.environ:
        return {}
    remote: RemoteDatabase = request.getfixturevalue("shared_remote")
    return {"FLIGHTCTL_REMOTE_URL": remote.url(SERVICE)}


class Piped:
    """``watch`` with its stdout in a pipe."""

    def __init__(self, child: nursery.Child) -> None:
        self.child = child
        self.out = self.err = ""

    def take(self) -> bool:
        """Take what has come; whether it has told of anything yet."""
        for stream in select.select([self.child.stdout, self.child.stderr], [], [], 0.05)[0]:
            text = os.read(stream.fileno(), 65536).decode()
            if stream is self.child.stdout:
                self.out += text
            else:
                self.err += text
        return bool(self.out)

    def shows(self, number: int) -> bool:
        """Whether it has told of that gate."""
        self.take()
        whole, _, _ = self.out.rpartition("\n")
        return any(json.loads(line)["new"] == str(number) for line in whole.splitlines())

    def says(self, *words: str) -> bool:
        """Whether it has said all that on stderr."""
        self.take()
        return all(word in self.err for word in words)


@contextmanager
def watching() -> Iterator[Piped]:
    with nursery.flightctl("watch") as child:
        try:
            yield Piped(child)
        finally:
            child.kill()


def is_watched(piped: Piped, gate: Gate) -> bool:
    """Wait until it tells of a change: nothing else says when it has begun to watch."""
    gates = iter(range(100, 200))

    def is_told() -> bool:
        gate(next(gates))
        return until(piped.take, 0.3)

    return until(is_told, 20)


# With a mirror at work


@pytest.mark.usefixtures("nats")
def test_a_change_is_told_soon_after_its_commit(gate: Gate, service: dict[str, str]) -> None:
    with mirror_at_work(**service), watching() as piped:
        assert is_watched(piped, gate)
        for number in (1, 2, 3):
            gate(number)
            assert until(lambda number=number: piped.shows(number), 2)  # type: ignore[misc]
    assert piped.err == ""


@pytest.mark.parametrize(("sent", "code", "is_there"), [(signal.SIGINT, 130, True), (signal.SIGTERM, 143, False)])
def test_a_signal_ends_it_whether_nats_is_there_or_not(
    gate_of_the_file: Gate, nats: NatsServer, sent: int, code: int, is_there: bool
) -> None:
    if not is_there:
        nats.kill()
    with watching() as piped:
        assert is_watched(piped, gate_of_the_file)
        piped.child.send_signal(sent)
        _, err = piped.child.communicate(10)
    assert piped.child.returncode == code
    # No mirror is at work: where the test took longer than 5 s, that was told of.
    assert [line for line in err.splitlines() if b"NATS has told nothing" not in line] == []


@pytest.mark.usefixtures("nats")
def test_a_change_is_shown_in_a_terminal(gate_of_the_file: Gate) -> None:
    with mirror_at_work():
        terminal = Terminal("watch")
        with closing(terminal.child):
            terminal.shows("alice: 1 flight ", "q quit")
            gate_of_the_file(24)
            assert terminal.shows("G24").marked == ["G24"]
            assert "NATS" not in terminal.shows("G24").text


def test_who_has_an_account_of_their_own_is_told(
    gate_of_the_file: Gate, flightctl: Flightctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``mirror permissions`` and docs/nats.md say how to set it up."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    printed = flightctl("mirror", "permissions", "alice").out
    exports = "\n".join(line[4:] for line in printed.splitlines() if line.startswith("#   {"))
    owner = f"FLIGHTS: {{ jetstream: enabled, users: [{{user: m, password: m}}], exports: [\n{exports}\n] }}"
    variables = {"FLIGHTCTL_NATS_PASSWORD_alice": "a"}
    with NatsServer(tmp_path / "accounts", f"accounts {{ {owner}\n{printed} }}", variables) as server:
        monkeypatch.setenv("FLIGHTCTL_NATS_URL", server.url.replace("//", "//alice:a@"))
        monkeypatch.setenv("FLIGHTCTL_NATS_API", "JS.flightctl")
        theirs = {"FLIGHTCTL_NATS_URL": server.url.replace("//", "//m:m@"), "FLIGHTCTL_NATS_API": "$JS.API"}
        with mirror_at_work(**theirs):
            assert until(lambda: flightctl("doctor", "--json").code == 0)


# Without


@pytest.mark.usefixtures("nats")
def test_without_a_mirror_it_says_so_and_how_old_the_view_is_and_still_shows_changes(gate: Gate) -> None:
    with watching() as piped:
        assert until(lambda: piped.says("NATS has told nothing", "last ", " s ago"), SILENT_WITHIN_S)
        gate(7)
        assert until(lambda: piped.shows(7), 8)
    assert piped.err.count("\n") == 1


@pytest.mark.slow
def test_when_nats_is_gone_it_says_so_and_is_told_again_when_it_is_back(
    gate_of_the_file: Gate, nats: NatsServer
) -> None:
    with mirror_at_work(), watching() as piped:
        assert is_watched(piped, gate_of_the_file)
        nats.kill()
        assert until(lambda: piped.says("NATS has told nothing"), SILENT_WITHIN_S)
        gate_of_the_file(7)
        assert until(lambda: piped.shows(7), 8)
        nats.start()
        assert until(lambda: piped.says("changes are told of at once again"), RIGHT_WITHIN_S)


@pytest.mark.slow
def test_in_a_terminal_it_is_said_too(gate_of_the_file: Gate, nats: NatsServer) -> None:
    nats.kill()
    terminal = Terminal("watch", columns=160)
    with closing(terminal.child):
        assert "alice: 1 flight " in terminal.shows("NATS has told nothing", " s ago").text
        gate_of_the_file(24)
        terminal.shows("G24")


@pytest.mark.slow
@pytest.mark.usefixtures("nats")
def test_a_mirror_that_is_gone_is_noticed(gate_of_the_file: Gate, flightctl: Flightctl) -> None:
    # The bucket is there first: only a mirror that was heard of can be missed.
    assert flightctl("mirror", "run", "--once").code == 0
    with mirror_at_work() as mirror, watching() as piped:
        assert is_watched(piped, gate_of_the_file)
        time.sleep(BEAT_EVERY_S + 1)
        mirror.kill()
        assert until(lambda: piped.says("no mirror was heard of"), SILENT_WITHIN_S + 3)


@pytest.mark.slow
def test_wiped_storage_is_told_of_and_all_is_well_after_the_rebuild(gate_of_the_file: Gate, nats: NatsServer) -> None:
    with watching() as piped:
        with mirror_at_work():
            assert is_watched(piped, gate_of_the_file)
            nats.kill()
            nats.wipe()
        nats.start()
        assert until(lambda: piped.says("NATS has told nothing"), SILENT_WITHIN_S)
        with mirror_at_work():
            assert until(lambda: piped.says("changes are told of at once again"), RIGHT_WITHIN_S)
            gate_of_the_file(7)
            assert until(lambda: piped.shows(7), 2)


@pytest.mark.slow
def test_a_bucket_that_is_wiped_under_a_mirror_at_work_is_right_again(gate_of_the_file: Gate, nats: NatsServer) -> None:
    with mirror_at_work(), watching() as piped:
        assert is_watched(piped, gate_of_the_file)
        nats.kill()
        nats.wipe()
        nats.start()
        assert until(lambda: piped.says("NATS has told nothing"), SILENT_WITHIN_S)
        assert until(lambda: piped.says("changes are told of at once again"), RIGHT_WITHIN_S)


# A program of somebody else's


def said_of(seen: Seen) -> Any:
    """The gate, or that the key is gone."""
    return seen.value["flightData"]["departure_gate"] if seen.value else "gone"


def test_a_plain_client_sees_track_update_claim_and_untrack_in_their_order(
    database: Path, nats: NatsServer, flightctl: Flightctl
) -> None:
    with closing(LocalFile(database)) as db, mirror_at_work():
        u1, u2 = (person(db, user) for user in ("u1", "u2"))
        observe(db)
        observe(db, 1)
        assert until(lambda: flightctl("mirror", "status").code == 0)
        with closing(Watcher(nats.url, os.environ["FLIGHTCTL_NATS_BUCKET"], "users.u1.flights.>")) as watcher:

            def then(many: int, happens: Callable[[], object]) -> None:
                happens()
                assert until(lambda: len(watcher.seen) == many)

            then(1, lambda: u1.lists.track(ID))
            then(2, lambda: observe(db, departure_gate="24"))
            u2.lists.track(flight_id(1))
            token = u2.sharing.share(flight_id(1), timedelta(hours=1)).token
            then(3, lambda: u1.sharing.claim(token))
            then(4, lambda: u1.lists.untrack(ID))
        track, update, claim, untrack = watcher.seen
    assert [one.key for one in watcher.seen] == [
        *[f"users.u1.flights.owned.{ID}"] * 2,
        f"users.u1.flights.shared.{flight_id(1)}",
        f"users.u1.flights.owned.{ID}",
    ]
    assert [said_of(one) for one in (track, update, untrack)] == [None, "24", "gone"]
    assert (claim.value["sharerID"], claim.value["flightID"]) == ("u2", flight_id(1))
    assert track.value["version"] < update.value["version"] < claim.value["version"]
    assert [one.revision for one in watcher.seen] == sorted({one.revision for one in watcher.seen})
