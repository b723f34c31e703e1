"""The outbox: what has changed and is not mirrored yet, noted by triggers in the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlmodel import Session

from flightctl.domain.mirrored import Noted, Topic
from flightctl.store.engine import Database, on_postgresql
from flightctl.store.mirror_models import MIRROR_STATE, OUTBOX
from flightctl.store.models import UtcTimestamp
from flightctl.store.remote_calls import call, told

_OLDEST = select(OUTBOX.c.id, OUTBOX.c.topic, OUTBOX.c.subject, OUTBOX.c.user_id).order_by(OUTBOX.c.id)
_AWAKE = select(1)
_DELETED_EVERY_S = 0.5
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


class Taken(NamedTuple):
    """Some of what was noted, held by a transaction."""

    noted: list[Noted]
    stay_awake: Callable[[], object]
    """To be called now and then: a remote gives up a transaction in which nothing is asked for a while."""


class Outbox:
    """What was noted, as one mirror takes it. Raises StoreError."""

    def __init__(self, database: Database, leaving: Callable[[Session], object] = lambda _: None) -> None:
        """``leaving`` is called in each transaction with which something goes."""
        self._database = database
        self._leaving = leaving
        self._last = 0
        """Of a file: up to this row everything is mirrored; 0 where none of it is still there."""
        self._due_at = 0.0

    def taken(self, most: int) -> AbstractContextManager[Taken]:
        """The oldest of what was noted; it is gone when the block is left, and stays if it is left with an error.

        On the remote several take different rows at once; of a local file they take the same ones. There, rows that
        follow one another fast go together every half second, or with the call that finds nothing more.
        """
        return self._of_remote(most) if self._database.is_shared else self._of_file(most)

    @contextmanager
    def _of_remote(self, most: int) -> Iterator[Taken]:
        with self._database.writing() as session:
            noted = _noted(call(session, "take_outbox", most))
            yield Taken(noted, lambda: session.execute(_AWAKE))
            if noted:
                self._leaving(session)

    @contextmanager
    def _of_file(self, most: int) -> Iterator[Taken]:
        with self._database.reading() as session:
            rows = session.execute(_OLDEST.where(OUTBOX.c.id > self._last).limit(most)).all()
        # A file is written by one at a time: nobody is kept waiting while this is mirrored, and nobody waited for.
        yield Taken(_noted([row[1:] for row in rows]), lambda: None)
        if rows:
            self._last = rows[-1].id
        if self._last and (not rows or monotonic() >= self._due_at):
            self._delete()

    def forget(self) -> None:
        """The file is another one, which numbers its rows as it likes."""
        self._last = 0

    def _delete(self) -> None:
        with self._database.writing() as session:
            session.execute(delete(OUTBOX).where(OUTBOX.c.id <= self._last))
            self._leaving(session)
        self._last, self._due_at = 0, monotonic() + _DELETED_EVERY_S


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
