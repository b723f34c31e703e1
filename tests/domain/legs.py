"""Builders of observed legs and cache entries: a test names what matters to it and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flightctl.domain.designator import Designator, parse_or_none
from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.route import EntryStatus, Route, RouteEntry, direct

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
NZ527 = Designator("NZ", 527)
TTL = timedelta(days=30)


def stop(code: str, zone: str = "UTC", scheduled: datetime | None = None) -> Stop:
    """An airport by its IATA (3 letters) or ICAO (4) code; the other code is missing. ``AKL/NZAA`` has both."""
    codes = code.split("/")
    iata, icao = ("".join(c for c in codes if len(c) == length) for length in (3, 4))
    return Stop(iata, icao, f"Airport {code}", zone, scheduled)


def leg(
    departure: str = "AKL",
    arrival: str = "CHC",
    out: str = "08:00",
    in_: str = "09:20",
    *,
    flight: str = "NZ527",
    icao: str = "",
    day: date = TODAY,
    days_later: int = 0,
    zone: str = "UTC",
    arrival_zone: str = "",
    cancelled: bool = False,
    carrier: Carrier | None = None,
) -> ObservedLeg:
    """A leg of NZ527 that leaves on ``day`` at ``out`` and arrives ``days_later`` at ``in_``, each airport's clock.

    An empty clock is a time that the provider did not give.
    """
    return ObservedLeg(
        flight_iata=parse_or_none(flight),
        flight_icao=parse_or_none(icao),
        flight_date=day,
        cancelled=cancelled,
        carrier=carrier or Carrier(flight[:2], icao[:3], "Some Airline"),
        departure=stop(departure, zone, _clock(day, out)),
        arrival=stop(arrival, arrival_zone or zone, _clock(day + timedelta(days=days_later), in_)),
        raw={},
    )


def entry(route: Route | None = None, *, age: timedelta = timedelta(), provider: str = "aviationstack") -> RouteEntry:
    """A confirmed entry, last vouched for this long before ``NOW``."""
    route = route or direct("NZ527", "NZ", "AKL", "CHC")
    return RouteEntry(route, EntryStatus.CONFIRMED, provider, NOW - age, NOW - age)


def _clock(day: date, text: str) -> datetime | None:
    return datetime.combine(day, time.fromisoformat(text)) if text else None
