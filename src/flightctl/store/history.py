"""The history of look-ups: which flight was asked for when. ``store.hits`` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlmodel import Session, col, delete, func, select

from flightctl.domain.answer import LookupKind
from flightctl.store.chunks import in_chunks
from flightctl.store.models import LookupEvent


class Ask(NamedTuple):
    """One counted look-up of a flight."""

    id: int
    """Grows with the order in which look-ups were written down."""
    cache_key: str
    asked_at_s: int
    """Unix time."""
    kind: LookupKind


def page(session: Session, after_id: int, limit: int) -> list[Ask]:
    """At most so many look-ups behind this one, in order; from the first where ``after_id`` is 0."""
    rows = session.exec(
        select(LookupEvent.id, LookupEvent.cache_key, LookupEvent.asked_at_s, LookupEvent.kind)
        .where(col(LookupEvent.id) > after_id)
        .order_by(col(LookupEvent.id))
        .limit(limit)
    )
    return [Ask(number or 0, key, asked_at_s, _KINDS[kind]) for number, key, asked_at_s, kind in rows]


def asks(session: Session, cache_keys: Iterable[str], since_s: int) -> dict[str, int]:
    """How often each of these was looked up since then (Unix time); those that never were are left out."""
    counted: dict[str, int] = {}
    for keys in in_chunks(cache_keys):
        counted.update(
            session.exec(
                select(LookupEvent.cache_key, func.count())
                .where(col(LookupEvent.cache_key).in_(keys), col(LookupEvent.asked_at_s) >= since_s)
                .group_by(LookupEvent.cache_key)
            ).all()
        )
    return counted


def prune(session: Session, before_s: int) -> None:
    """Forget look-ups before then (Unix time), so that the file does not grow without end."""
    session.exec(delete(LookupEvent).where(col(LookupEvent.asked_at_s) < before_s))


_KINDS = {kind.value: kind for kind in LookupKind}
"""Quicker than the enum's own call, for a history of a million look-ups."""
