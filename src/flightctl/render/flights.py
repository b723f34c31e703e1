"""Dated flights: one item of ``flightctl.flights/1``, which a look-up for one day shows, too."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flightctl.domain.flight import TIMES, Flight, FlightStatus
from flightctl.render.times import utc_text

FLIGHT_KEYS = (
    "flight_id",
    "kind",
    "flight_iata",
    "ident",
    "departure_date",
    "origin_iata",
    "origin_icao",
    "destination_iata",
    "destination_icao",
    "status",
    *TIMES,
    "departure_gate",
    "arrival_gate",
    "departure_terminal",
    "arrival_terminal",
    "aircraft_type",
    "diverted_to",
    "provider",
    "updated_at",
    "version",
)
"""In order. But for ``kind``, which is of a person's list, they are fields of ``domain.flight.Flight``."""

_FlightValue = str | int | date | FlightStatus | None


def flight_shape(flight: Flight, kind: str | None = None) -> dict[str, Any]:
    """One flight in JSON; what is not known is null. ``kind`` is ``owned`` or ``shared`` in somebody's list."""
    return {key: kind if key == "kind" else _shown(getattr(flight, key)) for key in FLIGHT_KEYS}


def _shown(value: _FlightValue) -> str | int | None:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, FlightStatus) else value or None
