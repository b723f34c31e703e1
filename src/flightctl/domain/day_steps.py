"""Sentences for ``--explain`` of a look-up for one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flightctl.domain.explanation import TiersAsked, age
from flightctl.domain.flight_freshness import FOR_EVER, FlightLifetimes, all_fresh_until
from flightctl.domain.horizon import Choice
from flightctl.domain.stored_day import DayMove, StoredDay


def of_not_asking(move: DayMove) -> list[str]:
    """Why nobody is asked."""
    return [f"upstream: not asked; {move.value}"]


def of_stored(stored: StoredDay, lifetimes: FlightLifetimes, now: datetime, asked: TiersAsked) -> list[str]:
    """What the tier that keeps days has of this one."""
    return [f"{asked.entry}: {asked.remote or _state(stored, lifetimes, now)}"]


def _state(stored: StoredDay, lifetimes: FlightLifetimes, now: datetime) -> str:
    if not stored.flights:
        if stored.is_absent(now) and stored.absent_until is not None:
            return f"{stored.provider} knew no such flight; remembered until {stored.absent_until:%H:%M} UTC"
        return "nothing is stored of that day"
    n, seen = len(stored.flights), min(flight.observed_at for flight in stored.flights)
    until = all_fresh_until(stored.flights, lifetimes, now)
    state = "final" if until == FOR_EVER else f"fresh until {until:%Y-%m-%d %H:%M} UTC"
    if until <= now:
        state = f"stale since {until:%Y-%m-%d %H:%M} UTC"
    whole = "" if stored.asked_at else "; nobody has asked for the whole day"
    return f"{n} flight{'' if n == 1 else 's'}, last seen {age(seen, now)} ago, {state}{whole}"


def of_barred(choice: Choice) -> list[str]:
    """Endpoints that could tell of the day and cannot be asked."""
    if choice.is_told_by_nobody:
        return ["upstream: no provider tells of a day so far off"]
    return [f"{endpoint.value}: not asked, {permit.value}" for endpoint, permit in choice.barred.items()]


def of_asking(choice: Choice, passed_over: Sequence[str], paid: int, bill: str) -> list[str]:
    """Which endpoint was asked and why, which were not, and what it cost."""
    asked = choice.ways[len(passed_over)]
    steps = [*of_barred(choice), *passed_over] if choice.barred else [*passed_over]
    if not paid:
        return [*steps, f"{asked.endpoint.value}: no paid call was made", "price: nothing was paid"]
    calls = "one paid call" if paid == 1 else f"{paid} paid calls"
    return [*steps, f"{asked.endpoint.value}: asked, {calls}; {asked.reason}", f"price: {bill}"]
