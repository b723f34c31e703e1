"""Make a cache file to measure on: ``databases.py PATH ENTRIES AIRLINE FLIGHTS_OF_AIRLINE``.

A process of its own, because the measuring one has to stay small (see ``measuring.py``).
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path

from flightctl.store.migrate import upgrade

Entry = tuple[str, str, str, str, str, str]
"""cache_key, flight, airline, departure, arrival, refreshed_at."""

_INSERT = (
    "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, "
    "refreshed_at, status) VALUES (?, ?, ?, ?, ?, ?, 'confirmed')"
)
_AGE = timedelta(days=3)
_AIRPORTS = 400


def make(path: Path, entries: int, airline: str, of_airline: int) -> None:
    """A cache with this many fresh, confirmed entries, ``of_airline`` of them of one airline."""
    upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(_INSERT, islice(_entries(connection, airline, of_airline), entries))
        connection.commit()


def _entries(connection: sqlite3.Connection, airline: str, of_airline: int) -> Iterator[Entry]:
    """Those of the airline first, then flights of all others: number 1 of each, number 2 of each, and so on."""
    airports = _column(connection, f"SELECT iata FROM airports ORDER BY iata LIMIT {_AIRPORTS}")
    others = _column(connection, "SELECT DISTINCT iata FROM airlines WHERE iata NOT IN ('', ?)", airline)
    pairs = cycle((one, other) for one in airports for other in airports if one != other)
    flights = [(airline, number) for number in range(1, of_airline + 1)]
    return (
        _entry(carrier, number, *next(pairs))
        for source in (flights, ((other, number) for number in count(1) for other in others))
        for carrier, number in source
    )


def _entry(airline: str, number: int, departure: str, arrival: str) -> Entry:
    flight = f"{airline}{number}"
    return f"flight:{flight}", flight, airline, departure, arrival, _REFRESHED_AT


def _column(connection: sqlite3.Connection, statement: str, *values: str) -> list[str]:
    return [row[0] for row in connection.execute(statement, values)]


_REFRESHED_AT = f"{datetime.now(UTC) - _AGE:%Y-%m-%d %H:%M:%S.%f}"

if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
