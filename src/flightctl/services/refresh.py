"""``refresh-stale``: renew what has expired, oldest first, each entry once however many runs there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from flightctl.domain.designator import parse_designator
from flightctl.domain.freshness import is_soon_stale
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.errors import FlightctlError
from flightctl.services.shared_routes import SharedRoutes
from flightctl.store import routes
from flightctl.store.engine import Database, Transaction


class Renewal(Enum):
    """What came of one entry."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Renewed:
    """One entry and what came of it."""

    before: RouteEntry
    renewal: Renewal
    after: RouteEntry | None = None
    error: FlightctlError | None = None


@dataclass(slots=True)
class RefreshReport:
    """What a run did and what it cost."""

    selected: int
    dry_run: bool = False
    renewed: list[Renewed] = field(default_factory=list)
    upstream_calls: int = 0
    stopped_by: FlightctlError | None = None
    """The failure that ended the run early."""

    def add(self, one: Renewed) -> None:
        """One more entry is done with."""
        self.renewed.append(one)
        if one.error is not None and one.error.stops_a_run:
            self.stopped_by = one.error

    def count(self, *renewals: Renewal) -> int:
        """Entries that ended like this."""
        return sum(one.renewal in renewals for one in self.renewed)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, the code that all failures share when nothing was renewed, otherwise 9."""
        if self.stopped_by is not None:
            return self.stopped_by.exit_code
        codes = {one.error.exit_code for one in self.renewed if one.error}
        if not codes:
            return 0
        alike = len(codes) == 1 and not self.count(Renewal.CHANGED, Renewal.UNCHANGED, Renewal.NOT_FOUND)
        return codes.pop() if alike else 9


@dataclass(frozen=True, slots=True)
class RefreshOrder:
    """What a run may do."""

    ttl: timedelta
    ahead: timedelta = timedelta()
    limit: int | None = None
    max_calls: int | None = None


class Refresh:
    """One run."""

    def __init__(self, database: Database, order: RefreshOrder, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._order = order
        self._clock = clock

    def selected(self) -> list[RouteEntry]:
        """Entries that are stale, or will be within ``ahead``; oldest first; without what upstream does not know."""
        now = self._clock()
        with self._database.reading() as session:
            stale = routes.stale_entries(session, now - self._order.ttl + self._order.ahead)
            absent = routes.absent(session, [entry.route.cache_key for entry in stale], now)
        due = [entry for entry in stale if entry.route.cache_key not in absent]
        return due[: self._order.limit]

    def preview(self, due: Sequence[RouteEntry]) -> RefreshReport:
        """What a run would ask for."""
        renewed = [Renewed(entry, Renewal.SKIPPED) for entry in due[: self._order.max_calls]]
        return RefreshReport(len(due), dry_run=True, renewed=renewed)

    def run(
        self, due: Sequence[RouteEntry], shared: Callable[[], SharedRoutes], on_each: Callable[[], None]
    ) -> RefreshReport:
        """Renew each; an entry that fails stays as it was and the run goes on, unless every call would fail.

        Raises ConfigurationError where there is something to ask and no key.
        """
        report = RefreshReport(len(due))
        for entry in due:
            report.add(self._renewed(entry, shared(), report))
            report.upstream_calls = shared().paid.spending.calls
            on_each()
        return report

    def _renewed(self, entry: RouteEntry, shared: SharedRoutes, report: RefreshReport) -> Renewed:
        spent = self._order.max_calls is not None and shared.paid.spending.calls >= self._order.max_calls
        if spent or report.stopped_by is not None:
            return Renewed(entry, Renewal.SKIPPED)
        asked = parse_designator(entry.route.flight_iata)
        try:
            fetched = shared.renewed(asked, lambda session: self._is_due(session, entry.route.cache_key))
        except FlightctlError as error:
            return Renewed(entry, Renewal.FAILED, error=error)
        if fetched is None:
            return Renewed(entry, Renewal.SKIPPED)
        if not fetched.entries:
            return Renewed(entry, Renewal.NOT_FOUND)
        after = fetched.entries[0]
        return Renewed(entry, Renewal.UNCHANGED if after.route == entry.route else Renewal.CHANGED, after)

    def _is_due(self, session: Transaction, key: str) -> bool:
        """Whether it still is: another run may have renewed it, or found that upstream does not know it."""
        now = self._clock()
        entry = routes.entries(session, [key], EntryStatus.CONFIRMED).get(key)
        if entry is None or routes.absent(session, [key], now):
            return False
        return is_soon_stale(entry.refreshed_at, now, self._order.ttl, self._order.ahead)
