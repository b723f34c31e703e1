"""Processes that take up the same made-up answers: ``observers.py FILE ANSWERS``.

A process says ``ready`` and waits for a line before it begins, says ``n`` before it makes its nth answer, and ends
with what came of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times
from flightctl.services.observing import Observing
from flightctl.store.local_engine import LocalFile

ROWS = 100
"""Flights of an answer."""
_START = datetime(2026, 12, 3, tzinfo=UTC)
_AKL, _CHC = Place("AKL", "NZAA", "Pacific/Auckland"), Place("CHC", "NZCH", "Pacific/Auckland")


def answer(number: int) -> Iterator[Sighting]:
    """All flights of one day, each with a number of its own."""
    departs_at = _START + timedelta(days=number)
    for flight in range(1, ROWS + 1):
        yield Sighting(
            provider="aviationstack",
            provider_id="",
            ident=f"ANZ{flight}",
            designators=frozenset({f"NZ{flight}", f"ANZ{flight}"}),
            codeshares=frozenset(),
            operated_as="",
            origin=_AKL,
            destination=_CHC,
            scheduled_local=(departs_at + timedelta(hours=13)).replace(tzinfo=None),
            times=Times(scheduled_out=departs_at),
            status=FlightStatus.SCHEDULED,
            provider_status="scheduled",
            observed_at=_START - timedelta(days=20) + timedelta(minutes=number),
        )


def _answers(count: int) -> Iterator[Sighting]:
    for number in range(count):
        _say(str(number))
        yield from answer(number)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    database = LocalFile(Path(sys.argv[1]))
    _say("ready")
    sys.stdin.readline()
    observed = Observing(lambda: database).observe(_answers(int(sys.argv[2])))
    _say(json.dumps(asdict(observed)))
