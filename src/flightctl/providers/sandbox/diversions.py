"""Flights that land elsewhere. AeroAPI tells; AviationStack's rows know nothing of it, and say landed."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from .chance import one_in
from .position import statute_miles
from .progress import NEVER_CANCELLED, Progress, Status
from .reference import Airport
from .schedule import Leg, legs

_NEAR_MILES = 300.0
_HALF_WAY = 0.5


def diverted_to(leg: Leg, day: date, state: Progress, now: datetime) -> Airport | None:
    """Where the leg of that day goes instead, from half way on; None for all but one in some hundred."""
    if leg.flight == NEVER_CANCELLED or not one_in(90, "diverted", leg.flight, leg.departure.iata, day):
        return None
    is_known = state.status is Status.LANDED or (state.status is Status.ACTIVE and state.share_flown(now) >= _HALF_WAY)
    return _alternate(leg.departure, leg.arrival) if is_known else None


@cache
def _alternate(origin: Airport, planned: Airport) -> Airport | None:
    """The nearest other airport of the timetable; None where that is far."""
    others = {end for leg in legs() for end in (leg.departure, leg.arrival)} - {origin, planned}
    nearest = min(others, key=lambda other: statute_miles(planned, other))
    return nearest if statute_miles(planned, nearest) <= _NEAR_MILES else None
