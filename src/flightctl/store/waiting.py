"""Waiting for the write lock in turn.

SQLite's own wait polls ever more rarely, down to ten times a second, so that whoever has just come overtakes whoever
has waited longest: under 32 processes some waited in vain for 5 s while others wrote again and again. Here everybody
polls at the same pace, and goes on waiting while others get their turn.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

_PACE_S = 0.002, 0.03
"""Shortest and longest time between two tries."""
_LONGEST_S = 30.0
"""However busily others write; a process that holds the lock and does nothing is told of after ``wait_s``."""
_PRIMARY_CODE_MASK = 0xFF


def begin_writing(connection: sqlite3.Connection, path: Path, wait_s: float) -> None:
    """BEGIN IMMEDIATE, once nobody else writes.

    Raises sqlite3.OperationalError where the file has been locked and unchanged for ``wait_s``.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        _begin_in_turn(connection, path, wait_s)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")


def _begin_in_turn(connection: sqlite3.Connection, path: Path, wait_s: float) -> None:
    if _begun(connection, or_raise=False):
        return
    begun = changed = monotonic()
    seen = _change_time(path)
    while not _begun(connection, or_raise=_over(begun, changed, wait_s)):
        _pause()
        if (now_seen := _change_time(path)) != seen:
            seen, changed = now_seen, monotonic()
    _show_that_it_moves(path)


def _begun(connection: sqlite3.Connection, *, or_raise: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if or_raise or error.sqlite_errorcode & _PRIMARY_CODE_MASK != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _over(begun: float, changed: float, wait_s: float) -> bool:
    now = monotonic()
    return now - changed >= wait_s or now - begun >= max(wait_s, _LONGEST_S)


def _show_that_it_moves(path: Path) -> None:
    """Who finds nothing left to do commits nothing: a hundred such turns would look like a lock that is stuck."""
    with suppress(OSError):
        os.utime(path)


def _pause() -> None:
    import random  # only who has to wait pays for it

    sleep(random.uniform(*_PACE_S))


def _change_time(path: Path) -> int:
    """When a commit last reached the file, in ns; 0 where it has gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
