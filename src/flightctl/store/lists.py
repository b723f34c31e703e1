"""Lists in SQL, and the reverse index that changes with them in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select, text, update
from sqlmodel import Session

from flightctl.domain.flight import FlightStatus
from flightctl.domain.flight_news import Change
from flightctl.domain.flight_renewal import Tracked
from flightctl.domain.listing import Kind, Listed
from flightctl.store.arrays import among
from flightctl.store.chunks import in_chunks
from flightctl.store.engine import on_postgresql
from flightctl.store.flight_models import FLIGHT_CHANGES, FLIGHTS
from flightctl.store.flight_rows import flight_of
from flightctl.store.flights import seen
from flightctl.store.list_models import FLIGHT_WATCHER_COUNTS, FLIGHT_WATCHERS, USER_FLIGHTS
from flightctl.store.remote_calls import told

_ENDED = [status.value for status in (FlightStatus.ARRIVED, FlightStatus.CANCELLED, FlightStatus.DIVERTED)]
_SNAPSHOT = text(
    "SELECT pg_snapshot_xmin(seen)::text::bigint, pg_snapshot_xmax(seen)::text::bigint "
    "FROM pg_current_snapshot() AS seen"
)
_WRITTEN_FROM = text("flight_changes.written_in >= CAST(:after AS xid8)")
_WRITTEN_BEFORE = text("flight_changes.written_in < CAST(:until AS xid8)")
_LIST, _WATCHERS, _CHANGES = USER_FLIGHTS.c, FLIGHT_WATCHERS.c, FLIGHT_CHANGES.c


def add(
    session: Session, user: str, flight_id: str, kind: Kind, now: datetime, snapshot: Mapping[str, Any] | None = None
) -> bool:
    """Put a flight into a list; whether it was not there yet in this way.

    On the remote only what is owned: what is shared comes with its claim.
    """
    if on_postgresql(session):
        return bool(told(session, "track", flight_id))
    if has(session, user, flight_id, kind):
        return False
    if not has(session, user, flight_id):
        session.execute(insert(FLIGHT_WATCHERS).values(flight_id=flight_id, user_id=user))
        _count(session, flight_id, 1)
    entry = {"user_id": user, "flight_id": flight_id, "kind": kind.value, "added_at": now, "snapshot": snapshot}
    session.execute(insert(USER_FLIGHTS).values(**entry, seen_change=_last_change(session, flight_id)))
    return True


def remove(session: Session, user: str, flight_id: str, kind: Kind | None = None) -> int:
    """Take a flight out of a list, in one way or in both; how many entries went."""
    if on_postgresql(session):
        return int(told(session, "untrack", flight_id, kind.value if kind else None))
    gone = delete(USER_FLIGHTS).where(_LIST.user_id == user, _LIST.flight_id == flight_id)
    entries = session.connection().execute(gone.where(_LIST.kind == kind.value) if kind else gone).rowcount
    if entries and not has(session, user, flight_id):
        session.execute(delete(FLIGHT_WATCHERS).where(_WATCHERS.flight_id == flight_id, _WATCHERS.user_id == user))
        _count(session, flight_id, -1)
    return int(entries)


def has(session: Session, user: str, flight_id: str, kind: Kind | None = None) -> bool:
    """Whether the flight is in the list, in this way or in any."""
    query = select(func.count()).where(_LIST.user_id == user, _LIST.flight_id == flight_id)
    found: int = session.execute(query.where(_LIST.kind == kind.value) if kind else query).scalar_one()
    return found > 0


def of_user(session: Session, user: str, flight_id: str | None = None) -> list[Listed]:
    """The user's list, or one flight of it, with what changed since they were last shown it; in no order."""
    theirs = _LIST.user_id == user if flight_id is None else and_(_LIST.user_id == user, _LIST.flight_id == flight_id)
    entries = session.execute(select(_LIST.flight_id, _LIST.kind, _LIST.added_at).where(theirs)).all()
    # One that was shared with them, and still waits in the remote, is not theirs to see before it is confirmed.
    flights = {flight.flight_id: flight for flight in seen(session, {one.flight_id for one in entries})}
    changed = _changed(session, theirs)
    return [
        Listed(flights[one.flight_id], Kind(one.kind), one.added_at, tuple(changed[one.flight_id, one.kind]))
        for one in entries
        if one.flight_id in flights
    ]


def mark_seen(session: Session, user: str) -> None:
    """The user has been shown their list."""
    last = select(func.coalesce(func.max(_CHANGES.id), 0)).where(_CHANGES.flight_id == _LIST.flight_id)
    session.execute(update(USER_FLIGHTS).where(_LIST.user_id == user).values(seen_change=last.scalar_subquery()))


class Position(NamedTuple):
    """How far the changes of flights have been read."""

    until: int
    """Every change before it was seen, and will never be joined by another: of a file the number of the last change; of
    the remote, where numbers are not the order of commits, the oldest transaction that is not over.
    """
    is_settled: bool = True
    """Whether nothing that has been committed lies behind it."""


