"""The tables of flights, as tests write and read them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from domain.sightings import ID
from flightctl.domain.flight import Flight
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_news import Applied
from flightctl.domain.sighting import Sighting
from flightctl.store import flights
from flightctl.store.engine import Database, Transaction
from store import engines

HOUR = timedelta(hours=1)
THIRD, FOURTH = date(2026, 12, 3), date(2026, 12, 4)
TABLES = ("flights", "flight_aliases", "flight_changes", "asked_days")
DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")


def take(db: Database, *rows: Sighting, **more: Any) -> list[Applied]:
    """Take up one answer about the flights that are stored."""
    with db.writing() as session:
        book = Book(flights.entries(session, _ids(session)))
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


def remove_all(db: Database) -> None:
    """Take every flight out again."""
    with db.writing() as session:
        for flight_id in _ids(session):
            flights.remove(session, flight_id)


def dump(db: Database) -> list[list[Any]]:
    """Every row of every table of flights."""
    with db.reading() as session:
        return [engines.found(session, f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


def _ids(session: Transaction) -> list[str]:
    return [flight_id for (flight_id,) in engines.found(session, "SELECT flight_id FROM flights")]
