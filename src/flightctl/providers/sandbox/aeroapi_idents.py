"""The names that AeroAPI knows flights by: idents, ICAO before IATA, and an id of its own for each flight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache

from .chance import one_in, roll
from .reference import icao_designator
from .schedule import Leg, legs

_KNOWN_AHEAD = timedelta(hours=48)
_SOURCES = ("airline", "schedule")


def ident_of(designator: str) -> str:
    """The ICAO ident of an IATA designator (`ANZ527`), or the designator where its airline has no ICAO code."""
    return icao_designator(designator) or designator


@cache
def legs_by_ident() -> Mapping[str, tuple[Leg, ...]]:
    """The legs flown under each name, operating and marketing, ICAO and IATA, in the timetable's order."""
    found: dict[str, dict[Leg, None]] = {}
    for leg in legs():
        for designator in (leg.flight, *leg.codeshares):
            for name in (designator, ident_of(designator)):
                found.setdefault(name, {})[leg] = None
    return {name: tuple(flown) for name, flown in found.items()}


def fa_flight_id(leg: Leg, day: date, now: datetime) -> str | None:
    """The id of one flight, always the same; None before two days ahead of its departure, for some a day longer."""
    words = (leg.flight, leg.departure.iata, day)
    made = leg.scheduled_out(day) - _KNOWN_AHEAD + timedelta(minutes=_hesitation_minutes(*words))
    if now < made:
        return None
    return f"{ident_of(leg.flight)}-{int(made.timestamp())}-{_SOURCES[roll(2, 'source', *words)]}-{_suffix(*words)}"


def _hesitation_minutes(*words: object) -> int:
    return roll(24 * 60 if one_in(10, "late id", *words) else 30, "id", *words)


def _suffix(*words: object) -> str:
    number = roll(1000, "suffix", *words)
    return f"{number:03}p" if one_in(5, "letter", *words) else f"{number:04}"
