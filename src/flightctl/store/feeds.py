"""Feeds in SQL: how many rows upstream had for a filter, and the pages of a reading that is not at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from flightctl.store.models import Feed, FeedPage


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


def totals(session: Session, provider: str, since: datetime) -> dict[str, int]:
    """Rows of every feed that was read after ``since``, by the filter's key."""
    rows = session.exec(select(Feed).where(Feed.provider == provider, col(Feed.learned_at) > since))
    return {row.filter: row.total for row in rows}


def remember_total(session: Session, provider: str, filter: str, total: int, now: datetime) -> None:
    """How many rows upstream has for the filter."""
    session.merge(Feed(provider=provider, filter=filter, total=total, learned_at=now))


def pages(session: Session, provider: str, filter: str) -> list[KeptPage]:
    """The pages that were kept of the present reading, in order."""
    rows = session.exec(select(FeedPage).where(*_of(provider, filter)).order_by(col(FeedPage.row_offset)))
    return [KeptPage(row.row_offset, row.row_count, row.total, row.rows, row.read_at) for row in rows]


def keep_page(session: Session, provider: str, filter: str, page: KeptPage) -> None:
    """Keep one more page."""
    session.merge(
        FeedPage(
            provider=provider,
            filter=filter,
            row_offset=page.offset,
            row_count=page.count,
            total=page.total,
            rows=[dict(row) for row in page.rows],
            read_at=page.read_at,
        )
    )


def drop_pages(session: Session, provider: str, filter: str) -> None:
    """The reading is over."""
    session.exec(delete(FeedPage).where(*_of(provider, filter)))


def drop_pages_before(session: Session, instant: datetime) -> None:
    """Readings that nobody will go on with."""
    session.exec(delete(FeedPage).where(col(FeedPage.read_at) < instant))


def _of(provider: str, filter: str) -> tuple[Any, Any]:
    return FeedPage.provider == provider, FeedPage.filter == filter
