"""Renewing the flights that somebody tracks, each number and day for one question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flightctl.domain.billing import Cause
from flightctl.domain.departure_day import DepartureDay
from flightctl.domain.designator import parse_designator
from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.flight_renewal import DueDay, FlightRefreshReport, RenewedFlight, due_days
from flightctl.domain.renewal import Renewal
from flightctl.domain.zones import zone_named
from flightctl.errors import FlightctlError, NotAllowed
from flightctl.services.paid_flights import DayQuestion
from flightctl.services.shared_days import DayWanted, SharedDays
from flightctl.store import lists
from flightctl.store.engine import Database


class FlightRefresh:
    """A run over all that is tracked, whoever tracks it."""

    def __init__(self, database: Database, lifetimes: FlightLifetimes, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._clock = clock

    def selected(self, ahead: timedelta, limit: int | None) -> list[DueDay]:
        """What is due, the most urgent first; at most so many questions. Raises LocalFileError."""
        with self._database.reading() as session:
            tracked = lists.tracked(session)
        return due_days(tracked, self._lifetimes, self._clock(), ahead)[:limit]

    def preview(self, due: list[DueDay], max_calls: int | None) -> FlightRefreshReport:
        """What a run would ask for: a call a question at the least."""
        calls = len(due) if max_calls is None else min(len(due), max_calls)
        report = FlightRefreshReport(sum(len(one.tracked) for one in due), dry_run=True, planned_calls=calls)
        report.renewed += [one for day in due for one in _all(day, Renewal.SKIPPED)]
        return report

    def run(
        self, due: list[DueDay], days: SharedDays, max_calls: int | None, on_each: Callable[[], None]
    ) -> FlightRefreshReport:
        """Ask for each. A failure is kept with its flights, and the run goes on unless it would fail for all."""
        report = FlightRefreshReport(sum(len(one.tracked) for one in due))
        for one in due:
            is_over = report.stopped_by is not None or (max_calls is not None and days.calls >= max_calls)
            for renewed in _all(one, Renewal.SKIPPED) if is_over else self._renewed(one, days):
                report.add(renewed)
            report.upstream_calls = days.calls
            on_each()
        return report

    def _renewed(self, due: DueDay, days: SharedDays) -> list[RenewedFlight]:
        try:
            return self._asked(due, days)
        except FlightctlError as error:
            return _all(due, Renewal.FAILED, error)

    def _asked(self, due: DueDay, days: SharedDays) -> list[RenewedFlight]:
        now, zone = self._clock(), zone_named(due.tracked[0].flight.origin_zone)
        asked = parse_designator(due.designator)
        names = (due.designator, *sorted({one.flight.ident for one in due.tracked} - {due.designator}))
        question = DayQuestion(asked, names, DepartureDay(due.day), zone or UTC, now)
        choice = days.choice(question)
        if not choice.ways:
            raise NotAllowed(f"{due.designator} on {due.day}: nobody can be asked for that day")
        since = min(one.flight.observed_at for one in due.tracked)
        fetched = days.day(question, choice, DayWanted(since, Cause.REFRESH)).value
        after = {flight.flight_id: flight for flight in fetched.flights if flight.observed_at >= now}
        return [_compared(one.flight.flight_id, one.flight.version, after) for one in due.tracked]


def _compared(flight_id: str, version: int, after: dict[str, Flight]) -> RenewedFlight:
    if flight_id not in after:
        return RenewedFlight(flight_id, Renewal.NOT_FOUND)
    return RenewedFlight(flight_id, Renewal.CHANGED if after[flight_id].version != version else Renewal.UNCHANGED)


def _all(due: DueDay, renewal: Renewal, error: FlightctlError | None = None) -> list[RenewedFlight]:
    return [RenewedFlight(one.flight.flight_id, renewal, error) for one in due.tracked]
