"""Two tiers of one cache: when a copy of the local one has to be checked against the remote (DESIGN section 3, 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from flightctl.domain.freshness import is_fresh
from flightctl.domain.route import RouteEntry


class CopyLifetimes(NamedTuple):
    """How long what stands in the local tier does."""

    ttl: timedelta
    """A route's, from when its source vouched for it."""
    copy_ttl: timedelta
    """A copy's, from when it was last checked."""


def has_to_be_checked(
    held: RouteEntry | None, checked_at: datetime | None, lifetimes: CopyLifetimes, now: datetime
) -> bool:
    """Whether the remote is to be asked: for what is not held, or stale, or was not checked for long."""
    if held is None or not is_fresh(held.refreshed_at, now, lifetimes.ttl):
        return True
    return checked_at is None or not is_fresh(checked_at, now, lifetimes.copy_ttl)


def merged(held: RouteEntry | None, remote: RouteEntry | None, *, is_copy: bool) -> RouteEntry | None:
    """What holds after a check: the younger of the two; a copy of what the remote no longer has is nothing."""
    if held is None or remote is None:
        return remote if is_copy or held is None else held
    return remote if is_copy or remote.refreshed_at >= held.refreshed_at else held
