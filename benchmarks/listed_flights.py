"""Make a cache file with lists: ``listed_flights.py FILE USERS FLIGHTS POPULAR``.

Each user lists ten flights, spread evenly; ``POPULAR`` more users list the first flight.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flightctl.store.migrate import upgrade

FLIGHTS_OF_USER = 10
_DAYS = 20
_DAYS_AHEAD = 5
_NUMBERS = 9_999
_AIRLINES = (("ANZ", "NZ"), ("QFA", "QF"))
_ZONE = "Pacific/Auckland"


class Planned(NamedTuple):
    """One of the flights; all are scheduled from Auckland to Christchurch at 08:30."""

    icao: str
    iata: str
    number: int
    day: date

    @property
    def flight_id(self) -> str:
        return f"{self.icao}{self.number}.{self.day}.0830.NZAA.NZCH"

    @property
    def fa_flight_id(self) -> str:
        """As FlightAware would name it."""
        return f"{self.icao}{self.number}-{self.day:%Y%m%d}-airline-0117"

    @property
    def scheduled_out(self) -> datetime:
        """In UTC."""
        return datetime.combine(self.day, clock(8, 30), ZoneInfo(_ZONE)).astimezone(UTC)


def planned(index: int) -> Planned:
    """One flight of any number of them; the same index is the same flight for as long as today is today."""
    number, day = divmod(index, _DAYS)
    airline, number = divmod(number, _NUMBERS)
    return Planned(*_AIRLINES[airline], number + 1, date.today() + timedelta(days=_DAYS_AHEAD + day))  # noqa: DTZ011


def make(path: Path, users: int, flights: int, popular: int) -> None:
    """A current file with these flights, their names and first schedules, and everybody's list and its index."""
    upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute("PRAGMA cache_size = -1000000")
        _fill(connection, "flights", (_flight(planned(index)) for index in range(flights)))
        _fill(connection, "flight_aliases", (row for index in range(flights) for row in _aliases(planned(index))))
        _fill(connection, "flight_changes", (_first_schedule(planned(index)) for index in range(flights)))
        _fill(connection, "user_flights", _entries(users, flights, popular))
        watching = "SELECT flight_id, user_id FROM user_flights ORDER BY 1, 2"
        connection.execute(f"INSERT INTO flight_watchers (flight_id, user_id) {watching}")
        counted = "SELECT flight_id, count(*) FROM flight_watchers GROUP BY 1"
        connection.execute(f"INSERT INTO flight_watcher_counts (flight_id, users) {counted}")
        connection.commit()


Row = dict[str, object]


def _fill(connection: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    first = next(rows)
    columns, marks = ", ".join(first), ", ".join(f":{name}" for name in first)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
    connection.execute(statement, first)
    connection.executemany(statement, rows)


def _flight(flight: Planned) -> Row:
    seen = _text(datetime.now(UTC) - timedelta(days=1))
    return {
        "flight_id": flight.flight_id,
        "ident": f"{flight.icao}{flight.number}",
        "departure_date": flight.day.isoformat(),
        "departure_hhmm": "0830",
        "origin": "NZAA",
        "destination": "NZCH",
        "local_date": flight.day.isoformat(),
        "flight_iata": f"{flight.iata}{flight.number}",
        "origin_iata": "AKL",
        "origin_icao": "NZAA",
        "origin_zone": _ZONE,
        "destination_iata": "CHC",
        "destination_icao": "NZCH",
        "destination_zone": _ZONE,
        "status": "scheduled",
        "scheduled_out": _text(flight.scheduled_out),
        "provider": "aeroapi",
        "observed_at": seen,
        "updated_at": seen,
        "version": 1,
    }


def _aliases(flight: Planned) -> Iterator[Row]:
    names = {f"{flight.icao}{flight.number}": "designator", f"{flight.iata}{flight.number}": "designator"}
    for alias, kind in {**names, flight.fa_flight_id: "aeroapi"}.items():
        day = flight.day.isoformat()
        yield {
            "flight_id": flight.flight_id,
            "alias": alias,
            "kind": kind,
            "departure_date": day,
            "local_date": day,
        }


def _first_schedule(flight: Planned) -> Row:
    return {
        "flight_id": flight.flight_id,
        "field": "scheduled_out",
        "old": None,
        "new": f"{flight.scheduled_out:%Y-%m-%dT%H:%M:%SZ}",
        "observed_at": _text(datetime.now(UTC) - timedelta(days=1)),
        "provider": "aeroapi",
    }


def _entries(users: int, flights: int, popular: int) -> Iterator[Row]:
    now, ids = _text(datetime.now(UTC)), [planned(index).flight_id for index in range(flights)]
    for user in range(users + popular):
        places = (0,) if user >= users else range(FLIGHTS_OF_USER)
        for flight_id in {ids[(user + place * flights // FLIGHTS_OF_USER) % flights] for place in places}:
            yield {
                "user_id": f"user{user:07}",
                "flight_id": flight_id,
                "kind": "owned",
                "added_at": now,
                "seen_change": 0,
            }


def _text(moment: datetime) -> str:
    """As the file has instants."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:]))
