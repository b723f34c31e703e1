"""Noticing cheaply that the local file has changed: what others commit, and a file put in its place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote


class FileWatch:
    """Asks SQLite for its counter of other people's commits: a read of one page, without a transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int] = (0, 0)

    def has_changed(self) -> bool:
        """Whether something may have been committed since the last call, or the file is another one; also at first.

        A file that is locked, broken or gone may have changed: whoever reads it finds out.
        """
        now = self._state()
        changed = now != self._seen or now == (0, 0)
        self._seen = now
        return changed

    @property
    def file(self) -> int:
        """Which file it is; another one after it was replaced, and 0 where there is none."""
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0

    def look_again(self) -> None:
        """What was read is not all yet: the next call says that there may be more."""
        self._seen = (0, 0)

    def notice(self) -> str:
        """Nothing: what is not told of is seen by looking, soon enough."""
        return ""

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _state(self) -> tuple[int, int]:
        file = self.file
        if file != self._seen[0]:
            self.close()
        try:
            return (file, self._version()) if file else (0, 0)
        except sqlite3.Error:
            self.close()
            return 0, 0

    def _version(self) -> int:
        if self._connection is None:
            address = f"file:{quote(os.fsencode(self._path))}?mode=ro"
            self._connection = sqlite3.connect(address, uri=True, timeout=0, isolation_level=None)
        with suppress(sqlite3.OperationalError):
            # The counter moves only when a page is read again.
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
