"""The rows of AeroAPI's /schedules: the published timetable, whatever became of a flight since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from .aeroapi_idents import fa_flight_id, ident_of
from .aeroapi_query import TimetableQuery
from .aeroapi_rows import seats, stamp
from .chance import roll
from .reference import Airport, airline_of
from .schedule import Leg, legs

Row = dict[str, Any]

_MEALS = ("", "Food for sale", "Meal")


@dataclass(frozen=True, slots=True)
class Listed:
    """One leg of one local date, under one of its numbers."""

    scheduled_out: datetime
    designator: str
    leg: Leg
    day: date

    def row(self, now: datetime) -> Row:
        """As the service sends it; `now` decides only whether the flight has its id yet."""
        leg, day = self.leg, self.day
        return {
            **_names("ident", self.designator),
            **_names("actual_ident", leg.flight if self.designator != leg.flight else None),
            "aircraft_type": leg.aircraft,
            "scheduled_in": stamp(leg.scheduled_in(day)),
            "scheduled_out": stamp(self.scheduled_out),
            **_place("origin", leg.departure),
            **_place("destination", leg.arrival),
            "fa_flight_id": fa_flight_id(leg, day, now),
            "meal_service": _MEALS[roll(len(_MEALS), "meal", leg.flight)],
            **seats(leg),
        }


@lru_cache(maxsize=4)
def listed(asked: TimetableQuery) -> tuple[Listed, ...]:
    """All that is asked for, the earliest departure first; kept, since a reader of many pages comes back."""
    found = [
        Listed(leg.scheduled_out(day), designator, leg, day)
        for leg in legs()
        for designator in _numbers(leg, asked)
        for day in asked.window.days_of(leg)
    ]
    return tuple(sorted(found, key=lambda one: (one.scheduled_out, one.designator, one.leg.departure.iata)))


def _numbers(leg: Leg, asked: TimetableQuery) -> Iterator[str]:
    """Those of the leg's numbers that pass every filter."""
    if not (_is_at(leg.departure, asked.origin) and _is_at(leg.arrival, asked.destination)):
        return
    for designator in (leg.flight, *(leg.codeshares if asked.include_codeshares else ())):
        if _is_of(designator, asked.airline) and asked.flight_number in (None, int(designator[2:])):
            yield designator


def _is_at(airport: Airport, code: str | None) -> bool:
    return code is None or code in (airport.icao, airport.iata)


def _is_of(designator: str, airline: str | None) -> bool:
    known = airline_of(designator)
    return airline is None or airline in (known.icao, known.iata)


def _names(field: str, designator: str | None) -> Row:
    """The three members of `ident`, or of `actual_ident`, which are null but for a codeshare."""
    icao = designator and airline_of(designator).icao and ident_of(designator)
    return {field: icao or designator, f"{field}_icao": icao or None, f"{field}_iata": designator}


def _place(end: str, airport: Airport) -> Row:
    return {
        end: airport.code,
        f"{end}_icao": airport.icao,
        f"{end}_iata": airport.iata,
        f"{end}_lid": airport.lid,
    }
