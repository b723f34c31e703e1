"""Counters of look-ups on their way from the local file to the remote: each batch arrives once, whatever happens.

A batch gets its number in the local file before it is sent; the remote takes a number once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

from sqlmodel import Session, col, delete, select

from flightctl.store.models import CountBatch, UnreportedCount
from flightctl.store.remote_calls import told


@dataclass(frozen=True, slots=True)
class Batch:
    """Counters under one number."""

    batch_id: str
    counts: str
    """JSON, as the remote's function takes it."""


def waiting(session: Session) -> list[Batch]:
    """Batches of the local file that the remote may not have yet."""
    return [Batch(row.batch_id, row.counts) for row in session.exec(select(CountBatch))]


def has_unreported(session: Session) -> bool:
    """Whether there is anything to hand over."""
    return any(session.exec(select(table).limit(1)).first() for table in (UnreportedCount.n, CountBatch.batch_id))


def pack(session: Session) -> None:
    """Put what was counted since into a batch of the local file."""
    counted = session.exec(select(UnreportedCount)).all()
    if counted:
        counts = json.dumps([row.model_dump() for row in counted])
        session.add(CountBatch(batch_id=str(uuid4()), counts=counts))
        session.exec(delete(UnreportedCount))


def arrived(session: Session, batch: Batch) -> None:
    """Forget a batch of the local file."""
    session.exec(delete(CountBatch).where(col(CountBatch.batch_id) == batch.batch_id))


def deliver(session: Session, batch: Batch) -> None:
    """Give a batch to the remote; one that it has is no error."""
    told(session, "hand_over_counts", batch.batch_id, batch.counts)
