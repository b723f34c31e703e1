"""A stored dated flight to vary in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flightctl.domain.flight import TIMES, Flight, FlightStatus


def utc(text: str) -> datetime:
    """The instant of ``2026-12-02 19:30``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def flight(**more: Any) -> Flight:
    """NZ527 of 3 December 2026, Auckland 08:30 to Christchurch 09:55 local time, unless said otherwise."""
    values: dict[str, Any] = {
        "flight_id": "ANZ527.2026-12-03.0830.NZAA.NZCH",
        "ident": "ANZ527",
        "departure_date": date(2026, 12, 3),
        "departure_hhmm": "0830",
        "origin": "NZAA",
        "destination": "NZCH",
        "local_date": date(2026, 12, 3),
        "flight_iata": "NZ527",
        "origin_iata": "AKL",
        "origin_icao": "NZAA",
        "origin_zone": "Pacific/Auckland",
        "destination_iata": "CHC",
        "destination_icao": "NZCH",
        "destination_zone": "Pacific/Auckland",
        "status": FlightStatus.SCHEDULED,
        "provider_status": "scheduled",
        **dict.fromkeys(TIMES),
        "scheduled_out": utc("2026-12-02 19:30"),
        "scheduled_in": utc("2026-12-02 20:55"),
        **dict.fromkeys(("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal"), ""),
        "aircraft_type": "",
        "diverted_to": "",
        "provider": "aviationstack",
        "observed_at": utc("2026-12-02 10:00"),
        "updated_at": utc("2026-12-02 09:00"),
        "version": 1,
    }
    return Flight(**(values | more))
