"""The local file as a whole: its state, copies of it, and putting a copy back."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from flightctl.errors import Corrupt, LocalFileError, Locked, NotFound, UsageError
from flightctl.store.hits import TablesMissing, open_reader
from flightctl.store.schema import WAIT_FOR_LOCK_S
from flightctl.store.sqlite_errors import sqlite_errors_explained

_COUNTED = ("aviationstack_cache", "proposals", "airlines", "airports", "upstream_calls")


@dataclass(frozen=True, slots=True)
class FileStatus:
    """The local file as it is."""

    path: Path
    size_bytes: int
    revision: str
    journal_mode: str
    sqlite_version: str
    intact: bool
    rows: dict[str, int]
    """By table."""


def status(path: Path, *, with_pending: bool = True) -> FileStatus:
    """Read the file's state, with SQLite's own check of its structure. Raises NotFound, LocalFileError.

    Without ``with_pending`` the counts tell nothing of what waits for staff.
    """
    with _opened(path) as connection:
        return FileStatus(
            path,
            path.stat().st_size,
            _revision(connection),
            connection.execute("PRAGMA journal_mode").fetchone()[0],
            sqlite3.sqlite_version,
            connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",),
            _row_counts(connection, with_pending),
        )


def _revision(connection: sqlite3.Connection) -> str:
    if "alembic_version" not in _tables(connection):
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _row_counts(connection: sqlite3.Connection, with_pending: bool) -> dict[str, int]:
    hidden = {} if with_pending else {"aviationstack_cache": "WHERE status = 'confirmed'"}
    present = _tables(connection).intersection(_COUNTED)
    return {
        name: connection.execute(f"SELECT count(*) FROM {name} {hidden.get(name, '')}").fetchone()[0]
        for name in _COUNTED
        if name in present and (with_pending or name != "proposals")
    }


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def backup(path: Path, to: Path) -> None:
    """Copy the file while others use it; the copy appears whole or not at all.

    Raises NotFound, UsageError where ``to`` is the file itself, LocalFileError.
    """
    _refuse_same(path, to)
    with _opened(path) as source, _temporary_beside(to) as temporary:
        with sqlite_errors_explained(temporary), closing(sqlite3.connect(temporary)) as target:
            _copy(source, target, path)
        temporary.replace(to)


def restore(path: Path, copy: Path) -> None:
    """Put a copy in the file's place, in one transaction where the file is still a database.

    Raises NotFound where there is no copy, Corrupt or Newer where it cannot be used, UsageError where it is the file
    itself, LocalFileError.
    """
    if not copy.exists():
        raise NotFound(f"{copy} is not there")
    _refuse_same(path, copy)
    _check_copy(copy)
    with _opened(copy) as source:
        try:
            with sqlite_errors_explained(path), closing(sqlite3.connect(path, timeout=WAIT_FOR_LOCK_S)) as target:
                target.execute("SELECT count(*) FROM sqlite_master")
                _copy(source, target, path)
        except Corrupt:
            _replace(path, source)


def _check_copy(copy: Path) -> None:
    try:
        open_reader(copy).close()
    except TablesMissing:
        with _opened(copy) as source:
            if "alembic_version" not in _tables(source):
                raise Corrupt(f"{copy} is no backup of a flightctl cache") from None
    with _opened(copy) as source:
        if source.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise Corrupt(f"{copy} is damaged")


def _replace(path: Path, source: sqlite3.Connection) -> None:
    """The old file is beyond use; its journal, or its WAL, must not be played into the new one."""
    with _temporary_beside(path) as temporary:
        with sqlite_errors_explained(temporary), closing(sqlite3.connect(temporary)) as target:
            _copy(source, target, temporary)
        for beside in _beside(path):
            beside.unlink(missing_ok=True)
        temporary.replace(path)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, path: Path) -> None:
    deadline = monotonic() + WAIT_FOR_LOCK_S

    def give_up_in_time(status: int, _remaining: int, _total: int) -> None:
        # By itself the copying would wait for a lock without end.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and monotonic() >= deadline:
            raise Locked(f"{path} is locked by another process")

    source.backup(target, progress=give_up_in_time)


def _refuse_same(path: Path, other: Path) -> None:
    if path.exists() and other.exists() and path.samefile(other):
        raise UsageError(f"{other} is the cache itself", hint="name another file")


def _beside(path: Path) -> list[Path]:
    """What SQLite may keep beside the file."""
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise NotFound(f"{path} is not there yet", hint="the first lookup makes it, or 'flightctl db upgrade'")
    with sqlite_errors_explained(path):
        address = f"file:{quote(os.fsencode(path))}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT_FOR_LOCK_S)) as connection:
            yield connection


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".flightctl-") as folder:
            yield Path(folder) / "copy.db"
    except OSError as error:
        raise LocalFileError(f"{path} cannot be written: {error.strerror}") from None


def remove(path: Path) -> bool:
    """Delete the file and what SQLite keeps beside it; whether it was there. Raises LocalFileError."""
    was_there = path.exists()
    try:
        for file in (path, *_beside(path)):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise LocalFileError(f"{path} cannot be removed: {error.strerror}") from None
    return was_there
