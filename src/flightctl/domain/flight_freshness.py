"""How long a dated flight may be answered with: the nearer its departure, the shorter; for ever once it is final."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flightctl.domain.flight import Flight

NEAR = timedelta(hours=48)
WEEK = timedelta(days=7)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


class FlightLifetimes(NamedTuple):
    """By how far off the departure is."""

    near: timedelta
    """Under 48 hours, and from then on until the flight is final."""
    week: timedelta
    """Under a week."""
    far: timedelta

    def of(self, flight: Flight, now: datetime) -> timedelta:
        """That of a flight that is not final."""
        horizon = flight.expected_departure - now
        return self.near if horizon < NEAR else self.week if horizon < WEEK else self.far


def fresh_until(flight: Flight, lifetimes: FlightLifetimes, now: datetime) -> datetime:
    """The first instant at which the flight is no longer fresh; ``FOR_EVER`` where it is final.

    What was seen in the future counts as seen now.
    """
    seen_at = min(flight.observed_at, now)
    # A flight that was last seen before it left may have been cancelled since: time alone does not make it final.
    if flight.is_final(seen_at) or (flight.is_final(now) and flight.has_left):
        return FOR_EVER
    return seen_at + lifetimes.of(flight, now)


def all_fresh_until(flights: Iterable[Flight], lifetimes: FlightLifetimes, now: datetime) -> datetime:
    """The same for several: as long as all of them are; ``FOR_EVER`` for none."""
    return min((fresh_until(flight, lifetimes, now) for flight in flights), default=FOR_EVER)
