"""What a provider's answer says of routes, and how it is kept: shared by single look-ups and pages."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from flightctl.domain.designator import Designator
from flightctl.domain.freshness import absence_lifetime
from flightctl.domain.observed import ObservedLeg
from flightctl.domain.references import References, completed, route_of
from flightctl.domain.route import EntryStatus, Route, RouteEntry
from flightctl.domain.selection import ChosenFlight, choose_flight
from flightctl.domain.turn import Lease
from flightctl.errors import IncompleteAnswer, StoreError
from flightctl.store import contributions, leases, proposals, routes
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import Database, Transaction
from flightctl.store.reference_data import packaged_references
from flightctl.store.references import learn, references_for

_T = TypeVar("_T")
_AT_ONCE = 20
"""Entries stored in one write transaction, so that a page holds up nobody."""


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """What has to be known to keep an answer."""

    provider: str
    """Written beside what it brings in: ``aviationstack`` or ``sandbox``."""
    ttl: timedelta
    negative_ttl: timedelta
    keep_payload: bool
    keep: bool = True
    """False where the cache is switched off."""
    learns: bool = True
    """Whether names and codes go into the reference tables; into those of a remote by service only."""


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """A route and the rows that say so."""

    route: Route
    chosen: ChosenFlight

    def entry(self, provider: str, now: datetime) -> RouteEntry:
        """The entry that it makes."""
        names = (self.chosen.legs[0].carrier.name, self.chosen.departure.name, self.chosen.arrival.name)
        return RouteEntry(self.route, EntryStatus.CONFIRMED, provider, now, now, *names)


class KeptRoutes:
    """Routes of one provider on their way into the store."""

    def __init__(self, database: Callable[[], Database], settings: KeepSettings) -> None:
        self._database = database
        self.settings = settings

    def completed(self, legs: Sequence[ObservedLeg]) -> list[ObservedLeg]:
        """The rows with missing codes filled from the reference tables."""
        references = self._references(legs)
        return [completed(leg, references) for leg in legs]

    def may_keep(self, session: Transaction, lease: Lease | None) -> bool:
        """Not where the cache is off, and not where we were gone for so long that somebody else has asked since."""
        return self.settings.keep and (lease is None or leases.holds(session, lease))

    def keep_all(
        self, reads: Sequence[ReadRoute], lease: Lease | None, now: datetime, turn: PaidTurn | None = None
    ) -> None:
        """Store many, in several short transactions. Raises StoreError."""
        for part in in_parts(reads):
            with self._database().writing() as session:
                if self.may_keep(session, lease):
                    self.store(session, part, now, turn)

    def store(
        self, session: Transaction, reads: Sequence[ReadRoute], now: datetime, turn: PaidTurn | None = None
    ) -> None:
        """Store as confirmed; proposals that say the same are settled. ``turn`` is that of who has just paid for it."""
        if contributions.bring_in(session, turn, [(one.route, self._payload(one)) for one in reads], now):
            return
        for one in reads:
            routes.store(session, one.route, self.settings.provider, self._payload(one), now)
        self._settle_proposals(session, reads, now)

    def renew(self, session: Transaction, reads: Sequence[ReadRoute], now: datetime) -> None:
        """The same for routes that stand in the store just so, in a few statements."""
        if self.settings.keep_payload:
            self.store(session, reads, now)
            return
        routes.renew(session, [one.route.cache_key for one in reads], self.settings.provider, now)
        self._settle_proposals(session, reads, now)

    def _settle_proposals(self, session: Transaction, reads: Sequence[ReadRoute], now: datetime) -> None:
        keys = [one.route.cache_key for one in reads]
        proposed = {known.route.cache_key for known in proposals.waiting(session, keys)}
        for one in reads:
            if one.route.cache_key in proposed:
                proposals.settle(session, one.route, self.settings.provider, now)

    def learn(self, session: Transaction, legs: Sequence[ObservedLeg]) -> None:
        """Names and codes for the reference tables."""
        if self.settings.learns:
            learn(session, legs)

    def remember_absence(self, session: Transaction, key: str, now: datetime, turn: PaidTurn | None = None) -> None:
        """Upstream does not know it; an entry that is there stays."""
        lifetime = absence_lifetime(self.settings.negative_ttl, random.random())
        if contributions.bring_in_absence(session, turn, lifetime, self.settings.ttl, now):
            return
        absence = routes.RememberedAbsence(key, self.settings.provider, now, now + lifetime)
        routes.remember_absence(session, absence, fresh_since=now - self.settings.ttl)

    def _payload(self, read: ReadRoute) -> list[dict[str, object]] | None:
        return [dict(leg.raw) for leg in read.chosen.legs] if self.settings.keep_payload else None

    def _references(self, legs: Sequence[ObservedLeg]) -> References:
        try:
            with self._database().reading() as session:
                return references_for(session, legs)
        except StoreError:
            return packaged_references(legs)


def in_parts(items: Sequence[_T]) -> list[Sequence[_T]]:
    """In pieces that one short transaction can store."""
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def flights_of(code: str, legs: Sequence[ObservedLeg], now: datetime) -> Iterator[ReadRoute]:
    """Every flight of this airline in the rows, without those whose codes cannot be filled."""
    by_designator: dict[Designator, list[ObservedLeg]] = {}
    for leg in legs:
        for designator in {leg.flight_iata, leg.flight_icao} - {None}:
            if designator and designator.airline == code:
                by_designator.setdefault(designator, []).append(leg)
    for asked in sorted(by_designator):
        chosen = choose_flight(by_designator[asked], asked, now)
        with suppress(IncompleteAnswer):
            if chosen:
                yield ReadRoute(route_of(chosen, asked), chosen)
