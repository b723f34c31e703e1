"""Route entries in SQL: what a provider vouched for is stored here, and read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, and_, col, delete, func, select, update

from flightctl.domain.route import EntryStatus, Leg, Route, RouteEntry
from flightctl.store.chunks import in_chunks
from flightctl.store.engine import on_postgresql
from flightctl.store.models import Absence, CachedRoute, RouteLeg
from flightctl.store.references import airline_names, airport_names
from flightctl.store.schema import CONFIRMED, MANUAL, PENDING
from flightctl.store.upserts import add_missing, put

_KEEP_ABSENCES = timedelta(days=30)
"""Long after they are over, so that statistics know why a flight is asked for again."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything was stored; years below 1000 would compare wrongly as text."""
_OVERTAKEN_BY = timedelta(minutes=1)
"""Two calls for one flight are not further apart; an entry dated later than that was written by a wrong clock."""


@dataclass(frozen=True, slots=True)
class RememberedAbsence:
    """Upstream knew no such flight, and until when that is believed."""

    cache_key: str
    provider: str
    learned_at: datetime
    expires_at: datetime


def entries(session: Session, cache_keys: Sequence[str], status: EntryStatus) -> dict[str, RouteEntry]:
    """Entries of one status by cache key, fresh or not."""
    key, has_status = col(CachedRoute.cache_key), CachedRoute.status == status.value
    rows = [
        row
        for some in in_chunks(cache_keys)
        for row in session.exec(select(CachedRoute).where(key.in_(some), has_status))
    ]
    return {row.cache_key: entry for row, entry in zip(rows, _entries(session, rows), strict=True)}


def entries_with_prefix(session: Session, prefix: str) -> list[RouteEntry]:
    """Confirmed entries whose designator starts with ``prefix``, fresh or not, as a range of the key."""
    # The status is looked at here: in the statement, SQLite would take its index and walk through nearly all rows.
    key, last = col(CachedRoute.cache_key), f"{prefix}~"
    if on_postgresql(session):
        # By the index of text patterns, whatever the locale; LIKE is not leakproof, and would lose it under a policy.
        flight = col(CachedRoute.flight_iata)
        from_first = flight.op("~>=~", is_comparison=True)(prefix)
        within = and_(from_first, flight.op("~<~", is_comparison=True)(last))
    else:
        within = and_(key >= f"flight:{prefix}", key < f"flight:{last}")
    rows = session.exec(select(CachedRoute).where(within))
    return _entries(session, [row for row in rows if row.status == CONFIRMED])


def stale_entries(session: Session, before: datetime) -> list[RouteEntry]:
    """Confirmed entries last vouched for at ``before`` or earlier, oldest first."""
    rows = session.exec(
        select(CachedRoute)
        .where(CachedRoute.status == CONFIRMED, col(CachedRoute.refreshed_at) <= before)
        .order_by(col(CachedRoute.refreshed_at), col(CachedRoute.cache_key))
    ).all()
    return _entries(session, rows)


def store(session: Session, route: Route, provider: str, payload: Any, now: datetime) -> None:
    """Store a vouched-for route as confirmed, whatever stood there; a provider's answer that was overtaken is not kept.

    A remembered absence of the flight is forgotten.
    """
    row = _row_to_write(session, route, provider, now)
    if provider != MANUAL and row.status == CONFIRMED and now < row.refreshed_at <= now + _OVERTAKEN_BY:
        return
    row.status, row.provider, row.payload_source = CONFIRMED, provider, payload
    row.refreshed_at = row.updated_at = now
    _put_codes(session, row, route)
    session.exec(delete(Absence).where(col(Absence.cache_key) == route.cache_key))


def copy(session: Session, entry: RouteEntry) -> None:
    """Put an entry down as it stands elsewhere, with its own times; a remembered absence is forgotten."""
    route = entry.route
    row = _row_to_write(session, route, entry.provider, entry.refreshed_at)
    row.status, row.provider, row.cached_at = entry.status.value, entry.provider, entry.cached_at
    row.refreshed_at = row.updated_at = entry.refreshed_at
    _put_codes(session, row, route)
    session.exec(delete(Absence).where(col(Absence.cache_key) == route.cache_key))


