"""What a login said itself of flights that wait: on the remote nobody sees what others said of the same one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, column, func, select, table, text, update
from sqlmodel import Session

from flightctl.domain.flight import PENDING, Flight
from flightctl.domain.flight_entry import Entry
from flightctl.domain.flight_news import Change
from flightctl.store.engine import on_postgresql
from flightctl.store.flight_models import FLIGHTS
from flightctl.store.flight_rows import flight_of
from flightctl.store.schema import MANUAL

_SAID = table(
    "flight_proposals",
    *(column(known.name, known.type) for known in FLIGHTS.c),
    column("aliases", JSON()),
    column("changes", JSON()),
)
_FLIGHT = [_SAID.c[known.name] for known in FLIGHTS.c]
_OWN: ColumnElement[bool] = _SAID.c.added_by == text("session_user")


def own(session: Session, flight_ids: Collection[str]) -> list[Flight]:
    """What this login said of these flights; nothing in a local file, where it stands in the flights themselves."""
    if not flight_ids or not on_postgresql(session):
        return []
    rows = session.execute(select(*_FLIGHT).where(_OWN, _SAID.c.flight_id.in_(sorted(flight_ids))))
    return [flight_of(row) for row in rows]


def of(session: Session, flight_ids: Collection[str], users: Collection[str]) -> list[Flight]:
    """What these users said of these flights; for staff."""
    if not flight_ids or not users or not on_postgresql(session):
        return []
    theirs = _SAID.c.added_by.in_(sorted(users)) & _SAID.c.flight_id.in_(sorted(flight_ids))
    return [flight_of(row) for row in session.execute(select(*_FLIGHT).where(theirs))]


def own_near(session: Session, first: datetime, last: datetime) -> list[Entry]:
    """What this login said that still waits, of flights that leave within this span, with what they go by."""
    if not on_postgresql(session):
        return []
    departs = func.coalesce(_SAID.c.scheduled_out, _SAID.c.scheduled_off)
    query = select(*_FLIGHT, _SAID.c.aliases).where(_OWN, _SAID.c.review == PENDING, departs.between(first, last))
    return [
        Entry(flight_of(row[:-1]), {name["alias"]: name["kind"] for name in row[-1]}) for row in session.execute(query)
    ]


def own_history(session: Session, flight_id: str) -> list[Change]:
    """What this login said of the flight, oldest first."""
    said = session.scalars(select(_SAID.c.changes).where(_OWN, _SAID.c.flight_id == flight_id)).all()
    return [_change(flight_id, told) for changes in said for told in changes]


def by_others(session: Session) -> list[Flight]:
    """What more was said of flights that wait, by others than who said it first; for staff."""
    if not on_postgresql(session):
        return []
    waits = FLIGHTS.c
    first = (waits.flight_id == _SAID.c.flight_id) & (waits.review == PENDING) & (waits.added_by != _SAID.c.added_by)
    query = select(*_FLIGHT).join_from(_SAID, FLIGHTS, first).where(_SAID.c.review == PENDING)
    return [flight_of(row) for row in session.execute(query)]


def decide(session: Session, flight_id: str, review: str) -> None:
    """Staff have decided about the flight: all that was said of it is decided."""
    if on_postgresql(session):
        session.execute(update(_SAID).where(_SAID.c.flight_id == flight_id).values(review=review))


def _change(flight_id: str, told: dict[str, Any]) -> Change:
    observed_at = datetime.fromisoformat(told["observed_at"])
    return Change(flight_id, told["field"], told["old"], told["new"], observed_at, MANUAL)
