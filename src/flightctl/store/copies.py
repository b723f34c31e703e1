"""Copies of the remote's routes in the local file, and when they were last checked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, delete

from flightctl.domain.route import RouteEntry
from flightctl.store import routes
from flightctl.store.chunks import in_chunks
from flightctl.store.models import RemoteCopy


def keep(session: Session, entries: Collection[RouteEntry], gone: Collection[str], checked_at: datetime) -> None:
    """Put copies down as they stand in the remote, and drop those that it no longer has."""
    for entry in entries:
        routes.copy(session, entry)
        session.merge(RemoteCopy(cache_key=entry.route.cache_key, checked_at=checked_at))
    drop(session, gone)


def drop(session: Session, cache_keys: Collection[str]) -> None:
    """Forget copies; what was never copied stays."""
    for some in in_chunks(cache_keys):
        copied = session.exec(delete(RemoteCopy).where(col(RemoteCopy.cache_key).in_(some)).returning(_KEY))
        for (cache_key,) in copied.all():
            routes.remove(session, cache_key)


_KEY = col(RemoteCopy.cache_key)
