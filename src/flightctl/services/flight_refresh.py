"""Renewing the flights that somebody tracks, each number and day for one question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from flightctl.domain.billing import Cause
from flightctl.domain.day_refusal import why_refused
from flightctl.domain.departure_day import DepartureDay
from flightctl.domain.designator import parse_designator
from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.flight_renewal import DueDay, FlightRefreshReport, RenewedFlight, due_days
from flightctl.domain.renewal import Renewal
from flightctl.domain.zones import zone_named
from flightctl.errors import FlightctlError
from flightctl.services.paid_flights import DayQuestion
from flightctl.services.shared_days import DayWanted, SharedDays
from flightctl.store import asked_days, lists
from flightctl.store.engine import Database


class FlightRefresh:
    """A run over all that is tracked, whoever tracks it."""

    def __init__(self, database: Database, lifetimes: FlightLifetimes, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._clock = clock

    def selected(self, days: SharedDays, ahead: timedelta, limit: int | None) -> list[DueDay]:
        """What is due and any provider can tell of, the most urgent first; at most so many questions.

        Raises LocalFileError.
        """
        with self._database.reading() as session:
            tracked = lists.tracked(session)
        due = due_days(tracked, self._lifetimes, self._clock(), ahead)
        return [one for one in due if not days.choice(self._question(one)).is_told_by_nobody][:limit]

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
            left = None if max_calls is None else max_calls - days.calls
            for renewed in _all(one, Renewal.SKIPPED) if is_over else self._renewed(one, days, left):
                report.add(renewed)
            report.upstream_calls = days.calls
            on_each()
        return report

    def _renewed(self, due: DueDay, days: SharedDays, most_calls: int | None) -> list[RenewedFlight]:
        try:
            return self._asked(due, days, most_calls)
        except FlightctlError as error:
            return _all(due, Renewal.FAILED, error)

    def _asked(self, due: DueDay, days: SharedDays, most_calls: int | None) -> list[RenewedFlight]:
        question = self._question(due)
        choice = days.choice(question)
        if not choice.ways:
            raise why_refused(f"{due.designator} on {due.day}", choice)
        if self._is_absent(question, due.day):
            return _all(due, Renewal.NOT_FOUND)
        wanted = DayWanted(question.now, Cause.REFRESH, most_calls)
        fetched = days.day(question, choice, wanted).value
        after = {flight.flight_id: flight for flight in fetched.flights if flight.observed_at >= question.now}
        return [_compared(one.flight.flight_id, one.flight.version, after) for one in due.tracked]

    def _question(self, due: DueDay) -> DayQuestion:
        zone = zone_named(due.tracked[0].flight.origin_zone)
        names = (due.designator, *sorted({one.flight.ident for one in due.tracked} - {due.designator}))
        asked = parse_designator(due.designator)
        return DayQuestion(asked, names, DepartureDay(due.day), zone or UTC, self._clock())

    def _is_absent(self, question: DayQuestion, day: date) -> bool:
        """Whether it is remembered that the provider knows none."""
        with self._database.reading() as session:
            asked = asked_days.find(session, question.names, day)
        return asked is not None and asked.absent_until is not None and question.now < asked.absent_until


def _compared(flight_id: str, version: int, after: dict[str, Flight]) -> RenewedFlight:
    if flight_id not in after:
        return RenewedFlight(flight_id, Renewal.NOT_FOUND)
    return RenewedFlight(flight_id, Renewal.CHANGED if after[flight_id].version != version else Renewal.UNCHANGED)


def _all(due: DueDay, renewal: Renewal, error: FlightctlError | None = None) -> list[RenewedFlight]:
    return [RenewedFlight(one.flight.flight_id, renewal, error) for one in due.tracked]
