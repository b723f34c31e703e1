"""True flights of one number, as two providers see them: what the book of flights is held against.

They are retimed only as far as they can be recognised: by schedule alone less than half the way to the next rotation
and at most 12 hours, or as far as one likes where the provider has given an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.sightings import AEROAPI, AKL, AVIATIONSTACK, CDG, CHC, HNL, JFK, NICE
from flightctl.domain.flight import minted
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times

OWN, JAZZ, PARTNER = frozenset({"NZ527", "ANZ527"}), frozenset({"QK527", "JZA527"}), frozenset({"SQ4321", "SIA4321"})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
APART = 90 * MINUTE
_FURTHEST = 12 * HOUR
_RENAMED = 3 * HOUR
"""How far a flight is retimed at most when its provider gives it another id at the same time."""

ROUTES = [
    (AKL, CHC),
    (AKL, HNL),
    (HNL, AKL),
    (CDG, NICE),
    (JFK, CDG),
    (AKL, CHC, AKL),
    (CDG, JFK, HNL),
    (HNL, AKL, CHC),
]
FIRST_DAYS = [
    date(2026, 7, 1),
    date(2026, 9, 25),  # summer time begins at Auckland on the 27th, ends there on 4 April
    date(2027, 4, 2),
    date(2026, 10, 23),  # ends at Paris on the 25th, at New York on 1 November
    date(2026, 10, 30),
    date(2027, 3, 12),  # begins at New York on the 14th, at Paris on the 28th
    date(2027, 3, 26),
    date(2026, 12, 30),
]


@dataclass(eq=False)
class TrueFlight:
    """One leg on one day, and what the providers say of it."""

    origin: Place
    destination: Place
    departs_at: datetime
    last_told_at: datetime
    """When it was to leave as told last: how far it may move is measured from there."""
    provider_id: str = ""
    flight_id: str = ""
    """The id that it got when it was seen first."""
    names: set[str] = field(default_factory=set)
    """Everything that it has been called."""

    @property
    def route(self) -> tuple[str, str]:
        return self.origin.iata, self.destination.iata

    @property
    def local(self) -> datetime:
        """Wall clock at the origin."""
        return self.departs_at.astimezone(ZoneInfo(self.origin.zone))


class Retime(NamedTuple):
    """Parts of the room that a flight has, or minutes where it is recognised by id."""

    part: float
    minutes: int


@dataclass
class World:
    """The number's flights, those of later days last."""

    flights: list[TrueFlight]
    operated_by_another: bool
    """Whether the second provider knows it by the name of who operates it."""
    ids_given: int = 0

    def known(self) -> list[TrueFlight]:
        return [one for one in self.flights if one.flight_id]

    def retime(self, one: TrueFlight, retime: Retime, *, by_id: bool, renamed: bool) -> None:
        """Move a flight that somebody has seen."""
        to = one.departs_at + (timedelta(minutes=retime.minutes) if by_id else self._room(one, renamed) * retime.part)
        to = to.replace(second=0, microsecond=0)
        beside = [abs(to - other.departs_at) for other in self._others(one)]
        if all(gap >= (APART if by_id else MINUTE) for gap in beside) and not to.astimezone(_zone(one)).fold:
            one.departs_at = to

    def _room(self, one: TrueFlight, renamed: bool) -> timedelta:
        halves = [abs(one.last_told_at - other.last_told_at) / 2 for other in self._others(one)]
        return min([*halves, _RENAMED if renamed else _FURTHEST])

    def _others(self, one: TrueFlight) -> list[TrueFlight]:
        return [other for other in self.flights if other is not one and other.route == one.route]

    def give_id(self, one: TrueFlight) -> None:
        """The provider's first id of the flight, or another one."""
        self.ids_given += 1
        one.provider_id = f"x{self.ids_given}"

    def first_provider_rows(self, one: TrueFlight, at: datetime, *, partner: bool) -> list[Sighting]:
        """Without ids, maybe with a row of the codeshare's own."""
        row = _row(one, AVIATIONSTACK, at, "ANZ527", OWN)
        if not partner:
            return [row]
        shared = replace(row, ident="SIA4321", designators=PARTNER, codeshares=OWN, operated_as="ANZ527")
        return [shared, row]

    def second_provider_rows(self, one: TrueFlight, at: datetime) -> list[Sighting]:
        """With an id near the date, and with an ICAO code of its own for the airports."""
        names, ident = (JAZZ, "JZA527") if self.operated_by_another else (OWN, "ANZ527")
        row = _row(one, AEROAPI, at, ident, names)
        return [
            replace(
                row,
                provider_id=one.provider_id,
                codeshares=(OWN | PARTNER) - names,
                origin=one.origin._replace(icao=f"X{one.origin.iata}"),
                destination=one.destination._replace(icao=f"X{one.destination.iata}"),
            )
        ]


def saw(one: TrueFlight, rows: Iterable[Sighting]) -> None:
    """Note the id and the names that a flight has once these rows of it were taken up."""
    one.last_told_at = one.departs_at
    for row in rows:
        if not one.flight_id:
            ident = row.operated_as or row.ident
            one.flight_id = str(minted(ident, row.scheduled_local, row.origin.code, row.destination.code))
        one.names |= row.designators | row.codeshares | {row.ident} | ({row.provider_id} if row.provider_id else set())


def _row(one: TrueFlight, provider: str, at: datetime, ident: str, names: frozenset[str]) -> Sighting:
    return Sighting(
        provider=provider,
        provider_id="",
        ident=ident,
        designators=names,
        codeshares=frozenset(),
        operated_as="",
        origin=one.origin,
        destination=one.destination,
        scheduled_local=one.local.replace(tzinfo=None),
        times=Times(scheduled_out=one.departs_at, scheduled_in=one.departs_at + 80 * MINUTE),
        status=FlightStatus.SCHEDULED,
        provider_status="",
        observed_at=at,
    )


def _zone(one: TrueFlight) -> ZoneInfo:
    return ZoneInfo(one.origin.zone)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Rotations of one number, or of its legs that chain, on some days."""
    stops, first_day = draw(st.sampled_from(ROUTES)), draw(st.sampled_from(FIRST_DAYS))
    rotations = draw(st.sampled_from([[20], [8 * 60 + 30], [23 * 60 + 50], *_SEVERAL]))
    flights = [
        _leg(first_day + day * DAY, minutes + leg * 200, stops[leg], stops[leg + 1])
        for day in range(draw(st.integers(1, 4)))
        for minutes in rotations
        for leg in range(len(stops) - 1)
    ]
    return World(flights, operated_by_another=draw(st.booleans()))


_SEVERAL = [[6 * 60, 20 * 60], [10, 23 * 60 + 40 - 90], [7 * 60, 8 * 60 + 30, 14 * 60], [120, 300, 720]]
"""Departures of a day, as minutes of the first airport's clock."""


def _leg(day: date, minutes: int, origin: Place, destination: Place) -> TrueFlight:
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    departs_at = local.replace(tzinfo=ZoneInfo(origin.zone)).astimezone(UTC)
    return TrueFlight(origin, destination, departs_at, departs_at)


def in_parts(rows: Sequence[list[Sighting]], first_new: int, chance: Random, *, cut: bool) -> list[list[Sighting]]:
    """The rows of an answer, shuffled; if it is cut, what is seen for the first time comes in the second part."""
    everything = [row for some in rows for row in some]
    chance.shuffle(everything)
    if not cut:
        return [everything]
    known = [row for some in rows[:first_new] for row in some]
    at = chance.randint(0, len(known))
    first = chance.sample(known, at)
    return [first, [row for row in everything if not any(row is one for one in first)]]
