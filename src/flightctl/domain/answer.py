"""What a look-up answers, and how answers are counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from flightctl.domain.route import RouteEntry
from flightctl.errors import FlightctlError, NotFound

if TYPE_CHECKING:
    from flightctl.domain.flight import Flight

LOCAL, REMOTE = "local", "remote"
NO_SOURCE = "none"


class Outcome(Enum):
    """How a look-up ended (DESIGN section 4)."""

    HIT = "hit"
    MISS = "miss"
    REFRESHED = "refreshed"
    STALE = "stale"
    COALESCED = "coalesced"
    NOT_FOUND = "not_found"
    DENIED = "denied"
    OFFLINE = "offline"
    ERROR = "error"


class Bucket(Enum):
    """What statistics count."""

    HITS = "hits"
    MISSES = "misses"
    STALE = "stale"
    COALESCED = "coalesced"


class LookupKind(Enum):
    """What the history keeps of a look-up, so that it can be replayed with another lifetime."""

    FOUND = "found"
    ABSENT = "absent"
    """There is no such flight."""
    FAILED = "failed"
    """No answer, or a stale one for want of a better."""
    BYPASSED = "bypassed"
    """The cache was passed over, whatever came of it."""


class Answer(NamedTuple):
    """One answered question."""

    query: str
    """As it was typed."""
    flight_iata: str
    """The canonical designator; empty where the input is none."""
    outcome: Outcome
    source: str = ""
    """Where it came from: ``local`` or a provider; empty where nobody was asked."""
    provider: str = ""
    entry: RouteEntry | None = None
    """Present for every outcome that answers with a route."""
    expires_at: datetime | None = None
    warning: str = ""
    error: FlightctlError | None = None
    explanation: tuple[str, ...] = ()
    """Which tiers were asked in what order, and why a call was or was not made."""
    flights: tuple[Flight, ...] = ()
    """Those of one day, in order of time, where a day was asked for."""


class PrefixSummary(NamedTuple):
    """How complete the answer to a prefix is."""

    query: str
    matched: int
    stale_omitted: int
    complete: bool
    """Whether every page upstream was read."""
    failed: bool = False
    """Whether a row among the answers says why there are none."""


Counts = dict[tuple[Bucket, str], int]
"""Look-ups by bucket and source."""
Asks = list[tuple[str, str]]
"""Counted look-ups of flights, in order: cache key and ``LookupKind``."""


class Metrics:
    """What one run did and what it cost."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self.unwritten: Counts = {}
        """Those of ``counts`` that are not in the store yet."""
        self.unwritten_asks: Asks = []
        """The same look-ups, one by one."""
        self.upstream_calls = 0
        self.upstream_errors = 0

    def count(self, answer: Answer, *, bypassed: bool = False, of_route: bool = True) -> None:
        """One more look-up; ``bypassed`` where it passed over the cache, ``of_route`` unless it was for one day."""
        bucket = bucket_of(answer)
        if bucket is None:
            return
        key = bucket, answer.source or answer.provider or NO_SOURCE
        self.counts[key] = self.counts.get(key, 0) + 1
        self.unwritten[key] = self.unwritten.get(key, 0) + 1
        # Prefixes and bad designators are counted, but have no key to be replayed with; a day has another lifetime.
        if answer.flight_iata and of_route:
            kind = _BYPASSED if bypassed else _KINDS[answer.outcome]
            self.unwritten_asks.append((f"flight:{answer.flight_iata}", kind))

    def take_unwritten(self) -> Counts:
        """Hand over what the store does not have yet."""
        counts, self.unwritten = self.unwritten, {}
        return counts

    def take_asks(self) -> Asks:
        """Hand over the look-ups that the store's history does not have yet."""
        asks, self.unwritten_asks = self.unwritten_asks, []
        return asks

    def total(self, bucket: Bucket) -> int:
        """Look-ups of this bucket, whatever their source."""
        return sum(n for (counted, _), n in self.counts.items() if counted is bucket)


def bucket_of(answer: Answer) -> Bucket | None:
    """Where an answer is counted; denied and offline are not (DESIGN section 3).

    A "no such flight" that was remembered is a hit, one that was asked for a miss.
    """
    if answer.outcome is Outcome.NOT_FOUND:
        return Bucket.HITS if answer.source in (LOCAL, REMOTE) else Bucket.MISSES
    return _BUCKETS.get(answer.outcome)


_BUCKETS = {
    Outcome.HIT: Bucket.HITS,
    Outcome.MISS: Bucket.MISSES,
    Outcome.REFRESHED: Bucket.MISSES,
    Outcome.ERROR: Bucket.MISSES,
    Outcome.STALE: Bucket.STALE,
    Outcome.COALESCED: Bucket.COALESCED,
}


_BYPASSED = LookupKind.BYPASSED.value
_KINDS = {
    Outcome.HIT: LookupKind.FOUND.value,
    Outcome.MISS: LookupKind.FOUND.value,
    Outcome.REFRESHED: LookupKind.FOUND.value,
    Outcome.COALESCED: LookupKind.FOUND.value,
    Outcome.NOT_FOUND: LookupKind.ABSENT.value,
    Outcome.STALE: LookupKind.FAILED.value,
    Outcome.ERROR: LookupKind.FAILED.value,
}
"""Every outcome that is counted."""


def hit_ratio(hits: int, misses: int, stale: int, coalesced: int) -> float | None:
    """Hits / (hits + misses + stale + coalesced); none before the first look-up."""
    counted = hits + misses + stale + coalesced
    return hits / counted if counted else None


def exit_code(answers: Iterable[Answer], prefixes: Iterable[PrefixSummary] = ()) -> int:
    """The code that all answers share, otherwise 9 (DESIGN section 4); 0 for no questions.

    A prefix that nothing matches counts as one "not found".
    """
    codes = {answer.error.exit_code if answer.error else 0 for answer in answers}
    codes |= {NotFound.exit_code for prefix in prefixes if not prefix.matched and not prefix.failed}
    return codes.pop() if len(codes) == 1 else 9 if codes else 0


def shared_outcome(waited: bool) -> Outcome:
    """How an answer that somebody else paid for is told: fetched while we waited, or stored just before we looked."""
    return Outcome.COALESCED if waited else Outcome.HIT