def renew(session: Session, cache_keys: Sequence[str], provider: str, now: datetime) -> None:
    """Confirmed routes that stand as the provider has just said are vouched for anew; absences are forgotten."""
    key, refreshed_at = col(CachedRoute.cache_key), col(CachedRoute.refreshed_at)
    overtaken = (refreshed_at > now) & (refreshed_at <= now + _OVERTAKEN_BY)
    renewed = {"provider": provider, "payload_source": None, "refreshed_at": now, "updated_at": now}
    for some in in_chunks(cache_keys):
        session.exec(
            update(CachedRoute).where(key.in_(some), col(CachedRoute.status) == CONFIRMED, ~overtaken).values(renewed)
        )
        session.exec(delete(Absence).where(col(Absence.cache_key).in_(some)))


def store_pending(session: Session, route: Route, now: datetime) -> None:
    """Make a pending row where the key has none; what stands there stays."""
    if _row(session, route.cache_key) is None:
        row = _new_row(route, now)
        row.provider = MANUAL
        session.add(row)


def vouch_again(session: Session, cache_key: str, now: datetime) -> None:
    """Staff vouch again for a manual entry that stands; a remembered absence is forgotten."""
    row = _row(session, cache_key)
    if row is not None:
        row.refreshed_at = row.updated_at = now
        session.exec(delete(Absence).where(col(Absence.cache_key) == cache_key))


def reduce_pending(session: Session, cache_key: str, left: Route | None) -> None:
    """Some proposals are gone: a pending row says what the oldest one left says, or goes too.

    A confirmed row stays.
    """
    row = _row(session, cache_key)
    if row is None or row.status != PENDING:
        return
    if left is None:
        session.delete(row)
    else:
        _put_codes(session, row, left)


def _row_to_write(session: Session, route: Route, provider: str, now: datetime) -> CachedRoute:
    """The route's row, made where there is none, and nobody else's until this transaction ends."""
    new = _new_row(route, now)
    new.provider = provider
    if not on_postgresql(session):
        return _row(session, route.cache_key) or new
    add_missing(session, CachedRoute, [new.model_dump()])
    of_route = select(CachedRoute).where(CachedRoute.cache_key == route.cache_key)
    return session.exec(of_route.with_for_update().execution_options(populate_existing=True)).one()


def _row(session: Session, cache_key: str) -> CachedRoute | None:
    return session.exec(select(CachedRoute).where(CachedRoute.cache_key == cache_key)).one_or_none()


def _new_row(route: Route, now: datetime) -> CachedRoute:
    return CachedRoute(
        id=str(uuid4()),
        cache_key=route.cache_key,
        flight_iata=route.flight_iata,
        airline_iata=route.airline_iata,
        departure_iata=route.departure_iata,
        arrival_iata=route.arrival_iata,
        status=PENDING,
        cached_at=now,
        refreshed_at=now,
        created_at=now,
        updated_at=now,
    )


def _put_codes(session: Session, row: CachedRoute, route: Route) -> None:
    row.airline_iata, row.departure_iata, row.arrival_iata = (
        route.airline_iata,
        route.departure_iata,
        route.arrival_iata,
    )
    session.add(row)
    session.flush()
    session.exec(delete(RouteLeg).where(col(RouteLeg.cache_key) == route.cache_key))
    if len(route.legs) > 1:
        session.add_all(
            RouteLeg(cache_key=route.cache_key, position=position, departure_iata=leg[0], arrival_iata=leg[1])
            for position, leg in enumerate(route.legs)
        )


