"""What is stored of a number on a day, and what to do about a question for it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import FlightLifetimes, all_fresh_until
from flightctl.domain.strategy import Strategy


class StoredDay(NamedTuple):
    """Confirmed flights of a number on a local day, and whether they are all."""

    flights: tuple[Flight, ...]
    """In order of time."""
    asked_at: datetime | None = None
    """When a provider last told all flights of the day; none where nobody asked."""
    absent_until: datetime | None = None
    """Until when it is remembered that the provider knew none."""
    provider: str = ""
    """Who was asked."""
    is_cut: bool = False
    """Whether there were more flights than one look-up takes."""

    def is_fresh(self, lifetimes: FlightLifetimes, now: datetime) -> bool:
        """Whether there are flights, and all of them are fresh."""
        return bool(self.flights) and now < all_fresh_until(self.flights, lifetimes, now)

    def is_absent(self, now: datetime) -> bool:
        """Whether it is remembered that the provider knew none."""
        return self.absent_until is not None and now < self.absent_until


class DayMove(Enum):
    """The one thing to do next."""

    ANSWER = "answer from the cache"
    ANSWER_OLD = "answer with what is stored, and say how old it is"
    ANSWER_ABSENT = "answer that upstream did not know it a short while ago"
    ASK = "ask a provider"
    REFUSE_OFFLINE = "say that it is not cached"
    REFUSE = "say why nobody can be asked"


def next_day_move(
    stored: StoredDay, strategy: Strategy, lifetimes: FlightLifetimes, now: datetime, *, may_ask: bool
) -> DayMove:
    """Decide a look-up for one day.

    Flights that nobody has asked for (they came with another answer) may not be all of their day: they answer only
    where nobody can be asked. Who may not ask gets what is stored, however old.
    """
    uses_cache, is_fresh = strategy.cache_enabled and not strategy.refresh, stored.is_fresh(lifetimes, now)
    is_all = stored.asked_at is not None or strategy.offline or not may_ask
    if uses_cache and is_fresh and is_all:
        return DayMove.ANSWER
    if strategy.offline:
        return DayMove.REFUSE_OFFLINE
    if uses_cache and stored.is_absent(now):
        return DayMove.ANSWER_OLD if stored.flights else DayMove.ANSWER_ABSENT
    if may_ask:
        return DayMove.ASK
    return DayMove.ANSWER_OLD if uses_cache and stored.flights else DayMove.REFUSE
