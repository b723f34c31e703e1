"""One run of ``refresh-stale``: page by page and flight by flight, until all is done or no call is left."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from flightctl.domain.billing import Cause
from flightctl.domain.designator import parse_designator
from flightctl.domain.feed import Feed
from flightctl.domain.feed_reading import FeedReading
from flightctl.domain.permit import waits
from flightctl.domain.refresh_plan import Due, Step, Work, next_step
from flightctl.domain.renewal import RefreshReport, Renewal, Renewed
from flightctl.domain.route import RouteEntry
from flightctl.errors import FlightctlError, PlanRefused, ServerError, ToldToWait
from flightctl.services.paid_pages import Learned
from flightctl.services.paid_routes import Fetched
from flightctl.services.shared_routes import SharedRoutes
from flightctl.store import accounts
from flightctl.store.engine import Database, Transaction

_T = TypeVar("_T")
_PAUSE_S = 0.2, 1.0
"""Before what failed upstream is asked for once more."""
_AFTER_HOLD_S = 0.05, 0.5
"""After the end of a hold: clocks differ, and not everybody is to come at once."""


@dataclass(frozen=True, slots=True)
class Teller:
    """The clock of a run, and who hears of its progress."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    on_each: Callable[[], None]
    """One more entry is done with."""
    on_wait: Callable[[str], None]
    """Why nothing happens for a while."""
    to_the_end: Callable[[], AbstractContextManager[object]] = nullcontext
    """Within it, an interruption waits for the answer that is being paid for, though not for long."""


class RefreshRun:
    """The work of one run; ``still_due`` says which keys nobody has renewed meanwhile."""

    def __init__(
        self,
        database: Database,
        shared: SharedRoutes,
        max_calls: int | None,
        still_due: Callable[[Transaction, Sequence[str]], set[str]],
        teller: Teller,
    ) -> None:
        self._database = database
        self._shared = shared
        self._spending = shared.paid.spending
        self._max_calls = max_calls
        self._still_due = still_due
        self._teller = teller
        self._work = Work({})
        self._report = RefreshReport(0)

    def over(self, due: Sequence[RouteEntry], work: Work) -> RefreshReport:
        """Do the work; the report has the entries in the order of ``due``."""
        self._work, self._report = work, RefreshReport(len(due))
        allowed = self._allowed_by_budget()
        while work.due and self._report.stopped_by is None and self._may_call():
            step = next_step(work, self._fewer(allowed, self._max_calls))
            if step.feed is None:
                self._renew(step.due[0])
            else:
                self._read_page(step, step.feed)
        self._skip(list(work.due))
        self._report.upstream_calls = self._spending.calls
        place = {entry.route.cache_key: number for number, entry in enumerate(due)}
        self._report.renewed.sort(key=lambda one: place[one.before.route.cache_key])
        return self._report

    def _renew(self, due: Due) -> None:
        asked = parse_designator(due.entry.route.flight_iata)
        try:
            fetched = self._asked(lambda: self._shared.renewed(asked, lambda session: self._is_due(session, due.key)))
        except FlightctlError as error:
            self._settle(due.key, Renewal.FAILED, error=error)
            return
        self._settle_fetched(due, fetched)

    def _settle_fetched(self, due: Due, fetched: Fetched | None) -> None:
        if fetched is None:
            self._skip([due.key])
        elif not fetched.entries:
            self._settle(due.key, Renewal.NOT_FOUND)
        else:
            self._settle_renewed(due.key, fetched.entries[0])

    def _read_page(self, step: Step, feed: Feed) -> None:
        keys = [due.key for due in step.due]
        try:
            done = set(keys) - self._still_among(keys)
            learned = None if done else self._asked(lambda: self._shared.page(feed.filter, keys))
        except PlanRefused:
            self._do_without_pages()
        except FlightctlError as error:
            self._work.close(feed.filter.airline)
            self._report.stopped_by = error if error.stops_a_run else None
        else:
            if learned is None:
                # Others were quicker, or are reading this feed right now: the page may not pay for the rest.
                self._skip(done or keys)
            else:
                self._learn(feed, learned)

    def _still_among(self, keys: Sequence[str]) -> set[str]:
        with self._database.reading() as session:
            return self._still_due(session, keys)

    def _learn(self, feed: Feed, learned: Learned) -> None:
        reading = learned.reading
        self._work.learn(_as_read(feed, reading), reading.departures)
        for key in [key for key in self._work.due if key in learned.renewed]:
            self._settle_renewed(key, learned.renewed[key])
        for key in [key for key in self._work.due if key in learned.absent]:
            self._settle(key, Renewal.NOT_FOUND)
        if reading.is_over and not feed.filter.departure:
            self._work.close(feed.filter.airline)

    def _do_without_pages(self) -> None:
        """The account's plan has no pages; flights can still be asked for one by one."""
        self._work.feeds.clear()
        with self._database.writing() as session:
            accounts.refuse_pages(session, self._spending.account, self._teller.clock())

    def _asked(self, ask: Callable[[], _T]) -> _T:
        """Ask; once more after the provider's own failure, or after the wait that it wanted."""
        try:
            return self._answered(ask)
        except (ServerError, ToldToWait) as error:
            if not self._may_call():
                raise
            self._wait(error)
        return self._answered(ask)

    def _answered(self, ask: Callable[[], _T]) -> _T:
        with self._teller.to_the_end():
            return ask()

    def _wait(self, error: FlightctlError) -> None:
        """Before it is asked for once more. What would take too long is then refused, and says until when."""
        if isinstance(error, ServerError):
            self._teller.sleep(random.uniform(*_PAUSE_S))
            return
        until, now = self._spending.held_until(), self._teller.clock()
        if until is not None and waits(until, now):
            seconds = (until - now).total_seconds()
            self._teller.on_wait(f"waiting {seconds:.0f} s: {error.message}")
            self._teller.sleep(seconds + random.uniform(*_AFTER_HOLD_S))

    def _allowed_by_budget(self) -> int | None:
        """Calls that the budget has left."""
        now, account = self._teller.clock(), self._spending.account
        with self._database.reading() as session:
            limit, used = account.budget.limit(Cause.REFRESH), accounts.used(session, account, now)
        return None if limit is None else max(limit - used, 0)

    def _fewer(self, *limits: int | None) -> int | None:
        """Calls that are left of the smallest limit."""
        known = [limit for limit in limits if limit is not None]
        return min(known) - self._spending.calls if known else None

    def _may_call(self) -> bool:
        return self._max_calls is None or self._spending.calls < self._max_calls

    def _is_due(self, session: Transaction, key: str) -> bool:
        return bool(self._still_due(session, [key]))

    def _skip(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._settle(key, Renewal.SKIPPED)

    def _settle_renewed(self, key: str, after: RouteEntry) -> None:
        same = after.route == self._work.due[key].entry.route
        self._settle(key, Renewal.UNCHANGED if same else Renewal.CHANGED, after)

    def _settle(
        self, key: str, renewal: Renewal, after: RouteEntry | None = None, error: FlightctlError | None = None
    ) -> None:
        due = self._work.due.pop(key)
        self._report.add(Renewed(due.entry, renewal, after, error))
        self._teller.on_each()


def _as_read(feed: Feed, reading: FeedReading) -> Feed:
    """What is known of a feed after its last page."""
    total = reading.read if reading.is_over else reading.total
    last = reading.pages[-1]
    return replace(
        feed,
        total=total,
        told=last.total >= 0,
        is_closed=reading.is_over,
        read=reading.read,
        page_rows=feed.page_rows if reading.is_over else last.count,
    )
