"""Pages of an airline's flights, bought one by one: each renews what stands, a whole feed says everything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flightctl.domain.billing import Cause
from flightctl.domain.designator import Designator
from flightctl.domain.feed_reading import GOES_ON_WITHIN, FeedReading, contiguous
from flightctl.domain.observed import FlightsPage, ObservedLeg
from flightctl.domain.refresh_plan import Filter
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.domain.turn import Lease
from flightctl.providers.aviationstack import AviationStack, kept_page
from flightctl.services.kept_routes import KeptRoutes, ReadRoute, flights_of
from flightctl.services.spending import Call, Errand, Spending
from flightctl.store import feeds, ledger, routes
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

    def next_page(self, filter: Filter, asked_about: Collection[str], lease: Lease) -> Learned:
        """Buy the feed's next page; none where all its pages are there and only wait to be made use of.

        A row renews an entry that says the same. One that differs or is new may be half of a flight with several legs,
        and counts once every page was read. Raises as ``PaidRoutes.flight`` does, and LocalFileError.
        """
        reading = self._reading(filter)
        renewed: dict[str, RouteEntry] = {}
        if not reading.is_over:
            with self._spending.call(Errand(f"{filter.key} row:{reading.read}", Cause.REFRESH, lease)) as call:
                page = self._spending.made(call, lambda: self._asked(filter, reading))
                reading = reading.goes_on(page)
                renewed = self._renewed(call, filter, reading)
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
        now = self._clock()
        with self._database().writing() as session:
            feeds.drop_pages_before(session, now - GOES_ON_WITHIN)
            kept = feeds.pages(session, self._name, filter.key)
        pages = [self._completed(kept_page(page.rows, page.offset, page.count, page.total)) for page in kept]
        return contiguous(pages, min((page.read_at for page in kept), default=now))

    def _renewed(self, call: Call, filter: Filter, reading: FeedReading) -> dict[str, RouteEntry]:
        """Keep the page that was read last, and renew what stands as it says."""
        now, page = self._clock(), reading.pages[-1]
        told = {read.route.cache_key: read for read in self._told(filter, reading, _designators(page.legs))}
        with self._database().writing() as session:
            self._spending.succeeded(session, call, ledger.OK if page.count else ledger.NOT_FOUND)
            if not self._keeping.may_keep(session, call.errand.lease):
                return {}
            standing = routes.entries(session, list(told), EntryStatus.CONFIRMED)
            same = [told[key] for key, entry in standing.items() if entry.route == told[key].route]
            self._keeping.renew(session, same, now)
            self._keep(session, filter, page, now)
        return {read.route.cache_key: read.entry(self._name, now) for read in same}

    def _keep(self, session: Transaction, filter: Filter, page: FlightsPage, now: datetime) -> None:
        kept = feeds.KeptPage(page.offset, page.count, page.total, [leg.raw for leg in page.legs], now)
        feeds.keep_page(session, self._name, filter.key, kept)
        if page.total >= 0:
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
            others = self._not_stored_since(self._told(filter, reading, _designators(reading.legs)), reading.began_at)
            self._keeping.keep_all(others, lease, reading.began_at)
            renewed = {read.route.cache_key: read.entry(self._name, reading.began_at) for read in others} | renewed
            absent = frozenset(asked_about) - {designator.cache_key for designator in _designators(reading.legs)}
        with self._database().writing() as session:
            if self._keeping.may_keep(session, lease):
                self._keeping.learn(session, reading.legs)
                # No row at all is also what an outage looks like: that is not remembered of each flight.
                for key in absent if reading.total else ():
                    self._keeping.remember_absence(session, key, self._clock())
                feeds.drop_pages(session, self._name, filter.key)
        return Learned(reading, renewed, absent)

    def _told(self, filter: Filter, reading: FeedReading, named: Collection[Designator]) -> list[ReadRoute]:
        """What all pages so far say of these flights."""
        legs = [leg for leg in reading.legs if leg.flight_iata in named or leg.flight_icao in named]
        return list(flights_of(filter.airline, legs, self._clock()))

    def _not_stored_since(self, reads: Sequence[ReadRoute], began_at: datetime) -> list[ReadRoute]:
        """Without those that were renewed since the reading began: by it, or by who asked for the flight itself."""
        with self._database().reading() as session:
            standing = routes.entries(session, [read.route.cache_key for read in reads], EntryStatus.CONFIRMED)
        newer = {key for key, entry in standing.items() if entry.refreshed_at >= began_at}
        return [read for read in reads if read.route.cache_key not in newer]


def _designators(legs: Sequence[ObservedLeg]) -> set[Designator]:
    return {designator for leg in legs for designator in (leg.flight_iata, leg.flight_icao) if designator}
