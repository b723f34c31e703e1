"""Shares in SQL: pending until exactly one claim wins, judged by the database's clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from flightctl.domain.share import Share, ShareStatus
from flightctl.store.engine import on_postgresql
from flightctl.store.list_models import CLAIM_FAILURES, SHARE_CLAIMS, SHARES
from flightctl.store.remote_calls import call

_SHARES, _FAILURES = SHARES.c, CLAIM_FAILURES.c
_PENDING = _SHARES.status == ShareStatus.PENDING.value
_HOUR = timedelta(hours=1)
# Written once: a guess costs five statements, and to put them together takes longer than to run them.
_BY_TOKEN = select(SHARES).where(_SHARES.token_sha256 == bindparam("token"))
_FAILED = select(func.count()).where(_FAILURES.user_id == bindparam("user"), _FAILURES.failed_at > bindparam("since"))
_OVER = delete(CLAIM_FAILURES).where(_FAILURES.user_id == bindparam("user"), _FAILURES.failed_at <= bindparam("until"))


def add(
    session: Session,
    sharer: str,
    flight_id: str,
    token_sha256: str,
    snapshot: dict[str, Any],
    now: datetime,
    lasts: timedelta,
) -> Share:
    """Write a pending share down; on the remote its own clock says when it was."""
    if on_postgresql(session):
        [made] = call(session, "make_share", flight_id, token_sha256, json.dumps(snapshot), lasts)
        times = (made.created_at.astimezone(UTC), made.expires_at.astimezone(UTC))
        return Share(made.share_id, flight_id, ShareStatus.PENDING, snapshot, *times, None)
    share = Share(str(uuid4()), flight_id, ShareStatus.PENDING, snapshot, now, now + lasts, None)
    row = {**share._asdict(), "status": share.status.value, "sharer_id": sharer, "token_sha256": token_sha256}
    session.execute(insert(SHARES).values(row))
    return share


def of_sharer(session: Session, sharer: str, now: datetime) -> list[Share]:
    """What somebody shared, the latest first; what has run out is expired."""
    query = select(SHARES).where(_SHARES.sharer_id == sharer).order_by(_SHARES.created_at.desc(), _SHARES.share_id)
    return [share_of(row, now) for row in session.execute(query)]


def find(session: Session, sharer: str, share_id: str, now: datetime) -> Share | None:
    """One share of this sharer; none where it is somebody else's."""
    row = session.execute(select(SHARES).where(_SHARES.share_id == share_id, _SHARES.sharer_id == sharer)).one_or_none()
    return share_of(row, now) if row else None


def revoke(session: Session, share_id: str) -> None:
    """Take a pending share back."""
    session.execute(
        update(SHARES).where(_SHARES.share_id == share_id, _PENDING).values(status=ShareStatus.REVOKED.value)
    )


def by_token(session: Session, token_sha256: str, now: datetime) -> Share | None:
    """The share that the token is of; none where there is none."""
    row = session.execute(_BY_TOKEN, {"token": token_sha256}).one_or_none()
    return share_of(row, now) if row else None


def claimed_by(session: Session, share_id: str) -> str:
    """Who claimed the share; empty where nobody did."""
    query = select(SHARE_CLAIMS.c.user_id).where(SHARE_CLAIMS.c.share_id == share_id)
    return session.scalars(query).one_or_none() or ""


def claim(session: Session, share_id: str, user: str, now: datetime) -> bool:
    """Claim a pending share; whether this claim is the one that wins."""
    won = (
        update(SHARES)
        .where(_SHARES.share_id == share_id, _PENDING, _SHARES.expires_at > now)
        .values(status=ShareStatus.CLAIMED.value, claimed_at=now)
    )
    if not session.connection().execute(won).rowcount:
        return False
    session.execute(insert(SHARE_CLAIMS).values(share_id=share_id, user_id=user))
    return True


def failures_of_the_hour(session: Session, user: str, now: datetime) -> int:
    """How many claims of this user were refused within the last hour."""
    found: int = session.execute(_FAILED, {"user": user, "since": now - _HOUR}).scalar_one()
    return found


def count_failure(session: Session, user: str, now: datetime) -> None:
    """One more; those that are long over are dropped."""
    session.execute(_OVER, {"user": user, "until": now - _HOUR})
    session.execute(insert(CLAIM_FAILURES), {"user_id": user, "failed_at": now})


def share_of(row: Row[Any], now: datetime) -> Share:
    """A row of ``shares``; what has run out is expired."""
    status = ShareStatus(row.status)
    if status is ShareStatus.PENDING and row.expires_at <= now:
        status = ShareStatus.EXPIRED
    return Share(row.share_id, row.flight_id, status, row.snapshot, row.created_at, row.expires_at, row.claimed_at)
