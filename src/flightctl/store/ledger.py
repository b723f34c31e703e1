"""The record of paid calls, the counters of look-ups, and leases on work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from flightctl.domain.answer import Bucket
from flightctl.store.models import Lease, LookupCount, UpstreamCall

SENT = "sent"
OK = "ok"
NOT_FOUND = "not_found"


def record_call(session: Session, provider: str, cache_key: str, now: datetime) -> int:
    """Write down a paid call before it is sent, so that a kill cannot hide it; returns its number."""
    call = UpstreamCall(provider=provider, cache_key=cache_key, called_at=now, result=SENT)
    session.add(call)
    session.flush()
    assert call.id is not None  # the database has just given it
    return call.id


def settle_call(session: Session, call_id: int, result: str) -> None:
    """Write down how a paid call ended: ``ok``, ``not_found`` or a kind of error."""
    session.exec(update(UpstreamCall).where(col(UpstreamCall.id) == call_id).values(result=result))


def calls_by_result(session: Session, since: datetime) -> dict[str, int]:
    """Paid calls since then by how they ended."""
    rows = session.exec(
        select(UpstreamCall.result, func.count())
        .where(col(UpstreamCall.called_at) >= since)
        .group_by(UpstreamCall.result)
    )
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class Counted:
    """Look-ups of one UTC hour (``YYYY-MM-DD HH``)."""

    hour: str
    bucket: Bucket
    source: str
    n: int


def lookups_by_hour(session: Session, since_hour: str) -> list[Counted]:
    """Counted look-ups of every hour from ``since_hour`` on."""
    rows = session.exec(select(LookupCount).where(col(LookupCount.hour) >= since_hour))
    return [Counted(row.hour, Bucket(row.bucket), row.source, row.n) for row in rows]


def take_lease(session: Session, key: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take the work on ``key`` until then, unless somebody holds it; the fence grows with each holder."""
    lease = session.get(Lease, key)
    if lease is not None and now < lease.expires_at:
        return False
    fence = lease.fence + 1 if lease else 1
    session.merge(Lease(key=key, holder=holder, fence=fence, expires_at=until))
    return True


def release_lease(session: Session, key: str, holder: str, now: datetime) -> None:
    """Give the work back, if it is still ours."""
    lease = session.get(Lease, key)
    if lease is not None and lease.holder == holder:
        lease.expires_at = now
