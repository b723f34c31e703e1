"""The tables of flights, as tests write and read them."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.sightings import ID
from flightctl.domain.flight import Flight
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_news import Applied
from flightctl.domain.sighting import Sighting
from flightctl.store import flights
from flightctl.store.engine import Database
from trouble import column

HOUR = timedelta(hours=1)
THIRD, FOURTH = date(2026, 12, 3), date(2026, 12, 4)
TABLES = ("flights", "flight_aliases", "flight_changes", "asked_days")
DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")


def take(db: Database, *rows: Sighting, **more: Any) -> list[Applied]:
    """Take up one answer about the flights that are stored."""
    with db.writing() as session:
        book = Book(flights.entries(session, column(db.path, "SELECT flight_id FROM flights")))  # type: ignore[arg-type]
        taken = book.take(rows, **more)
        flights.write(session, book.written)
    return taken


def found(db: Database, flight_id: str = ID) -> Flight:
    with db.reading() as session:
        one = flights.find(session, flight_id)
    assert one is not None
    return one


def of_day(db: Database, day: date, *names: str) -> list[str]:
    with db.reading() as session:
        return [one.flight_id for one in flights.of_day(session, names or ("NZ527",), day)]


def near(db: Database, name: str, first: datetime, last: datetime) -> set[str]:
    with db.reading() as session:
        return flights.ids_near(session, {name: (first, last)})


def dump(database: Path) -> list[list[Any]]:
    """Every row of every table of flights."""
    with sqlite3.connect(database) as connection:
        found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]
    connection.close()
    return found
