"""Calls that flightctl makes, held against a plain 30-day HTTP cache: ``python benchmarks/economy.py``.

Both answer the same look-ups, made by several processes at once, from a stand-in for AviationStack on the loopback that
counts the requests it gets. Run it with the Python of an environment where flightctl is installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from demand import Flight, LookUp, drawn, flights_of_the_world

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from upstream import KEY, Upstream, row

HERE = Path(__file__).parent
FLIGHTCTL = Path(sysconfig.get_path("scripts")) / "flightctl"
PROCESSES = 8
LATER_DAYS = 31
PRICE = Decimal("0.01")
UPSTREAM_TAKES_S = 0.1

Shares = Sequence[Sequence[LookUp]]
"""What each of the processes is asked."""


class Line(NamedTuple):
    """One line of the report: calls of both sides, and the distinct flights that were asked for."""

    what: str
    flightctl: int
    plain: int | None
    distinct: int | None


class Side(Protocol):
    """One of the two that are compared."""

    def look_up(self, shares: Shares) -> None:
        """Answer all shares at once, a process each."""

    def grow_old(self, days: int) -> None:
        """Everything it has kept becomes this much older."""


class Flightctl:
    """``flightctl`` on one fresh file."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._file = folder / "flightctl.db"
        self._environ = _environ(
            HOME=str(folder),
            FLIGHTCTL_DB=str(self._file),
            FLIGHTCTL_AVIATIONSTACK_URL=url,
            FLIGHTCTL_AVIATIONSTACK_KEY=KEY,
            FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET="unlimited",
        )

    def look_up(self, shares: Shares) -> None:
        """Raises SystemExit where an answer is wrong: it would have been cheap to give none."""
        command = [str(FLIGHTCTL), "lookup", "-", "--format", "ndjson"]
        printed = _at_once(command, self._environ, shares, self._folder, may_end_with=(0, 3, 9))
        for share, lines in zip(shares, printed, strict=True):
            for asked, line in zip(share, lines, strict=True):
                _check(asked, line)

    def refresh(self) -> None:
        """Renew what has expired, as cron would."""
        command = [str(FLIGHTCTL), "refresh-stale", "--quiet"]
        _at_once(command, self._environ, [()], self._folder, may_end_with=(0,))

    def grow_old(self, days: int) -> None:
        """Every instant in the file moves back, whatever table it stands in."""
        older = "strftime('%Y-%m-%d %H:%M:%f', {0}, ?) || '000'"
        with closing(sqlite3.connect(self._file)) as file, file:
            for table, column in file.execute(_INSTANTS).fetchall():
                file.execute(f"UPDATE {table} SET {column} = {older.format(column)}", (f"-{days} days",))


_INSTANTS = (
    "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns "
    "WHERE tables.type = 'table' AND columns.name LIKE '%\\_at' ESCAPE '\\'"
)


class Plain:
    """``plain_cache.py`` on one fresh file."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._file = folder / "plain.db"
        self._command = [sys.executable, str(HERE / "plain_cache.py"), str(self._file), url, KEY]

    def look_up(self, shares: Shares) -> None:
        """Some of its answers are wrong: it does not know one flight by its several names."""
        _at_once(self._command, _environ(), shares, self._folder, may_end_with=(0,))

    def grow_old(self, days: int) -> None:
        """Every response was kept earlier than it was."""
        with closing(sqlite3.connect(self._file)) as file, file:
            file.execute("UPDATE responses SET stored_at = stored_at - ?", (days * 86_400,))


def _at_once(
    command: Sequence[str], environ: Mapping[str, str], shares: Shares, folder: Path, may_end_with: Sequence[int]
) -> list[list[str]]:
    """Run the command once for each share, all at the same time; what each printed, by lines. Raises SystemExit."""
    with ExitStack() as stack:
        running = []
        for n, share in enumerate(shares):
            asked, printed = folder / f"{n}.asked", folder / f"{n}.printed"
            asked.write_text("".join(f"{one.typed}\n" for one in share))
            stdin, stdout = stack.enter_context(asked.open()), stack.enter_context(printed.open("w"))
            running.append(subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environ))
        errors = [process.communicate()[1].decode() for process in running]
    for process, error in zip(running, errors, strict=True):
        if process.returncode not in may_end_with:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {error}")
    return [(folder / f"{n}.printed").read_text().splitlines() for n in range(len(shares))]


def _check(asked: LookUp, line: str) -> None:
    answer = json.loads(line)
    route = (answer["departure_iata"], answer["arrival_iata"]) if answer["legs"] else None
    if route != asked.flight.route or answer["outcome"] == "error":
        raise SystemExit(f"flightctl answered {asked.typed} with {line}, upstream has {asked.flight.route}")


def _environ(**more: str) -> Mapping[str, str]:
    """That of a person without a config file: nothing of the caller's own settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("FLIGHTCTL_", "XDG_"))}
    return {**kept, **more}


