"""Lines of flight updates for ``ingest``, who takes them up, and what is stored then."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aeroapi_server import flight_row, schedule_row
from dated import AKL, CHC, stack_row
from domain.sightings import NOW, utc
from flightctl.domain.caller import Caller, Role, Tier
from flightctl.domain.ingestion import Ingested
from flightctl.services.ingesting import Ingesting
from flightctl.store.engine import Database
from people import FIRST, flight_id

CLOCK = NOW + timedelta(days=30)
"""When everything is taken up."""
NUMBER = "ANZ527/NZ527"
NEW = "ANZ528.2026-12-03.1230.NZCH.NZAA"
"""No provider has told of it yet."""


def after(minutes: float) -> datetime:
    """So long after the flights were first seen."""
    return NOW + timedelta(minutes=minutes)


def line(provider: object, observed_at: object, row: object) -> str:
    """One line, whatever it holds."""
    moment = observed_at.isoformat() if isinstance(observed_at, datetime) else observed_at
    return json.dumps({"provider": provider, "observed_at": moment, "row": row})


def own(minutes: float = 60, flight: str = "", **fields: object) -> str:
    """A row of ours, of the first flight unless said otherwise."""
    return line("flightctl", after(minutes), {"flight_id": flight or flight_id(), **fields})


def stack(minutes: float = 60, out: str = "08:30", in_: str = "23:50", **more: Any) -> str:
    """AviationStack's row of the first flight, by the clock at its origin."""
    return line("aviationstack", after(minutes), stack_row("NZ527", AKL, CHC, FIRST, out, in_, **more))


def aero(minutes: float = 60, out: str = "08:30", days: int = 0, **more: Any) -> str:
    """A row of AeroAPI's ``/flights``; ``out`` is the clock at its origin, ``days`` after the first day."""
    departs = utc(f"{FIRST + timedelta(days=days)} {out}")
    return line("aeroapi", after(minutes), flight_row(NUMBER, AKL, CHC, departs, **more))


def timetable(minutes: float = 60, out: str = "08:30", **more: Any) -> str:
    """A row of AeroAPI's ``/schedules``."""
    return line("aeroapi", after(minutes), schedule_row(NUMBER, AKL, CHC, utc(f"{FIRST} {out}"), **more))


def service(db: Database, role: Role = Role.SERVICE) -> Ingesting:
    return Ingesting(db, Caller("feed", Tier.SUBSCRIBER, role, "a test"), lambda: CLOCK)


def ingest(db: Database, *lines: str) -> Ingested:
    """Take up all lines, which come together."""
    ingesting = service(db)
    for _ in ingesting.ingest([lines]):
        pass
    return ingesting.ingested


def malformed(told: Ingested) -> list[int]:
    """Numbers of the lines that could not be read."""
    return [one.line for one in told.malformed]


def counted(told: Ingested) -> int:
    """Lines of which it is said what came of them."""
    return told.applied + told.unchanged + told.outdated + len(told.malformed)


def everything(path: Path) -> dict[str, list[Any]]:
    """All that is stored of flights and their history."""
    order = {"flights": "flight_id", "flight_aliases": "flight_id, alias", "flight_changes": "id"}
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY {by}").fetchall() for table, by in order.items()}


def stored_ids(path: Path) -> list[str]:
    return [row[0] for row in everything(path)["flights"]]


def bulk(flights: Iterable[str], rounds: int) -> list[str]:
    """Round after round, a new gate for each flight; every line changes one."""
    return [own(60 + gate, flight, departure_gate=str(gate)) for gate in range(rounds) for flight in flights]
