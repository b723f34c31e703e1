"""How far one leg of one day has come at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from .chance import one_in, roll
from .schedule import Leg

NEVER_CANCELLED = "NZ527"
"""The flight of the first example anybody tries."""

_NOTICE_OF_CANCELLATION = timedelta(hours=6)
_NOTICE_OF_DELAY = timedelta(hours=3)


class Status(StrEnum):
    """`flight_status`, as the real service documents it; the sandbox shows the first four."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    LANDED = "landed"
    CANCELLED = "cancelled"
    INCIDENT = "incident"
    DIVERTED = "diverted"


@dataclass(frozen=True, slots=True)
class Movement:
    """A departure or an arrival as it looks at one moment; times in UTC."""

    scheduled: datetime
    expected: datetime
    """Scheduled, or better where a delay has been announced."""
    happened: bool

    @property
    def delay_minutes(self) -> int | None:
        """Whole minutes behind schedule; None when on time or early, as the real service has it."""
        minutes = (self.expected - self.scheduled) // timedelta(minutes=1)
        return minutes if minutes > 0 else None


@dataclass(frozen=True, slots=True)
class Progress:
    """One leg of one day at one moment."""

    status: Status
    departure: Movement
    arrival: Movement

    def share_flown(self, now: datetime) -> float:
        """From 0.0 at take-off to 1.0 at landing, for an active leg."""
        return (now - self.departure.expected) / (self.arrival.expected - self.departure.expected)


def progress(leg: Leg, day: date, now: datetime) -> Progress:
    """Where the leg of local date `day` is at `now`: the same for the same three, always."""
    out, landing = leg.scheduled_out(day), leg.scheduled_in(day)
    if _is_cancelled(leg, day) and now >= out - _NOTICE_OF_CANCELLATION:
        return Progress(Status.CANCELLED, Movement(out, out, False), Movement(landing, landing, False))
    if now < out - _NOTICE_OF_DELAY:
        return Progress(Status.SCHEDULED, Movement(out, out, False), Movement(landing, landing, False))
    late = _departure_drift(leg, day)
    late_in = _whole_minutes(late - min(_made_up(leg, day), (landing - out) / 6))
    return _by_the_clock(Movement(out, out + late, now >= out + late), landing, landing + late_in, now)


def _by_the_clock(departure: Movement, scheduled_in: datetime, landing: datetime, now: datetime) -> Progress:
    arrival = Movement(scheduled_in, landing, now >= landing)
    return Progress(_status(departure, arrival), departure, arrival)


def _status(departure: Movement, arrival: Movement) -> Status:
    if arrival.happened:
        return Status.LANDED
    return Status.ACTIVE if departure.happened else Status.SCHEDULED


def _is_cancelled(leg: Leg, day: date) -> bool:
    return leg.flight != NEVER_CANCELLED and one_in(70, "cancelled", leg.flight, day)


def _departure_drift(leg: Leg, day: date) -> timedelta:
    """Mostly a few minutes early or late, now and then hours late."""
    words = (leg.flight, leg.departure.iata, day)
    mood, extent = roll(100, "mood", *words), roll(1000, "extent", *words)
    if mood < 60:
        return timedelta(minutes=extent % 8 - 6)
    if mood < 96:
        return timedelta(minutes=2 + extent % 40)
    return timedelta(minutes=60 + extent % 120)


def _made_up(leg: Leg, day: date) -> timedelta:
    return timedelta(minutes=roll(13, "made up", leg.flight, leg.departure.iata, day))


def _whole_minutes(span: timedelta) -> timedelta:
    return timedelta(minutes=span // timedelta(minutes=1))
