"""How fast changes reach NATS, and how fast the index is read there: ``python benchmarks/mirror.py``.

It starts NATS servers and a PostgreSQL of its own. Run it with the Python of an environment where flightctl and what
its tests need are installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import IO, NamedTuple

sys.path.append(str(Path(__file__).parent.parent / "tests"))
import index_reads
from listed_flights import planned
from measuring import Line
from mirrored_lists import Lists, OnFile, OnPostgresql

import postgres
from nats_servers import NatsServer

HERE = Path(__file__).parent
FLIGHTCTL = Path(sysconfig.get_path("scripts")) / "flightctl"
BUCKET, WATCHED = "flightctl", "users.u1.flights.>"
ROUNDS = 3
KEYS = 1_000_000
MOST_MS = 250
_TICK_S, _LOOK_EVERY_S = 0.005, 0.05
_ENDS_WITHIN_S = 120


class Size(NamedTuple):
    """How many users list each flight, how many flights there are, and how many updates a second are sent."""

    trackers: int
    flights: int
    rate: int
    is_bound: bool = False
    """Whether its latency has a limit."""


SIZES = (Size(1, 15_000, 1_000, is_bound=True), Size(10, 2_000, 150), Size(100, 300, 15))
"""From 1,500 to 2,000 keys a second."""
WARM = Size(1, 20, 0)
"""What is not measured: the mirror has to be at work."""


class Heard(NamedTuple):
    """What a watcher heard of one round of updates."""

    took_ms: list[float]
    """From the commit, in order of size."""
    seconds: float
    """From the first commit until the last was heard of."""
    busy: float
    """Processor time of the mirror in that of the round."""

    @property
    def median(self) -> float:
        return statistics.median(self.took_ms)

    @property
    def last_percent(self) -> float:
        return self.took_ms[int(0.99 * len(self.took_ms))]


class Mirrored:
    """Lists, a NATS server, and a mirror at work between them."""

    def __init__(self, lists: Lists, nats: NatsServer, home: Path, mirror: subprocess.Popen[bytes]) -> None:
        self._lists = lists
        self._nats = nats
        self._home = home
        self._mirror = mirror
        self._round = 0

    def steady(self, size: Size) -> Heard:
        """Each flight updated once, so many a second."""
        return self._heard(size.flights, size.rate)

    def at_once(self, size: Size) -> Heard:
        """Each flight updated once, as fast as they can be taken up."""
        return self._heard(size.flights, inf)

    def _heard(self, updates: int, rate: float) -> Heard:
        self._round += 1
        with self._watcher(updates) as watcher, self._ingest() as lines:
            self._send(lines, 1, inf, sent=0)
            while not self._lists.committed(str(self._round)):
                time.sleep(_LOOK_EVERY_S)
            began, busy = time.perf_counter(), _processor_s(self._mirror.pid)
            self._send(lines, updates, rate, sent=1)
            heard: dict[str, float] = json.loads(watcher.communicate(timeout=_ENDS_WITHIN_S)[0] or b"{}")
            seconds, busy = time.perf_counter() - began, _processor_s(self._mirror.pid) - busy
        committed = self._lists.committed(str(self._round))
        if heard.keys() != committed.keys() or len(heard) != updates:
            raise SystemExit(f"of {updates} updates, {len(committed)} were written, and {len(heard)} heard of")
        took_ms = sorted(1000 * (at - committed[gate]) for gate, at in heard.items())
        return Heard(took_ms, max(heard.values()) - sorted(committed.values())[1], busy / seconds)

    @contextmanager
    def _watcher(self, updates: int) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, str(HERE / "plain_watcher.py"), self._nats.url, BUCKET, WATCHED]
        with subprocess.Popen([*command, str(self._round), str(updates)], stdout=subprocess.PIPE) as watcher:
            assert watcher.stdout is not None
            watcher.stdout.readline()
            try:
                yield watcher
            finally:
                watcher.kill()

    @contextmanager
    def _ingest(self) -> Iterator[IO[bytes]]:
        command, environ = [str(FLIGHTCTL), "ingest", "-", "--json"], _environ(self._lists, self._nats, self._home)
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, env=environ, stdin=pipe, stdout=nothing) as ingest:
            assert ingest.stdin is not None
            yield ingest.stdin
            ingest.stdin.close()

    def _send(self, to: IO[bytes], updates: int, rate: float, *, sent: int) -> None:
        """Lines up to this one, so many a second."""
        began, before = time.perf_counter(), sent
        while sent < updates:
            due = min(updates, before + 1 + int(min((time.perf_counter() - began) * rate, updates)))
            to.write("".join(_line(index, f"{self._round}/{index}") for index in range(sent, due)).encode())
            to.flush()
            sent = due
            time.sleep(_TICK_S)


@contextmanager
def mirrored(lists: Lists, folder: Path) -> Iterator[Mirrored]:
    """A bucket that holds everything already, and ``mirror run``."""
    with NatsServer(folder / "nats") as nats:
        environ = _environ(lists, nats, folder)
        subprocess.run([FLIGHTCTL, "mirror", "run", "--once"], env=environ, check=True)
        with subprocess.Popen([FLIGHTCTL, "mirror", "run"], env=environ) as mirror:
            try:
                found = Mirrored(lists, nats, folder, mirror)
                found.at_once(WARM)
                yield found
            finally:
                mirror.kill()


def speed(name: str, size: Size, lists: Lists, folder: Path, rounds: int) -> Iterator[Line]:
    """Latency of updates that come evenly, and how many a second are mirrored if there are always more."""
    of = f"{name}, {size.trackers} a flight"
    with mirrored(lists, folder) as mirror:
        steady = sorted((mirror.steady(size) for _ in range(rounds)), key=lambda heard: heard.median)
        middle = steady[len(steady) // 2]
        detail = (
            f"{size.rate:,} updates/s; 99 %: {middle.last_percent:.0f} ms; medians {steady[0].median:.0f} to "
            f"{steady[-1].median:.0f}; mirror busy {middle.busy:.0%}"
        )
        most = MOST_MS if size.is_bound else inf
        yield Line(f"{of}: commit to watcher, ms", middle.median, most, is_least=False, detail=detail)
        fastest = min((mirror.at_once(size) for _ in range(rounds)), key=lambda heard: heard.seconds)
        rate = size.flights / fastest.seconds
        detail = f"{rate * (size.trackers + 1):,.0f} keys/s; mirror busy {fastest.busy:.0%}"
        yield Line(f"{of}: mirrored updates a second", rate, 0, is_least=True, detail=detail)


def on_file(folder: Path, rounds: int, share: int) -> Iterator[Line]:
    for size in _sizes(share):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            lists = OnFile(Path(name) / "lists.db", size.flights, size.trackers)
            yield from speed("file", size, lists, Path(name), rounds)


def on_postgresql(folder: Path, rounds: int, share: int) -> Iterator[Line]:
    with postgres.running(folder / "postgres", OnPostgresql.SETTINGS) as server:
        for size in _sizes(share):
            with tempfile.TemporaryDirectory(dir=folder) as name, postgres.database(server) as remote:
                lists = OnPostgresql(remote, Path(name), size.flights, size.trackers)
                yield from speed("PostgreSQL", size, lists, Path(name), rounds)


def index(folder: Path, share: int) -> Iterator[Line]:
    """Who lists a flight: one ``Get``, and the scan of everybody's keys that it replaces."""
    with NatsServer(folder / "index") as nats:
        large, small = index_reads.measured(nats.url, KEYS // share, KEYS // share // 100)
    detail = f"{large.keys:,} to {small.keys:,} keys: {large.get_ms:.2f} to {small.get_ms:.2f} ms"
    yield Line("index Get, large to small", large.get_ms / small.get_ms, 1.5, is_least=False, detail=detail)
    detail = f"{large.scan_ms:.2f} to {small.scan_ms:.2f} ms"
    yield Line("the scan instead, large to small", large.scan_ms / small.scan_ms, inf, False, detail)


def _sizes(share: int) -> list[Size]:
    return [size._replace(flights=max(20, size.flights // share)) for size in SIZES]


def _line(number: int, gate: str) -> str:
    row = {"flight_id": planned(number).flight_id, "departure_gate": gate}
    # Evenly later, and none in the future.
    at = datetime.now(UTC) - timedelta(seconds=1) + timedelta(microseconds=number)
    return json.dumps({"provider": "flightctl", "observed_at": at.isoformat(), "row": row}) + "\n"


def _environ(lists: Lists, nats: NatsServer, home: Path) -> dict[str, str]:
    """That of a person without a config file."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "FLIGHTCTL_NATS_URL": nats.url, **lists.environ}


def _processor_s(process: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _shown(line: Line) -> str:
    bound = f"{'at least' if line.is_least else 'at most'} {line.limit:g}" if 0 < line.limit < inf else ""
    verdict = ("ok" if line.met else "MISSED") if bound else ""
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{line.what:<48}{line.figure:>8,.1f}  {bound:<12}{verdict:<7}{line.detail}; {load}"


def main() -> int:
    """Measure, print, and with ``--check`` fail where a figure misses its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each figure (default: %(default)s)")
    parser.add_argument("--few", action="store_true", help="a tenth of everything, to see whether it works")
    parser.add_argument("--only", choices=("file", "postgresql", "index"), help="one part of it")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its limit")
    options = parser.parse_args()
    share, met = 10 if options.few else 1, True
    with tempfile.TemporaryDirectory(prefix="flightctl-mirror-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        parts = {
            "file": lambda: on_file(folder, options.rounds, share),
            "postgresql": lambda: on_postgresql(folder, options.rounds, share),
            "index": lambda: index(folder, share),
        }
        for part in [options.only] if options.only else parts:
            for line in parts[part]():
                print(_shown(line), flush=True)
                met = met and line.met
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
