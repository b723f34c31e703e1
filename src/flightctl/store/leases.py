"""Leases on keys, in the store where the work's result lands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import defer
from sqlmodel import Session

from flightctl.domain.turn import LEASE, Lease, LeaseLost, is_due_for_renewal
from flightctl.store.engine import on_postgresql
from flightctl.store.models import LeaseRow
from flightctl.store.remote_calls import call, told

_NOT_WHOSE = defer(LeaseRow.held_by)  # type: ignore[arg-type]
"""Which login holds a lease is told to nobody on the remote."""
_JUST_NOW = timedelta(seconds=1)
"""A lease that was taken or renewed so lately is as good as new, and not worth a write."""


def hold(session: Session, key: str) -> None:
    """Keep others from deciding about the key until this transaction ends; a file is held as a whole anyway."""
    if on_postgresql(session):
        call(session, "lock_lease", key)


def find(session: Session, key: str) -> Lease | None:
    """The key's lease, running out or run out; none where nobody has ever worked on it."""
    row = _row(session, key)
    return _lease(row) if row else None


def take(session: Session, key: str, holder: str, now: datetime) -> Lease:
    """Take the key, whoever had it; the caller has decided that it may. The fence grows.

    Raises LeaseLost where the remote says that it is another login's.
    """
    if on_postgresql(session):
        taken = call(session, "take_lease", key, holder, LEASE, now)
        if not taken:
            raise LeaseLost(key)
        return _lease(taken[0])
    before = session.get(LeaseRow, key)
    row = LeaseRow(key=key, holder=holder, fence=before.fence + 1 if before else 1, expires_at=now + LEASE)
    return _lease(session.merge(row))


def holds(session: Session, lease: Lease) -> bool:
    """Whether nobody has taken the key since."""
    hold(session, lease.key)
    row = _row(session, lease.key)
    return row is not None and row.fence == lease.fence


def keep(session: Session, lease: Lease, now: datetime) -> None:
    """Renew the lease, unless that was just done. Raises LeaseLost where somebody else has the key."""
    hold(session, lease.key)
    row = _row(session, lease.key)
    if row is None or row.fence != lease.fence:
        raise LeaseLost(lease.key)
    if now + LEASE - row.expires_at <= _JUST_NOW:
        return
    if not on_postgresql(session):
        row.expires_at = now + LEASE
    elif not told(session, "keep_lease", lease.key, lease.fence, LEASE, now):
        raise LeaseLost(lease.key)


def is_due(session: Session, lease: Lease, now: datetime) -> bool:
    """Whether who waits has to ``keep`` it: little is left of it, or somebody else has the key."""
    row = _row(session, lease.key)
    return row is None or row.fence != lease.fence or is_due_for_renewal(row.expires_at, now)


def release(session: Session, lease: Lease, now: datetime, failure: str = "") -> None:
    """Give the key back, if it is still ours, and say how the work failed, if it did."""
    if on_postgresql(session):
        call(session, "release_lease", lease.key, lease.fence, failure, now)
        return
    row = session.get(LeaseRow, lease.key)
    if row is not None and row.fence == lease.fence:
        row.expires_at = now
        row.failure, row.failed_at = failure, now if failure else None


def _row(session: Session, key: str) -> LeaseRow | None:
    # As it is now: what was read before the key was held may have changed. On the remote a key that was only held, and
    # never worked on, has a row as well.
    row = session.get(LeaseRow, key, populate_existing=True, options=[_NOT_WHOSE])
    return row if row is not None and row.fence else None


def _lease(row: LeaseRow | Row[Any]) -> Lease:
    return Lease(row.key, row.holder, row.fence, row.expires_at, row.failure, row.failed_at)
