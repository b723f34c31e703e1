"""What a provider's rows of dated flights are read with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

ZoneOf = Callable[[str], str]
"""IANA name of the zone of an airport, by its ICAO or IATA code, from our own table; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Who was asked, when, and where our own airports are."""

    provider: str
    """What sightings name as their source: ``aeroapi``, ``aviationstack`` or ``sandbox``."""
    observed_at: datetime
    """When the provider was asked, UTC."""
    zone_of: ZoneOf