def position(session: Session) -> Position:
    """Where the changes end now."""
    if on_postgresql(session):
        oldest, following = session.execute(_SNAPSHOT).one()
        return Position(oldest, oldest == following)
    last: int | None = session.execute(select(func.max(_CHANGES.id))).scalar_one()
    return Position(last or 0)


def changes_between(session: Session, user: str, after: int, until: int, besides: Container[int] = ()) -> list[Change]:
    """Changes of the user's flights from one position to another, in the order in which they were written; ``besides``
    are numbers of changes that were told already.
    """
    fields = (_CHANGES.flight_id, _CHANGES.field, _CHANGES.old, _CHANGES.new, _CHANGES.observed_at, _CHANGES.provider)
    query = select(_CHANGES.id, *fields).where(_CHANGES.flight_id.in_(_listed_by(user)))
    if on_postgresql(session):
        query = query.where(_WRITTEN_FROM.bindparams(after=str(after)), _WRITTEN_BEFORE.bindparams(until=str(until)))
    else:
        query = query.where(_CHANGES.id > after, _CHANGES.id <= until)
    return [Change(*row) for number, *row in session.execute(query.order_by(_CHANGES.id)) if number not in besides]


def seen_behind(session: Session, user: str, position: int) -> frozenset[int]:
    """Numbers of the changes of the user's flights that can be read already, though they are behind the position:
    on the remote, those that were committed while an older transaction went on.
    """
    if not on_postgresql(session):
        return frozenset()
    query = select(_CHANGES.id).where(_CHANGES.flight_id.in_(_listed_by(user)))
    return frozenset(session.scalars(query.where(_WRITTEN_FROM.bindparams(after=str(position)))))


def _listed_by(user: str) -> Select[tuple[str]]:
    return select(_LIST.flight_id).where(_LIST.user_id == user)


def watchers(session: Session, flight_id: str) -> list[str]:
    """Everybody who must hear of the flight, in order of their names: one read of the index."""
    # Sorted here: the remote sorts as its locale does.
    return sorted(session.scalars(select(_WATCHERS.user_id).where(_WATCHERS.flight_id == flight_id)))


def watcher_counts(session: Session, flight_ids: Collection[str]) -> dict[str, int]:
    """How many users list each of these flights; one that nobody lists may be missing."""
    counts = FLIGHT_WATCHER_COUNTS.c
    found: dict[str, int] = {}
    for some in in_chunks(sorted(flight_ids)):
        query = select(counts.flight_id, counts.users).where(among(session, counts.flight_id, some))
        found |= dict(session.execute(query).all())
    return found


def tracked(session: Session) -> list[Tracked]:
    """Flights that somebody lists and that were not last seen at their end, with how many list each."""
    counts = FLIGHT_WATCHER_COUNTS.c
    listed = FLIGHTS.join(FLIGHT_WATCHER_COUNTS, counts.flight_id == FLIGHTS.c.flight_id)
    query = select(FLIGHTS, counts.users).select_from(listed).where(counts.users > 0, FLIGHTS.c.status.not_in(_ENDED))
    return [Tracked(flight_of(row[:-1]), row.users) for row in session.execute(query)]


def differences(session: Session) -> list[tuple[str, str]]:
    """(flight, user) that stand in the lists or in the index alone; none where both say the same."""
    listed = select(_LIST.flight_id, _LIST.user_id).distinct()
    watching = select(_WATCHERS.flight_id, _WATCHERS.user_id)
    alone = [*session.execute(listed.except_(watching)), *session.execute(watching.except_(listed))]
    return sorted((flight_id, user) for flight_id, user in alone)


def miscounted(session: Session) -> list[str]:
    """Flights whose number of users is not that of the index; none where all is well."""
    index = select(_WATCHERS.flight_id, func.count().label("users")).group_by(_WATCHERS.flight_id)
    counts = FLIGHT_WATCHER_COUNTS.c
    counted = select(counts.flight_id, counts.users).where(counts.users != 0)
    wrong = [*session.execute(index.except_(counted)), *session.execute(counted.except_(index))]
    return sorted({flight_id for flight_id, _ in wrong})


def _count(session: Session, flight_id: str, more: int) -> None:
    counts = FLIGHT_WATCHER_COUNTS
    counted = update(counts).where(counts.c.flight_id == flight_id).values(users=counts.c.users + more)
    if not session.connection().execute(counted).rowcount:
        session.execute(insert(counts).values(flight_id=flight_id, users=more))


def _changed(session: Session, entries: ColumnElement[bool]) -> defaultdict[tuple[str, str], dict[str, None]]:
    """Names of the fields that changed since entries were shown, by flight and kind; the first to change is first."""
    unseen = and_(_CHANGES.flight_id == _LIST.flight_id, _CHANGES.id > _LIST.seen_change)
    query = select(_LIST.flight_id, _LIST.kind, _CHANGES.field).join(FLIGHT_CHANGES, unseen).where(entries)
    changed: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for flight_id, kind, field in session.execute(query.order_by(_CHANGES.id)):
        changed[flight_id, kind][field] = None
    return changed


def _last_change(session: Session, flight_id: str) -> int:
    last: int | None = session.execute(
        select(func.max(_CHANGES.id)).where(_CHANGES.flight_id == flight_id)
    ).scalar_one()
    return last or 0
