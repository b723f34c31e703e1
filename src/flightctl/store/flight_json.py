"""Dated flights on their way to the remote's functions, which take them as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlmodel import Session

from flightctl.domain.flight import Flight
from flightctl.domain.flight_entry import Written
from flightctl.domain.flight_news import Change
from flightctl.store.engine import on_postgresql
from flightctl.store.remote_calls import told


def as_json(written: Written) -> str:
    """What a book has taken up: each flight once, in its last state, with its new names and changes."""
    flights = {**written.seen, **written.created, **written.changed}
    return json.dumps(
        {
            "flights": [_flight(flight) for flight in flights.values()],
            "aliases": [
                {"flight_id": entry.flight.flight_id, "alias": alias, "kind": kind}
                for entry, alias, kind in written.aliases
            ],
            "changes": _changes(written.changes),
        }
    )


class Proposed(Enum):
    """What became of a manual flight."""

    WAITS = "it waits for staff"
    IS_CONFIRMED = "it is known, and confirmed"
    IS_LOCAL = "it is to be written like any other: the file is one's own"


def propose(session: Session, flight: Flight, written: Written) -> Proposed:
    """Let a manual flight wait in the remote, where none but this function may write it."""
    if not on_postgresql(session):
        return Proposed.IS_LOCAL
    aliases = [{"alias": alias, "kind": kind} for _, alias, kind in written.aliases]
    changes = json.dumps(_changes(written.changes))
    waits = told(session, "propose_flight", json.dumps(_flight(flight)), json.dumps(aliases), changes)
    return Proposed.WAITS if waits else Proposed.IS_CONFIRMED


def _flight(flight: Flight) -> dict[str, Any]:
    return {name: _plain(value) for name, value in flight._asdict().items()} | {"status": flight.status.value}


def _changes(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in change._asdict().items()} for change in changes]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
