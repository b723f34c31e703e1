"""What another lifetime would have cost: the recorded look-ups, replayed with both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flightctl.domain.billing import Price
from flightctl.domain.lifetime import Replay
from flightctl.store import history
from flightctl.store.engine import Database

_AT_ONCE = 10_000
"""Look-ups read in one transaction, so that a long history holds up nobody."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long answers are kept."""

    other: timedelta
    """The one that is asked about."""
    present: timedelta
    negative: timedelta
    """Of a remembered absence, in both cases."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Calls that the same look-ups cost with two lifetimes."""

    ttl: timedelta
    calls: int
    calls_at_present_ttl: int
    since: datetime | None
    """The first look-up that was counted; none where there was none."""
    price: Price

    @property
    def more_calls(self) -> int:
        """Below zero: calls saved."""
        return self.calls - self.calls_at_present_ttl

    @property
    def cost_micros(self) -> int:
        """What they cost, at the price of now; below zero: money saved."""
        return self.more_calls * self.price.micros


def what_if(database: Database, lifetimes: Lifetimes, start: datetime, price: Price) -> WhatIf:
    """Replay all look-ups, and count the calls of those from ``start`` on. Raises LocalFileError.

    What is older than ``start`` is not counted, but what it brought is in the caches.
    """
    start_s = int(start.timestamp())
    replays: dict[str, tuple[Replay, Replay]] = {}
    calls = calls_at_present_ttl = 0
    since_s: int | None = None
    for _, key, asked_at_s, kind in _history(database):
        if key not in replays:
            replays[key] = Replay(lifetimes.other, lifetimes.negative), Replay(lifetimes.present, lifetimes.negative)
        other, present = replays[key]
        paid, paid_at_present_ttl = other.pays(asked_at_s, kind), present.pays(asked_at_s, kind)
        if asked_at_s >= start_s:
            calls += paid
            calls_at_present_ttl += paid_at_present_ttl
            since_s = asked_at_s if since_s is None else min(since_s, asked_at_s)
    since = datetime.fromtimestamp(since_s, UTC) if since_s is not None else None
    return WhatIf(lifetimes.other, calls, calls_at_present_ttl, since, price)


def _history(database: Database) -> Iterator[history.Ask]:
    after_id = 0
    while True:
        with database.reading() as session:
            asks = history.page(session, after_id, _AT_ONCE)
        yield from asks
        if len(asks) < _AT_ONCE:
            return
        after_id = asks[-1].id
