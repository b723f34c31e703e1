"""The outbox: what has changed and is not mirrored yet, noted by triggers in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlmodel import Session

from flightctl.domain.mirrored import Noted, Topic
from flightctl.store.engine import Database, on_postgresql
from flightctl.store.mirror_models import MIRROR_STATE, OUTBOX
from flightctl.store.models import UtcTimestamp
from flightctl.store.remote_calls import call, told

_OLDEST = select(OUTBOX.c.id, OUTBOX.c.topic, OUTBOX.c.subject, OUTBOX.c.user_id).order_by(OUTBOX.c.id)
_NEXT = text("UPDATE mirror_state SET version = max(version, :above) + 1 RETURNING version")
_EXPIRED = text(
    "SELECT share_id, sharer_id FROM shares WHERE status = 'pending' AND expires_at > :after AND expires_at <= :until"
).bindparams(*(bindparam(name, type_=UtcTimestamp()) for name in ("after", "until")))


class Waiting(NamedTuple):
    """How much is not mirrored yet."""

    rows: int
    oldest: datetime | None
    """When the oldest of them was written; none where nothing waits."""


class MirrorState(NamedTuple):
    """How far mirroring has come."""

    is_on: bool
    bucket: str
    """Which bucket holds everything that is not in the outbox; empty where none does."""
    expired_until: datetime
    """Shares that expired until then are mirrored as such."""


@contextmanager
def taken(database: Database, most: int) -> Iterator[list[Noted]]:
    """The oldest of what was noted; it is gone when the block is left, and stays if it is left with an error.

    On the remote several take different rows at once; of a local file they take the same ones. Raises StoreError.
    """
    if database.is_shared:
        with database.writing() as session:
            yield _noted(call(session, "take_outbox", most))
        return
    with database.reading() as session:
        rows = session.execute(_OLDEST.limit(most)).all()
    # A file is written by one at a time: nobody is kept waiting while this is mirrored.
    yield _noted([row[1:] for row in rows])
    if rows:
        with database.writing() as session:
            session.execute(delete(OUTBOX).where(OUTBOX.c.id.in_([row.id for row in rows])))


def waiting(session: Session) -> Waiting:
    """How much waits."""
    rows, oldest = session.execute(select(func.count(OUTBOX.c.id), func.min(OUTBOX.c.written_at))).one()
    return Waiting(rows, oldest)


def state(session: Session) -> MirrorState:
    """How far mirroring has come."""
    columns = MIRROR_STATE.c
    row = session.execute(select(columns.is_on, columns.bucket, columns.expired_until)).one()
    return MirrorState(bool(row.is_on), row.bucket, row.expired_until)


def begin(session: Session) -> None:
    """From now on what changes is noted."""
    if on_postgresql(session):
        call(session, "begin_mirror")
    else:
        session.execute(text("UPDATE mirror_state SET is_on = true"))


def next_version(session: Session, above: int) -> int:
    """A number above all that were given before, and above this one."""
    if on_postgresql(session):
        return int(told(session, "next_mirror_version", above))
    return int(session.execute(_NEXT, {"above": above}).scalar_one())


def is_complete(session: Session, bucket: str) -> None:
    """The bucket holds everything but for what is in the outbox; empty where none does."""
    session.execute(update(MIRROR_STATE).values(bucket=bucket))


def expired(session: Session, after: datetime, until: datetime) -> list[Noted]:
    """Shares that expired in this time while nobody had claimed them."""
    if on_postgresql(session):
        rows = call(session, "expired_shares", after, until)
    else:
        rows = list(session.execute(_EXPIRED, {"after": after, "until": until}).all())
    return [Noted(Topic.SHARE, row.share_id, row.sharer_id) for row in rows]


def expired_are_mirrored(session: Session, until: datetime) -> None:
    """Shares that expired until then are mirrored as such."""
    session.execute(update(MIRROR_STATE).values(expired_until=until))


def _noted(rows: Iterable[Sequence[Any]]) -> list[Noted]:
    return [Noted(Topic(topic), subject, user) for topic, subject, user in rows]
