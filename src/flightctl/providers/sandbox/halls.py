"""Terminals, gates and belts: the same whichever provider is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .chance import roll
from .schedule import Leg

_TERMINALS = ("1", "2", "3", "A")
_GATES = tuple(f"{pier}{number}" for pier in "ABCD" for number in range(1, 41))
_BELTS = tuple(map(str, range(1, 25)))


@dataclass(frozen=True, slots=True)
class Hall:
    """Where passengers go at one end of a leg; None where it is not told."""

    terminal: str | None
    gate: str | None


def departure_hall(leg: Leg, day: date) -> Hall:
    """At the origin."""
    return _hall("departure", leg, day)


def arrival_hall(leg: Leg, day: date) -> Hall:
    """At the destination."""
    return _hall("arrival", leg, day)


def baggage_belt(leg: Leg, day: date) -> str | None:
    """Where the bags come; None where it is not told."""
    return _choice(_BELTS, "belt", leg.flight, leg.arrival.iata, day)


def _hall(end: str, leg: Leg, day: date) -> Hall:
    """A flight keeps its terminal from day to day; its gate moves."""
    flight = (end, leg.flight, leg.departure.iata)
    return Hall(_choice(_TERMINALS, "terminal", *flight), _choice(_GATES, "gate", *flight, day))


def _choice(known: tuple[str, ...], *words: object) -> str | None:
    """One of `known`, or None in two cases of five."""
    return None if roll(5, "known", *words) < 2 else known[roll(len(known), *words)]
