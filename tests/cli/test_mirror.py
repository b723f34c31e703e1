"""``mirror`` as who runs it meets it: a real NATS server, a file or a remote, and what is said when one fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import nursery
from beating import until
from domain.sightings import sighting
from flightctl.domain.listing import Kind
from flightctl.services import observing
from flightctl.store import lists
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from followers import Recorder, entries_of, mirror_at_work
from nats_servers import NatsServer, free_port
from people import flight_id, observe, person
from postgres import BASIC, SERVICE, RemoteDatabase
from running import As, Flightctl, Result
from trouble import held

SECRET = "s3cret-word"
USERS = f"authorization {{ users: [ {{user: mirror, password: {SECRET}}} ] }}"
LISTED = f"users.alice.flights.owned.{flight_id()}"
MASTER = f"flights.master.{flight_id()}"
ALL = ["run --once", "status", "verify", "rebuild --yes"]
PATIENCE_S = 20.0
_WITHOUT_NATS = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "nats":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent())
from flightctl.__main__ import main
main()
"""
Stored = Callable[[], dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats"), USERS) as server:
        yield server


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of one that nobody has made yet."""
    name = f"b{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("FLIGHTCTL_NATS_BUCKET", name)
    monkeypatch.setenv("FLIGHTCTL_NATS_STORAGE", "memory")
    return name


@pytest.fixture
def nats(server: NatsServer, bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address that the program is configured for, with a password."""
    url = server.url.replace("//", f"//mirror:{SECRET}@")
    monkeypatch.setenv("FLIGHTCTL_NATS_URL", url)
    return url


@pytest.fixture
def listed(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two flights alice tracks one."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    with closing(LocalFile(database)) as db:
        for number in range(2):
            observe(db, number)
        person(db, "alice").lists.track(flight_id())


@pytest.fixture
def stored(nats: str, bucket: str) -> Stored:
    """What stands in the bucket, but for the heartbeat."""
    return lambda: {key: value for key, value in entries_of(nats, bucket).items() if key != "mirror.heartbeat"}


@pytest.fixture
def own_server(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    """One that a test may kill, which the program is configured for."""
    with NatsServer(tmp_path / "own") as server:
        monkeypatch.setenv("FLIGHTCTL_NATS_URL", server.url)
        monkeypatch.setenv("FLIGHTCTL_NATS_STORAGE", "file")
        yield server


def gate(number: int) -> str:
    """An update of the flight, as ``ingest`` reads it."""
    row = {"flight_id": flight_id(), "departure_gate": str(number)}
    return json.dumps({"provider": "flightctl", "observed_at": datetime.now(UTC).isoformat(), "row": row})


def has_gate(stored: Stored, number: int) -> bool:
    value = stored().get(LISTED)
    return value is not None and value["flightData"]["departure_gate"] == str(number)


def says(child: nursery.Child, *words: str) -> str:
    """What it says on stderr until all these words have come."""
    said = b""
    deadline = time.monotonic() + PATIENCE_S
    os.set_blocking(child.stderr.fileno(), False)
    while not all(word.encode() in said for word in words):
        assert time.monotonic() < deadline, said
        assert child.poll() is None, said
        said += child.stderr.read(65536) or b""
        time.sleep(0.05)
    return said.decode()


def bug_free(done: Result) -> Result:
    assert "Traceback" not in done.err
    assert "bug" not in done.err
    return done


# Once


@pytest.mark.usefixtures("listed")
def test_a_first_run_makes_the_bucket_and_fills_it(flightctl: Flightctl, stored: Stored) -> None:
    done = flightctl("mirror", "run", "--once")
    assert (done.code, done.out, done.err) == (0, "", "flightctl: 0 changes mirrored, 4 keys made\n")
    assert sorted(stored()) == sorted(
        [MASTER, f"flights.master.{flight_id(1)}", f"index.flight.{flight_id()}.users", LISTED]
    )


@pytest.mark.usefixtures("listed")
def test_a_later_run_brings_what_was_noted_since(flightctl: Flightctl, stored: Stored) -> None:
    flightctl("mirror", "run", "--once")
    assert flightctl("ingest", "-", stdin=gate(7)).code == 0
    assert flightctl("mirror", "status", "--json").json["lag_rows"] == 1
    assert flightctl("mirror", "run", "--once").err == "flightctl: 1 changes mirrored\n"
    assert has_gate(stored, 7)
    assert flightctl("mirror", "run", "--once").err == "flightctl: 0 changes mirrored\n"


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize("options", [("--quiet",), ("--json",)], ids=str)
def test_a_run_says_nothing_where_nobody_wants_to_hear(flightctl: Flightctl, options: tuple[str, ...]) -> None:
    done = flightctl("mirror", "run", "--once", *options)
    assert (done.code, done.out, done.err) == (0, "", "")


# What there is to see


@pytest.mark.usefixtures("nats", "listed")
def test_the_status_says_how_far_the_bucket_is_behind(flightctl: Flightctl, bucket: str, server: NatsServer) -> None:
    flightctl("mirror", "run", "--once")
    flightctl("untrack", flight_id())
    found = flightctl("mirror", "status", "--json")
    assert (found.code, found.json["schema"]) == (0, "flightctl.mirror/1")
    assert (found.json["bucket"], found.json["servers"]) == (bucket, f"127.0.0.1:{server.port}")
    assert (found.json["is_on"], found.json["lag_rows"], found.json["trouble"]) == (True, 2, None)
    assert 0 <= found.json["lag_s"] < 60
    assert found.json["mirror_seen_s_ago"] < 60


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize(
    ("command", "schema", "shown"),
    [
        ("status", "flightctl.mirror/1", "lag rows"),
        ("verify", "flightctl.mirror_check/1", "different keys"),
        ("rebuild --yes", "flightctl.mirror_rebuild/1", "keys"),
    ],
)
def test_each_command_has_a_table_and_one_json_object(
    flightctl: Flightctl, bucket: str, command: str, schema: str, shown: str
) -> None:
    flightctl("mirror", "run", "--once")
    table, whole = flightctl("mirror", *command.split()), flightctl("mirror", *command.split(), "--json")
    assert (table.code, whole.code, whole.json["schema"]) == (0, 0, schema)
    assert bucket in table.out
    assert shown in table.out


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_bucket_that_nobody_has_made_is_5_and_says_what_makes_it(flightctl: Flightctl, command: str) -> None:
    done = flightctl("mirror", command)
    assert done.code == 5
    assert "'flightctl mirror rebuild' makes it" in done.err


@pytest.mark.usefixtures("nats", "listed")
def test_a_status_in_json_is_one_object_also_where_nats_is_in_trouble(flightctl: Flightctl) -> None:
    done = flightctl("mirror", "status", "--json")
    assert (done.code, done.json["schema"]) == (5, "flightctl.mirror/1")
    assert "there is no bucket" in done.json["trouble"]
    assert "there is no bucket" in done.err


# Differences


@pytest.fixture
def spoilt(listed: None, flightctl: Flightctl, nats: str, bucket: str) -> None:
    """A bucket in which somebody has written, and deleted, by hand."""
    import asyncio

    import nats as client_of

    assert flightctl("mirror", "run", "--once").code == 0

    async def spoil() -> None:
        client = await client_of.connect(nats)
        kv = await client.jetstream().key_value(bucket)
        await kv.put(LISTED, b"{}")
        await kv.delete(MASTER)
        await kv.put("users.mallory.flights.owned.x", b"{}")
        await client.close()

    asyncio.run(spoil())


@pytest.mark.usefixtures("spoilt")
def test_what_differs_is_named_and_is_5(flightctl: Flightctl) -> None:
    done = flightctl("mirror", "verify", "--json")
    assert done.code == 5
    found = {name: done.json[f"{name}_keys"] for name in ("missing", "different", "extra")}
    assert found == {"missing": [MASTER], "different": [LISTED], "extra": ["users.mallory.flights.owned.x"]}
    assert "1 missing, 1 different, 1 extra" in done.err
    assert "--repair" in done.err


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize("command", ["verify --repair", "rebuild --yes"])
def test_what_differs_can_be_mended(flightctl: Flightctl, command: str) -> None:
    assert flightctl("mirror", *command.split()).code == 0
    assert flightctl("mirror", "verify").code == 0


@pytest.mark.usefixtures("spoilt")
def test_a_rebuild_that_nobody_has_agreed_to_is_2_and_changes_nothing(flightctl: Flightctl) -> None:
    done = flightctl("mirror", "rebuild")
    assert (done.code, "--yes" in done.err) == (2, True)
    assert flightctl("mirror", "verify").code == 5


# Exit codes


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("command", ALL[:2])
def test_without_an_address_it_is_10(flightctl: Flightctl, command: str) -> None:
    done = flightctl("mirror", *command.split())
    assert (done.code, "FLIGHTCTL_NATS_URL" in done.err) == (10, True)


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize("command", ALL[:2])
def test_the_sandbox_knows_no_nats(flightctl: Flightctl, command: str) -> None:
    assert flightctl("--sandbox", "mirror", *command.split()).code == 10


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("command", ALL)
def test_where_nobody_listens_it_is_5_and_no_password_is_shown(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_NATS_URL", f"nats://mirror:{SECRET}@127.0.0.1:{free_port()}")
    done = flightctl("--verbose", "mirror", *command.split())
    assert (done.code, "cannot be reached" in done.err, "cause: " in done.err) == (5, True, True)
    assert SECRET not in done.out + done.err


@pytest.mark.usefixtures("listed", "bucket")
@pytest.mark.parametrize("command", ALL[:3])
def test_a_wrong_password_is_4_and_is_not_shown(
    flightctl: Flightctl, server: NatsServer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_NATS_URL", server.url.replace("//", f"//mirror:{SECRET}x@"))
    done = flightctl("--verbose", "mirror", *command.split(), "--json")
    assert (done.code, "does not let this user in" in done.err) == (4, True)
    assert SECRET not in done.out + done.err


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize("command", ["run --once", "status --json"])
def test_the_right_password_is_not_shown_either(flightctl: Flightctl, command: str) -> None:
    done = flightctl("--verbose", "mirror", *command.split())
    assert SECRET not in done.out + done.err


@pytest.mark.usefixtures("nats")
@pytest.mark.parametrize("command", ["run --once", "verify", "rebuild --yes"])
def test_who_is_not_service_is_4(at: As, command: str) -> None:
    done = at(BASIC, "mirror", *command.split())
    assert (done.code, "service" in done.err) == (4, True)


@pytest.mark.usefixtures("nats", "listed")
def test_a_bucket_of_other_terms_is_5_and_says_how_they_differ(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    flightctl("mirror", "run", "--once")
    monkeypatch.setenv("FLIGHTCTL_NATS_STORAGE", "file")
    done = flightctl("mirror", "rebuild", "--yes")
    assert (done.code, "nats.storage says file" in done.err) == (5, True)


# Permissions


@pytest.mark.parametrize("options", [(), ("--single-account",), ("--json",)], ids=str)
def test_permissions_need_neither_nats_nor_a_file(flightctl: Flightctl, home: Path, options: tuple[str, ...]) -> None:
    done = flightctl("mirror", "permissions", "u1", *options)
    assert (done.code, done.err) == (0, "")
    assert "users.u1.>" in done.out
    assert list(home.rglob("*.db")) == []


@pytest.mark.parametrize("options", [(), ("--single-account",)], ids=str)
@pytest.mark.parametrize("hostile", ["*", ">", "a.b", "a b", "a\nb", 'a"}', "", "ü", "x" * 64], ids=ascii)
def test_permissions_for_a_hostile_user_are_2(flightctl: Flightctl, hostile: str, options: tuple[str, ...]) -> None:
    done = flightctl("mirror", "permissions", hostile, *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("hostile", ["A}", "A B", "A\n", "", "$A", "ü"], ids=ascii)
def test_a_hostile_owner_is_2(flightctl: Flightctl, hostile: str) -> None:
    done = flightctl("mirror", "permissions", "u1", "--owner", hostile)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


# A mirror at work


@pytest.mark.usefixtures("listed")
def test_a_mirror_brings_changes_while_it_is_at_work(flightctl: Flightctl, stored: Stored) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new: 4 keys made")
        for number in (1, 2):
            flightctl("ingest", "-", stdin=gate(number))
            assert until(lambda number=number: has_gate(stored, number))  # type: ignore[misc]
        flightctl("untrack", flight_id())
        assert until(lambda: LISTED not in stored())


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_mirror_without_a_trace(sent: int, code: int) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        child.send_signal(sent)
        out, err = child.communicate(PATIENCE_S)
    assert (child.returncode, out, err) == (code, b"", b"")


@pytest.mark.usefixtures("listed")
def test_a_mirror_survives_that_nats_is_stopped_and_says_so_once(flightctl: Flightctl, own_server: NatsServer) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        own_server.kill()
        said = says(child, "it is tried again")
        flightctl("ingest", "-", stdin=gate(7))
        own_server.start()
        said += says(child, "mirroring again")
        bucket = os.environ["FLIGHTCTL_NATS_BUCKET"]
        assert until(lambda: has_gate(lambda: entries_of(own_server.url, bucket), 7))
    assert 1 <= said.count("it is tried again") <= 2, "lost, and then not to be reached"
    assert said.count("mirroring again") == 1


@pytest.mark.usefixtures("listed")
def test_a_mirror_fills_a_bucket_that_was_wiped(flightctl: Flightctl, own_server: NatsServer) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        own_server.kill()
        own_server.wipe()
        own_server.start()
        says(child, "the bucket was new: 4 keys made")
    assert flightctl("mirror", "verify").code == 0


@pytest.mark.usefixtures("listed")
def test_a_mirror_survives_that_the_file_is_locked(flightctl: Flightctl, stored: Stored, database: Path) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        with held(database, "BEGIN EXCLUSIVE"):
            assert "locked" in says(child, "it is tried again")
        says(child, "mirroring again")
        flightctl("ingest", "-", stdin=gate(7))
        assert until(lambda: has_gate(stored, 7))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("is_moved", [False, True])
def test_what_an_older_file_says_is_mirrored_when_it_is_put_in_place(
    flightctl: Flightctl, stored: Stored, database: Path, is_moved: bool
) -> None:
    older = database.with_name("older.db")
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        assert flightctl("db", "backup", str(older)).code == 0
        flightctl("untrack", flight_id())
        assert until(lambda: LISTED not in stored())
        if is_moved:
            older.rename(database)
        else:
            assert flightctl("db", "restore", str(older), "--yes").code == 0
        assert until(lambda: LISTED in stored())
        flightctl("ingest", "-", stdin=gate(7))
        assert until(lambda: has_gate(stored, 7))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_mirror_also_where_nats_does_not_answer(own_server: NatsServer, sent: int, code: int) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        own_server.freeze()
        time.sleep(0.3)
        child.send_signal(sent)
        _, err = child.communicate(PATIENCE_S / 2)
        own_server.thaw()
    assert (child.returncode, b"Traceback" in err) == (code, False)


@pytest.fixture
def remotely(
    shared_remote: RemoteDatabase, home: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """A flight in the remote that ``basic`` tracks; puts it to another gate."""
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", shared_remote.url(SERVICE))
    monkeypatch.setenv("FLIGHTCTL_DB", str(home / "cache.db"))
    (home / "cache.db").write_bytes(empty_cache.read_bytes())

    def observed(number: int) -> None:
        row = sighting("2026-12-03 08:30", observed_at=datetime.now(UTC), departure_gate=str(number))
        with closing(Remote(shared_remote.url(SERVICE))) as service, service.writing() as session:
            observing.take(session, [row])

    observed(0)
    with closing(Remote(shared_remote.url(BASIC))) as db, db.writing() as session:
        lists.add(session, BASIC, flight_id(), Kind.OWNED, datetime.now(UTC) - timedelta(hours=1))
    return observed


def basics_gate(stored: Stored) -> Any:
    """None where the plain client's listing ended before it: a key that is written meanwhile comes after the rest."""
    value = stored().get(f"users.{BASIC}.flights.owned.{flight_id()}")
    return value and value["flightData"]["departure_gate"]


def test_a_mirror_survives_that_its_connections_to_the_remote_are_cut(
    remotely: Callable[[int], None], stored: Stored, shared_remote: RemoteDatabase
) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new: 3 keys made")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        shared_remote.rows(f"{cut} AND usename = ?", SERVICE)
        remotely(7)
        assert until(lambda: basics_gate(stored) == "7")
        assert child.poll() is None


def test_two_mirrors_of_one_remote_bring_everything_once_it_is_noted(
    remotely: Callable[[int], None], stored: Stored, flightctl: Flightctl
) -> None:
    with mirror_at_work() as first:
        says(first, "the bucket was new")
        with mirror_at_work() as second:
            for number in range(1, 11):
                remotely(number)
            assert until(lambda: basics_gate(stored) == "10")
            assert flightctl("mirror", "verify").code == 0
            assert (first.poll(), second.poll()) == (None, None)


@pytest.fixture
def crowded(nats: str, remotely: Callable[[int], None], shared_remote: RemoteDatabase, flightctl: Flightctl) -> None:
    """Very many track the flight; only its next change is to be brought."""
    assert flightctl("mirror", "run", "--once").code == 0
    columns = {"user_flights": ", kind, added_at, seen_change", "flight_watchers": ""}
    for table, more in columns.items():
        values = ", 'owned', now(), 0" if more else ""
        users = f"SELECT ?, 'u' || n{values} FROM generate_series(1, 30000) AS n"
        shared_remote.rows(f"INSERT INTO {table} (flight_id, user_id{more}) {users}", flight_id())
    shared_remote.rows("DELETE FROM outbox")
    remotely(7)


@pytest.mark.slow
@pytest.mark.usefixtures("crowded")
def test_what_takes_longer_than_a_transaction_may_be_idle_is_brought(
    stored: Stored, shared_remote: RemoteDatabase, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logins may leave a transaction alone for so long only."""
    limited = f"{shared_remote.url(SERVICE)}&options=-cidle_in_transaction_session_timeout%3D1500"
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", limited)
    done = flightctl("mirror", "run", "--once")
    assert (done.code, done.err) == (0, "flightctl: 1 changes mirrored\n")
    assert basics_gate(stored) == "7"


@pytest.mark.slow
@pytest.mark.usefixtures("crowded")
def test_a_mirror_that_has_much_to_bring_tells_meanwhile_that_it_is_alive(
    nats: str, bucket: str, flightctl: Flightctl
) -> None:
    recorder = Recorder(nats, bucket)
    assert flightctl("mirror", "run", "--once").err == "flightctl: 1 changes mirrored\n"
    assert until(lambda: len({one.key for one in recorder.found}) > 30_000, 30)
    recorder.close()
    told = [one.key == "mirror.heartbeat" for one in recorder.found]
    assert 500 < told.index(True, 10) < len(told) - 500


@pytest.mark.usefixtures("listed")
def test_two_mirrors_of_one_file_bring_everything(flightctl: Flightctl, stored: Stored) -> None:
    with mirror_at_work() as first:
        says(first, "the bucket was new")
        with mirror_at_work() as second:
            for number in range(1, 6):
                flightctl("ingest", "-", stdin=gate(number))
            assert until(lambda: has_gate(stored, 5))
            assert flightctl("mirror", "verify").code == 0
            assert (first.poll(), second.poll()) == (None, None)


@pytest.mark.usefixtures("nats", "listed")
@pytest.mark.parametrize("command", [["mirror", "run", "--once"], ["watch"]], ids=str)
def test_without_the_package_it_says_what_to_install(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT_NATS, *command], capture_output=True, timeout=30, check=False)
    assert (done.returncode, b"pip install 'flightctl[nats]'" in done.stderr) == (10, True)
    assert b"Traceback" not in done.stderr


# What the doctor says


def nats_of(done: Result) -> tuple[int, str]:
    return done.code, next(one["state"] for one in done.json["checks"] if one["check"] == "nats")


@pytest.mark.usefixtures("nats", "listed")
def test_the_doctor_finds_a_mirror_that_is_at_work(flightctl: Flightctl) -> None:
    with mirror_at_work() as child:
        says(child, "the bucket was new")
        assert nats_of(flightctl("doctor", "--json")) == (0, "ok")


@pytest.mark.usefixtures("nats", "listed")
def test_the_doctor_finds_that_no_mirror_is_at_work(flightctl: Flightctl) -> None:
    flightctl("mirror", "run", "--once")
    done = bug_free(flightctl("doctor", "--json"))
    assert nats_of(done) == (5, "failed")
    assert "'flightctl mirror run'" in done.out
