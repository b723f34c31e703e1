"""Which stored flight a provider is speaking of: by its id, else by name, places and time (DESIGN section 5)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flightctl.domain.assignment import assigned
from flightctl.domain.flight import FlightId, minted
from flightctl.domain.sighting import FlightStatus, Place, Sighting
from flightctl.domain.zones import zone_named

LARGEST_RETIME = timedelta(hours=12)
"""By schedule alone, in time or on the origin's clock; a larger one is recognised by the provider's id only."""
FURTHEST_APART = LARGEST_RETIME + timedelta(hours=1)
"""Twelve hours on the clock, in the night when summer time ends."""
_AFTER_DEPARTURE = timedelta(hours=3)
"""What has left is not put off any more: so far may two providers' schedules of it lie apart. Nor is a flight of
another day taken for one that the answer need not speak of, or that had another id, unless it is as near.
"""


class Known(NamedTuple):
    """A stored flight, as far as recognising it takes."""

    flight_id: str
    names: frozenset[str]
    """Canonical designators it goes by: its ident, aliases and codeshares."""
    provider_ids: frozenset[tuple[str, str]]
    """(provider, id) under which it was seen."""
    origin: Place
    destination: Place
    departs_at: datetime
    """Scheduled departure as last known, UTC."""
    has_left: bool = False
    is_told_elsewhere: bool = False
    """Whether the answer need not speak of it: its time was not asked for, or it should have left by now."""
    seen: tuple[str, datetime] | None = None
    """Who was heard of it last, and when that provider was asked."""


class Reported(NamedTuple):
    """One flight of a provider's answer: several rows where it is a codeshare or was diverted."""

    sightings: tuple[Sighting, ...]
    names: frozenset[str]
    """Every designator that a row goes by, or is operated as."""
    provider_ids: frozenset[tuple[str, str]]
    """The provider's ids of it; none where it gave none."""
    departs_at: datetime
    """Scheduled departure, UTC."""
    minted_id: FlightId
    """The id that the flight gets if it is seen for the first time."""
    own_id: str
    """The same as text."""


_Numbered = tuple[int, Reported]
"""A reported flight and its place in the answer."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A reported flight and the stored one that it is; an empty id where it is none of them."""

    reported: Reported
    flight_id: str


def report_of(sightings: Sequence[Sighting]) -> Reported:
    """What these rows say together; the first speaks for the flight."""
    first = sightings[0]
    own_id = own_id_of(first)
    return Reported(
        tuple(sightings),
        names_of(first) if len(sightings) == 1 else frozenset().union(*map(names_of, sightings)),
        frozenset((one.provider, one.provider_id) for one in sightings if one.provider_id),
        departs_at(first),
        own_id,
        str(own_id),
    )


def own_id_of(sighting: Sighting) -> FlightId:
    """The id that the row's flight gets if it is seen for the first time. A codeshare goes by who operates it."""
    ident = sighting.operated_as or sighting.ident
    return minted(ident, sighting.scheduled_local, sighting.origin.code, sighting.destination.code)


def departs_at(sighting: Sighting) -> datetime:
    """Scheduled departure, UTC; every sighting has one."""
    departure = sighting.times.scheduled_departure
    assert departure is not None  # rows without one are kept out by whoever reads them
    return departure


def reported(sightings: Sequence[Sighting]) -> list[Reported]:
    """The rows of one answer, those of one flight together."""
    if len(sightings) == 1:
        return [report_of(sightings)]
    groups: list[list[Sighting]] = []
    alike: defaultdict[object, list[list[Sighting]]] = defaultdict(list)
    for sighting in sightings:
        keys = _keys(sighting)
        near = {id(group): group for key in keys for group in alike[key]}.values()
        same = [group for group in near if any(_is_same_flight(sighting, other) for other in group)]
        joined = [*(one for group in same for one in group), sighting]
        groups = [group for group in groups if not any(group is other for other in same)] if same else groups
        groups.append(joined)
        for key in {key for one in joined for key in _keys(one)}:
            alike[key] = [*(group for group in alike[key] if not any(group is other for other in same)), joined]
    return [report_of(sorted(group, key=_rank)) for group in groups]


def _keys(one: Sighting) -> list[object]:
    """Rows of one flight have one of these in common."""
    return [departs_at(one), *([(one.provider, one.provider_id)] if one.provider_id else [])]


def _rank(one: Sighting) -> tuple[bool, bool, bool]:
    """The operating row speaks for the flight, of a diversion the row between the planned airports, and of two plans
    the one that was not given up.
    """
    ends = {one.origin.iata, one.origin.icao, one.destination.iata, one.destination.icao}
    return bool(one.operated_as), one.diverted_to in ends - {""}, one.status is FlightStatus.CANCELLED


def recognise(answer: Sequence[Reported], known: Sequence[Known]) -> list[Recognised]:
    """Assign the flights of one answer to stored ones, each to at most one.

    First by the provider's id, whatever the schedule, also where several ids lead to one flight; then by name, places
    and a scheduled departure at most ``LARGEST_RETIME`` from the last known one, so that the sum of all retimes is
    smallest: times of departure lie on a line, and two rotations of one number never change places on it.
    """
    by_id = {pair: flight.flight_id for flight in known for pair in flight.provider_ids}
    answer = _joined(answer, by_id)
    found = {i: _by_provider_id(one, by_id) for i, one in enumerate(answer)}
    taken = set(found.values())
    left = [(i, one) for i, one in enumerate(answer) if not found[i]]
    found |= _by_schedule(left, [flight for flight in known if flight.flight_id not in taken])
    return [Recognised(one, found[i]) for i, one in enumerate(answer)]


