"""What was paid for on its way into the remote: through functions that demand the lease of the key and a reserved
call, and record who paid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from flightctl.domain.route import Route
from flightctl.store.engine import on_postgresql
from flightctl.store.remote_calls import told


class PaidTurn(NamedTuple):
    """Somebody's turn to write about a key: its lease, and the call that was reserved for it."""

    call: int
    key: str
    fence: int
    provider: str


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
