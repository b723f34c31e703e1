"""Manual proposals: what somebody says a flight's route is, until staff or a provider decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from flightctl.domain.route import Route, RouteEntry


class Decision(Enum):
    """How a proposal ended."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SETTLED = "settled"
    """A provider's answer agreed with it."""
    SUPERSEDED = "superseded"
    """Another proposal for the flight was confirmed."""
    FORGOTTEN = "forgotten"
    """The entry was deleted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One undecided proposal."""

    id: int
    route: Route
    note: str
    replaces: bool
    """Whether staff meant it to replace a confirmed entry."""
    proposed_by: str
    proposed_at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """What staff see of one flight that waits for them."""

    flight_iata: str
    entry: RouteEntry | None
    """What stands in the cache, pending or confirmed."""
    proposals: tuple[Proposal, ...]
    """Oldest first; none where a stale manual entry waits to be confirmed again."""


class Reception(Enum):
    """What to do with a new proposal."""

    WRITE = "write it down"
    KNOWN = "the same waits already"
    REFUSE = "a confirmed entry stands there"


def receive(proposed: Route, standing: RouteEntry | None, waiting: Sequence[Proposal], *, replace: bool) -> Reception:
    """Decide about a new proposal (DESIGN section 3, rule 6). ``standing`` is a confirmed entry, if there is one."""
    if standing is not None and not replace:
        return Reception.REFUSE
    return Reception.KNOWN if any(same_codes(known.route, proposed) for known in waiting) else Reception.WRITE


def same_codes(one: Route, other: Route) -> bool:
    """Whether two routes agree on airline, departure and arrival; a proposal knows no legs."""
    return (one.airline_iata, one.departure_iata, one.arrival_iata) == (
        other.airline_iata,
        other.departure_iata,
        other.arrival_iata,
    )
