"""``db``: the local file looked after, and what the program does with one that it cannot use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row


def test_status_says_what_the_file_is(flightctl: Flightctl, database: Path, cached: Cached) -> None:
    cached("NZ527")
    document = flightctl("db", "status", "--json").json
    assert list(document) == [
        "schema",
        "path",
        "revision",
        "program_revision",
        "size_bytes",
        "intact",
        "journal_mode",
        "sqlite_version",
        "rows",
    ]
    assert (document["schema"], document["path"]) == ("flightctl.db/1", str(database))
    assert document["revision"] == document["program_revision"]
    assert (document["intact"], document["journal_mode"]) == (True, "delete")
    assert document["rows"]["aviationstack_cache"] == 1


@pytest.fixture
def no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the local file will be; there is none yet."""
    path = home / "a folder" / "ü%20?#.db"
    monkeypatch.setenv("FLIGHTCTL_DB", str(path))
    return path


def test_status_of_no_file_is_not_found_and_makes_none(flightctl: Flightctl, no_file: Path) -> None:
    assert flightctl("db", "status").code == 3
    assert not no_file.exists()


def test_the_first_command_makes_the_file(flightctl: Flightctl, no_file: Path) -> None:
    assert flightctl("lookup", "NZ527", "--offline").code == 3
    assert flightctl("db", "status", "--json").json["intact"] is True


def test_upgrade_makes_the_file_and_is_done_when_there_is_nothing_to_do(flightctl: Flightctl, no_file: Path) -> None:
    first, second = flightctl("db", "upgrade", "--json"), flightctl("db", "upgrade", "--json")
    assert (first.code, second.code) == (0, 0)
    assert first.json["revision"] == second.json["revision"] == first.json["program_revision"]


def test_downgrade_and_upgrade_keep_the_cached_routes(flightctl: Flightctl, database: Path, cached: Cached) -> None:
    cached("NZ527")
    assert flightctl("db", "downgrade", "0001").code == 2
    assert flightctl("db", "downgrade", "0001", "--yes", "--json").json["revision"] == "0001"
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"
    assert flightctl("db", "status", "--json").json["revision"] != "0001"


def test_downgrade_to_base_leaves_no_tables(flightctl: Flightctl, database: Path, rows: Rows) -> None:
    assert flightctl("db", "downgrade", "base", "--yes").code == 0
    tables = {name for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables <= {"alembic_version", "sqlite_sequence"}
    assert flightctl("lookup", "NZ527", "--offline").code == 3


@pytest.mark.parametrize("revision", ["9999", "head", "-1", "0001'; --"])
def test_downgrade_to_no_revision_is_a_usage_error(flightctl: Flightctl, database: Path, revision: str) -> None:
    assert flightctl("db", "downgrade", "--yes", "--", revision).code == 2


def test_backup_and_restore(flightctl: Flightctl, database: Path, cached: Cached, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    cached("NZ527")
    assert flightctl("db", "backup", str(copy), "--json").json["path"] == str(copy)
    flightctl("forget", "NZ527", "--yes")
    assert flightctl("db", "restore", str(copy)).code == 2
    assert flightctl("db", "restore", str(copy), "--yes").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_backup_does_not_overwrite_unasked(flightctl: Flightctl, database: Path, tmp_path: Path) -> None:
    other = tmp_path / "precious.txt"
    other.write_text("precious")
    assert flightctl("db", "backup", str(other)).code == 2
    assert other.read_text() == "precious"
    assert flightctl("db", "backup", str(other), "--yes").code == 0


def test_restore_of_no_copy_is_not_found(flightctl: Flightctl, database: Path, tmp_path: Path) -> None:
    assert flightctl("db", "restore", str(tmp_path / "none.db"), "--yes").code == 3


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_restore_of_what_is_no_backup_leaves_the_file_alone(
    flightctl: Flightctl, database: Path, cached: Cached, tmp_path: Path, content: bytes
) -> None:
    cached("NZ527")
    copy = tmp_path / "copy.db"
    copy.write_bytes(content)
    assert flightctl("db", "restore", str(copy), "--yes").code == 8
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_restore_mends_a_file_that_is_beyond_use(
    flightctl: Flightctl, database: Path, cached: Cached, tmp_path: Path
) -> None:
    cached("NZ527")
    flightctl("db", "backup", str(tmp_path / "copy.db"))
    database.write_bytes(b"garbage" * 1000)
    assert flightctl("lookup", "NZ527", "--offline").code == 8
    assert flightctl("db", "restore", str(tmp_path / "copy.db"), "--yes").code == 0
    assert flightctl("lookup", "NZ527", "--offline").code == 0


def _garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)


def _from_the_future(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def _of_another_program(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()


UNUSABLE = {
    "garbage": (_garbage, "local_corrupt"),
    "from a later version": (_from_the_future, "local_newer"),
    "of another program": (_of_another_program, "local_corrupt"),
}
COMMANDS = [("pending",), ("stats",), ("add-manual", "NZ1", "--from", "AKL", "--to", "CHC"), ("refresh-stale",)]


@pytest.mark.parametrize("kind", list(UNUSABLE))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_file_that_cannot_be_used_is_8_and_stays_as_it_is(
    flightctl: Flightctl, database: Path, kind: str, command: tuple[str, ...]
) -> None:
    spoil, code = UNUSABLE[kind]
    spoil(database)
    before = database.read_bytes()
    done = flightctl(*command, "--json")
    assert (done.code, done.json["error"]["code"]) == (8, code)
    assert done.json["error"]["hint"]
    assert database.read_bytes() == before


@pytest.mark.parametrize("kind", list(UNUSABLE))
def test_a_look_up_pays_for_nothing_and_leaves_the_file_as_it_is(
    flightctl: Flightctl, upstream: Upstream, database: Path, kind: str
) -> None:
    spoil, code = UNUSABLE[kind]
    spoil(database)
    before = database.read_bytes()
    upstream.rows = [row("NZ527")]
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["error"]["code"]) == (8, "error", code)
    assert done.err.startswith("flightctl: warning: ")
    assert upstream.asked == []
    assert database.read_bytes() == before


def test_a_directory_in_place_of_the_file_is_8(
    flightctl: Flightctl, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_DB", str(home))
    assert flightctl("lookup", "NZ527", "--offline").code == 8
    assert flightctl("stats").code == 8


def test_the_sandbox_has_a_file_of_its_own_that_reset_removes(flightctl: Flightctl, database: Path, rows: Rows) -> None:
    first = flightctl("--sandbox", "lookup", "NZ527", "--json")
    assert (first.code, first.answers[0]["source"], first.answers[0]["provider"]) == (0, "sandbox", "sandbox")
    beside = database.with_name("cache.sandbox.db")
    assert beside.exists()
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(0,)]
    assert flightctl("sandbox", "reset", "--json").json["removed"] is True
    assert (beside.exists(), database.exists()) == (False, True)


def test_what_waits_for_staff_is_not_in_the_counts_of_a_user(
    flightctl: Flightctl, database: Path, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached("NZ527")
    cached("NZ528", status="pending")
    assert flightctl("db", "status", "--json").json["rows"]["aviationstack_cache"] == 2
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    rows = flightctl("db", "status", "--json").json["rows"]
    assert (rows["aviationstack_cache"], "proposals" in rows) == (1, False)
