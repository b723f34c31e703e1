"""``refresh-stale``: which entries are due, and what renewing them is expected to cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flightctl.domain.billing import Account
from flightctl.domain.feed_reading import GOES_ON_WITHIN
from flightctl.domain.freshness import is_soon_stale
from flightctl.domain.refresh_plan import Work, dues, picked, planned
from flightctl.domain.renewal import PlannedAsk, RefreshOrder, RefreshReport, Renewal, Renewed
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.services.refresh_run import RefreshRun, Teller
from flightctl.services.shared_routes import SharedRoutes
from flightctl.store import accounts, feeds, history, routes
from flightctl.store.engine import Database, Transaction

_TOTALS_HOLD_FOR = timedelta(days=30)
"""How long it is believed what a feed's size was."""
_ASKS_OF = timedelta(days=30)
_REFUSAL_HOLDS_FOR = timedelta(days=30)
"""So long no page is asked for again from an account whose plan has none."""
_HISTORY_OF = timedelta(days=90)
"""Older look-ups are forgotten; the file would grow without end."""


class Refresh:
    """What is due, what renewing it would cost, and the run that does it."""

    def __init__(self, database: Database, order: RefreshOrder, provider: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._order = order
        self._provider = provider
        self._clock = clock

    def selected(self) -> list[RouteEntry]:
        """Entries that are stale, or will be within ``ahead``; oldest first; without what upstream does not know."""
        now, order = self._clock(), self._order
        with self._database.reading() as session:
            due = routes.stale_entries(session, now - order.ttl + order.ahead)
            absent = routes.absent(session, [entry.route.cache_key for entry in due], now)
        known = [entry for entry in due if entry.route.cache_key not in absent]
        return picked(known, now, order.ttl, order.ahead)[: order.limit]

    def preview(self, due: Sequence[RouteEntry], account: Account) -> RefreshReport:
        """What a run would ask for, and the price."""
        work, price = self._work(due, account), account.price
        plan = [PlannedAsk(*one) for one in planned(work)]
        calls = sum(one.calls for one in plan)
        if self._order.max_calls is not None:
            calls = min(calls, self._order.max_calls)
        renewed = [Renewed(entry, Renewal.SKIPPED) for entry in due]
        return RefreshReport(
            len(due), dry_run=True, renewed=renewed, plan=plan, planned_calls=calls, price=price.of(calls)
        )

    def run(
        self, due: Sequence[RouteEntry], open_upstream: Callable[[], SharedRoutes], teller: Teller
    ) -> RefreshReport:
        """Renew each; an entry that fails stays as it was and the run goes on, unless every call would fail.

        Raises ConfigurationError where there is something to ask and no key.
        """
        self._forget()
        if not due:
            return RefreshReport(0)
        shared = open_upstream()
        run = RefreshRun(self._database, shared, self._order.max_calls, self._due_of, teller)
        return run.over(due, self._work(due, shared.paid.spending.account))

    def _forget(self) -> None:
        """What nobody will read any more."""
        with self._database.writing() as session:
            history.prune(session, int((self._clock() - _HISTORY_OF).timestamp()))
            feeds.drop_readings_before(session, self._clock() - GOES_ON_WITHIN)

    def _work(self, due: Sequence[RouteEntry], account: Account) -> Work:
        now, keys = self._clock(), [entry.route.cache_key for entry in due]
        with self._database.reading() as session:
            asks = history.asks(session, keys, int((now - _ASKS_OF).timestamp()))
            totals = feeds.totals(session, self._provider, now - _TOTALS_HOLD_FOR)
            begun = feeds.progress(session, self._provider, now - GOES_ON_WITHIN)
            has_pages = not accounts.pages_refused_since(session, account, now - _REFUSAL_HOLDS_FOR)
        totals |= {filter: one.total for filter, one in begun.items() if one.total >= 0}
        work = Work.of(dues(due, asks), totals, {filter: one.read for filter, one in begun.items()})
        return work if has_pages else work.without_pages()

    def _due_of(self, session: Transaction, keys: Sequence[str]) -> set[str]:
        """Which still are: another run may have renewed them, or found that upstream does not know them."""
        now, order = self._clock(), self._order
        known = routes.entries(session, keys, EntryStatus.CONFIRMED)
        absent = routes.absent(session, keys, now)
        return {
            key
            for key, entry in known.items()
            if key not in absent and is_soon_stale(entry.refreshed_at, now, order.ttl, order.ahead)
        }
