"""The engine over the local file: SQLite, with explicit transactions and a rollback journal.

Journal mode is DELETE with synchronous=FULL, decided on PITFALLS section 2: the interpreters in use carry
SQLite below 3.51.3, where WAL with several connections can corrupt the file; DELETE has no first-open race
(0 of 600 against 3 to 5 of 600), works from read-only media, is one file to copy, and cost under twice the
wait at 32 processes. A reader is held up only while a commit is being written, so every write transaction
here is short and none is open during HTTP. mmap is never used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers

from flightctl.store.engine import Database
from flightctl.store.schema import WAIT_FOR_LOCK_S
from flightctl.store.sqlite_errors import explained
from flightctl.store.waiting import begin_writing

_WRITES = "flightctl_writes"


class LocalFile(Database):
    """Transactions over one local file; one that writes holds the write lock from its start."""

    def __init__(self, path: Path, *, wait_s: float = WAIT_FOR_LOCK_S) -> None:
        self.path = path
        super().__init__(_sqlite_engine(path, wait_s), reads={}, writes={_WRITES: True})

    def leave_wal(self) -> None:
        """Turn a file that somebody put into WAL back to the rollback journal.

        While others hold it open it stays, and works, as it is.
        """
        with self.explained(), self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None and raw.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                with suppress(sqlite3.OperationalError):
                    raw.execute("PRAGMA journal_mode=DELETE")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what SQLite raises inside into a LocalFileError."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(error, self.path) from None
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error) and not isinstance(error.orig, sqlite3.IntegrityError):
                raise explained(error.orig, self.path) from None
            raise


def _sqlite_engine(path: Path, wait_s: float) -> Engine:
    # 20 ms of work that would otherwise be done under the first write lock.
    configure_mappers()
    # Transactions are begun by ourselves: the driver's own way leaves DDL outside and upgrades locks late.
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": wait_s, "isolation_level": None},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", partial(_on_begin, path=path, wait_s=wait_s))
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # KiB, used as needed: a batch of updates touches a thousand pages, and what does not fit is written twice.
    connection.execute("PRAGMA cache_size=-16000")


def _on_begin(connection: Connection, path: Path, wait_s: float) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    # A deferred transaction that turns to writing fails at once instead of waiting (SQLITE_BUSY_SNAPSHOT).
    if connection.get_execution_options().get(_WRITES, False):
        begin_writing(raw, path, wait_s)
    else:
        raw.execute("BEGIN")
