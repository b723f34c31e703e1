"""What SQLite's error codes mean to a person (PITFALLS section 2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flightctl.errors import Corrupt, Full, LocalFileError, Locked, ReadOnly

_PRIMARY_CODE_MASK = 0xFF


@contextmanager
def sqlite_errors_explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about this file into LocalFileError (exit 8)."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, path) from None


def explained(error: sqlite3.Error, path: Path) -> LocalFileError:
    """The failure in our words. A failure without a code is a mistake of ours and is raised as it is."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or isinstance(error, sqlite3.ProgrammingError):
        raise error
    cause = f"{getattr(error, 'sqlite_errorname', 'SQLITE')}: {error}"
    kind, sentence = _meaning(code)
    return kind(f"{path} {sentence}", cause=cause)


def _meaning(code: int) -> tuple[type[LocalFileError], str]:
    if code == sqlite3.SQLITE_IOERR_WRITE:
        # What a limit on file size (RLIMIT_FSIZE) and some quotas look like.
        return Full, "cannot grow: no room, or a limit on its size"
    return _MEANINGS.get(code & _PRIMARY_CODE_MASK, (LocalFileError, "cannot be used"))


_MEANINGS: dict[int, tuple[type[LocalFileError], str]] = {
    sqlite3.SQLITE_BUSY: (Locked, "is locked by another process"),
    sqlite3.SQLITE_LOCKED: (Locked, "is locked by another process"),
    sqlite3.SQLITE_FULL: (Full, "cannot grow: the disk is full"),
    sqlite3.SQLITE_READONLY: (ReadOnly, "cannot be written"),
    sqlite3.SQLITE_PERM: (ReadOnly, "cannot be written"),
    sqlite3.SQLITE_CORRUPT: (Corrupt, "is damaged"),
    sqlite3.SQLITE_NOTADB: (Corrupt, "is not a flightctl cache, or is damaged"),
    sqlite3.SQLITE_ERROR: (Corrupt, "lacks tables or columns that its version should have"),
    sqlite3.SQLITE_CANTOPEN: (LocalFileError, "cannot be opened; its folder may be missing or closed to you"),
    sqlite3.SQLITE_IOERR: (LocalFileError, "cannot be read or written: the disk reports an error"),
}
