"""The paid step of look-ups for one day: the right endpoint, asked once for all who want the same at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flightctl.domain.billing import Cause
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.horizon import Choice, Endpoint, Permit, Way, choose
from flightctl.domain.stored_day import StoredDay
from flightctl.domain.turn import Lease
from flightctl.errors import BudgetReached, UpstreamError
from flightctl.services.paid_flights import DayFetched, DayQuestion, PaidFlights, was_asked
from flightctl.services.single_flight import Landed, SingleFlight, Wish
from flightctl.services.spending import Spending
from flightctl.store import asked_days, flights
from flightctl.store.engine import Transaction


@dataclass(frozen=True, slots=True)
class DayWanted:
    """What is good enough of what somebody else has stored meanwhile: told after this moment, and fresh."""

    asked_since: datetime
    cause: Cause
    most_calls: int | None = None
    """That may be made; as many as the settings allow, if none is said."""


class SharedDays:
    """Endpoints behind the single flight; past it where ``shares`` is false, because nothing is stored."""

    def __init__(
        self,
        endpoints: Mapping[Endpoint, Callable[[], PaidFlights]],
        permits: Mapping[Endpoint, Permit],
        single: SingleFlight,
        lifetimes: FlightLifetimes,
        *,
        shares: bool = True,
    ) -> None:
        self._endpoints = endpoints
        self._permits = permits
        self._single = single
        self._lifetimes = lifetimes
        self._shares = shares
        self._opened: dict[Endpoint, PaidFlights] = {}
        self._last: PaidFlights | None = None
        self.passed_over: list[str] = []
        """Why an endpoint that was preferred was not asked, for the last question."""

    def choice(self, question: DayQuestion) -> Choice:
        """Which endpoints can be asked for this day."""
        return choose(question.local_date, question.zone, self._permits, question.now)

    @property
    def calls(self) -> int:
        """Requests that this run has made, of all providers."""
        return sum(spending.calls for spending in self.spendings)

    @property
    def errors(self) -> int:
        """Those of them that failed."""
        return sum(spending.errors for spending in self.spendings)

    @property
    def paid(self) -> int:
        """Those of them that have to be paid for."""
        return sum(spending.paid for spending in self.spendings)

    @property
    def bill(self) -> str:
        """What the last endpoint that was asked costs, and how much of its budget is used."""
        if self._last is None:
            return ""
        spending, price = self._last.spending, self._last.source.price
        cap = spending.account.budget.cap
        used = f"{spending.used} of {cap}" if cap is not None else str(spending.used)
        return f"{price.of(1)} each; {used} {spending.account.units} of this cycle used"

    @property
    def spendings(self) -> list[Spending]:
        """Of all accounts that this run has asked."""
        return list({id(paid.spending): paid.spending for paid in self._opened.values()}.values())

    def opened(self, way: Way) -> PaidFlights:
        """The endpoint. Raises NoKey and other ConfigurationErrors."""
        if way.endpoint not in self._opened:
            self._opened[way.endpoint] = self._endpoints[way.endpoint]()
        self._last = self._opened[way.endpoint]
        return self._last

    def day(self, question: DayQuestion, choice: Choice, wanted: DayWanted) -> Landed[DayFetched]:
        """One day, from upstream or from what somebody else has just stored.

        Raises as ``PaidFlights.day`` does, also where somebody else asked while we waited and failed.
        """
        self.passed_over = []
        if not self._shares:
            return Landed(self._fetched(question, choice, wanted, None), led=True, waited=False)
        wish = Wish(
            question.key,
            look=lambda session: self._stored(session, question, wanted),
            ask=lambda lease: self._fetched(question, choice, wanted, lease),
        )
        return self._single.fly(wish)

    def _fetched(self, question: DayQuestion, choice: Choice, wanted: DayWanted, lease: Lease | None) -> DayFetched:
        """From the best endpoint that takes the question; the next one is asked only where that was not."""
        *others, last = choice.ways
        for way in others:
            paid = self.opened(way)
            calls = paid.spending.calls
            try:
                return paid.day(question, wanted.cause, lease, wanted.most_calls)
            except (UpstreamError, BudgetReached) as error:
                if was_asked(error) and paid.spending.calls > calls:
                    raise
                self.passed_over.append(f"{way.endpoint.value}: not asked, {error.message}")
        return self.opened(last).day(question, wanted.cause, lease, wanted.most_calls)

    def _stored(self, session: Transaction, question: DayQuestion, wanted: DayWanted) -> DayFetched | None:
        return next(filter(None, (self._stored_on(session, question, day, wanted) for day in question.dates)), None)

    def _stored_on(
        self, session: Transaction, question: DayQuestion, day: date, wanted: DayWanted
    ) -> DayFetched | None:
        asked = asked_days.find(session, question.names, day)
        if asked is None or not wanted.asked_since < asked.asked_at:
            return None
        found = tuple(flight for flight in flights.of_day(session, question.names, day) if question.is_of_day(flight))
        stored = StoredDay(found, asked.asked_at, asked.absent_until, asked.provider, asked.is_cut)
        if not (stored.is_fresh(self._lifetimes, question.now) or stored.is_absent(question.now)):
            return None
        is_known = asked.absent_until is None
        return DayFetched(found, asked.provider, asked.asked_at, is_known_upstream=is_known, is_cut=asked.is_cut)
