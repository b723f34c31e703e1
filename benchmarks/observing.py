"""How fast reports of dated flights are taken up, and in how much memory: ``python benchmarks/observing.py``.

Run it with the Python of an environment where flightctl is installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent

ROWS = 100_000
LEAST_ROWS_PER_S = 1_500
MOST_GROWTH = 1.2
"""Of the peak memory, where there are five times as many rows."""


class Taken(NamedTuple):
    """What one process took for all its rows."""

    rows: int
    rows_per_s: float
    changed: int
    peak_mib: float


def taken(folder: Path, rows: int) -> Taken:
    """Take up so many rows into a new file, in a process of its own. Raises SystemExit where that fails."""
    command = [sys.executable, str(HERE / "observed_rows.py"), str(folder / f"{rows}.db"), str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return Taken(rows, **json.loads(done.stdout))


def _shown(one: Taken) -> str:
    return f"{one.rows:>9,}{one.rows_per_s:>10,.0f}{one.changed:>10,.0f}{one.peak_mib:>11.1f}"


def main() -> int:
    """Measure, print, and with ``--check`` fail where a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the larger run (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its limit")
    arguments = parser.parse_args()
    print("     rows    rows/s   changed  peak, MiB")
    with tempfile.TemporaryDirectory(prefix="flightctl-observing-") as name:
        few = taken(Path(name), arguments.rows // 5)
        print(_shown(few), flush=True)
        many = taken(Path(name), arguments.rows)
        print(_shown(many), flush=True)
    growth = many.peak_mib / few.peak_mib
    is_fast, is_flat = many.rows_per_s >= LEAST_ROWS_PER_S, growth <= MOST_GROWTH
    print(f"{many.rows_per_s:,.0f} rows a second  at least {LEAST_ROWS_PER_S:,}  {'ok' if is_fast else 'MISSED'}")
    print(f"peak memory grows to {growth:.2f}  at most {MOST_GROWTH}  {'ok' if is_flat else 'MISSED'}")
    return 1 if arguments.check and not (is_fast and is_flat) else 0


if __name__ == "__main__":
    sys.exit(main())