class Bench:
    """Both sides before the same upstream."""

    def __init__(self, upstream: Upstream, folder: Path) -> None:
        self._upstream = upstream
        self._flightctl = Flightctl(folder, upstream.url)
        self._plain = Plain(folder, upstream.url)

    def lines(self, lookups: Sequence[LookUp]) -> Iterator[Line]:
        """Every figure, as it is counted."""
        shares = [lookups[n::PROCESSES] for n in range(PROCESSES)]
        distinct = len({one.flight for one in lookups})
        yield self._looked_up("nothing cached yet", shares, distinct)
        for side in (self._flightctl, self._plain):
            side.grow_old(LATER_DAYS)
        yield Line(f"{LATER_DAYS} days later: refresh-stale", self._calls(self._flightctl.refresh), None, None)
        yield self._looked_up("the same look-ups again", shares, distinct)

    def _looked_up(self, what: str, shares: Shares, distinct: int) -> Line:
        sides: tuple[Side, Side] = self._flightctl, self._plain
        ours, plain = (self._calls(side.look_up, shares) for side in sides)
        return Line(what, ours, plain, distinct)

    def _calls(self, work: Callable[..., None], *arguments: object) -> int:
        before = len(self._upstream.asked)
        work(*arguments)
        return len(self._upstream.asked) - before


def _rows(flights: Sequence[Flight]) -> list[dict[str, object]]:
    return [
        row(one.iata, one.departure, one.arrival, airline=(one.airline, one.airline, one.airline_icao))
        for one in flights
        if one.known
    ]


def _shown(line: Line) -> str:
    return f"{line.what:<34}" + "".join(f"{'-' if n is None else f'{n:,}':>18}" for n in line[1:])


def _summed(lines: Sequence[Line]) -> Line:
    return Line("calls in all", sum(line.flightctl for line in lines), sum(line.plain or 0 for line in lines), None)


def _priced(line: Line) -> str:
    return f"{f'at {PRICE} USD a call':<34}" + "".join(
        f"{f'{calls * PRICE:,} USD':>18}" for calls in (line.flightctl, line.plain or 0)
    )


def main() -> int:
    """Count, print, and with ``--check`` fail where flightctl called more often than there are flights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lookups", type=int, default=10_000, help="look-ups to make (default: %(default)s)")
    parser.add_argument("--flights", type=int, default=2_000, help="flights they are drawn from (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where flightctl makes a call too many")
    arguments = parser.parse_args()
    flights = flights_of_the_world(arguments.flights)
    print(f"{f'{arguments.lookups:,} look-ups by {PROCESSES} processes':<34}", end="")
    print("".join(f"{name:>18}" for name in ("flightctl", "plain cache", "distinct flights")), flush=True)
    lines = []
    with tempfile.TemporaryDirectory(prefix="flightctl-economy-") as folder, Upstream() as upstream:
        upstream.rows, upstream.delay_s = _rows(flights), UPSTREAM_TAKES_S
        for line in Bench(upstream, Path(folder)).lines(drawn(flights, arguments.lookups)):
            print(_shown(line), flush=True)
            lines.append(line)
    print(_shown(_summed(lines)), _priced(_summed(lines)), sep="\n")
    return 1 if arguments.check and lines[0].flightctl > (lines[0].distinct or 0) else 0


if __name__ == "__main__":
    sys.exit(main())
