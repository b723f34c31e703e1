"""Feeds in SQL: how many rows upstream had for a filter, and the pages of a reading that is not at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import defer
from sqlmodel import Session, col, delete, select

from flightctl.store.models import Feed, FeedPage
from flightctl.store.upserts import put


@dataclass(frozen=True, slots=True)
class KeptPage:
    """One page of a reading; ``rows`` as they came."""

    offset: int
    count: int
    """Rows in it, readable or not."""
    total: int
    rows: Sequence[Mapping[str, Any]]
    """The readable ones."""
    read_at: datetime


class Progress(NamedTuple):
    """How far a reading has come."""

    read: int
    """Rows, from the first on without a gap."""
    total: int
    """As told last; -1 where nobody said."""
    instants: tuple[datetime, ...]
    """When each of its pages came."""


_ROWS: Any = FeedPage.rows


def totals(session: Session, provider: str, since: datetime) -> dict[str, int]:
    """Rows of every feed that was read after ``since``, by the filter's key."""
    rows = session.exec(select(Feed).where(Feed.provider == provider, col(Feed.learned_at) > since))
    return {row.filter: row.total for row in rows}


def remember_total(session: Session, provider: str, filter: str, total: int, now: datetime) -> None:
    """How many rows upstream has for the filter."""
    put(session, Feed, [{"provider": provider, "filter": filter, "total": total, "learned_at": now}])


def progress(session: Session, provider: str, since: datetime) -> dict[str, Progress]:
    """Readings that began at ``since`` or later and are not over, by the filter's key."""
    without_rows = select(FeedPage).options(defer(_ROWS))
    in_order = (col(FeedPage.filter), col(FeedPage.row_offset))
    begun: dict[str, Progress] = {}
    for page in session.exec(without_rows.where(FeedPage.provider == provider).order_by(*in_order)):
        before = begun.get(page.filter, Progress(0, -1, ()))
        if page.row_offset == before.read:
            instants = (*before.instants, page.read_at)
            begun[page.filter] = Progress(before.read + page.row_count, page.total, instants)
    return {filter: one for filter, one in begun.items() if one.instants[0] >= since}


def pages(session: Session, provider: str, filter: str) -> list[KeptPage]:
    """The pages that were kept of a reading, in order."""
    rows = session.exec(select(FeedPage).where(*_of(provider, filter)).order_by(col(FeedPage.row_offset)))
    return [KeptPage(row.row_offset, row.row_count, row.total, row.rows, row.read_at) for row in rows]


def keep_page(session: Session, provider: str, filter: str, page: KeptPage) -> None:
    """Keep one more page; with the first one a new reading begins."""
    if page.offset == 0:
        drop_pages(session, provider, filter)
    row = FeedPage(
        provider=provider,
        filter=filter,
        row_offset=page.offset,
        row_count=page.count,
        total=page.total,
        rows=[dict(row) for row in page.rows],
        read_at=page.read_at,
    )
    put(session, FeedPage, [row.model_dump()])


def drop_pages(session: Session, provider: str, filter: str) -> None:
    """The reading is over."""
    session.exec(delete(FeedPage).where(*_of(provider, filter)))


def drop_readings_before(session: Session, instant: datetime) -> None:
    """Readings that began before then: nobody will go on with them."""
    begun = select(FeedPage.provider, FeedPage.filter).where(FeedPage.row_offset == 0, col(FeedPage.read_at) < instant)
    for provider, filter in session.exec(begun).all():
        drop_pages(session, provider, filter)


def _of(provider: str, filter: str) -> tuple[Any, Any]:
    return FeedPage.provider == provider, FeedPage.filter == filter
