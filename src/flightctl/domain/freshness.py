"""How long an entry may be answered with. Exact: jitter belongs to picking work, never to freshness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


def is_fresh(refreshed_at: datetime, now: datetime, ttl: timedelta) -> bool:
    """``now - refreshed_at < ttl``; a ``refreshed_at`` in the future counts as now."""
    return now - min(refreshed_at, now) < ttl


def is_soon_stale(refreshed_at: datetime, now: datetime, ttl: timedelta, ahead: timedelta) -> bool:
    """Whether the entry is stale, or will be ``ahead`` from now."""
    return not is_fresh(refreshed_at, now + ahead, ttl)


def expires_at(refreshed_at: datetime, ttl: timedelta) -> datetime:
    """The first instant at which the entry is no longer fresh, or the last one there is."""
    return refreshed_at + min(ttl, _LAST_INSTANT - refreshed_at)


def absence_lifetime(base: timedelta, draw: float) -> timedelta:
    """Lifetime of a remembered absence: ``base`` +-20 %, so that absences learned together do not end together.

    ``draw`` is uniform in [0, 1).
    """
    return base * (0.8 + 0.4 * draw)
