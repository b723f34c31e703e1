"""Copies of the remote's days in the local file, apart from those of its routes: a route is answered without them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select
from sqlmodel import Session

from flightctl.domain.stored_day import StoredDay
from flightctl.store import asked_days, flights
from flightctl.store.asked_days import AskedDay
from flightctl.store.flight_models import ASKED_DAYS, FLIGHT_ALIASES, FLIGHTS
from flightctl.store.upserts import put

_ALIASES = FLIGHT_ALIASES.c


class DayCopy(NamedTuple):
    """What the remote has of a number on a day, with the names that it is found by."""

    stored: StoredDay
    names: Sequence[dict[str, Any]]
    """Rows of ``flight_aliases``."""


def read(session: Session, designators: Sequence[str], day: date) -> DayCopy:
    """What is to be copied."""
    stored = asked_days.stored_day(session, designators, day)
    ids = [flight.flight_id for flight in stored.flights]
    named = select(FLIGHT_ALIASES).where(_ALIASES.flight_id.in_(ids), _ALIASES.alias.in_(designators))
    return DayCopy(stored, [dict(row) for row in session.execute(named).mappings()] if ids else [])


def keep(session: Session, designators: Sequence[str], day: date, copy: DayCopy) -> None:
    """Put the day down as it stands in the remote; what else went by these names on this day does so no more."""
    put(session, FLIGHTS, [flights.row_of(flight) for flight in copy.stored.flights])
    of_day = or_(_ALIASES.departure_date == day, _ALIASES.local_date == day)
    session.execute(delete(FLIGHT_ALIASES).where(_ALIASES.alias.in_(designators), of_day))
    put(session, FLIGHT_ALIASES, copy.names)
    session.execute(
        delete(ASKED_DAYS).where(ASKED_DAYS.c.designator.in_(designators), ASKED_DAYS.c.departure_date == day)
    )
    if copy.stored.asked_at is not None:
        told = AskedDay(copy.stored.provider, copy.stored.asked_at, copy.stored.absent_until, copy.stored.is_cut)
        asked_days.remember(session, designators, day, told)
