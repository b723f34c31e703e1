"""AviationStack's rows between airports that no table knows, and what is read of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wire import row, stop

from flightctl.domain.sighting import Sighting
from flightctl.domain.sighting_page import Rejected
from flightctl.providers.aviationstack_sightings import sighting
from flightctl.providers.reading import Reading

AUCKLAND, PARIS = "Pacific/Auckland", "Europe/Paris"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
NO_TABLE = Reading("aviationstack", NOW, lambda _: "")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def table(**zones: str) -> Reading:
    """Our own airports are these."""
    return Reading("aviationstack", NOW, lambda code: zones.get(code, ""))


def end(scheduled: object, zone: object = AUCKLAND, **changes: object) -> dict[str, Any]:
    """An airport that no table knows."""
    return {**stop("XXA", "XXAA", "", ""), "scheduled": scheduled, "estimated": None, "timezone": zone, **changes}


def leg(departure: dict[str, Any], arrival: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A row of the departure's day."""
    day = str(departure["scheduled"])[:10]
    return row(flight_date=day, departure=departure, arrival=arrival or end(None), **changes)


def read(given_row: dict[str, Any], reading: Reading = NO_TABLE) -> Sighting:
    made = sighting(given_row, reading)
    assert isinstance(made, Sighting), made
    return made


def reason(given_row: dict[str, Any], reading: Reading = NO_TABLE) -> str:
    made = sighting(given_row, reading)
    assert isinstance(made, Rejected), made
    return made.reason
