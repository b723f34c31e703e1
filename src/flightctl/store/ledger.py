"""The record of paid calls, and the counters of look-ups."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from flightctl.domain.answer import Bucket
from flightctl.domain.billing import Cause
from flightctl.store.engine import on_postgresql
from flightctl.store.models import LookupCount, UpstreamCall
from flightctl.store.remote_calls import told

SENT = "sent"
OK = "ok"
NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A paid call that is about to be made."""

    provider: str
    account: str
    cache_key: str
    cause: Cause
    units: int
    cost_micros: int
    called_at: datetime


def record_call(session: Session, call: PaidCall) -> int:
    """Write down a paid call before it is sent, so that a kill cannot hide it; returns its number."""
    row = UpstreamCall(**{**asdict(call), "cause": call.cause.value}, result=SENT)
    session.add(row)
    session.flush()
    assert row.id is not None  # the database has just given it
    return row.id


def settle_call(session: Session, call_id: int, result: str, now: datetime) -> None:
    """Write down how a paid call ended: ``ok``, ``not_found`` or a kind of error."""
    if on_postgresql(session):
        told(session, "settle_call", call_id, result, now)
        return
    ended = update(UpstreamCall).where(col(UpstreamCall.id) == call_id)
    session.exec(ended.values(result=result, ended_at=now))


def waive(session: Session, call_id: int) -> None:
    """The call was never sent, so it costs nothing; it stays on record as one that was tried."""
    session.exec(update(UpstreamCall).where(col(UpstreamCall.id) == call_id).values(units=0, cost_micros=0))


def calls_by_result(session: Session, since: datetime) -> dict[str, int]:
    """Paid calls since then by how they ended."""
    rows = session.exec(
        select(UpstreamCall.result, func.count())
        .where(col(UpstreamCall.called_at) >= since)
        .group_by(UpstreamCall.result)
    )
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class Cost:
    """Paid calls and what they cost, at the price of their time."""

    calls: int = 0
    micros: int = 0


def costs_by_cause(session: Session, provider: str, since: datetime) -> dict[str, Cost]:
    """Calls to a provider since then by ``domain.billing.Cause``; the empty cause is that of the oldest records."""
    rows = session.exec(
        select(UpstreamCall.cause, func.count(), func.sum(UpstreamCall.cost_micros))
        .where(col(UpstreamCall.called_at) >= since, UpstreamCall.provider == provider)
        .group_by(UpstreamCall.cause)
    )
    return {cause: Cost(calls, micros) for cause, calls, micros in rows}


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
