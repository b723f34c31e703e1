"""The small reader of local hits: the standard library's sqlite3 and nothing else, for the way to a hit.

It reads what ``store.routes`` writes; one contract suite runs over both read paths.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flightctl.domain.airline import Airline, names_by_best_rank
from flightctl.domain.answer import Bucket
from flightctl.domain.route import EntryStatus, Leg, Route, RouteEntry
from flightctl.errors import Corrupt, LocalFileError, Newer
from flightctl.store.chunks import in_chunks
from flightctl.store.schema import HEAD, REVISIONS, WAIT_FOR_LOCK_S
from flightctl.store.sqlite_errors import sqlite_errors_explained
from flightctl.store.waiting import begin_writing


class TablesMissing(LocalFileError):
    """No file yet, or one from an earlier version: ``store.migrate.upgrade`` mends it."""


class LocalReader:
    """Read access to the local file, and its counters. Made with ``open_reader``."""

    def __init__(self, connection: sqlite3.Connection, path: Path, wait_s: float) -> None:
        self._connection = connection
        self._path = path
        self._wait_s = wait_s
        # Those read so far: a batch needs the same ones again and again.
        self._airlines: dict[str, str] = {}
        self._airports: dict[str, str] = {}

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]:
        """Confirmed entries, fresh or not, by cache key. Raises LocalFileError."""
        found: dict[str, RouteEntry] = {}
        for keys in in_chunks(cache_keys):
            found.update(self._read(f"cache_key IN ({_marks(keys)})", keys))
        return found

    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]:
        """Confirmed entries whose designator starts with ``prefix``, fresh or not. Raises LocalFileError."""
        # '~' sorts after every character of a designator; a range needs no escaping and uses the index.
        where = "cache_key >= ? AND cache_key < ?"
        return list(self._read(where, (f"flight:{prefix}", f"flight:{prefix}~")).values())

    def flights_with_prefix(self, prefix: str, limit: int) -> list[str]:
        """Designators of confirmed entries for completion. Raises LocalFileError."""
        statement = (
            "SELECT flight_iata FROM aviationstack_cache WHERE cache_key >= ? AND cache_key < ? "
            "AND +status = 'confirmed' ORDER BY length(flight_iata), flight_iata LIMIT ?"
        )
        return [row[0] for row in self.select(statement, (f"flight:{prefix}", f"flight:{prefix}~", limit))]

    def absences(self, cache_keys: Sequence[str]) -> dict[str, datetime]:
        """Keys that upstream did not know, and until when that is, or was, to be remembered. Raises LocalFileError."""
        remembered: dict[str, datetime] = {}
        for keys in in_chunks(cache_keys):
            statement = f"SELECT cache_key, expires_at FROM absences WHERE cache_key IN ({_marks(keys)})"
            remembered.update((key, instant(until)) for key, until in self.select(statement, keys))
        return remembered

    def copies_checked(self, cache_keys: Sequence[str]) -> dict[str, datetime]:
        """Keys of entries that are copies of a remote's, and when each was last checked. Raises LocalFileError."""
        checked: dict[str, datetime] = {}
        for keys in in_chunks(cache_keys):
            statement = f"SELECT cache_key, checked_at FROM remote_copies WHERE cache_key IN ({_marks(keys)})"
            checked.update((key, instant(at)) for key, at in self.select(statement, keys))
        return checked

    def holders(self, airline: str) -> list[Airline]:
        """Airlines that hold a designator, IATA or ICAO; what a provider taught counts only where nothing else is
        known. Raises LocalFileError.
        """
        column = "icao" if len(airline) == 3 else "iata"
        statement = f"SELECT iata, icao, name, rank FROM airlines WHERE {column} = ? ORDER BY rank, icao"
        rows = self.select(statement, (airline,))
        return [Airline(*row[:3]) for row in rows if row[3] == rows[0][3]]

    def count(
        self,
        counts: Mapping[tuple[Bucket, str], int],
        now: datetime,
        asks: Sequence[tuple[str, str]] = (),
        *,
        reports: bool = False,
    ) -> None:
        """Add look-ups to the counters of this hour, and flights (key and kind) to the history: all or none.

        ``reports`` says that they are to be handed over to a remote, too. Raises LocalFileError.
        """
        rows = [(f"{now.astimezone(UTC):%Y-%m-%d %H}", key[0].value, key[1], n) for key, n in counts.items()]
        asked_at_s = int(now.timestamp())
        with sqlite_errors_explained(self._path), self._transaction(writes=True):
            for table in ("lookup_counts", "unreported_counts") if reports else ("lookup_counts",):
                self._connection.executemany(
                    f"INSERT INTO {table} (hour, bucket, source, n) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (hour, bucket, source) DO UPDATE SET n = n + excluded.n",
                    rows,
                )
            self._connection.executemany(
                "INSERT INTO lookup_history (cache_key, asked_at_s, kind) VALUES (?, ?, ?)",
                [(key, asked_at_s, kind) for key, kind in asks],
            )

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _read(self, where: str, values: Sequence[str]) -> dict[str, RouteEntry]:
        with sqlite_errors_explained(self._path), self._transaction():
            rows = self._connection.execute(_SELECT_ENTRIES + where, values).fetchall()
            self._airlines |= self._airline_names({row[2] for row in rows} - self._airlines.keys())
            self._airports |= self._airport_names({code for row in rows for code in row[3:5]} - self._airports.keys())
            legs = self._legs(where, values)
        return {row[0]: _entry(row, legs, self._airlines, self._airports) for row in rows}

    def _airline_names(self, codes: Iterable[str]) -> dict[str, str]:
        return names_by_best_rank(
            row
            for some in in_chunks(codes)
            for row in self._connection.execute(
                f"SELECT iata, name, rank FROM airlines WHERE iata IN ({_marks(some)}) ORDER BY rank, icao",
                some,
            )
        )

    def _airport_names(self, codes: Iterable[str]) -> dict[str, str]:
        names: dict[str, str] = {}
        for some in in_chunks(codes):
            names.update(
                self._connection.execute(f"SELECT iata, name FROM airports WHERE iata IN ({_marks(some)})", some)
            )
        return names

    def _legs(self, where: str, values: Sequence[str]) -> dict[str, tuple[Leg, ...]]:
        legs: dict[str, tuple[Leg, ...]] = {}
        statement = f"SELECT cache_key, departure_iata, arrival_iata FROM route_legs WHERE {where} ORDER BY 1, position"
        for key, departure, arrival in self._connection.execute(statement, values):
            legs[key] = (*legs.get(key, ()), (departure, arrival))
        return legs

    def select(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """The rows of one statement. Raises LocalFileError."""
        with sqlite_errors_explained(self._path):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[None]:
        if writes:
            begin_writing(self._connection, self._path, self._wait_s)
        else:
            self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            # Still open: something failed. After a full disk SQLite has undone it itself; once more is an error.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def open_reader(path: Path, *, wait_s: float = WAIT_FOR_LOCK_S) -> LocalReader:
    """Open the local file as this program's version needs it.

    Raises TablesMissing where it has to be made or upgraded first, otherwise LocalFileError.
    """
    if not path.exists():
        raise TablesMissing(f"{path} is not there yet")
    address = f"file:{quote(os.fsencode(path))}?mode=rw"
    with sqlite_errors_explained(path), ExitStack() as unless_usable:
        connection = sqlite3.connect(address, uri=True, timeout=wait_s, isolation_level=None)
        unless_usable.callback(connection.close)
        _check_revision(connection, path)
        unless_usable.pop_all()
    return LocalReader(connection, path, wait_s)


def _check_revision(connection: sqlite3.Connection, path: Path) -> None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        raise TablesMissing(f"{path} has no tables yet")
    if "alembic_version" not in tables:
        raise Corrupt(f"{path} is a database of another program")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row == (HEAD,):
        return
    if row is None or row[0] in REVISIONS:
        raise TablesMissing(f"{path} is from an earlier version")
    raise Newer(f"{path} is at revision {row[0]}, newer than this program ({HEAD})")


_SELECT_ENTRIES = (
    "SELECT cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, provider, cached_at, refreshed_at "
    # The sign keeps SQLite from the index of status, which holds nearly every row, where a range of the key holds few.
    "FROM aviationstack_cache WHERE +status = 'confirmed' AND "
)


_LENGTH_AS_KEPT = len("2026-11-20 10:00:00.000000")
"""By far the most are as we write them, and read in one step."""


def _entry(
    row: Sequence[str],
    legs: Mapping[str, tuple[Leg, ...]],
    airlines: Mapping[str, str],
    airports: Mapping[str, str],
) -> RouteEntry:
    key, flight, airline, departure, arrival, provider, cached_at, refreshed_at = row
    route = Route(flight, airline, departure, arrival, legs.get(key) or ((departure, arrival),))
    return RouteEntry(
        route,
        EntryStatus.CONFIRMED,
        provider,
        instant(cached_at),
        instant(refreshed_at),
        airlines.get(airline, ""),
        airports.get(departure, ""),
        airports.get(arrival, ""),
    )


def instant(text: str) -> datetime:
    """The instant that SQLite kept; text without an offset is UTC. Raises Corrupt."""
    try:
        if len(text) == _LENGTH_AS_KEPT and text[-6:].isdigit():
            return datetime.fromisoformat(text + "+00:00")
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise Corrupt("the local file holds a time that is none", cause=str(error)) from None


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
