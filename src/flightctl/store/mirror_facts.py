"""What is mirrored, as SQL says it now: flights, everybody's lists, the index and shares.

On the remote lists and shares are their owners' alone; a mirror, which is service, reads them by functions made for it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Row, Text, column, select, text, tuple_
from sqlmodel import Session

from flightctl.domain.flight import CONFIRMED, Flight
from flightctl.domain.listing import Kind
from flightctl.domain.mirrored import Facts, MirroredEntry, Work
from flightctl.domain.share import Share
from flightctl.store import flight_proposals, flights
from flightctl.store.arrays import among
from flightctl.store.chunks import in_chunks
from flightctl.store.engine import on_postgresql
from flightctl.store.flight_models import FLIGHTS
from flightctl.store.list_models import FLIGHT_WATCHERS, SHARES
from flightctl.store.models import UtcTimestamp
from flightctl.store.remote_calls import call
from flightctl.store.shares import share_of

_WATCHERS = FLIGHT_WATCHERS.c
_ENTRIES = text(
    "SELECT entry.user_id, entry.flight_id, entry.kind, entry.added_at, entry.snapshot, CASE entry.kind WHEN 'shared' "
    "THEN (SELECT share.sharer_id FROM share_claims claim JOIN shares share ON share.share_id = claim.share_id "
    "WHERE claim.user_id = entry.user_id AND share.flight_id = entry.flight_id ORDER BY share.claimed_at LIMIT 1"
    ") END AS sharer_id FROM json_each(:pairs) asked CROSS JOIN user_flights entry "
    "ON entry.flight_id = json_extract(asked.value, '$[0]') AND entry.user_id = json_extract(asked.value, '$[1]')"
).columns(
    column("user_id", Text()),
    column("flight_id", Text()),
    column("kind", Text()),
    column("added_at", UtcTimestamp()),
    column("snapshot", JSON()),
    column("sharer_id", Text()),
)
"""Of the local file; the pairs of flight and user as one value, because a statement with hundreds is compiled anew."""


def facts(session: Session, work: Work, now: datetime) -> Facts:
    """What there is to say of some work; what has run out is expired by ``now``."""
    entries = _entries(session, list(work.entries))
    ids = {*work.flights, *(entry.flight_id for entry in entries)}
    known = {entry.flight.flight_id: entry.flight for entry in flights.nameless(session, ids)}
    return Facts(
        known,
        _said(session, known, entries),
        entries,
        _watchers(session, work.indexes),
        _shares(session, work.shares, now),
    )


def listers(session: Session, flight_ids: Collection[str], after: tuple[str, str], most: int) -> list[tuple[str, str]]:
    """(flight, user) of who lists these flights, by user and flight, those after (user, flight), at most so many."""
    if on_postgresql(session):
        return [tuple(row) for row in call(session, "mirrored_users", sorted(flight_ids), *after, most)]
    query = select(_WATCHERS.flight_id, _WATCHERS.user_id).where(_WATCHERS.flight_id.in_(sorted(flight_ids)))
    position = tuple_(_WATCHERS.user_id, _WATCHERS.flight_id)
    found = session.execute(query.where(position > after).order_by(_WATCHERS.user_id, _WATCHERS.flight_id).limit(most))
    return [tuple(row) for row in found]


def flight_ids_after(session: Session, after: str, most: int) -> list[str]:
    """Ids of stored flights in their order, those after this one, at most so many."""
    column_of_ids = FLIGHTS.c.flight_id
    ids: ColumnElement[str] = column_of_ids.collate("C") if on_postgresql(session) else column_of_ids
    return list(session.scalars(select(ids).where(ids > after).order_by(ids).limit(most)).all())


def shares_after(session: Session, after: str, most: int) -> list[tuple[str, str]]:
    """(share, sharer), those after this share, at most so many."""
    if on_postgresql(session):
        return [tuple(row) for row in call(session, "all_shares", after, most)]
    columns = SHARES.c
    query = select(columns.share_id, columns.sharer_id).where(columns.share_id > after)
    return [tuple(row) for row in session.execute(query.order_by(columns.share_id).limit(most))]


def _entries(session: Session, pairs: Sequence[tuple[str, str]]) -> list[MirroredEntry]:
    rows: Sequence[Row[Any]] = []
    if pairs and on_postgresql(session):
        flight_ids, users = zip(*pairs, strict=True)
        rows = call(session, "mirrored_entries", list(flight_ids), list(users))
    elif pairs:
        rows = session.execute(_ENTRIES, {"pairs": json.dumps(pairs)}).all()
    return [
        MirroredEntry(row.user_id, row.flight_id, Kind(row.kind), row.added_at, row.snapshot or {}, row.sharer_id or "")
        for row in rows
    ]


def _said(
    session: Session, known: Mapping[str, Flight], entries: Sequence[MirroredEntry]
) -> dict[tuple[str, str], Flight]:
    waiting = {flight_id for flight_id, flight in known.items() if flight.review != CONFIRMED}
    users = {entry.user for entry in entries if entry.flight_id in waiting}
    return {(one.flight_id, one.added_by): one for one in flight_proposals.of(session, waiting, users)}


def _watchers(session: Session, flight_ids: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {flight_id: [] for flight_id in flight_ids}
    for some in in_chunks(sorted(flight_ids)):
        query = select(_WATCHERS.flight_id, _WATCHERS.user_id).where(among(session, _WATCHERS.flight_id, some))
        for flight_id, user in session.execute(query):
            found[flight_id].append(user)
    return found


def _shares(session: Session, wanted: Collection[tuple[str, str]], now: datetime) -> list[tuple[str, Share]]:
    ids = sorted({share_id for share_id, _ in wanted})
    return [(row.sharer_id, share_of(row, now)) for some in in_chunks(ids) for row in _share_rows(session, some)]


def _share_rows(session: Session, ids: list[str]) -> Iterator[Row[Any]]:
    if on_postgresql(session):
        yield from call(session, "mirrored_shares", ids)
    else:
        yield from session.execute(select(SHARES).where(SHARES.c.share_id.in_(ids)))