def _joined(answer: Sequence[Reported], by_id: dict[tuple[str, str], str]) -> list[Reported]:
    """Those with ids of one stored flight as one: its plan was filed anew, and the old one is told beside it."""
    alike: defaultdict[str | int, list[Reported]] = defaultdict(list)
    for i, one in enumerate(answer):
        alike[_by_provider_id(one, by_id) or i].append(one)
    return [some[0] if len(some) == 1 else _as_one(some) for some in alike.values()]


def _as_one(some: Iterable[Reported]) -> Reported:
    return report_of(sorted((row for one in some for row in one.sightings), key=_rank))


def _by_provider_id(one: Reported, by_id: dict[tuple[str, str], str]) -> str:
    known = [pair for pair in one.provider_ids if pair in by_id]
    return by_id[min(known)] if known else ""


def _by_schedule(left: Sequence[_Numbered], free: Sequence[Known]) -> dict[int, str]:
    if len(left) == len(free) == 1:
        return {left[0][0]: free[0].flight_id} if _may_be(left[0][1], free[0]) else {}
    found: dict[int, str] = {}
    flights = sorted(free, key=lambda flight: (flight.departs_at, flight.flight_id))
    for ones, possible in _lines(left, flights):
        found |= _on_a_line(ones, [flights[j] for j in sorted(possible)])
    return found


def _lines(left: Sequence[_Numbered], flights: Sequence[Known]) -> list[tuple[list[_Numbered], set[int]]]:
    """Parts of which none may be one of another part, with indexes of flights: a leg may well pass another one by."""
    lines: list[tuple[list[_Numbered], set[int]]] = []
    times = [flight.departs_at for flight in flights]
    for one in left:
        departs_at = one[1].departs_at
        first, after = bisect_left(times, departs_at - FURTHEST_APART), bisect_right(times, departs_at + FURTHEST_APART)
        near = {j for j in range(first, after) if _may_be(one[1], flights[j])}
        same = [line for line in lines if not near.isdisjoint(line[1])]
        lines = [line for line in lines if near.isdisjoint(line[1])]
        lines.append(([*(each for ones, _ in same for each in ones), one], near.union(*(js for _, js in same))))
    return lines


def _on_a_line(left: Sequence[_Numbered], flights: Sequence[Known]) -> dict[int, str]:
    """``flights`` are in order of departure."""
    ones = sorted(left, key=lambda one: (one[1].departs_at, one[0]))
    pairs = assigned(
        [one.departs_at for _, one in ones],
        [flight.departs_at for flight in flights],
        lambda i, j: _may_be(ones[i][1], flights[j]),
        FURTHEST_APART,
    )
    return {ones[i][0]: flights[j].flight_id for i, j in pairs}


def _may_be(one: Reported, flight: Known) -> bool:
    first = one.sightings[0]
    return (
        _retime(one.departs_at, flight) <= _furthest(one, flight)
        and bool(one.names & flight.names)
        and is_same_place(first.origin, flight.origin)
        and is_same_place(first.destination, flight.destination)
    )


def _retime(departs_at: datetime, flight: Known) -> timedelta:
    """How far the schedules lie apart: in time or, where that is a little too much, on the origin's clock."""
    retime, zone = abs(departs_at - flight.departs_at), zone_named(flight.origin.zone)
    if zone is None or not LARGEST_RETIME < retime <= FURTHEST_APART:
        return retime
    clocks = (moment.astimezone(zone).replace(tzinfo=None) for moment in (departs_at, flight.departs_at))
    return min(retime, abs(next(clocks) - next(clocks)))


def _furthest(one: Reported, flight: Known) -> timedelta:
    """How far the schedules may lie apart."""
    first = one.sightings[0]
    if flight.seen == (first.provider, first.observed_at):
        # The same answer spoke of it already, so this is a flight beside it.
        return timedelta()
    doubtful = flight.is_told_elsewhere or _is_renamed(one, flight)
    if flight.has_left or (doubtful and not _is_on_the_same_day(first, flight)):
        return _AFTER_DEPARTURE
    return LARGEST_RETIME


def _is_renamed(one: Reported, flight: Known) -> bool:
    """Whether the provider has given it an id before, and another one now."""
    ids = {provider for provider, _ in one.provider_ids}
    return any(provider in ids for provider, _ in flight.provider_ids)


def _is_on_the_same_day(first: Sighting, flight: Known) -> bool:
    zone = zone_named(flight.origin.zone)
    return zone is None or flight.departs_at.astimezone(zone).date() == first.departure_date


def is_same_place(one: Place, other: Place) -> bool:
    """IATA decides where both have it: providers differ in ICAO codes of the same airport."""
    if one.iata and other.iata:
        return one.iata == other.iata
    return bool(one.icao) and one.icao == other.icao


def _is_same_flight(one: Sighting, other: Sighting) -> bool:
    """Whether two rows of one answer speak of one flight: the same id, or a codeshare and who operates it.

    A number does not leave an airport twice at the same minute, whatever the ids: a flight plan may be filed anew.
    """
    if one.provider_id and one.provider_id == other.provider_id:
        return True
    return (
        departs_at(one) == departs_at(other)
        and is_same_place(one.origin, other.origin)
        and is_same_place(one.destination, other.destination)
        and bool(names_of(one) & names_of(other))
    )


def names_of(sighting: Sighting) -> frozenset[str]:
    """What a row goes by; a codeshare's partner ties it to the operating row."""
    partner = {sighting.operated_as} if sighting.operated_as else set()
    return sighting.designators | {sighting.ident} | sighting.codeshares | partner
