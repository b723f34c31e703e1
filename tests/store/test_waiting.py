"""Writers wait for each other in turn, and not for ever."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flightctl.domain.answer import Bucket
from flightctl.errors import Locked
from flightctl.store.hits import open_reader
from flightctl.store.local_engine import LocalFile
from flightctl.store.waiting import begin_writing
from trouble import held


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as opened:
        yield opened


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_lock_that_nothing_comes_of_is_told_of(database: Path, connection: sqlite3.Connection, lock: str) -> None:
    with held(database, lock), pytest.raises(sqlite3.OperationalError, match="locked"):
        begin_writing(connection, database, 0.1)
    assert not connection.in_transaction


def test_a_lock_that_is_let_go_is_taken(database: Path, connection: sqlite3.Connection) -> None:
    with held(database, "BEGIN IMMEDIATE") as holder:
        threading.Timer(0.2, holder.kill).start()
        begin_writing(connection, database, 30)
    assert connection.in_transaction


def test_who_waits_goes_on_waiting_while_others_get_their_turn(database: Path, connection: sqlite3.Connection) -> None:
    """The lock is held for longer than the wait, but the file changes meanwhile, as it does when others commit."""
    with held(database, "BEGIN IMMEDIATE") as holder:
        threading.Timer(0.5, os.utime, args=[database]).start()
        threading.Timer(1.3, holder.kill).start()
        begin_writing(connection, database, 1.0)
    assert connection.in_transaction


def test_who_has_waited_shows_the_others_that_it_got_its_turn(database: Path, connection: sqlite3.Connection) -> None:
    """It may write nothing, and leave them to believe that the lock is stuck."""
    os.utime(database, (0, 0))
    with held(database, "BEGIN IMMEDIATE") as holder:
        threading.Timer(0.2, holder.kill).start()
        begin_writing(connection, database, 30)
    assert database.stat().st_mtime > 0


def test_other_failures_are_not_waited_for(database: Path, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin_writing(connection, database, 600)


def test_reads_wait_as_before_once_the_lock_is_had(connection: sqlite3.Connection, database: Path) -> None:
    begin_writing(connection, database, 1.5)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (1_500,)


def test_both_ways_of_writing_wait_like_this(database: Path) -> None:
    reader, db = open_reader(database, wait_s=0.1), LocalFile(database, wait_s=0.1)
    with held(database, "BEGIN IMMEDIATE"):
        with pytest.raises(Locked):
            reader.count({(Bucket.HITS, "local"): 1}, datetime.now(UTC))
        with pytest.raises(Locked), db.writing() as session:
            session.connection()
    reader.close()
    db.close()
