"""Take up rows of dated flights in one process, and say how fast: ``observed_rows.py FILE ROWS``.

A process of its own, so that its peak memory is that of taking them up and of nothing else.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from sqlalchemy import text

from flightctl.domain.sighting import Sighting
from flightctl.providers.aviationstack_sightings import sightings
from flightctl.providers.reading import Reading
from flightctl.services.flight_codes import zone_of
from flightctl.services.observing import Observing
from flightctl.store.local_engine import LocalFile
from flightctl.store.migrate import upgrade

SIGHTS = 5
"""How often each flight is reported."""
_PAGE = 100
_DAYS = 40
_FIRST_DAY = date(2026, 12, 3)
_BEGINS = datetime(2026, 11, 20, tzinfo=UTC)
_MIB = 1024
"""Peak memory comes in KiB on Linux."""
_ROUTES = [
    ("AKL", "NZAA", "CHC", "NZCH", timedelta(minutes=80)),
    ("CDG", "LFPG", "JFK", "KJFK", timedelta(hours=2)),
    ("HNL", "PHNL", "AKL", "NZAA", timedelta(hours=32)),
    ("SYD", "YSSY", "SIN", "WSSS", timedelta(hours=5)),
]
"""Both ends, and how far the clocks at them lie apart at departure and arrival."""


def main(path: Path, rows: int) -> dict[str, float]:
    """Rows a second, and peak memory in MiB. Raises SystemExit where a flight has no record, or more than one."""
    upgrade(path)
    database = LocalFile(path)
    began = time.perf_counter()
    observed = Observing(lambda: database).observe(_sightings(rows // SIGHTS, zone_of(lambda: database)))
    seconds = time.perf_counter() - began
    with database.reading() as session:
        stored = session.scalar(text("SELECT count(*) FROM flights"))
    if not stored == observed.created == rows // SIGHTS:
        raise SystemExit(f"{rows // SIGHTS} flights made {stored} records: {observed}")
    return {
        "rows_per_s": rows / seconds,
        "changed": observed.changed,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB,
    }


def _sightings(flights: int, zone: Callable[[str], str]) -> Iterator[Sighting]:
    """All flights in pages, page after page; and that as often as each flight is seen."""
    for sight in range(SIGHTS):
        for start in range(0, flights, _PAGE):
            asked_at = _BEGINS + sight * timedelta(hours=6) + start * timedelta(milliseconds=10)
            rows = [_row(number, sight) for number in range(start, min(start + _PAGE, flights))]
            yield from sightings(rows, Reading("aviationstack", asked_at, zone)).sightings


def _row(number: int, sight: int) -> dict[str, Any]:
    """A flight as it stands at its nth sight: a tenth is retimed, a third gets another estimate, some other gates."""
    day, flight = _FIRST_DAY + timedelta(days=number % _DAYS), 1 + number // _DAYS
    origin, origin_icao, destination, destination_icao, apart = _ROUTES[flight % len(_ROUTES)]
    out = datetime.combine(day, clock(6)) + timedelta(minutes=flight * 7 % 900)
    out += timedelta(minutes=25 * sight if flight % 10 == 3 else 0)
    estimated = out + timedelta(minutes=(flight + sight) % 30 if flight % 3 == 0 else 0)
    return {
        "flight_date": f"{out:%Y-%m-%d}",
        "flight_status": "scheduled",
        "departure": {
            **_end(origin, origin_icao, out, estimated),
            "terminal": "1",
            "gate": str(flight % 40 + sight // 3) if sight > 1 else None,
        },
        "arrival": _end(destination, destination_icao, out + apart, None),
        "airline": {"name": "Air New Zealand", "iata": "NZ", "icao": "ANZ"},
        "flight": {"number": str(flight), "iata": f"NZ{flight}", "icao": f"ANZ{flight}", "codeshared": None},
        "aircraft": None,
        "live": None,
    }


def _end(iata: str, icao: str, scheduled: datetime, estimated: datetime | None) -> dict[str, Any]:
    return {
        "airport": iata,
        "timezone": None,
        "iata": iata,
        "icao": icao,
        "terminal": None,
        "gate": None,
        "delay": None,
        "scheduled": f"{scheduled:%Y-%m-%dT%H:%M:%S}+00:00",
        "estimated": f"{estimated:%Y-%m-%dT%H:%M:%S}+00:00" if estimated else None,
        "actual": None,
        "estimated_runway": None,
        "actual_runway": None,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
