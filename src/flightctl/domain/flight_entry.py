"""A stored flight with what it goes by, and what has to be written of some."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flightctl.domain.flight import Flight
from flightctl.domain.flight_news import Change
from flightctl.domain.horizon import DayWindow
from flightctl.domain.recognition import Known
from flightctl.domain.sighting import Place

DESIGNATOR, CODESHARE, SCHEDULE = "designator", "codeshare", "schedule"
"""Kinds of alias; any other kind is the provider whose id it is.

A ``schedule`` is the id that the flight would have got if a later schedule of it had been its first: by it, a report
that is older than what is known, and names that schedule, is known for what it is.
"""
_NO_IDS = (DESIGNATOR, CODESHARE, SCHEDULE)
_GONE_FOR_GOOD = timedelta(hours=12)
"""What should have left so long ago has left, even if nobody said so."""


@dataclass(slots=True)
class Entry:
    """A flight and what it goes by."""

    flight: Flight
    aliases: dict[str, str]
    """Kind by alias."""
    told: set[str] = field(default_factory=set, compare=False)
    """Fields that changed at the very moment when it was last heard of: of what is told at one moment, the first word
    counts, so that the same again changes nothing.
    """

    def known(self, now: datetime, covers: DayWindow | None) -> Known:
        """What recognising it takes, for an answer of this moment, and of this time where that is known."""
        flight = self.flight
        is_covered = covers.start <= flight.departs_at < covers.end if covers else now < flight.expected_departure
        return Known(
            flight.flight_id,
            frozenset(alias for alias, kind in self.aliases.items() if kind in (DESIGNATOR, CODESHARE)),
            frozenset((kind, alias) for alias, kind in self.aliases.items() if kind not in _NO_IDS),
            Place(flight.origin_iata, flight.origin_icao, flight.origin_zone),
            Place(flight.destination_iata, flight.destination_icao, flight.destination_zone),
            flight.departs_at,
            has_left=flight.has_left or now - flight.expected_departure > _GONE_FOR_GOOD,
            is_told_elsewhere=not is_covered,
            seen=(flight.provider, flight.observed_at),
        )


@dataclass(slots=True)
class Written:
    """What has to be written: flights by id, changes and aliases as they came."""

    created: dict[str, Flight] = field(default_factory=dict)
    changed: dict[str, Flight] = field(default_factory=dict)
    """Those with new values, in their last state."""
    seen: dict[str, Flight] = field(default_factory=dict)
    """Those that were vouched for, and stayed as they were."""
    changes: list[Change] = field(default_factory=list)
    columns: dict[str, frozenset[str]] = field(default_factory=dict)
    """Fields, by id, of which those that are changed or seen have other values than are stored; all, if it is not
    said.
    """
    moved: set[str] = field(default_factory=set)
    """Ids of those that leave on another local day than before."""
    aliases: list[tuple[Entry, str, str]] = field(default_factory=list)
    """(flight, alias, kind) that are new."""
