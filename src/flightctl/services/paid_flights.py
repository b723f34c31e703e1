"""The paid step of a look-up for one day: ask an endpoint, recognise the flights in its answer, keep them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Protocol

from flightctl.domain.billing import Cause, Price
from flightctl.domain.departure_day import DepartureDay
from flightctl.domain.designator import Designator
from flightctl.domain.flight import Flight
from flightctl.domain.flight_book import Book
from flightctl.domain.freshness import absence_lifetime
from flightctl.domain.horizon import DayWindow, window_of
from flightctl.domain.sighting import Sighting
from flightctl.domain.sighting_page import Rejected, SightingsPage
from flightctl.domain.turn import Lease
from flightctl.domain.zones import zone_named
from flightctl.errors import BudgetReached, StoreError, UpstreamError
from flightctl.services.observing import take
from flightctl.services.spending import Call, Errand, Spending
from flightctl.store import asked_days, flights, leases, ledger
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import Database, Transaction

_DAY = timedelta(days=1)
CONTEXT = timedelta(hours=12)
"""So much of the days around is asked for, too: a flight that was put off past midnight is told from the next one."""


@dataclass(frozen=True, slots=True)
class DayQuestion:
    """Which number, on which day."""

    asked: Designator
    names: tuple[str, ...]
    """Designators under which it may be stored, ``asked`` first."""
    day: DepartureDay
    zone: tzinfo | None
    """The origin's; none where the origin is not known."""
    now: datetime

    @property
    def local_date(self) -> date:
        """The day at the origin; in UTC where the origin is not known."""
        return self.day.on(self.zone or _utc(self.now), self.now)

    @property
    def window(self) -> DayWindow:
        """What has to be asked for, with the days around."""
        return window_of(self.local_date, self.zone).widened(CONTEXT if self.zone else timedelta())

    @property
    def key(self) -> str:
        """Under which a call is made once for all."""
        return f"dated:{self.asked}:{self.local_date}"

    @property
    def dates(self) -> tuple[date, ...]:
        """What the day may be at the origin, the likeliest first."""
        is_certain = self.zone is not None or self.day.given is not None
        return (self.local_date,) if is_certain else (self.local_date, self.local_date - _DAY, self.local_date + _DAY)

    def date_at_origin_of(self, flight: Flight) -> date:
        """The day where this flight leaves."""
        return self.day.on(zone_named(flight.origin_zone) or _utc(self.now), self.now)

    def is_of_day(self, flight: Flight) -> bool:
        """Whether the flight left, or leaves, on the day, as it was first or is now scheduled."""
        return self.date_at_origin_of(flight) in (flight.departure_date, flight.local_date)


class DaySource(Protocol):
    """One endpoint of a provider."""

    @property
    def name(self) -> str:
        """What answers name as their source."""
        ...

    @property
    def price(self) -> Price:
        """Of one unit."""
        ...

    @property
    def most_pages(self) -> int:
        """How many result sets are read at the most."""
        ...

    def covers(self, question: DayQuestion) -> DayWindow:
        """The time of which an answer tells every departure."""
        ...

    def page(self, question: DayQuestion, cursor: str) -> SightingsPage:
        """One request. Raises UpstreamError, QuotaUsedUp and ConfigurationError."""
        ...


@dataclass(frozen=True, slots=True)
class DayFetched:
    """What is known of a day after it was asked for."""

    flights: tuple[Flight, ...]
    provider: str
    asked_at: datetime
    is_known_upstream: bool
    """Whether the provider told of any flight of the day; what is stored from before may stand without."""
    is_cut: bool = False
    """Whether there was more than the most result sets."""
    rejected: tuple[Rejected, ...] = ()
    trouble: StoreError | None = None
    """Why the answer could not be kept."""


@dataclass(slots=True)
class _Answer:
    """The pages that were read so far."""

    most_pages: int
    sightings: list[Sighting] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    pages: int = 0
    taken: list[Flight] = field(default_factory=list)
    """What they are in the store."""

    def of_day(self, question: DayQuestion) -> list[Flight]:
        """Those of the day that is asked for."""
        return [flight for flight in self.taken if question.is_of_day(flight)]

    def date_of(self, question: DayQuestion) -> date:
        """The day, where it is known from what was told where the flight leaves."""
        told = self.of_day(question)
        return question.date_at_origin_of(told[0]) if told else question.local_date


