"""What to do about a question, decided purely from what the cache holds and what the caller may do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from flightctl.domain.freshness import is_fresh
from flightctl.domain.route import RouteEntry


class Move(Enum):
    """The one thing to do next."""

    ANSWER = "answer from the cache"
    ANSWER_ABSENT = "answer that upstream did not know it a short while ago"
    ASK = "ask the provider"
    REFUSE_OFFLINE = "say that it is not cached"
    REFUSE_DENIED = "say that live look-ups are for subscribers"


class Strategy(NamedTuple):
    """Built once at the edge from the command line, the settings and the caller's entitlement."""

    ttl: timedelta
    may_ask: bool
    """Whether the paid step is there at all."""
    offline: bool = False
    refresh: bool = False
    cache_enabled: bool = True
    stale_if_error: bool = False


def next_move(found: RouteEntry | None, absent: bool, strategy: Strategy, now: datetime) -> Move:
    """Decide a look-up (DESIGN section 3, rules 1 to 5).

    ``found`` is the confirmed entry, fresh or not; ``absent`` whether "no such flight" is remembered.
    """
    uses_cache = strategy.cache_enabled and not strategy.refresh
    if uses_cache and found and is_fresh(found.refreshed_at, now, strategy.ttl):
        return Move.ANSWER
    if strategy.offline:
        return Move.REFUSE_OFFLINE
    if uses_cache and absent:
        return Move.ANSWER_ABSENT
    return Move.ASK if strategy.may_ask else Move.REFUSE_DENIED
