"""Which tracked flights a refresh asks for, in which order, and what came of them."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import NEAR, WEEK, FlightLifetimes, fresh_until
from flightctl.domain.renewal import Renewal, RunReport
from flightctl.errors import FlightctlError


class Tracked(NamedTuple):
    """A flight and how many users list it."""

    flight: Flight
    users: int


class DueDay(NamedTuple):
    """What one question renews: the stale tracked flights of a number on a day."""

    designator: str
    day: date
    tracked: tuple[Tracked, ...]


class RenewedFlight(NamedTuple):
    """One flight and what came of it."""

    flight_id: str
    renewal: Renewal
    error: FlightctlError | None = None


FlightRefreshReport = RunReport[RenewedFlight]


def due_days(
    tracked: Iterable[Tracked], lifetimes: FlightLifetimes, now: datetime, ahead: timedelta = timedelta()
) -> list[DueDay]:
    """Questions for what is stale, or will be ``ahead`` from now: nearest departures first, and of those that are
    equally near (within 48 hours, a week, later) the ones with most users; flights without a name are left out.
    """
    days: defaultdict[tuple[str, date], list[Tracked]] = defaultdict(list)
    for one in tracked:
        if fresh_until(one.flight, lifetimes, now) <= now + ahead:
            days[one.flight.flight_iata or one.flight.ident, one.flight.local_date].append(one)
    due = [
        DueDay(name, day, tuple(sorted(some, key=lambda one: one.flight.flight_id)))
        for (name, day), some in days.items()
    ]
    return sorted(due, key=lambda one: _urgency(one, now))


def _urgency(due: DueDay, now: datetime) -> tuple[int, int, timedelta, str, date]:
    departs_in = [one.flight.expected_departure - now for one in due.tracked]
    nearness = bisect((NEAR, WEEK), min(departs_in))
    users = sum(one.users for one in due.tracked)
    return nearness, -users, min(map(abs, departs_in)), due.designator, due.day