class PaidFlights:
    """One endpoint's days. A day takes a call for each result set of its answer."""

    def __init__(
        self,
        source: DaySource,
        spending: Spending,
        database: Callable[[], Database],
        clock: Callable[[], datetime],
        negative_ttl: timedelta,
        *,
        keep: bool = True,
        learns: bool = True,
    ) -> None:
        """``learns`` says whether names and codes go into the reference tables; into a remote's by service only."""
        self.source = source
        self.spending = spending
        self._database = database
        self._clock = clock
        self._negative_ttl = negative_ttl
        self._keep = keep
        self._learns = learns

    def day(
        self, question: DayQuestion, cause: Cause, lease: Lease | None = None, most_calls: int | None = None
    ) -> DayFetched:
        """Ask for a day and keep what is told, unless the ``lease`` has passed to somebody else meanwhile.

        Raises UpstreamError and what ``Spending.call`` raises; what was read before a page failed is kept.
        """
        most_pages = self.source.most_pages if most_calls is None else min(self.source.most_pages, most_calls)
        answer, errand = _Answer(most_pages), Errand(question.key, cause, lease, price=self.source.price)
        fetched, cursor = self._page(question, errand, answer, "")
        while cursor:
            calls = self.spending.calls
            try:
                fetched, cursor = self._page(question, errand, answer, cursor)
            except (UpstreamError, BudgetReached) as error:
                if was_asked(error) and self.spending.calls > calls:
                    raise
                # What was paid for so far is an answer, if not all of one.
                return replace(fetched, is_cut=True)
        return fetched

    def _page(self, question: DayQuestion, errand: Errand, answer: _Answer, cursor: str) -> tuple[DayFetched, str]:
        """What is known after one more result set, and where the next one begins; empty for the last."""
        with self.spending.call(errand) as call:
            page = self.spending.made(call, partial(self.source.page, question, cursor))
            answer.pages += 1
            answer.sightings += page.sightings
            answer.rejected += page.rejected
            following = page.cursor if answer.pages < answer.most_pages else ""
            fetched = self._taken(call, question, answer, is_cut=page.more and not following, is_last=not following)
        return fetched, following

    def _taken(self, call: Call, question: DayQuestion, answer: _Answer, *, is_cut: bool, is_last: bool) -> DayFetched:
        """What the pages so far say; each is kept with what it cost, so that a failure of the next loses nothing."""
        trouble, stored = None, None
        try:
            with self._database().writing() as session:
                if self._keep and (call.errand.lease is None or leases.holds(session, call.errand.lease)):
                    stored = self._kept(session, question, answer, call.turn)
                    if is_last:
                        self._remember(session, question, answer, call.turn, is_cut=is_cut)
                self.spending.succeeded(session, call, ledger.OK if answer.sightings else ledger.NOT_FOUND)
        except StoreError as error:
            trouble = error
        of_day = _of_day(question, answer)
        return DayFetched(
            tuple(of_day if stored is None else stored),
            self.source.name,
            question.now,
            is_known_upstream=bool(of_day),
            is_cut=is_cut,
            rejected=tuple(answer.rejected),
            trouble=trouble,
        )

    def _kept(
        self, session: Transaction, question: DayQuestion, answer: _Answer, turn: PaidTurn | None
    ) -> Sequence[Flight]:
        covers = self.source.covers(question)
        taken = take(session, answer.sightings, question.names, covers, turn, learns=self._learns)
        answer.taken = [one.flight for one in taken]
        return flights.of_day(session, question.names, answer.date_of(question))

    def _remember(
        self, session: Transaction, question: DayQuestion, answer: _Answer, turn: PaidTurn | None, *, is_cut: bool
    ) -> None:
        """That the day was asked for; an answer that was cut says nothing of what it does not hold."""
        now, told = self._clock(), answer.of_day(question)
        is_absent = not told and not is_cut
        absent_until = now + absence_lifetime(self._negative_ttl, random.random()) if is_absent else None
        asked = asked_days.AskedDay(self.source.name, now, absent_until, is_cut)
        asked_days.remember(session, _names(question, answer, told), answer.date_of(question), asked, turn)


def _of_day(question: DayQuestion, answer: _Answer) -> list[Flight]:
    """The flights of the day as this answer alone has them."""
    told = [one.flight for one in Book(()).take(answer.sightings, question.names)]
    return sorted((flight for flight in told if question.is_of_day(flight)), key=lambda flight: flight.departs_at)


def _names(question: DayQuestion, answer: _Answer, told: Sequence[Flight]) -> set[str]:
    """Names under which the day has now been asked for: those that all its flights go by as their own."""
    ids = {flight.ident for flight in told}
    own = [one.designators | {one.ident} for one in answer.sightings if one.ident in ids and not one.operated_as]
    return {*question.names, *(frozenset.intersection(*own) if own else ())}


def _utc(now: datetime) -> tzinfo:
    assert now.tzinfo is not None
    return now.tzinfo


def was_asked(error: UpstreamError | BudgetReached) -> bool:
    """Whether the provider may have been, if a call was permitted at all: then no other one is paid instead."""
    return isinstance(error, UpstreamError) and error.was_sent
