"""The sandbox's timetable: every leg flies every day at the same local times."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files

from .reference import Airport, airport


@dataclass(frozen=True, slots=True)
class Leg:
    """One take-off and landing of the timetable."""

    flight: str
    """IATA designator of the operating airline."""
    departure: Airport
    arrival: Airport
    out: time
    """Wall clock at the departure gate."""
    in_: time
    """Wall clock at the arrival gate."""
    days_later: int
    """The arrival's local date less the departure's: -1 across the date line, up to 2."""
    aircraft: str
    """ICAO type designator."""
    codeshares: tuple[str, ...]
    """Marketing designators of the same leg."""

    def scheduled_out(self, day: date) -> datetime:
        """When the leg of local date `day` leaves its gate, in UTC."""
        return datetime.combine(day, self.out, self.departure.zone).astimezone(UTC)

    def scheduled_in(self, day: date) -> datetime:
        """When the leg that leaves on local date `day` is at its gate, in UTC."""
        landing_day = day + timedelta(days=self.days_later)
        return datetime.combine(landing_day, self.in_, self.arrival.zone).astimezone(UTC)

    def block(self, day: date) -> timedelta:
        """From gate to gate, for the leg that leaves on local date `day`."""
        return self.scheduled_in(day) - self.scheduled_out(day)


@cache
def legs() -> tuple[Leg, ...]:
    """The whole timetable, in the file's order."""
    with files("flightctl").joinpath("data", "sandbox_flights.csv").open(encoding="utf-8") as table:
        return tuple(_leg(row) for row in csv.DictReader(table))


def legs_under(designator: str | None) -> Iterable[Leg]:
    """The legs that this IATA designator operates or markets; None means all."""
    if designator is None:
        return legs()
    return (leg for leg in legs() if designator == leg.flight or designator in leg.codeshares)


def _leg(row: Mapping[str, str]) -> Leg:
    return Leg(
        flight=row["flight"],
        departure=airport(row["departure"]),
        arrival=airport(row["arrival"]),
        out=time.fromisoformat(row["out"]),
        in_=time.fromisoformat(row["in"][:5]),
        days_later=int(row["in"][5:] or 0),
        aircraft=row["aircraft"],
        codeshares=tuple(row["codeshares"].split()),
    )
