"""Run two programs in turns and compare the medians; read the peak memory of one."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_MIB = 1024
"""Peak memory comes in KiB on Linux."""


class Program(NamedTuple):
    """A command line and the file that is its stdin."""

    command: Sequence[str]
    environ: Mapping[str, str]
    stdin: Path = Path(os.devnull)


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    peak_mib: float


class Line(NamedTuple):
    """One line of a report."""

    what: str
    figure: float
    limit: float
    is_least: bool
    detail: str = ""

    @property
    def met(self) -> bool:
        return self.figure >= self.limit if self.is_least else self.figure <= self.limit


class Compared(NamedTuple):
    """Medians of runs that took turns."""

    ours_ms: float
    bare_ms: float

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.bare_ms


def compare(ours: Program, bare: Program, runs: int) -> Compared:
    """Both in turns, so that a change of the machine's load meets both; one run of each first, to fill caches."""
    for program in (ours, bare):
        run(program)
    pairs = [(run(ours).seconds, run(bare).seconds) for _ in range(runs)]
    return Compared(*(1000 * statistics.median(side) for side in zip(*pairs, strict=True)))


def peak_mib(program: Program, runs: int) -> float:
    """The median of the peak resident memory.

    Linux counts into it the peak of the process that starts the program, so this one must stay small.
    """
    return statistics.median(run(program).peak_mib for _ in range(runs))


def run(program: Program) -> Run:
    """One run from start to end, its output thrown away. Raises SystemExit where it fails."""
    with program.stdin.open("rb") as stdin:
        began = time.perf_counter()
        process = subprocess.Popen(program.command, stdin=stdin, stdout=subprocess.DEVNULL, env=program.environ)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(program.command)} ended with {process.returncode}")
    return Run(seconds, usage.ru_maxrss / _MIB)
