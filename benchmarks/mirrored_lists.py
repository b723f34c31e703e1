"""Databases whose lists are mirrored: a number of flights, each in the lists of so many users, one of them u1."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from listed_flights import make
from remote import fill

from postgres import SERVICE, RemoteDatabase

_TRACKED = (
    "DELETE FROM flight_watchers",
    "DELETE FROM flight_watcher_counts",
    "DELETE FROM user_flights",
    # The others' names come before u1, whose key is so the last that a mirror writes.
    "INSERT INTO user_flights (user_id, flight_id, kind, added_at, seen_change) "
    "WITH RECURSIVE numbered (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < {trackers}) "
    "SELECT CASE WHEN n = 1 THEN 'u1' ELSE 'a' || n END, flight_id, 'owned', '{now}', 0 "
    "FROM flights CROSS JOIN numbered",
    "INSERT INTO flight_watchers (flight_id, user_id) SELECT flight_id, user_id FROM user_flights",
    "INSERT INTO flight_watcher_counts (flight_id, users) SELECT flight_id, {trackers} FROM flights",
)
_ADDED_AT = "2026-01-01 00:00:00.000000"


class Lists(Protocol):
    """A database, and how it is reached."""

    @property
    def environ(self) -> Mapping[str, str]:
        """What tells flightctl of it."""

    def committed(self, of_round: str) -> dict[str, float]:
        """When the updates of a round were committed, by gate, in unix time."""


class OnFile:
    """A local file. Its moments are those of the writing, in the transaction: so each is too early, if anything."""

    def __init__(self, path: Path, flights: int, trackers: int) -> None:
        self._path = path
        self.environ = {"FLIGHTCTL_DB": str(path)}
        make(path, 1, flights, 0)
        with closing(sqlite3.connect(path)) as connection:
            for statement in _TRACKED:
                connection.execute(statement.format(trackers=trackers, now=_ADDED_AT))
            connection.execute("CREATE TABLE measured (gate TEXT, at REAL)")
            connection.execute(
                "CREATE TRIGGER measured AFTER UPDATE ON flights BEGIN INSERT INTO measured "
                "VALUES (NEW.departure_gate, (julianday('now') - 2440587.5) * 86400); END"
            )
            connection.commit()

    def committed(self, of_round: str) -> dict[str, float]:
        with closing(sqlite3.connect(self._path)) as connection:
            return dict(connection.execute("SELECT gate, at FROM measured WHERE gate LIKE ?", [f"{of_round}/%"]))


class OnPostgresql:
    """A remote, which keeps the moment of each commit."""

    SETTINGS = "track_commit_timestamp = on\n"

    def __init__(self, remote: RemoteDatabase, home: Path, flights: int, trackers: int) -> None:
        self._remote = remote
        self.environ = {"FLIGHTCTL_REMOTE_URL": remote.url(SERVICE), "FLIGHTCTL_DB": str(home / "local.db")}
        fill(remote, 1, flights)
        with psycopg.connect(remote.url()) as connection:
            for statement in _TRACKED:
                connection.execute(statement.format(trackers=trackers, now=_ADDED_AT).encode())
        remote.rows("VACUUM ANALYZE")

    def committed(self, of_round: str) -> dict[str, float]:
        query = (
            "SELECT departure_gate, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM flights "
            "WHERE departure_gate LIKE ?"
        )
        return dict(self._remote.rows(query, f"{of_round}/%"))
