"""Which stored flight a provider is speaking of: by its id, else by name, places and time (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from flightctl.domain.sighting import Place, Sighting

LARGEST_RETIME = timedelta(hours=12)
"""By schedule alone; a larger one is recognised by the provider's id only."""
_AFTER_DEPARTURE = timedelta(hours=3)
"""What has left is not put off any more: so far may two providers' schedules of it lie apart."""


@dataclass(frozen=True, slots=True)
class Known:
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


@dataclass(frozen=True, slots=True)
class Reported:
    """One flight of a provider's answer: several rows where it is a codeshare or was diverted."""

    sightings: tuple[Sighting, ...]

    @property
    def names(self) -> frozenset[str]:
        """Every designator that a row goes by, or is operated as."""
        return frozenset().union(*(_names(one) for one in self.sightings))

    @property
    def provider_ids(self) -> frozenset[tuple[str, str]]:
        """The provider's ids of it; none where it gave none."""
        return frozenset((one.provider, one.provider_id) for one in self.sightings if one.provider_id)

    @property
    def departs_at(self) -> datetime:
        """Scheduled departure, UTC."""
        return departs_at(self.sightings[0])


@dataclass(frozen=True, slots=True)
class Recognised:
    """A reported flight and the stored one that it is; an empty id where it is none of them."""

    reported: Reported
    flight_id: str


def departs_at(sighting: Sighting) -> datetime:
    """Scheduled departure, UTC; every sighting has one."""
    departure = sighting.times.scheduled_departure
    assert departure is not None  # rows without one are kept out by whoever reads them
    return departure


def reported(sightings: Iterable[Sighting]) -> list[Reported]:
    """The rows of one answer, those of one flight together."""
    groups: list[list[Sighting]] = []
    for sighting in sightings:
        same = [group for group in groups if any(_is_same_flight(sighting, other) for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([*(one for group in same for one in group), sighting])
    # The operating row speaks for the flight.
    return [Reported(tuple(sorted(group, key=lambda one: bool(one.operated_as)))) for group in groups]


def recognise(answer: Sequence[Reported], known: Sequence[Known]) -> list[Recognised]:
    """Assign the flights of one answer to stored ones, each to at most one.

    First by the provider's id, whatever the schedule; then by name, places and a scheduled departure at most
    ``LARGEST_RETIME`` from the last known one, so that the sum of all retimes is smallest: times of departure lie on a
    line, and two rotations of one number never change places.
    """
    by_id = {pair: flight.flight_id for flight in known for pair in flight.provider_ids}
    found = {i: _by_provider_id(one, by_id) for i, one in enumerate(answer)}
    taken = set(found.values())
    left = [i for i in range(len(answer)) if not found[i]]
    free = [flight for flight in known if flight.flight_id not in taken]
    found |= _by_schedule({i: answer[i] for i in left}, free)
    return [Recognised(one, found[i]) for i, one in enumerate(answer)]


def _by_provider_id(one: Reported, by_id: dict[tuple[str, str], str]) -> str:
    return next((by_id[pair] for pair in sorted(one.provider_ids) if pair in by_id), "")


def _by_schedule(left: dict[int, Reported], free: Sequence[Known]) -> dict[int, str]:
    """The cheapest assignment in order of time; leaving a flight unassigned costs more than any retime."""
    ones = sorted(left, key=lambda i: (left[i].departs_at, i))
    flights = sorted(free, key=lambda flight: (flight.departs_at, flight.flight_id))

    @cache
    def cheapest(i: int, j: int) -> tuple[int, timedelta, tuple[tuple[int, str], ...]]:
        """(flights left unassigned, sum of retimes, assignment) of ``ones[i:]`` to ``flights[j:]``."""
        if i == len(ones):
            return 0, timedelta(), ()
        unassigned, retimes, pairs = cheapest(i + 1, j)
        best = unassigned + 1, retimes, pairs
        if j == len(flights):
            return best
        best = min(best, cheapest(i, j + 1), key=lambda option: option[:2])
        one, flight = left[ones[i]], flights[j]
        if _may_be(one, flight):
            unassigned, retimes, pairs = cheapest(i + 1, j + 1)
            retime = abs(one.departs_at - flight.departs_at)
            best = min(best, (unassigned, retimes + retime, ((ones[i], flight.flight_id), *pairs)), key=lambda o: o[:2])
        return best

    return dict(cheapest(0, 0)[2])


def _may_be(one: Reported, flight: Known) -> bool:
    first = one.sightings[0]
    if not one.names & flight.names or not (
        is_same_place(first.origin, flight.origin) and is_same_place(first.destination, flight.destination)
    ):
        return False
    furthest = _AFTER_DEPARTURE if flight.has_left else LARGEST_RETIME
    return abs(one.departs_at - flight.departs_at) <= furthest


def is_same_place(one: Place, other: Place) -> bool:
    """IATA decides where both have it: providers differ in ICAO codes of the same airport."""
    if one.iata and other.iata:
        return one.iata == other.iata
    return bool(one.icao) and one.icao == other.icao


def _is_same_flight(one: Sighting, other: Sighting) -> bool:
    """Whether two rows of one answer speak of one flight: the same id, or a codeshare and who operates it."""
    if one.provider_id and other.provider_id:
        return one.provider_id == other.provider_id
    return (
        departs_at(one) == departs_at(other)
        and is_same_place(one.origin, other.origin)
        and is_same_place(one.destination, other.destination)
        and bool(_names(one) & _names(other))
    )


def _names(sighting: Sighting) -> frozenset[str]:
    """What a row goes by; a codeshare's partner ties it to the operating row."""
    partner = {sighting.operated_as} if sighting.operated_as else set()
    return sighting.designators | {sighting.ident} | sighting.codeshares | partner
