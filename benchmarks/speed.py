"""How fast flightctl is, as ratios to the smallest programs that could do the same: ``python benchmarks/speed.py``.

Run it with the Python of an environment where flightctl is installed (not editable, see README.md).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from measuring import Program, compare, peak_mib

HERE = Path(__file__).parent
BARE = HERE / "bare"
FLIGHTCTL = Path(sysconfig.get_path("scripts")) / "flightctl"

BATCH = 10_000
LARGE = 500_000
AIRLINE = "DL"


class Line(NamedTuple):
    """One line of the report."""

    what: str
    figure: float
    limit: float
    detail: str

    @property
    def met(self) -> bool:
        return self.figure <= self.limit


class Bench:
    """The measurements, on databases that are made in ``folder``."""

    def __init__(self, folder: Path, runs: int) -> None:
        self._folder = folder
        self._runs = runs

    def lines(self) -> Iterator[Line]:
        """Every figure, as it is measured."""
        small = self._database(BATCH, 600)
        hit = self._ours(small, f"{AIRLINE}527")
        yield self._compared("hit", 1.6, hit, _bare(self._environ(small), "hello.py", "hello", "x"))
        yield Line("peak memory of a hit, MiB", peak_mib(hit, self._runs), 60, "")
        yield self._batch(small)
        for flights in (600, 9_999):
            yield self._prefix(self._database(LARGE, flights), flights)

    def _batch(self, database: Path) -> Line:
        designators = self._folder / "designators.txt"
        designators.write_text("".join(f"{flight}\n" for flight in _flights(database)))
        ours = self._ours(database, "-")._replace(stdin=designators)
        bare = _bare(self._environ(database), "batch.py", str(database))._replace(stdin=designators)
        return self._compared(f"batch of {BATCH:,}", 6, ours, bare)

    def _prefix(self, database: Path, flights: int) -> Line:
        bare = _bare(self._environ(database), "prefix.py", str(database), AIRLINE)
        return self._compared(f"{AIRLINE}: {flights:,} of {LARGE:,}", 4, self._ours(database, AIRLINE), bare)

    def _compared(self, what: str, limit: float, ours: Program, bare: Program) -> Line:
        both = compare(ours, bare, self._runs)
        return Line(what, both.ratio, limit, f"{both.ours_ms:.1f} ms to {both.bare_ms:.1f} ms")

    def _database(self, entries: int, of_airline: int) -> Path:
        path = self._folder / f"{entries}-{of_airline}.db"
        numbers = [str(entries), AIRLINE, str(of_airline)]
        subprocess.run([sys.executable, str(HERE / "databases.py"), str(path), *numbers], check=True)
        return path

    def _ours(self, database: Path, question: str) -> Program:
        return Program([str(FLIGHTCTL), "lookup", question, "--format", "json"], self._environ(database))

    def _environ(self, database: Path) -> Mapping[str, str]:
        """That of a person without a config file: nothing of the caller's own settings."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("FLIGHTCTL_", "XDG_"))}
        return {**kept, "HOME": str(self._folder), "FLIGHTCTL_DB": str(database)}


def _bare(environ: Mapping[str, str], script: str, *arguments: str) -> Program:
    return Program([sys.executable, str(BARE / script), *arguments], environ)


def _flights(database: Path) -> list[str]:
    """Every designator in the cache, in an order that is the same in each run but not that of the file."""
    import sqlite3

    rows = sqlite3.connect(database).execute("SELECT flight_iata FROM aviationstack_cache ORDER BY cache_key")
    flights = [row[0] for row in rows]
    random.Random(527).shuffle(flights)
    return flights


def _shown(line: Line) -> str:
    verdict = "ok" if line.met else "MISSED"
    return f"{line.what:<28}{line.figure:>7.2f}  at most {line.limit:<5g}{verdict:<8}{line.detail}".rstrip()


def main() -> int:
    """Measure, print, and with ``--check`` fail where a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of each side (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its limit")
    arguments = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory(prefix="flightctl-speed-") as folder:
        for line in Bench(Path(folder), arguments.runs).lines():
            print(_shown(line), flush=True)
            met = met and line.met
    return 1 if arguments.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
