"""Dated flights in SQL: read with what they go by, and written in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Date,
    Select,
    Text,
    TextClause,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from flightctl.domain.flight import CONFIRMED, PENDING, Flight
from flightctl.domain.flight_entry import Entry, Written
from flightctl.domain.flight_news import Change
from flightctl.store import bulk, flight_proposals
from flightctl.store.arrays import among
from flightctl.store.chunks import in_chunks
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import on_postgresql
from flightctl.store.flight_json import as_json
from flightctl.store.flight_models import FLIGHT_ALIASES, FLIGHT_CHANGES, FLIGHTS
from flightctl.store.flight_rows import flight_of
from flightctl.store.models import UtcTimestamp
from flightctl.store.remote_calls import call

_ALIASES = FLIGHT_ALIASES.c
_OF_FLIGHT = _ALIASES.flight_id == bindparam("key")
_ALL = frozenset(Flight._fields[6:])
"""All columns but those of the id, which is written once."""
_NOTIFY = text("SELECT pg_notify('flightctl', '')")
_ALIAS_COLUMNS = ("flight_id", "alias", "kind", "departure_date", "local_date")
_MOST_STATEMENTS = 50
"""Into which a batch of updates is divided by what they change."""
_AT_ONCE = 200
"""Names whose flights one statement finds; five parameters each."""
_SIZES = (5, 30, _AT_ONCE)
"""Of the statements there are, so that one look-up does not pay for a batch."""
_SPAN: Mapping[str, TypeEngine[Any]] = {
    "name": Text(),
    "low": Date(),
    "high": Date(),
    "first": UtcTimestamp(),
    "last": UtcTimestamp(),
}
_DAY = timedelta(days=1)


def hold(session: Session, turn: PaidTurn | None = None) -> None:
    """Keep others from recognising flights until this transaction ends, so that none is entered twice; a file is held
    as a whole anyway. The remote lets only service, staff, and who has just paid for some do so.
    """
    if on_postgresql(session):
        call(session, "lock_flights", *(turn or (None, None, None, None)))


def entries(session: Session, flight_ids: Collection[str]) -> list[Entry]:
    """Flights of any review, with everything that they go by."""
    found = {entry.flight.flight_id: entry for entry in nameless(session, flight_ids)}
    for some in in_chunks(sorted(flight_ids)):
        mine = among(session, _ALIASES.flight_id, some)
        named = select(_ALIASES.flight_id, _ALIASES.alias, _ALIASES.kind).where(mine)
        for flight_id, alias, kind in session.execute(named).all():
            found[flight_id].aliases[alias] = kind
    return list(found.values())


def nameless(session: Session, flight_ids: Collection[str]) -> list[Entry]:
    """The same without what they go by, for who knows the id."""
    return [
        Entry(flight_of(row), {})
        for some in in_chunks(sorted(flight_ids))
        for row in session.execute(select(FLIGHTS).where(among(session, FLIGHTS.c.flight_id, some))).all()
    ]


def ids_near(session: Session, spans: Mapping[str, tuple[datetime, datetime]]) -> set[str]:
    """Flights that go by a name and are scheduled to depart within its span, both ends included."""
    found: set[str] = set()
    names = sorted(spans)
    for start in range(0, len(names), _AT_ONCE):
        some = [_span(name, *spans[name]) for name in names[start : start + _AT_ONCE]]
        # The same again in the places that are left, so that the statement is one of a few.
        places = next(size for size in _SIZES if len(some) <= size)
        some += some[-1:] * (places - len(some))
        wanted = {f"{part}{place}": row[part] for place, row in enumerate(some) for part in _SPAN}
        found |= set(session.scalars(_near(places), wanted).all())
    return found


def _span(name: str, first: datetime, last: datetime) -> dict[str, Any]:
    # Local days are at most a day off those of UTC; only they are in an index.
    return {"name": name, "low": first.date() - _DAY, "high": last.date() + _DAY, "first": first, "last": last}


@cache
def _near(places: int) -> TextClause:
    """Text, because a list of values is compiled anew for each execution, which takes longer than it runs."""
    row = ", ".join(f":{part}{{0}}" for part in _SPAN)
    rows = ", ".join(f"({row.format(place)})" for place in range(places))
    span = f"WITH wanted ({', '.join(_SPAN)}) AS (VALUES {rows})"
    named = "a.alias = wanted.name AND a.local_date BETWEEN wanted.low AND wanted.high"
    timed = "coalesce(f.scheduled_out, f.scheduled_off) BETWEEN wanted.first AND wanted.last"
    joined = f"JOIN flight_aliases a ON {named} JOIN flights f ON f.flight_id = a.flight_id AND {timed}"
    binds = [bindparam(f"{part}{place}", type_=kind) for part, kind in _SPAN.items() for place in range(places)]
    return text(f"{span} SELECT a.flight_id FROM wanted {joined}").bindparams(*binds)


def ids_of_aliases(session: Session, aliases: Collection[str]) -> set[str]:
    """Flights that a provider gave one of these ids to, or that had one of these schedules."""
    return {
        flight_id
        for some in in_chunks(sorted(aliases))
        for flight_id in session.scalars(select(_ALIASES.flight_id).where(among(session, _ALIASES.alias, some))).all()
    }


def told_last(session: Session, flight_ids: Collection[str]) -> dict[str, set[str]]:
    """Fields of these flights that changed at the moment when they were last heard of."""
    changes, found = FLIGHT_CHANGES.c, defaultdict[str, set[str]](set)
    last = and_(changes.flight_id == FLIGHTS.c.flight_id, changes.observed_at == FLIGHTS.c.observed_at)
    query = select(changes.flight_id, changes.field).join(FLIGHTS, last)
    for some in in_chunks(sorted(flight_ids)):
        for flight_id, name in session.execute(query.where(among(session, changes.flight_id, some))).all():
            found[flight_id].add(name)
    return found


def of_day(session: Session, names: Sequence[str], day: date) -> list[Flight]:
    """Confirmed flights that go by one of the names, first or now to leave on this local day; in order of time."""
    on_the_day = or_(_ALIASES.departure_date == day, _ALIASES.local_date == day)
    ids = select(_ALIASES.flight_id).where(_ALIASES.alias.in_(names), on_the_day)
    return _flights(session, select(FLIGHTS).where(FLIGHTS.c.flight_id.in_(ids), FLIGHTS.c.review == CONFIRMED))


def find(session: Session, flight_id: str) -> Flight | None:
    """The flight, whatever its review; where it waits in the remote, as the caller said it themselves."""
    return next(iter(seen(session, [flight_id])), None)


def seen(session: Session, flight_ids: Collection[str]) -> list[Flight]:
    """Those of the flights that the caller may see, in no order."""
    found = [entry.flight for entry in nameless(session, flight_ids)]
    return found + flight_proposals.own(session, set(flight_ids) - {one.flight_id for one in found})


def pending(session: Session) -> list[Flight]:
    """Manual flights that wait for staff, in order of time; one of which several people speak stands there as each
    of them says, first as it will be confirmed.
    """
    return _flights(session, select(FLIGHTS).where(FLIGHTS.c.review == PENDING), flight_proposals.by_others(session))


def history(session: Session, flight_id: str) -> list[Change]:
    """Every change of the flight, oldest first; of one that waits in the remote what the caller said of it."""
    table = FLIGHT_CHANGES.c
    query = select(table.flight_id, table.field, table.old, table.new, table.observed_at, table.provider)
    changes = [Change(*row) for row in session.execute(query.where(table.flight_id == flight_id).order_by(table.id))]
    if not changes and on_postgresql(session):
        return flight_proposals.own_history(session, flight_id)
    return changes


def review(session: Session, flight: Flight, decision: str, change: Change, now: datetime) -> Flight:
    """Write a decision down; it is a change like any other."""
    decided = flight._replace(review=decision, updated_at=now, version=flight.version + 1)
    session.execute(insert(FLIGHT_CHANGES), [change._asdict()])
    session.execute(update(FLIGHTS).where(FLIGHTS.c.flight_id == flight.flight_id).values(row_of(decided)))
    flight_proposals.decide(session, flight.flight_id, decision)
    return decided


def remove(session: Session, flight_id: str) -> None:
    """Delete the flight, its aliases and its history."""
    session.execute(delete(FLIGHTS).where(FLIGHTS.c.flight_id == flight_id))


def write(session: Session, written: Written, turn: PaidTurn | None = None) -> None:
    """Write what a book has taken up; ``turn`` is that of who has just paid for it."""
    if turn is not None and on_postgresql(session):
        call(session, "bring_in_flights", *turn, as_json(written))
        return
    connection = session.connection()
    if written.created:
        connection.execute(insert(FLIGHTS), [row_of(flight) for flight in written.created.values()])
    for flights, columns in _alike({**written.seen, **written.changed}, written.columns):
        bulk.update(connection, FLIGHTS, "flight_id", columns, _values(flights, columns))
    moved = [{"key": key, "day": written.changed[key].local_date} for key in written.moved & written.changed.keys()]
    if moved:
        connection.execute(update(FLIGHT_ALIASES).where(_OF_FLIGHT).values(local_date=bindparam("day")), moved)
    if written.changes:
        bulk.insert(connection, FLIGHT_CHANGES, Change._fields, written.changes)
    if written.aliases:
        bulk.insert(connection, FLIGHT_ALIASES, _ALIAS_COLUMNS, [_alias(*named) for named in written.aliases])
    if written.changes and on_postgresql(session):
        # Told at the commit, once for all of it.
        session.execute(_NOTIFY)


def _alias(entry: Entry, alias: str, kind: str) -> tuple[Any, ...]:
    flight = entry.flight
    return flight.flight_id, alias, kind, flight.departure_date, flight.local_date


def _alike(
    flights: Mapping[str, Flight], columns: Mapping[str, frozenset[str]]
) -> Iterator[tuple[list[Flight], list[str]]]:
    """Flights of which the same columns are to be written; the key is that of all updates."""
    groups: defaultdict[frozenset[str], list[Flight]] = defaultdict(list)
    for flight_id, flight in flights.items():
        groups[columns.get(flight_id, _ALL)].append(flight)
    if len(groups) > _MOST_STATEMENTS:
        groups = defaultdict(list, {_ALL: list(flights.values())})
    for names, some in groups.items():
        if names:
            yield some, sorted(names)


def _values(flights: Iterable[Flight], columns: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    """So many fields of each flight, and its id last."""
    fields = ("status.value" if name == "status" else name for name in columns)
    return map(attrgetter(*fields, "flight_id"), flights)


def row_of(flight: Flight) -> dict[str, Any]:
    """A row of ``flights``."""
    return {**flight._asdict(), "status": flight.status.value}


def _flights(session: Session, query: Select[Any], more: Iterable[Flight] = ()) -> list[Flight]:
    found = [*map(flight_of, session.execute(query)), *more]
    return sorted(found, key=lambda flight: (flight.departs_at, flight.flight_id))
