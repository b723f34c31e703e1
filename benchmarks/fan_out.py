"""How fast updates reach everybody's list, and how little that depends on the lists: ``python benchmarks/fan_out.py``.

Run it with the Python of an environment where flightctl is installed (not editable, see README.md).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from listed_flights import FLIGHTS_OF_USER, Planned, planned
from measuring import Line

HERE = Path(__file__).parent
FLIGHTCTL = Path(sysconfig.get_path("scripts")) / "flightctl"

USERS, FLIGHTS, POPULAR = 1_000_000, 200_000, 100_000
FEW_USERS, FEW_FLIGHTS = 1_000, 200
"""10,000 entries, as many for a flight as on the large file."""
MANY_FLIGHTS = 10_000
"""The same entries, a flight each, for updates: of 200 flights a batch names each several times, and writes it once."""
UPDATES = 30_000
PAGE = 15
"""Rows of one answer of a provider."""
_RUNS = 3

Row = dict[str, Any]


class Lists(NamedTuple):
    """A file, and how many flights it has."""

    path: Path
    flights: int


class Bench:
    """The measurements, on files that are made in ``folder``."""

    def __init__(self, folder: Path, users: int, updates: int) -> None:
        self._folder = folder
        self._updates = updates
        self._round = 0
        self._large = self._made("large", users, FLIGHTS * users // USERS, POPULAR * users // USERS)
        self._small = self._made("small", FEW_USERS, MANY_FLIGHTS, 0)
        self._few = self._made("few", FEW_USERS, FEW_FLIGHTS, 0)

    def lines(self) -> Iterator[Line]:
        """Every figure, as it is measured."""
        large, small = self._in_turns(own_row)
        yield Line("updates a second, own rows", large, 3_000, is_least=True)
        yield Line("the same, fewest lists", small, 3_000, is_least=True)
        yield Line("cost of an update, large to small", small / large, 1.5, is_least=False)
        for name, row in (("aeroapi", aeroapi_row), ("aviationstack", aviationstack_row)):
            rate = max(self._rate(self._large, name, row) for _ in range(_RUNS))
            yield Line(f"updates a second, {name}", rate, 1_500, is_least=True)
        popular = self._rate(self._large, "flightctl", own_row, every_tenth_popular=True)
        yield Line("a tenth for the popular flight", large / popular, 1.5, is_least=False, detail=f"{popular:,.0f}/s")
        many, few = (self._watchers_us(lists) for lists in (self._large, self._few))
        yield Line(
            "watchers of a flight, large to small", many / few, 1.5, False, f"{many:.0f} to {few:.0f} microseconds"
        )

    def _in_turns(self, row: Callable[[Planned, int], Row]) -> tuple[float, float]:
        """The best rates on the large and the small file: what else the machine does can only slow them."""
        pairs = [
            tuple(self._rate(lists, "flightctl", row) for lists in (self._large, self._small)) for _ in range(_RUNS)
        ]
        large, small = map(max, zip(*pairs, strict=True))
        return large, small

    def _rate(
        self, lists: Lists, provider: str, row: Callable[[Planned, int], Row], *, every_tenth_popular: bool = False
    ) -> float:
        """Updates a second of a whole process, start and end included. Raises SystemExit where one is not applied."""
        self._round += 1
        file = self._folder / "updates.ndjson"
        chosen = random.Random(self._round)
        flights = [
            planned(0 if every_tenth_popular and n % 10 == 0 else chosen.randrange(lists.flights))
            for n in range(self._updates)
        ]
        file.write_text(
            "".join(self._lines(provider, (row(one, n + self._round * self._updates) for n, one in enumerate(flights))))
        )
        began = time.perf_counter()
        done = subprocess.run(
            [str(FLIGHTCTL), "ingest", str(file), "--json"], env=self._environ(lists), capture_output=True, check=False
        )
        seconds = time.perf_counter() - began
        told = json.loads(done.stdout or b"{}")
        if told.get("applied") != self._updates or told["flights_created"]:
            raise SystemExit(f"not every update was applied once: {done.stdout!r} {done.stderr!r}"[:2_000])
        return self._updates / seconds

    def _lines(self, provider: str, rows: Iterable[Row]) -> Iterator[str]:
        # Each run's are later than those of the run before, and none lies in the future.
        begins = datetime.now(UTC) - timedelta(seconds=2)
        for n, row in enumerate(rows):
            observed_at = begins + timedelta(microseconds=n if provider == "flightctl" else n // PAGE)
            yield json.dumps({"provider": provider, "observed_at": observed_at.isoformat(), "row": row}) + "\n"

    def _watchers_us(self, lists: Lists) -> float:
        command = [sys.executable, str(HERE / "watchers_read.py"), str(lists.path), str(lists.flights)]
        return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)

    def _made(self, name: str, users: int, flights: int, popular: int) -> Lists:
        path = self._folder / f"{name}.db"
        numbers = [str(number) for number in (users, flights, popular)]
        subprocess.run([sys.executable, str(HERE / "listed_flights.py"), str(path), *numbers], check=True)
        return Lists(path, flights)

    def _environ(self, lists: Lists) -> Mapping[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("FLIGHTCTL_", "XDG_"))}
        return {**kept, "HOME": str(self._folder), "FLIGHTCTL_DB": str(lists.path)}


def own_row(flight: Planned, n: int) -> Row:
    """Another gate, and another estimate."""
    estimated = flight.scheduled_out + timedelta(minutes=n % 600)
    return {
        "flight_id": flight.flight_id,
        "status": "scheduled",
        "departure_gate": f"G{n}",
        "estimated_out": estimated.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def aeroapi_row(flight: Planned, n: int) -> Row:
    """The same as FlightAware tells it, with its own id."""
    ident = f"{flight.icao}{flight.number}"
    times = {f"{kind}_{event}": None for kind in ("estimated", "actual") for event in ("out", "off", "on", "in")}
    return {
        "ident": ident,
        "ident_icao": ident,
        "ident_iata": f"{flight.iata}{flight.number}",
        "fa_flight_id": flight.fa_flight_id,
        "operator": flight.icao,
        "operator_icao": flight.icao,
        "operator_iata": flight.iata,
        "flight_number": str(flight.number),
        "codeshares": [],
        "codeshares_iata": [],
        "blocked": False,
        "diverted": False,
        "cancelled": False,
        "position_only": False,
        "origin": _airport("NZAA", "AKL"),
        "destination": _airport("NZCH", "CHC"),
        **times,
        "scheduled_out": flight.scheduled_out.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "estimated_out": (flight.scheduled_out + timedelta(minutes=n % 600)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "Scheduled",
        "aircraft_type": "A320",
        "gate_origin": f"F{n}",
        "gate_destination": None,
        "terminal_origin": None,
        "terminal_destination": None,
        "type": "Airline",
    }


def aviationstack_row(flight: Planned, n: int) -> Row:
    """The same as AviationStack tells it, in local time and by name."""
    number, local = str(flight.number), f"{flight.day}T08:30:00+00:00"
    return {
        "flight_date": flight.day.isoformat(),
        "flight_status": "scheduled",
        "departure": {**_end("AKL", "NZAA", local), "gate": f"A{n}"},
        "arrival": _end("CHC", "NZCH", None),
        "airline": {"name": "", "iata": flight.iata, "icao": flight.icao},
        "flight": {"number": number, "iata": flight.iata + number, "icao": flight.icao + number, "codeshared": None},
        "aircraft": None,
        "live": None,
    }


def _airport(icao: str, iata: str) -> Row:
    return {"code": icao, "code_icao": icao, "code_iata": iata, "timezone": "Pacific/Auckland", "name": iata}


def _end(iata: str, icao: str, scheduled: str | None) -> Row:
    unknown = ("terminal", "gate", "delay", "estimated", "actual", "estimated_runway", "actual_runway")
    known = {"airport": iata, "timezone": "Pacific/Auckland", "iata": iata, "icao": icao, "scheduled": scheduled}
    return {**dict.fromkeys(unknown), **known}


def _shown(line: Line) -> str:
    bound, verdict = "at least" if line.is_least else "at most", "ok" if line.met else "MISSED"
    figure = f"{line.figure:,.0f}" if line.is_least else f"{line.figure:.2f}"
    return f"{line.what:<40}{figure:>8}  {bound:<8} {line.limit:<6,g} {verdict:<8}{line.detail}".rstrip()


def main() -> int:
    """Measure, print, and with ``--check`` fail where a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS, help="of the larger file (default: %(default)s)")
    parser.add_argument("--updates", type=int, default=UPDATES, help="of each run (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its limit")
    arguments = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory(prefix="flightctl-fan-out-") as folder:
        bench = Bench(Path(folder), arguments.users, arguments.updates)
        print(f"{arguments.users * FLIGHTS_OF_USER:,} list entries", flush=True)
        for line in bench.lines():
            print(_shown(line), flush=True)
            met = met and line.met
    return 1 if arguments.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
