"""What the cache did: hits and misses, calls, their errors and what they cost, entries, decisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightctl.domain.answer import Bucket, hit_ratio
from flightctl.domain.billing import Account, Cause, Price
from flightctl.domain.caller import Caller, Role
from flightctl.domain.proposal import Decision
from flightctl.services.budget import AccountStatus, account_status, other_accounts
from flightctl.store import ledger, proposals, routes
from flightctl.store.engine import Database, Transaction
from flightctl.store.ledger import Cost

_NO_ERROR = {ledger.SENT, ledger.OK, ledger.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What statistics are asked for."""

    since: datetime | None
    """UTC; none means from the beginning."""
    ttl: timedelta
    account: Account
    """Whose budget is told; without a fingerprint where no key is configured."""
    now: datetime

    @property
    def start(self) -> datetime:
        """``since`` as an instant."""
        return max(self.since or routes.EVER, routes.EVER)


@dataclass(frozen=True, slots=True)
class Money:
    """What was paid, and what the cache kept from being paid."""

    price: Price
    """Of one call, now."""
    costs: dict[str, Cost]
    """By cause, at the prices of their time; what is older than causes has an empty one."""
    calls_avoided: int
    """Look-ups that were answered without a call of their own."""

    @property
    def spent_micros(self) -> int:
        """What all calls cost."""
        return sum(cost.micros for cost in self.costs.values())

    @property
    def saved_micros(self) -> int:
        """What the avoided calls would have cost, at the price of now."""
        return self.calls_avoided * self.price.micros

    def cost(self, cause: Cause) -> Cost:
        """The calls that were made for this reason."""
        return self.costs.get(cause.value, Cost())


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
    money: Money
    budget: AccountStatus | None
    """None where no key is configured and none was used."""

    @property
    def hit_ratio(self) -> float | None:
        """Hits / (hits + misses + stale + coalesced)."""
        return hit_ratio(*(self.lookups[bucket] for bucket in Bucket))


def gather(database: Database, caller: Caller, asked: Inquiry) -> Statistics:
    """Read the counters. Raises LocalFileError."""
    start, account = asked.start, asked.account
    with database.reading() as session:
        counted = ledger.lookups_by_hour(session, f"{start:%Y-%m-%d %H}")
        calls = ledger.calls_by_result(session, start)
        costs = ledger.costs_by_cause(session, account.provider, start)
        confirmed, pending, stale = routes.count_by_status(session, asked.now - asked.ttl)
        decisions = proposals.decisions_since(session, start)
        budget = _budget(session, asked)
    lookups = {bucket: sum(one.n for one in counted if one.bucket is bucket) for bucket in Bucket}
    return Statistics(
        asked.since,
        lookups,
        _by_source(counted),
        _by_day(counted),
        sum(calls.values()),
        {kind: n for kind, n in sorted(calls.items()) if kind not in _NO_ERROR},
        confirmed,
        pending if caller.role >= Role.STAFF else None,
        stale,
        decisions.get(Decision.CONFIRMED, 0) + decisions.get(Decision.SETTLED, 0),
        decisions.get(Decision.REJECTED, 0),
        Money(account.price, costs, lookups[Bucket.HITS] + lookups[Bucket.COALESCED]),
        budget,
    )


def _budget(session: Transaction, asked: Inquiry) -> AccountStatus | None:
    """That of the configured account; without a key, of the one that others use most."""
    if asked.account.fingerprint:
        return account_status(session, asked.account, asked.now)
    return next(iter(other_accounts(session, asked.account, asked.now)), None)


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
