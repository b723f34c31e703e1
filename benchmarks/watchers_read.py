"""The median time of reading who lists a flight, in microseconds: ``watchers_read.py FILE FLIGHTS``."""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

from listed_flights import planned

from flightctl.store import lists
from flightctl.store.local_engine import LocalFile

_READS = 1_000


def main(path: Path, flights: int) -> float:
    """Of flights drawn at random, the first one left out, which many more may list."""
    chosen, took = random.Random(527), list[float]()
    with LocalFile(path).reading() as session:
        for _ in range(_READS):
            flight_id = planned(chosen.randrange(1, flights)).flight_id
            began = time.perf_counter()
            found = lists.watchers(session, flight_id)
            took.append(1e6 * (time.perf_counter() - began))
            if not found:
                raise SystemExit(f"nobody lists {flight_id}")
    return statistics.median(took)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2])))
