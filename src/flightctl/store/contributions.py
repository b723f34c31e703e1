"""What was paid for on its way into the remote: through functions that demand the lease of the key and a reserved
call, and record who paid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from flightctl.domain.contribution import Contribution
from flightctl.domain.route import Route
from flightctl.store.engine import on_postgresql
from flightctl.store.remote_calls import told

_NEWEST = text(
    "SELECT id, cache_key, paid_by, brought_at, undone_by FROM public.contributions ORDER BY id DESC LIMIT :most"
)


class PaidTurn(NamedTuple):
    """Somebody's turn to write about a key: its lease, and the call that was reserved for it."""

    call: int
    key: str
    fence: int
    provider: str


def newest(session: Session, most: int) -> list[Contribution]:
    """What was brought in last, the latest first; nothing in a local file, which is all one's own."""
    if not on_postgresql(session):
        return []
    return [
        Contribution(row.id, row.cache_key, row.paid_by, row.brought_at.astimezone(UTC), row.undone_by or "")
        for row in session.execute(_NEWEST, {"most": most})
    ]


def undo(session: Session, number: int) -> bool:
    """Put back what stood before; whether that could be: not where somebody has said something else since."""
    return on_postgresql(session) and bool(told(session, "undo_contribution", number))


def bring_in(session: Session, turn: PaidTurn | None, routes: Sequence[tuple[Route, Any]], now: datetime) -> bool:
    """Store what a provider answered, each route with its raw rows or none, as confirmed.

    Proposals that say the same are settled, remembered absences forgotten. False where that is not how it is stored:
    in a local file, or where nobody paid for it just now. Raises NotAllowed where it is not, or no longer, this
    caller's turn.
    """
    if turn is None or not on_postgresql(session):
        return False
    brought = [
        {
            "flight": route.flight_iata,
            "airline": route.airline_iata,
            "departure": route.departure_iata,
            "arrival": route.arrival_iata,
            "legs": route.legs,
            "payload": payload,
        }
        for route, payload in routes
    ]
    told(session, "bring_in_routes", *turn, json.dumps(brought), now)
    return True


def bring_in_absence(
    session: Session, turn: PaidTurn | None, lasts: timedelta, fresh_for: timedelta, now: datetime
) -> bool:
    """Remember that the provider does not know the flight, unless a fresh entry says otherwise.

    False, and NotAllowed, as for ``bring_in``.
    """
    if turn is None or not on_postgresql(session):
        return False
    told(session, "bring_in_absence", *turn, lasts, fresh_for, now)
    return True
