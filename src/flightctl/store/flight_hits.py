"""Dated flights for the way to a hit: the standard library's sqlite3 and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flightctl.domain.flight import CONFIRMED, TIMES, Flight, FlightStatus
from flightctl.domain.stored_day import StoredDay
from flightctl.store.hits import LocalReader, instant

_INSTANTS = [Flight._fields.index(name) for name in (*TIMES, "observed_at", "updated_at")]
_DATES = [Flight._fields.index(name) for name in ("departure_date", "local_date")]
_STATUS = Flight._fields.index("status")


def stored_day(reader: LocalReader, names: Sequence[str], day: date) -> StoredDay:
    """Confirmed flights that go by one of the names on this local day. Raises LocalFileError."""
    marks, text = ",".join("?" * len(names)), day.isoformat()
    rows = reader.select(
        f"SELECT {', '.join(Flight._fields)} FROM flights WHERE review = ? AND flight_id IN ("
        f"SELECT flight_id FROM flight_aliases WHERE alias IN ({marks}) AND departure_date = ? UNION "
        f"SELECT flight_id FROM flight_aliases WHERE alias IN ({marks}) AND local_date = ?)",
        (CONFIRMED, *names, text, *names, text),
    )
    asked = reader.select(
        f"SELECT asked_at, absent_until, provider, is_cut FROM asked_days WHERE designator IN ({marks}) "
        "AND departure_date = ? ORDER BY asked_at DESC LIMIT 1",
        (*names, text),
    )
    flights = tuple(sorted(map(_flight, rows), key=lambda flight: (flight.departs_at, flight.flight_id)))
    if not asked:
        return StoredDay(flights)
    asked_at, absent_until, provider, is_cut = asked[0]
    return StoredDay(
        flights, instant(asked_at), instant(absent_until) if absent_until else None, provider, bool(is_cut)
    )


def origin_zone(reader: LocalReader, names: Sequence[str], cache_keys: Sequence[str]) -> str:
    """Zone of where the number leaves, by its confirmed flights or route; empty where neither is known.

    A number that leaves several places on its way leaves its first one first. Raises LocalFileError.
    """
    marks = ",".join("?" * len(cache_keys))
    rows = reader.select(
        "SELECT zone FROM aviationstack_cache JOIN airports ON iata = departure_iata "
        f"WHERE cache_key IN ({marks}) AND +status = 'confirmed'",
        cache_keys,
    )
    if not rows:
        marks = ",".join("?" * len(names))
        rows = reader.select(
            "SELECT origin_zone FROM flights WHERE flight_id IN ("
            f"SELECT flight_id FROM flight_aliases WHERE alias IN ({marks})) AND +review = 'confirmed' "
            "ORDER BY local_date DESC LIMIT 1",
            names,
        )
    return str(rows[0][0]) if rows else ""


def ids_with_prefix(reader: LocalReader, prefix: str, limit: int) -> list[str]:
    """Ids of confirmed flights for completion, the latest first. Raises LocalFileError."""
    statement = (
        "SELECT flight_id FROM flights WHERE flight_id >= ? AND flight_id < ? AND +review = 'confirmed' "
        "ORDER BY departure_date DESC, flight_id LIMIT ?"
    )
    return [row[0] for row in reader.select(statement, (prefix, f"{prefix}~", limit))]


def _flight(row: Sequence[Any]) -> Flight:
    values = list(row)
    for i in _INSTANTS:
        values[i] = instant(values[i]) if values[i] else None
    for i in _DATES:
        values[i] = date.fromisoformat(values[i])
    values[_STATUS] = FlightStatus(values[_STATUS])
    return Flight(*values)
