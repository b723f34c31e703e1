"""The paid step as look-ups and refreshes take it: one call for all who want the same at the same time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from flightctl.domain.billing import Cause
from flightctl.domain.designator import Designator
from flightctl.domain.feed import Filter
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.services.paid_pages import Learned, PaidPages
from flightctl.services.paid_routes import Fetched, PaidRoutes
from flightctl.services.single_flight import Landed, SingleFlight, Wish
from flightctl.store import routes
from flightctl.store.engine import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is good enough: an entry vouched for after ``entry_since``, an absence learned after ``absence_since``."""

    entry_since: datetime
    absence_since: datetime = routes.EVER
    cause: Cause = Cause.COLD
    """Why a call is made, if one has to be."""


class SharedRoutes:
    """``PaidRoutes`` behind the single flight; past it where ``shares`` is false, because nothing is stored."""

    def __init__(
        self,
        paid: PaidRoutes,
        pages: PaidPages,
        single: SingleFlight,
        clock: Callable[[], datetime],
        *,
        shares: bool = True,
    ) -> None:
        self.paid = paid
        self._pages = pages
        self._single = single
        self._clock = clock
        self._shares = shares

    def flight(self, asked: Designator, wanted: Wanted) -> Landed[Fetched]:
        """One flight, from upstream or from what somebody else has just stored.

        Raises as ``PaidRoutes.flight`` does, also where somebody else asked while we waited and failed.
        """
        key = asked.cache_key
        self.paid.spending.check(key)
        wish = Wish(
            key,
            look=lambda session: self._flight_stored(session, key, wanted),
            ask=lambda lease: self.paid.flight(asked, wanted.cause, lease),
        )
        return self._flown(wish, lambda: self.paid.flight(asked, wanted.cause))

    def airline(self, code: str, wanted: Wanted) -> Landed[Fetched]:
        """One page of an airline's flights, in the same way."""
        key = f"airline:{code}"
        self.paid.spending.check(key)
        wish = Wish(
            key,
            look=lambda session: self._airline_stored(session, key, code, wanted),
            ask=lambda lease: self.paid.airline(code, wanted.cause, lease),
        )
        return self._flown(wish, lambda: self.paid.airline(code, wanted.cause))

    def renewed(self, asked: Designator, is_due: Callable[[Transaction], bool]) -> Fetched | None:
        """Ask for a flight that is due, unless somebody else is at it; ``None`` where there is nothing to do."""
        nothing_due = Fetched((), complete=True)
        wish = Wish(
            asked.cache_key,
            look=lambda session: None if is_due(session) else nothing_due,
            ask=lambda lease: self.paid.flight(asked, Cause.REFRESH, lease),
        )
        landed = self._single.lead_at_once(wish)
        return landed.value if landed else None

    def page(self, filter: Filter, asked_about: Collection[str]) -> Learned | None:
        """The next page of a feed; ``None`` where somebody else is reading it. Raises as ``PaidPages.next_page``."""
        wish: Wish[Learned] = Wish(
            filter.key,
            look=lambda _session: None,
            ask=lambda lease: self._pages.next_page(filter, asked_about, lease),
        )
        landed = self._single.lead_at_once(wish)
        return landed.value if landed else None

    def _flown(self, wish: Wish[Fetched], alone: Callable[[], Fetched]) -> Landed[Fetched]:
        return self._single.fly(wish) if self._shares else Landed(alone(), led=True, waited=False)

    def _flight_stored(self, session: Transaction, key: str, wanted: Wanted) -> Fetched | None:
        entry = routes.entries(session, [key], EntryStatus.CONFIRMED).get(key)
        if entry is not None and self._is_good(entry, wanted):
            return Fetched((entry,), complete=True)
        return self._absence(session, key, wanted)

    def _airline_stored(self, session: Transaction, key: str, code: str, wanted: Wanted) -> Fetched | None:
        fresh = [
            entry
            for entry in routes.entries_with_prefix(session, code)
            if entry.route.flight_iata[len(code)].isdigit() and self._is_good(entry, wanted)
        ]
        return Fetched(tuple(fresh), complete=False) if fresh else self._absence(session, key, wanted)

    def _is_good(self, entry: RouteEntry, wanted: Wanted) -> bool:
        # A date in the future is no sign that somebody has just asked.
        return wanted.entry_since < entry.refreshed_at <= self._clock()

    def _absence(self, session: Transaction, key: str, wanted: Wanted) -> Fetched | None:
        known = routes.absent(session, [key], self._clock(), since=wanted.absence_since)
        return Fetched((), complete=True) if known else None
