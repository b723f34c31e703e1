"""The remote as its caller sees it, and how far the local tier is behind."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, func, select

from flightctl.store.models import CountBatch, RemoteCopy, UnreportedCount

_COUNTED = ("aviationstack_cache", "flights", "user_flights", "shares", "upstream_calls")


class LocalTierLag(NamedTuple):
    """What the local file holds for the remote, and of it."""

    copies: int
    oldest_check: datetime | None
    """When the copy that was not checked for longest was checked; none where there is none."""
    unreported_lookups: int
    """Counted here, and not handed over."""


def rows(session: Session) -> dict[str, int]:
    """Rows that this login may read, by table."""
    return {table: session.execute(text(f"SELECT count(*) FROM public.{table}")).scalar_one() for table in _COUNTED}


def lag(session: Session) -> LocalTierLag:
    """Read from the local file."""
    copies, oldest = session.exec(select(func.count(), func.min(RemoteCopy.checked_at)).select_from(RemoteCopy)).one()
    waiting = session.exec(select(func.coalesce(func.sum(UnreportedCount.n), 0))).one()
    packed = [count["n"] for batch in session.exec(select(CountBatch)) for count in json.loads(batch.counts)]
    return LocalTierLag(copies, oldest, waiting + sum(packed))
