"""A flight that was seen on schedule, and what reports make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.sightings import IN, LATER, OUT, flight, report, sighting, utc
from flightctl.domain.flight import TIMES, FlightStatus
from flightctl.domain.flight_news import Applied, applied
from flightctl.domain.sighting import Sighting

SCHEDULED, ACTIVE, LANDED, ARRIVED, CANCELLED, DIVERTED, UNKNOWN = FlightStatus
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
T_OUT, T_IN = utc(OUT), utc(IN)
DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type")
TWELVE = {name: T_OUT + number * MINUTE for number, name in enumerate(TIMES)}
ICAO_ONLY: dict[str, Any] = {"ident": "ANZ527", "designators": frozenset({"ANZ527"})}


def later(*rows: Sighting, **more: Any) -> list[Sighting]:
    """The rows, said an hour after the first report."""
    return [replace(row, **{"observed_at": LATER, **more}) for row in rows]


def fields(one: Applied) -> dict[str, tuple[str | None, str | None]]:
    """Old and new value by field that changed."""
    return {change.field: (change.old, change.new) for change in one.changes}


def seen_again(*rows: Sighting, before: Sighting | None = None) -> Applied:
    """What becomes of a flight that was seen on schedule, or so, when this is reported."""
    return applied(flight(before or sighting(OUT, IN)), report(*rows))
