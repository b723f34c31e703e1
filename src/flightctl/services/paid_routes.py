"""The paid step of the read-through cache: ask the provider, keep what it says, write down what it cost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightctl.domain.billing import Cause
from flightctl.domain.designator import Designator
from flightctl.domain.freshness import absence_lifetime
from flightctl.domain.observed import FlightsPage, ObservedLeg
from flightctl.domain.references import References, completed, route_of
from flightctl.domain.route import EntryStatus, Route, RouteEntry
from flightctl.domain.selection import ChosenFlight, choose_flight
from flightctl.domain.turn import Lease
from flightctl.errors import IncompleteAnswer, LocalFileError
from flightctl.providers.aviationstack import AviationStack
from flightctl.services.spending import Call, Errand, Spending
from flightctl.store import leases, ledger, proposals, routes
from flightctl.store.engine import Database, Transaction
from flightctl.store.reference_data import packaged_references
from flightctl.store.references import learn, references_for

_AT_ONCE = 20
"""Entries stored in one write transaction, so that a page holds up nobody."""


@dataclass(frozen=True, slots=True)
class PaidSettings:
    """What the paid step needs to know."""

    provider: str
    """Written beside what it brings in: ``aviationstack`` or ``sandbox``."""
    ttl: timedelta
    negative_ttl: timedelta
    keep_payload: bool
    keep: bool = True
    """False where the cache is switched off."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one paid call brought."""

    entries: tuple[RouteEntry, ...]
    """Empty: upstream does not know it."""
    complete: bool
    """Whether the one page that was read holds every match."""
    trouble: LocalFileError | None = None
    """Why the answer could not be kept."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A route and the rows that say so."""

    route: Route
    chosen: ChosenFlight

    def entry(self, provider: str, now: datetime) -> RouteEntry:
        names = (self.chosen.legs[0].carrier.name, self.chosen.departure.name, self.chosen.arrival.name)
        return RouteEntry(self.route, EntryStatus.CONFIRMED, provider, now, now, *names)


class PaidRoutes:
    """One provider's routes. Each method makes exactly one upstream call, or none where it must not be made."""

    def __init__(
        self,
        provider: AviationStack,
        spending: Spending,
        database: Callable[[], Database],
        settings: PaidSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self.spending = spending
        self._database = database
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """The provider's name as it stands beside entries."""
        return self._settings.provider

    def close(self) -> None:
        """Close the connection to the provider."""
        self._provider.close()

    def flight(self, asked: Designator, cause: Cause, lease: Lease | None = None) -> Fetched:
        """Ask for one flight and keep what counts, unless its ``lease`` has passed to somebody else meanwhile.

        Raises UpstreamError, IncompleteAnswer and what ``Spending.call`` raises.
        """
        with self.spending.call(Errand(asked.cache_key, cause, lease)) as call:
            page = self.spending.made(call, lambda: self._provider.flight(asked))
            legs = self._completed(page)
            chosen = choose_flight(legs, asked, self._clock())
            read = [_Read(route_of(chosen, asked), chosen)] if chosen else []
            return self._kept(call, page, read)

    def airline(self, code: str, cause: Cause, lease: Lease | None = None) -> Fetched:
        """Ask for one page of an airline's flights and keep each flight in it. Raises as ``flight`` does."""
        with self.spending.call(Errand(f"airline:{code}", cause, lease)) as call:
            page = self.spending.made(call, lambda: self._provider.airline(code))
            return self._kept(call, page, list(_flights_of(code, self._completed(page), self._clock())))

    def _completed(self, page: FlightsPage) -> list[ObservedLeg]:
        references = self._references(page.legs)
        return [completed(leg, references) for leg in page.legs]

    def _references(self, legs: Sequence[ObservedLeg]) -> References:
        try:
            with self._database().reading() as session:
                return references_for(session, legs)
        except LocalFileError:
            return packaged_references(legs)

    def _kept(self, call: Call, page: FlightsPage, read: list[_Read]) -> Fetched:
        now = self._clock()
        entries = tuple(one.entry(self.name, now) for one in read)
        return Fetched(entries, page.complete, self._written(call, page, read, now))

    def _written(self, call: Call, page: FlightsPage, read: list[_Read], now: datetime) -> LocalFileError | None:
        """Keep the answer and how the call ended; what kept us from it, if anything did."""
        *earlier, last = [read[start : start + _AT_ONCE] for start in range(0, len(read), _AT_ONCE)] or [[]]
        key, lease = call.errand.key, call.errand.lease
        try:
            for part in earlier:
                with self._database().writing() as session:
                    if self._may_keep(session, lease):
                        self._store(session, part, now)
            with self._database().writing() as session:
                if self._may_keep(session, lease):
                    self._store(session, last, now)
                    self._learn(session, key, page, now, found=bool(read))
                self.spending.succeeded(session, call, ledger.OK if read else ledger.NOT_FOUND)
        except LocalFileError as error:
            return error
        return None

    def _may_keep(self, session: Transaction, lease: Lease | None) -> bool:
        """Not where the cache is off, and not where we were gone for so long that somebody else has asked since."""
        return self._settings.keep and (lease is None or leases.holds(session, lease))

    def _store(self, session: Transaction, read: list[_Read], now: datetime) -> None:
        for one in read:
            routes.store(session, one.route, self.name, self._payload(one), now)
            proposals.settle(session, one.route, self.name, now)

    def _learn(self, session: Transaction, key: str, page: FlightsPage, now: datetime, *, found: bool) -> None:
        learn(session, page.legs)
        if not found:
            self._remember_absence(session, key, now)

    def _payload(self, read: _Read) -> list[dict[str, object]] | None:
        return [dict(leg.raw) for leg in read.chosen.legs] if self._settings.keep_payload else None

    def _remember_absence(self, session: Transaction, key: str, now: datetime) -> None:
        lifetime = absence_lifetime(self._settings.negative_ttl, random.random())
        absence = routes.RememberedAbsence(key, self.name, now, now + lifetime)
        routes.remember_absence(session, absence, fresh_since=now - self._settings.ttl)


def _flights_of(code: str, legs: Sequence[ObservedLeg], now: datetime) -> Iterator[_Read]:
    """Every flight of this airline in the rows, without those whose codes cannot be filled."""
    named = {designator for leg in legs for designator in (leg.flight_iata, leg.flight_icao) if designator}
    for asked in sorted(designator for designator in named if designator.airline == code):
        chosen = choose_flight(legs, asked, now)
        with suppress(IncompleteAnswer):
            if chosen:
                yield _Read(route_of(chosen, asked), chosen)
