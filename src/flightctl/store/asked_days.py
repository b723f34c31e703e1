"""Which number was asked for on which day, so that what is stored of it is known to be all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlmodel import Session

from flightctl.domain.stored_day import StoredDay
from flightctl.store import flights
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import on_postgresql
from flightctl.store.flight_models import ASKED_DAYS
from flightctl.store.remote_calls import call
from flightctl.store.upserts import put

_TABLE = ASKED_DAYS.c


@dataclass(frozen=True, slots=True)
class AskedDay:
    """A provider has told all flights of a number on a local day."""

    provider: str
    asked_at: datetime
    absent_until: datetime | None
    """Until when it is remembered that there is none; none where there are some."""
    is_cut: bool = False
    """Whether there were more than one look-up takes."""


def find(session: Session, designators: Sequence[str], day: date) -> AskedDay | None:
    """The latest answer for one of these names; none where nobody has asked."""
    query = select(_TABLE.provider, _TABLE.asked_at, _TABLE.absent_until, _TABLE.is_cut).where(
        _TABLE.designator.in_(designators), _TABLE.departure_date == day
    )
    row = session.execute(query.order_by(_TABLE.asked_at.desc()).limit(1)).one_or_none()
    return AskedDay(*row) if row else None


def stored_day(session: Session, designators: Sequence[str], day: date) -> StoredDay:
    """Confirmed flights that go by one of these names on a local day, and whether they are all."""
    found = tuple(flights.of_day(session, designators, day))
    asked = find(session, designators, day)
    if asked is None:
        return StoredDay(found)
    return StoredDay(found, asked.asked_at, asked.absent_until, asked.provider, asked.is_cut)


def remember(
    session: Session, designators: Collection[str], day: date, asked: AskedDay, turn: PaidTurn | None = None
) -> None:
    """The number was asked for under one of these names, and goes by all of them; ``turn`` is that of who paid."""
    if turn is not None and on_postgresql(session):
        absent_for = asked.absent_until - asked.asked_at if asked.absent_until else None
        call(session, "bring_in_asked_day", *turn, sorted(designators), day, absent_for, asked.is_cut)
        return
    session.execute(delete(ASKED_DAYS).where(_TABLE.designator.in_(designators), _TABLE.departure_date == day))
    told = {"departure_date": day, "provider": asked.provider, "asked_at": asked.asked_at}
    rows = [
        {"designator": name, **told, "absent_until": asked.absent_until, "is_cut": asked.is_cut}
        for name in sorted(designators)
    ]
    put(session, ASKED_DAYS, rows)