def remove(session: Session, cache_key: str) -> bool:
    """Delete the entry, its legs and a remembered absence; whether there was an entry."""
    session.exec(delete(RouteLeg).where(col(RouteLeg.cache_key) == cache_key))
    session.exec(delete(Absence).where(col(Absence.cache_key) == cache_key))
    row = _row(session, cache_key)
    if row is not None:
        session.delete(row)
    return row is not None


def count_by_status(session: Session, stale_before: datetime) -> tuple[int, int, int]:
    """How many entries are (confirmed, pending, stale); stale ones are confirmed ones, too."""
    by_status = dict(session.exec(select(CachedRoute.status, func.count()).group_by(CachedRoute.status)).all())
    stale = session.exec(
        select(func.count())
        .select_from(CachedRoute)
        .where(CachedRoute.status == CONFIRMED, col(CachedRoute.refreshed_at) <= stale_before)
    ).one()
    return by_status.get(CONFIRMED, 0), by_status.get(PENDING, 0), stale


def remember_absence(session: Session, absence: RememberedAbsence, fresh_since: datetime) -> None:
    """Remember that upstream does not know the flight, unless a fresh entry says otherwise.

    An entry stays as it is. Absences that are long over and belong to no entry are dropped.
    """
    key, over = col(Absence.cache_key), absence.learned_at - _KEEP_ABSENCES
    has_entry = key.in_(select(CachedRoute.cache_key))
    session.exec(delete(Absence).where(col(Absence.expires_at) < over, ~has_entry))
    entry = entries(session, [absence.cache_key], EntryStatus.CONFIRMED).get(absence.cache_key)
    if entry is None or entry.refreshed_at <= fresh_since:
        put(session, Absence, [asdict(absence)])


def absences(session: Session, cache_keys: Sequence[str]) -> dict[str, datetime]:
    """Keys that upstream did not know, and until when that is, or was, to be remembered."""
    return {
        row.cache_key: row.expires_at
        for some in in_chunks(cache_keys)
        for row in session.exec(select(Absence).where(col(Absence.cache_key).in_(some)))
    }


def absent(session: Session, cache_keys: Sequence[str], now: datetime, *, since: datetime = EVER) -> set[str]:
    """Keys that upstream, asked after ``since``, did not know, and whose absence is still remembered."""
    remembered = (col(Absence.expires_at) > now, col(Absence.learned_at) > since)
    return {
        row
        for some in in_chunks(cache_keys)
        for row in session.exec(select(Absence.cache_key).where(col(Absence.cache_key).in_(some), *remembered))
    }


def _entries(session: Session, rows: Sequence[CachedRoute]) -> list[RouteEntry]:
    legs = _legs(session, [row.cache_key for row in rows])
    airlines = airline_names(session, {row.airline_iata for row in rows})
    airports = airport_names(session, {code for row in rows for code in (row.departure_iata, row.arrival_iata)})
    return [_entry(row, legs.get(row.cache_key, ()), airlines, airports) for row in rows]


def _entry(row: CachedRoute, legs: tuple[Leg, ...], airlines: dict[str, str], airports: dict[str, str]) -> RouteEntry:
    one_leg = ((row.departure_iata, row.arrival_iata),)
    route = Route(row.flight_iata, row.airline_iata, row.departure_iata, row.arrival_iata, legs or one_leg)
    return RouteEntry(
        route,
        EntryStatus(row.status),
        row.provider,
        row.cached_at,
        row.refreshed_at,
        airlines.get(row.airline_iata, ""),
        airports.get(row.departure_iata, ""),
        airports.get(row.arrival_iata, ""),
    )


def _legs(session: Session, cache_keys: Sequence[str]) -> dict[str, tuple[Leg, ...]]:
    legs: dict[str, tuple[Leg, ...]] = {}
    for some in in_chunks(cache_keys):
        found = session.exec(select(RouteLeg).where(col(RouteLeg.cache_key).in_(some)).order_by(col(RouteLeg.position)))
        for leg in found:
            legs[leg.cache_key] = (*legs.get(leg.cache_key, ()), (leg.departure_iata, leg.arrival_iata))
    return legs
