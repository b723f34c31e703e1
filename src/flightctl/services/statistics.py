"""What the cache did: hits and misses, calls and their errors, entries, decisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightctl.domain.answer import Bucket, hit_ratio
from flightctl.domain.caller import Caller, Role
from flightctl.domain.proposal import Decision
from flightctl.store import ledger, proposals, routes
from flightctl.store.engine import Database

_NO_ERROR = {ledger.SENT, ledger.OK, ledger.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything since ``since``; entries are as they stand now."""

    since: datetime | None
    """UTC; none means from the beginning."""
    lookups: dict[Bucket, int]
    by_source: dict[str, dict[Bucket, int]]
    by_day: dict[str, int]
    """Look-ups by UTC day, ``YYYY-MM-DD``."""
    calls: int
    errors: dict[str, int]
    """Failed calls by kind."""
    confirmed: int
    pending: int | None
    """None for a caller who may not know of pending entries."""
    stale: int
    confirmations: int
    rejections: int

    @property
    def hit_ratio(self) -> float | None:
        """Hits / (hits + misses + stale + coalesced)."""
        return hit_ratio(*(self.lookups[bucket] for bucket in Bucket))


def gather(database: Database, caller: Caller, since: datetime | None, ttl: timedelta, now: datetime) -> Statistics:
    """Read the counters. Raises LocalFileError."""
    start = max(since or routes.EVER, routes.EVER)
    with database.reading() as session:
        counted = ledger.lookups_by_hour(session, f"{start:%Y-%m-%d %H}")
        calls = ledger.calls_by_result(session, start)
        confirmed, pending, stale = routes.count_by_status(session, now - ttl)
        decisions = proposals.decisions_since(session, start)
    return Statistics(
        since,
        {bucket: sum(one.n for one in counted if one.bucket is bucket) for bucket in Bucket},
        _by_source(counted),
        _by_day(counted),
        sum(calls.values()),
        {kind: n for kind, n in sorted(calls.items()) if kind not in _NO_ERROR},
        confirmed,
        pending if caller.role >= Role.STAFF else None,
        stale,
        decisions.get(Decision.CONFIRMED, 0) + decisions.get(Decision.SETTLED, 0),
        decisions.get(Decision.REJECTED, 0),
    )


def _by_source(counted: list[ledger.Counted]) -> dict[str, dict[Bucket, int]]:
    sources = sorted({one.source for one in counted})
    return {
        source: {
            bucket: sum(one.n for one in counted if (one.source, one.bucket) == (source, bucket)) for bucket in Bucket
        }
        for source in sources
    }


def _by_day(counted: list[ledger.Counted]) -> dict[str, int]:
    days: Counter[str] = Counter()
    for one in counted:
        days[one.hour[:10]] += one.n
    return dict(sorted(days.items()))
