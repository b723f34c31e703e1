"""Sentences for ``--explain``: which tiers were asked in what order, and why a call was or was not made."""

from __future__ import annotations

from datetime import datetime, timedelta

from flightctl.domain.freshness import expires_at, is_fresh
from flightctl.domain.route import RouteEntry
from flightctl.domain.strategy import Move, Strategy


def of_tiers(found: RouteEntry | None, absent_until: datetime | None, strategy: Strategy, now: datetime) -> list[str]:
    """What the local tier had."""
    if not strategy.cache_enabled:
        return ["local: not read, cache.enabled is false"]
    said = ["local: " + (_entry(found, strategy, now) if found else "no confirmed entry")]
    if absent_until is not None:
        said.append(f"local: upstream did not know it; remembered until {_clock(absent_until)}")
    if strategy.refresh:
        said.append("local: passed over, because of --refresh")
    return said


def of_move(move: Move, provider: str) -> str:
    """Why the next step is what it is."""
    return {
        Move.ANSWER: f"{provider}: not asked, the entry is fresh",
        Move.ANSWER_ABSENT: f"{provider}: not asked, it did not know the flight lately (--refresh asks anew)",
        Move.ASK: f"{provider}: asked, one paid call",
        Move.REFUSE_OFFLINE: f"{provider}: not asked, because of --offline",
        Move.REFUSE_DENIED: f"{provider}: not asked, it is open to subscribers only and your tier is basic",
    }[move]


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the two units that matter: ``3 d 4 h``."""
    elapsed = max(now - since, timedelta())
    minutes = int(elapsed.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _entry(found: RouteEntry, strategy: Strategy, now: datetime) -> str:
    fresh = is_fresh(found.refreshed_at, now, strategy.ttl)
    until = _clock(expires_at(found.refreshed_at, strategy.ttl))
    return f"confirmed entry, {age(found.refreshed_at, now)} old, {'fresh until' if fresh else 'stale since'} {until}"


def _clock(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
