"""A cache full of entries of one age, the rows that upstream has for them, and what a run asked for."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from running import Result
from upstream import Row, Upstream, row

DAY_S = 86_400
STALE_S = 31 * DAY_S
Ways = Mapping[str, str]
"""Flights and where they go: ``{"NZ1": "AKL-CHC", "NZ2": "AKL-WLG-DUD"}``."""
_OTHERS = 5000
"""The number from which on flights are not cached."""
_AGO = "strftime('%Y-%m-%d %H:%M:%f', 'now', ?) || '000'"


def flights(airline: str, count: int, way: str = "AKL-CHC", first: int = 1) -> dict[str, str]:
    """So many flights of an airline, numbered, which all go the same way."""
    return {f"{airline}{number}": way for number in range(first, first + count)}


def others(airline: str, count: int, way: str = "SYD-MEL") -> list[Row]:
    """Rows of flights that nobody here has asked for."""
    return rows_of(flights(airline, count, way, first=_OTHERS))


def fill(database: Path, ways: Ways, age_s: float = STALE_S) -> None:
    """Put confirmed entries into the local file, last vouched for so many seconds ago."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, "
            f"status, refreshed_at) VALUES (?, ?, ?, ?, ?, 'confirmed', {_AGO})",
            [
                (f"flight:{flight}", flight, flight[:2], way[:3], way[-3:], f"{-age_s} seconds")
                for flight, way in ways.items()
            ],
        )
        legs = [(f"flight:{flight}", *leg) for flight, way in ways.items() if len(way) > 7 for leg in _legs(way)]
        connection.executemany("INSERT INTO route_legs VALUES (?, ?, ?, ?)", legs)


def rows_of(ways: Ways, **more: object) -> list[Row]:
    """What upstream sends for them: a row for each leg, two hours apart."""
    return [
        row(flight, start, end, out=f"{6 + 2 * n:02}:00", in_=f"{7 + 2 * n:02}:00", **_owner(flight), **more)
        for flight, way in ways.items()
        for n, start, end in _legs(way)
    ]


def _owner(flight: str) -> dict[str, object]:
    return {"airline": ("Some Airline", flight[:2], None)}


def _legs(way: str) -> Iterable[tuple[int, str, str]]:
    return ((n, start, end) for n, (start, end) in enumerate(pairwise(way.split("-"))))


def ways_in(database: Path) -> dict[str, str]:
    """What the local file says of confirmed entries, as it was put in."""
    with closing(sqlite3.connect(database)) as connection:
        ends = connection.execute(
            "SELECT flight_iata, departure_iata, arrival_iata FROM aviationstack_cache WHERE status = 'confirmed'"
        ).fetchall()
        legs = connection.execute(
            "SELECT cache_key, departure_iata, arrival_iata FROM route_legs ORDER BY cache_key, position"
        ).fetchall()
    stops: dict[str, list[str]] = {}
    for key, start, end in legs:
        stops.setdefault(key, [start]).append(end)
    return {flight: "-".join(stops.get(f"flight:{flight}", (start, end))) for flight, start, end in ends}


def fresh_in(database: Path) -> set[str]:
    """Flights that were vouched for within the last hour."""
    query = "SELECT flight_iata FROM aviationstack_cache WHERE refreshed_at > datetime('now', '-1 hour')"
    with closing(sqlite3.connect(database)) as connection:
        return {flight for (flight,) in connection.execute(query)}


def pages_asked(upstream: Upstream) -> list[tuple[str, int]]:
    """Every page that was asked for: ``NZ`` or ``NZ from AKL``, and its offset."""
    return [
        (" from ".join(filter(None, (query.get("airline_iata"), query.get("dep_iata")))), int(query.get("offset", 0)))
        for query in upstream.asked
        if "airline_iata" in query
    ]


def flights_asked(upstream: Upstream) -> list[str]:
    """Every flight that was asked for by itself, in order."""
    return [query["flight_iata"] for query in upstream.asked if "flight_iata" in query]


def outcomes(done: Result) -> dict[str, str]:
    """What came of each entry, in the order of ``flightctl.refresh/1``."""
    return {entry["flight_iata"]: entry["outcome"] for entry in done.json["entries"]}


def counts(done: Result) -> Counter[str]:
    """How many entries ended in which way."""
    return Counter(outcomes(done).values())
