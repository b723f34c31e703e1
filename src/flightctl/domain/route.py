"""Route entries: where a flight number goes, who vouches for it and since when."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

Leg = tuple[str, str]
"""Departure and arrival, IATA airport codes."""


class EntryStatus(Enum):
    """Whether an entry may be answered with."""

    PENDING = "pending"
    CONFIRMED = "confirmed"


class Route(NamedTuple):
    """The four codes of a flight number and the legs between its ends."""

    flight_iata: str
    airline_iata: str
    departure_iata: str
    arrival_iata: str
    legs: tuple[Leg, ...]
    """In order of flight; a direct flight has the one leg (departure, arrival)."""

    @property
    def cache_key(self) -> str:
        """Key of the flight in the cache."""
        return f"flight:{self.flight_iata}"


class RouteEntry(NamedTuple):
    """One row of the cache, with the names that the reference tables have for its codes."""

    route: Route
    status: EntryStatus
    provider: str
    cached_at: datetime
    """First stored, UTC."""
    refreshed_at: datetime
    """Last vouched for by its source, UTC."""
    airline_name: str = ""
    departure_name: str = ""
    arrival_name: str = ""


def direct(flight_iata: str, airline_iata: str, departure_iata: str, arrival_iata: str) -> Route:
    """A route of one leg."""
    return Route(flight_iata, airline_iata, departure_iata, arrival_iata, ((departure_iata, arrival_iata),))
