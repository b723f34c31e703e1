"""The paid step of the read-through cache: ask the provider, keep what it says, write down what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flightctl.domain.billing import Cause
from flightctl.domain.designator import Designator
from flightctl.domain.observed import FlightsPage
from flightctl.domain.references import route_of
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.domain.selection import choose_flight
from flightctl.domain.turn import Lease
from flightctl.errors import StoreError
from flightctl.providers.aviationstack import AviationStack
from flightctl.services.kept_routes import KeptRoutes, ReadRoute, flights_of, in_parts
from flightctl.services.spending import Call, Errand, Spending
from flightctl.store import ledger, routes
from flightctl.store.engine import Database


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one paid call brought."""

    entries: tuple[RouteEntry, ...]
    """Empty: upstream does not know it."""
    complete: bool
    """Whether the one page that was read holds every match."""
    trouble: StoreError | None = None
    """Why the answer could not be kept."""


class PaidRoutes:
    """One provider's routes. Each method makes exactly one upstream call, or none where it must not be made."""

    def __init__(
        self,
        provider: AviationStack,
        spending: Spending,
        keeping: KeptRoutes,
        database: Callable[[], Database],
        clock: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self.spending = spending
        self._keeping = keeping
        self._database = database
        self._clock = clock

    def close(self) -> None:
        """Close the connection to the provider."""
        self._provider.close()

    def flight(self, asked: Designator, cause: Cause, lease: Lease | None = None) -> Fetched:
        """Ask for one flight and keep what counts, unless its ``lease`` has passed to somebody else meanwhile.

        Raises UpstreamError, IncompleteAnswer and what ``Spending.call`` raises.
        """
        with self.spending.call(Errand(asked.cache_key, cause, lease)) as call:
            page = self.spending.made(call, lambda: self._provider.flight(asked))
            chosen = choose_flight(self._keeping.completed(page.legs), asked, self._clock())
            read = [ReadRoute(route_of(chosen, asked), chosen)] if chosen else []
            return self._kept(call, page, read)

    def airline(self, code: str, cause: Cause, lease: Lease | None = None) -> Fetched:
        """Ask for one page of an airline's flights and keep each flight in it. Raises as ``flight`` does.

        Where the page does not hold every row, a flight that contradicts its entry may be half of one with several
        legs: the entry stays.
        """
        with self.spending.call(Errand(f"airline:{code}", cause, lease)) as call:
            page = self.spending.made(call, lambda: self._provider.airline(code))
            read = list(flights_of(code, self._keeping.completed(page.legs), self._clock()))
            return self._kept(call, page, read if page.complete else self._uncontradicted(read))

    def _uncontradicted(self, read: Sequence[ReadRoute]) -> list[ReadRoute]:
        with self._database().reading() as session:
            standing = routes.entries(session, [one.route.cache_key for one in read], EntryStatus.CONFIRMED)
        routes_there = {key: entry.route for key, entry in standing.items()}
        return [one for one in read if routes_there.get(one.route.cache_key, one.route) == one.route]

    def _kept(self, call: Call, page: FlightsPage, read: list[ReadRoute]) -> Fetched:
        now = self._clock()
        entries = tuple(one.entry(self._keeping.settings.provider, now) for one in read)
        return Fetched(entries, page.complete, self._written(call, page, read, now))

    def _written(self, call: Call, page: FlightsPage, read: list[ReadRoute], now: datetime) -> StoreError | None:
        """Keep the answer and how the call ended; what kept us from it, if anything did."""
        *earlier, last = in_parts(read) or [[]]
        lease, turn = call.errand.lease, call.turn
        try:
            self._keeping.keep_all([one for part in earlier for one in part], lease, now, turn)
            with self._database().writing() as session:
                if self._keeping.may_keep(session, lease):
                    self._keeping.store(session, last, now, turn)
                    self._keeping.learn(session, page.legs)
                    if not read:
                        self._keeping.remember_absence(session, call.errand.key, now, turn)
                self.spending.succeeded(session, call, ledger.OK if read else ledger.NOT_FOUND)
        except StoreError as error:
            return error
        return None
