"""What SQLite's codes mean to a person; real failures where SQLite can be brought to them cheaply."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from flightctl.errors import Corrupt, Full, LocalFileError, Locked, ReadOnly
from flightctl.store.sqlite_errors import explained, sqlite_errors_explained
from trouble import change, held, spoil_header, zero_tables

PATH = Path("/somewhere/cache.db")
MEANINGS = {
    sqlite3.SQLITE_BUSY: Locked,
    sqlite3.SQLITE_BUSY_SNAPSHOT: Locked,
    sqlite3.SQLITE_BUSY_RECOVERY: Locked,
    sqlite3.SQLITE_LOCKED: Locked,
    sqlite3.SQLITE_LOCKED_SHAREDCACHE: Locked,
    sqlite3.SQLITE_FULL: Full,
    sqlite3.SQLITE_IOERR_WRITE: Full,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_READONLY_DBMOVED: ReadOnly,
    sqlite3.SQLITE_READONLY_DIRECTORY: ReadOnly,
    sqlite3.SQLITE_READONLY_ROLLBACK: ReadOnly,
    sqlite3.SQLITE_PERM: ReadOnly,
    sqlite3.SQLITE_CORRUPT: Corrupt,
    sqlite3.SQLITE_CORRUPT_INDEX: Corrupt,
    sqlite3.SQLITE_NOTADB: Corrupt,
    sqlite3.SQLITE_ERROR: Corrupt,
    sqlite3.SQLITE_CANTOPEN: LocalFileError,
    sqlite3.SQLITE_CANTOPEN_ISDIR: LocalFileError,
    sqlite3.SQLITE_IOERR: LocalFileError,
    sqlite3.SQLITE_IOERR_FSYNC: LocalFileError,
    sqlite3.SQLITE_IOERR_READ: LocalFileError,
    sqlite3.SQLITE_NOMEM: LocalFileError,
    sqlite3.SQLITE_PROTOCOL: LocalFileError,
}


def _error(code: int, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("what SQLite says")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_NAME"
    return error


@pytest.mark.parametrize(("code", "kind"), MEANINGS.items())
def test_every_code_is_a_failure_of_the_local_file(code: int, kind: type[LocalFileError]) -> None:
    known = explained(_error(code), PATH)
    assert (type(known), known.exit_code) == (kind, 8)
    assert str(PATH) in known.message
    assert known.cause == "SQLITE_NAME: what SQLite says"


@pytest.mark.parametrize("kind", [Locked, Full, ReadOnly, Corrupt])
def test_what_a_person_can_mend_says_how(kind: type[LocalFileError]) -> None:
    assert kind("it happened").hint


def test_a_mistake_of_ours_is_not_blamed_on_the_file() -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        explained(_error(sqlite3.SQLITE_MISUSE, sqlite3.ProgrammingError), PATH)
    with pytest.raises(sqlite3.InterfaceError):
        explained(sqlite3.InterfaceError("no code"), PATH)


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError), sqlite_errors_explained(PATH):
        raise ZeroDivisionError


def _read(path: Path, *, uri: str = "") -> None:
    address = f"file:{path}{uri}"
    with sqlite_errors_explained(path), closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
        connection.execute("SELECT max(name) FROM airports").fetchall()


def _write(path: Path, *, uri: str = "", limit: str = "SELECT 1") -> None:
    address = f"file:{path}{uri}"
    with sqlite_errors_explained(path), closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
        connection.execute(limit)
        connection.execute(
            "INSERT INTO airlines (iata, icao, name, rank, source) "
            "VALUES ('1X', '', hex(zeroblob(100000)), 1, 'learned')"
        )


def _folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


REAL: dict[str, tuple[Callable[[Path], object], Callable[[Path], None], type[LocalFileError]]] = {
    "header": (spoil_header, _read, Corrupt),
    "zeroed page": (lambda path: zero_tables(path, "airports"), _read, Corrupt),
    "dropped table": (lambda path: change(path, "DROP TABLE airports"), _read, Corrupt),
    "folder": (_folder_in_its_place, _read, LocalFileError),
    "gone": (lambda path: path.unlink(), lambda path: _read(path, uri="?mode=ro"), LocalFileError),
    "read only": (lambda _: None, lambda path: _write(path, uri="?mode=ro"), ReadOnly),
    "full": (lambda _: None, lambda path: _write(path, limit="PRAGMA max_page_count = 1"), Full),
}


@pytest.mark.parametrize(("damage", "use", "kind"), REAL.values(), ids=REAL)
def test_real_trouble_is_explained(
    database: Path, damage: Callable[[Path], object], use: Callable[[Path], None], kind: type[LocalFileError]
) -> None:
    damage(database)
    with pytest.raises(LocalFileError) as known:
        use(database)
    assert type(known.value) is kind
    assert known.value.__suppress_context__, "what SQLite said is in the cause, not in a traceback"


@pytest.mark.parametrize("use", [_read, _write])
def test_a_lock_that_is_held_is_explained(database: Path, use: Callable[[Path], None]) -> None:
    with held(database, "BEGIN EXCLUSIVE"), pytest.raises(Locked):
        use(database)
