"""Pages of an airline's flights, bought one by one: each renews what stands, a whole feed says everything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from flightctl.domain.billing import Cause
from flightctl.domain.designator import Designator
from flightctl.domain.feed import Filter
from flightctl.domain.feed_reading import GOES_ON_WITHIN, FeedReading
from flightctl.domain.observed import FlightsPage, ObservedLeg
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.domain.turn import Lease, LeaseLost
from flightctl.providers.aviationstack import AviationStack, kept_page
from flightctl.services.kept_routes import KeptRoutes, ReadRoute, flights_of, in_parts
from flightctl.services.spending import Call, Errand, Spending
from flightctl.store import feeds, leases, ledger, routes
from flightctl.store.engine import Database, Transaction


@dataclass(frozen=True, slots=True)
class Learned:
    """What one more page of a feed settled."""

    reading: FeedReading
    renewed: dict[str, RouteEntry]
    """Entries as they are now, by cache key."""
    absent: frozenset[str]
    """Those that were asked about and that upstream, whose every row was read, does not know."""


class PaidPages:
    """Readings of one provider's feeds. What was read is kept until the reading is over, so that any run goes on."""

    def __init__(
        self,
        provider: AviationStack,
        spending: Spending,
        keeping: KeptRoutes,
        database: Callable[[], Database],
        clock: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._spending = spending
        self._keeping = keeping
        self._database = database
        self._clock = clock
        self._readings: dict[Filter, FeedReading] = {}
        """As far as this run knows them: to read them from the store before each page would take ever longer."""

    def next_page(self, filter: Filter, asked_about: Collection[str], lease: Lease) -> Learned:
        """Buy the feed's next page; none where all its pages are there and only wait to be made use of.

        A row renews an entry that says the same. One that differs or is new may be half of a flight with several legs,
        and counts once every page was read. Raises as ``PaidRoutes.flight`` does, StoreError, and LeaseLost where
        somebody else has gone on with the feed meanwhile.
        """
        reading = self._reading(filter)
        renewed: dict[str, RouteEntry] = {}
        if not reading.is_over:
            with self._spending.call(Errand(f"{filter.key} row:{reading.read}", Cause.REFRESH, lease)) as call:
                page = self._spending.made(call, lambda: self._asked(filter, reading))
                reading = reading.goes_on(page, self._clock())
                renewed = self._renewed(call, filter, reading)
            self._readings[filter] = reading
        if not reading.is_over:
            return Learned(reading, renewed, frozenset())
        return self._finished(filter, reading, renewed, asked_about, lease)

    @property
    def _name(self) -> str:
        return self._keeping.settings.provider

    def _asked(self, filter: Filter, reading: FeedReading) -> FlightsPage:
        return self._completed(self._provider.airline(filter.airline, reading.read, departure=filter.departure))

    def _completed(self, page: FlightsPage) -> FlightsPage:
        return replace(page, legs=tuple(self._keeping.completed(page.legs)))

    def _reading(self, filter: Filter) -> FeedReading:
        """What any run has read of the feed, if it is not too long ago."""
        with self._database().reading() as session:
            begun = feeds.progress(session, self._name, self._clock() - GOES_ON_WITHIN).get(filter.key)
            if begun is None:
                return FeedReading()
            known = self._readings.get(filter)
            if known is not None and known.instants == begun.instants:
                return known
            kept = feeds.pages(session, self._name, filter.key)[: len(begun.instants)]
        pages = [self._completed(kept_page(page.rows, page.offset, page.count, page.total)) for page in kept]
        return FeedReading(tuple(pages), begun.instants)

    def _renewed(self, call: Call, filter: Filter, reading: FeedReading) -> dict[str, RouteEntry]:
        """Keep the page that was read last, and renew what stands as it says."""
        now, page, lease = reading.ended_at, reading.pages[-1], call.errand.lease
        told = {read.route.cache_key: read for read in self._told(filter, reading, _designators(page.legs))}
        with self._database().writing() as session:
            self._spending.succeeded(session, call, ledger.OK if page.count else ledger.NOT_FOUND)
            is_ours = self._keeping.may_keep(session, lease)
            standing = routes.entries(session, list(told), EntryStatus.CONFIRMED) if is_ours else {}
            same = [told[key] for key, entry in standing.items() if entry.route == told[key].route]
            if is_ours:
                self._keeping.renew(session, same, now)
                self._keep(session, filter, page, now)
        if not is_ours:
            raise LeaseLost(filter.key)
        return {read.route.cache_key: read.entry(self._name, now) for read in same}

    def _keep(self, session: Transaction, filter: Filter, page: FlightsPage, now: datetime) -> None:
        kept = feeds.KeptPage(page.offset, page.count, page.total, [leg.raw for leg in page.legs], now)
        feeds.keep_page(session, self._name, filter.key, kept)
        # No rows at all is also what an outage looks like: as the size of the feed it would put off all further pages.
        if page.total > 0:
            feeds.remember_total(session, self._name, filter.key, page.total, now)

    def _finished(
        self,
        filter: Filter,
        reading: FeedReading,
        renewed: dict[str, RouteEntry],
        asked_about: Collection[str],
        lease: Lease,
    ) -> Learned:
        """The last page was read: where that is every row, all it says counts, and what it lacks, upstream lacks."""
        absent: frozenset[str] = frozenset()
        if reading.is_complete and not filter.departure:
            named = _designators(reading.legs)
            others = self._kept(self._told(filter, reading, named), reading, lease)
            renewed = renewed | {read.route.cache_key: read.entry(self._name, reading.ended_at) for read in others}
            absent = frozenset(asked_about) - {designator.cache_key for designator in named}
            # No row at all is also what an outage looks like: that is not remembered of each flight.
            self._remember(absent if reading.total else (), lease)
        with self._held(lease) as session:
            self._keeping.learn(session, reading.legs)
            feeds.drop_pages(session, self._name, filter.key)
        self._readings.pop(filter, None)
        return Learned(reading, renewed, absent)

    def _told(self, filter: Filter, reading: FeedReading, named: Collection[Designator]) -> list[ReadRoute]:
        """What all pages so far say of these flights."""
        legs = [leg for leg in reading.legs if leg.flight_iata in named or leg.flight_icao in named]
        return list(flights_of(filter.airline, legs, self._clock()))

    def _kept(self, reads: Sequence[ReadRoute], reading: FeedReading, lease: Lease) -> list[ReadRoute]:
        """Store what the whole feed says, in several short transactions; those that were stored."""
        stored: list[ReadRoute] = []
        for part in in_parts(reads):
            with self._held(lease) as session:
                standing = routes.entries(session, [read.route.cache_key for read in part], EntryStatus.CONFIRMED)
                due = [read for read in part if _is_news(read, standing.get(read.route.cache_key), reading)]
                self._keeping.store(session, due, reading.ended_at)
            stored += due
        return stored

    def _remember(self, absent: Collection[str], lease: Lease) -> None:
        for part in in_parts(sorted(absent)):
            with self._held(lease) as session:
                for key in part:
                    self._keeping.remember_absence(session, key, self._clock())

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[Transaction]:
        """A transaction that keeps the lease, which a large feed would outlast. Raises LeaseLost."""
        with self._database().writing() as session:
            leases.keep(session, lease, self._clock())
            yield session


def _is_news(read: ReadRoute, standing: RouteEntry | None, reading: FeedReading) -> bool:
    """Whether the whole feed tells more than what stands.

    Not where somebody has asked for the flight itself since the reading began; but a page of it may have renewed what
    the others contradict.
    """
    if standing is None or standing.refreshed_at < reading.began_at:
        return True
    return standing.refreshed_at in reading.instants and standing.route != read.route


def _designators(legs: Sequence[ObservedLeg]) -> set[Designator]:
    return {designator for leg in legs for designator in (leg.flight_iata, leg.flight_icao) if designator}
