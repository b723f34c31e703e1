"""Which provider can tell of a day, by how far off it is and by what is configured, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import NamedTuple

_DAY = timedelta(days=1)
_EASTERNMOST, _WESTERNMOST = timedelta(hours=14), timedelta(hours=-12)
"""Where a day begins first and ends last."""


class Endpoint(Enum):
    """What can be asked of one day."""

    FLIGHTS = "AeroAPI flights"
    AVIATIONSTACK = "AviationStack flights"
    AVIATIONSTACK_DAY = "AviationStack flights of a date"
    SCHEDULES = "AeroAPI schedules"


class Reach(NamedTuple):
    """From how far back to how far ahead an endpoint tells of whole days."""

    back: timedelta
    ahead: timedelta
    words: str


REACHES: Mapping[Endpoint, Reach] = {
    Endpoint.FLIGHTS: Reach(timedelta(days=10), timedelta(days=2), "10 days back to 2 days ahead"),
    # The real-time set has yesterday, today and tomorrow of each origin.
    Endpoint.AVIATIONSTACK: Reach(2 * _DAY, 2 * _DAY, "yesterday to tomorrow"),
    Endpoint.AVIATIONSTACK_DAY: Reach(89 * _DAY, 2 * _DAY, "three months back to tomorrow"),
    Endpoint.SCHEDULES: Reach(89 * _DAY, 365 * _DAY, "three months back to a year ahead"),
}
"""In order of preference: gate times and permanent ids first, the timetable that knows of no delay last."""


_BY_DAY = (Endpoint.AVIATIONSTACK, Endpoint.AVIATIONSTACK_DAY)


class Permit(Enum):
    """What stands between this caller and an endpoint."""

    GRANTED = "granted"
    NO_KEY = "no key is configured"
    SUBSCRIBERS_ONLY = "it is for subscribers"
    PLAN_TOO_LOW = "its plan does not include it"


class DayWindow(NamedTuple):
    """A local day as instants: from its start to before its end."""

    start: datetime
    end: datetime

    def widened(self, by: timedelta) -> DayWindow:
        """The day with something of the days around it."""
        return DayWindow(self.start - by, self.end + by)


def window_of(day: date, zone: tzinfo | None) -> DayWindow:
    """The day in this zone; where the zone is not known, as long as it is this day anywhere."""
    if zone is None:
        midnight = datetime.combine(day, time(), UTC)
        return DayWindow(midnight - _EASTERNMOST, midnight + _DAY - _WESTERNMOST)
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + _DAY))
    return DayWindow(start, end)


class Way(NamedTuple):
    """An endpoint that can be asked, and what speaks for it."""

    endpoint: Endpoint
    reason: str


class Choice(NamedTuple):
    """What can be asked, best first, and why not what else could tell of the day."""

    ways: tuple[Way, ...]
    barred: Mapping[Endpoint, Permit]
    days_ahead: int

    @property
    def is_told_by_nobody(self) -> bool:
        """Whether no endpoint reaches so far, whatever is configured."""
        return not self.ways and not self.barred


def choose(day: date, zone: tzinfo | None, permits: Mapping[Endpoint, Permit], now: datetime) -> Choice:
    """Every endpoint that tells of the whole day, by preference; ``permits`` has those that there are."""
    window = window_of(day, zone or UTC)
    ahead = round((window.start + (window.end - window.start) / 2 - now) / _DAY)
    reaching = [endpoint for endpoint in REACHES if endpoint in permits and _reaches(endpoint, day, zone, now)]
    granted = [endpoint for endpoint in reaching if permits[endpoint] is Permit.GRANTED]
    barred = {endpoint: permits[endpoint] for endpoint in reaching if permits[endpoint] is not Permit.GRANTED}
    return Choice(tuple(Way(endpoint, _reason(endpoint, ahead)) for endpoint in granted), barred, ahead)


def refusal(choice: Choice) -> Permit:
    """Why nothing can be asked although something could tell: what the caller may comes before what is configured."""
    order: Sequence[Permit] = (Permit.SUBSCRIBERS_ONLY, Permit.NO_KEY, Permit.PLAN_TOO_LOW)
    return next(permit for permit in order if permit in choice.barred.values())


def _reaches(endpoint: Endpoint, day: date, zone: tzinfo | None, now: datetime) -> bool:
    # AviationStack knows days, of whichever origin; AeroAPI has to be asked for all that the day may be.
    window = window_of(day, (zone or UTC) if endpoint in _BY_DAY else zone)
    reach = REACHES[endpoint]
    return now - reach.back <= window.start and window.end <= now + reach.ahead


def _reason(endpoint: Endpoint, ahead: int) -> str:
    far = (
        "today"
        if ahead == 0
        else f"{abs(ahead)} day{'' if abs(ahead) == 1 else 's'} {'ahead' if ahead > 0 else 'back'}"
    )
    return f"{far}; it tells of {REACHES[endpoint].words}"
