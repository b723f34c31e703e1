"""What tests of the store have at hand: the same tests run over both engines."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from postgres import SERVICE, RemoteDatabase, Swept
from running import Rows
from store.engines import AsUser


@pytest.fixture(params=["local", "remote"])
def engine(request: pytest.FixtureRequest) -> Path | RemoteDatabase:
    """Where the tables of this test are."""
    found: Path | RemoteDatabase = request.getfixturevalue("database" if request.param == "local" else "shared_remote")
    return found


@pytest.fixture
def db(engine: Path | RemoteDatabase, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Transactions over the local file of this test, and over a remote as service has them."""
    if not isinstance(engine, Path):
        yield request.getfixturevalue("as_service")
        return
    opened = LocalFile(engine)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def as_login(swept: Swept) -> Iterator[Callable[[str], Remote]]:
    """The remote of all tests of this worker, as each login has it: what one has compiled is compiled once."""
    opened: dict[str, Remote] = {}
    yield lambda login: opened.get(login) or opened.setdefault(login, Remote(swept.made.url(login)))
    for one in opened.values():
        one.close()


@pytest.fixture(scope="session")
def as_service(as_login: Callable[[str], Remote]) -> Remote:
    """The same as who refreshes it has it."""
    return as_login(SERVICE)


@pytest.fixture
def as_user(engine: Path | RemoteDatabase, db: Database, request: pytest.FixtureRequest) -> AsUser:
    """The same as this user has it: in a remote everybody has a login, and to its admin nothing is closed."""
    return (lambda _user: db) if isinstance(engine, Path) else request.getfixturevalue("as_login")


@pytest.fixture
def rows(engine: Path | RemoteDatabase) -> Rows:
    """Query, or change, the tables as an outsider would; for the remote as its admin."""
    if not isinstance(engine, Path):
        return engine.rows
    path = engine

    def query(statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    return query


@pytest.fixture
def local_db(database: Path) -> Iterator[LocalFile]:
    """For what only a file has."""
    opened = LocalFile(database)
    yield opened
    opened.close()
