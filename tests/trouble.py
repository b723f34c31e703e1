"""What befalls a local file: another process holds it, or it is damaged."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import nursery

_HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""
_PAGE = 4096
_THIRD_VERSION = 0x20080522
"""Of how the kernel is told of capabilities: three masks of their first 32, then three of the others."""
_EFFECTIVE, _PERMITTED = 0, 1
_READS_AND_WRITES_ALL = (1, 2)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH."""
NO_RIGHTS_TO_LAY_DOWN = 99


@contextmanager
def held(path: Path, *statements: str) -> Iterator[subprocess.Popen[str]]:
    """Another process has the file open and has just run these statements; killed on leaving."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path), *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def leave_hot_journal(path: Path) -> None:
    """A process is killed in the middle of a commit that had already reached the file."""
    # A cache of one page makes SQLite write the changes out before the commit.
    spill = ("PRAGMA cache_size = 1", "BEGIN IMMEDIATE", "UPDATE airports SET name = 'half written'")
    with held(path, *spill):
        pass
    assert path.with_name(path.name + "-journal").stat().st_size


def spoil_header(path: Path) -> None:
    """No database any more, by its first bytes."""
    with path.open("r+b") as file:
        file.write(b"\xde\xad\xbe\xef" * 8)


def zero_tables(path: Path, *tables: str) -> None:
    """The first pages of these tables and of their indexes read as zeros, as after lost writes."""
    names = ", ".join(f"'{table}'" for table in tables)
    for page in column(path, f"SELECT rootpage FROM sqlite_master WHERE tbl_name IN ({names})"):
        zero_page(path, int(str(page)))


def zero_page(path: Path, page: int) -> None:
    """This page, counted from 1, reads as zeros."""
    with path.open("r+b") as file:
        file.seek((page - 1) * _PAGE)
        file.write(bytes(_PAGE))


def truncate(path: Path) -> None:
    """The second half of the file is gone."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // _PAGE * _PAGE)


def make_newer(path: Path) -> None:
    """A later version of the program has upgraded the file."""
    change(path, "UPDATE alembic_version SET version_num = '9999'")


def make_foreign(path: Path) -> None:
    """A database of another program."""
    path.unlink(missing_ok=True)
    change(path, "CREATE TABLE bookmarks (url TEXT)")


def change(path: Path, *statements: str) -> None:
    """Change the file as an outsider would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def column(path: Path, query: str) -> list[object]:
    """The first column of what a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(query)]


def intact(path: Path) -> bool:
    """Whether SQLite finds no fault in the file."""
    return column(path, "PRAGMA integrity_check") == ["ok"]


def heeding_permissions(command: Sequence[str]) -> None:
    """The forking side of a command of somebody who may not read and write all files, though they be root."""
    if os.geteuid() == 0:
        libc, header, rights = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_THIRD_VERSION, 0), (ctypes.c_uint32 * 6)()
        if libc.capget(header, rights):
            os._exit(NO_RIGHTS_TO_LAY_DOWN)
        for place in (_EFFECTIVE, _PERMITTED):
            rights[place] &= ~sum(1 << right for right in _READS_AND_WRITES_ALL)
        if libc.capset(header, rights):
            os._exit(NO_RIGHTS_TO_LAY_DOWN)
    nursery.become(command)
