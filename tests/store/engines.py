"""Which engines a test runs over: both, unless it says otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from flightctl.store.engine import Database, Transaction

locally = pytest.mark.parametrize("engine", ["local"], indirect=True)
"""A test of what only a file has."""
remotely = pytest.mark.parametrize("engine", ["remote"], indirect=True)
"""A test of what only a remote has."""
NOT_LET_IN = (sqlite3.IntegrityError, psycopg.IntegrityError)
"""What an outsider hears of a row that no table takes."""


AsUser = Callable[[str], Database]
"""``as_user("basic")`` is the database as this user has it."""


@pytest.fixture
def of_files(database: Path) -> Path:
    """A module, or a class, that has this as its ``engine`` is about the file itself."""
    return database


def found(session: Transaction, query: str) -> list[tuple[Any, ...]]:
    """What a query returns within a transaction of the store."""
    return [tuple(row) for row in session.execute(text(query))]
