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
    """At the gate."""
    expected: datetime
    """At the gate: as scheduled, or better where a delay has been announced."""
    taxi: timedelta
    """From the time at the gate to that on the runway: forward for a departure, back for an arrival."""
    happened: bool
    """Whether the aircraft has left the runway, or touched it."""

    @property
    def scheduled_runway(self) -> datetime:
        """When the wheels are to leave the ground, or to touch it."""
        return self.scheduled + self.taxi

    @property
    def runway(self) -> datetime:
        """When the wheels leave the ground, or touch it, by what is expected now."""
        return self.expected + self.taxi

    @property
    def delay_minutes(self) -> int | None:
        """Whole minutes behind schedule; None when on time or early, as the real service has it."""
        minutes = (self.expected - self.scheduled) // timedelta(minutes=1)
        return minutes if minutes > 0 else None


@dataclass(frozen=True, slots=True)
class _Drift:
    """How late a leg leaves and reaches its gates; below zero it is early."""

    departure: timedelta = timedelta()
    arrival: timedelta = timedelta()


_ON_TIME = _Drift()


@dataclass(frozen=True, slots=True)
class Progress:
    """One leg of one day at one moment."""

    status: Status
    departure: Movement
    arrival: Movement

    def share_flown(self, now: datetime) -> float:
        """From 0.0 at take-off to 1.0 at landing, for an active leg."""
        return (now - self.departure.runway) / (self.arrival.runway - self.departure.runway)


def progress(leg: Leg, day: date, now: datetime) -> Progress:
    """Where the leg of local date `day` is at `now`: the same for the same three, always."""
    out = leg.scheduled_out(day)
    if _is_cancelled(leg, day) and now >= out - _NOTICE_OF_CANCELLATION:
        return Progress(Status.CANCELLED, *_movements(leg, day, _ON_TIME, None))
    drift = _drift(leg, day) if now >= out - _NOTICE_OF_DELAY else _ON_TIME
    departure, arrival = _movements(leg, day, drift, now)
    return Progress(_status(departure, arrival), departure, arrival)


def _movements(leg: Leg, day: date, drift: _Drift, now: datetime | None) -> tuple[Movement, Movement]:
    """Departure and arrival; without a `now` neither has happened."""
    block = leg.block(day)
    departure = _movement(leg.scheduled_out(day), drift.departure, _taxi_out(leg, day, block), now)
    return departure, _movement(leg.scheduled_in(day), drift.arrival, -_taxi_in(leg, day, block), now)


def _movement(scheduled: datetime, late: timedelta, taxi: timedelta, now: datetime | None) -> Movement:
    expected = scheduled + late
    return Movement(scheduled, expected, taxi, now is not None and now >= expected + taxi)


def _status(departure: Movement, arrival: Movement) -> Status:
    if arrival.happened:
        return Status.LANDED
    return Status.ACTIVE if departure.happened else Status.SCHEDULED


def _is_cancelled(leg: Leg, day: date) -> bool:
    return leg.flight != NEVER_CANCELLED and one_in(70, "cancelled", leg.flight, day)


def _drift(leg: Leg, day: date) -> _Drift:
    late = _departure_drift(leg, day)
    return _Drift(late, _whole_minutes(late - min(_made_up(leg, day), leg.block(day) / 6)))


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


def _taxi_out(leg: Leg, day: date, block: timedelta) -> timedelta:
    """10 to 20 minutes; less on a hop that takes not much longer."""
    drawn = timedelta(minutes=10 + roll(11, "taxi out", leg.flight, leg.departure.iata, day))
    return _whole_minutes(min(drawn, block / 4))


def _taxi_in(leg: Leg, day: date, block: timedelta) -> timedelta:
    """4 to 8 minutes; less on a hop."""
    drawn = timedelta(minutes=4 + roll(5, "taxi in", leg.flight, leg.departure.iata, day))
    return _whole_minutes(min(drawn, block / 8))


def _whole_minutes(span: timedelta) -> timedelta:
    return timedelta(minutes=span // timedelta(minutes=1))
