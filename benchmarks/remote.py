"""How fast the shared database is: ``python benchmarks/remote.py``. It starts a PostgreSQL of its own.

Run it with the Python of an environment where flightctl and what its tests need are installed (see README.md).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from listed_flights import FLIGHTS_OF_USER, planned
from measuring import Line

import postgres
from postgres import BASIC, SERVICE, RemoteDatabase

FLIGHTCTL = Path(sysconfig.get_path("scripts")) / "flightctl"
ROUTES, MATCHES = 1_000_000, 20_000
USERS, FLIGHTS, UPDATES = 1_000_000, 200_000, 30_000
RUNS, INGESTS = 9, 3
SETTINGS = "shared_buffers = 256MB\nmaintenance_work_mem = 512MB\nmax_wal_size = 8GB\n"
"""All of it is as durable as PostgreSQL is by itself."""


class Ingested(NamedTuple):
    """What a run of ``ingest`` has done."""

    applied: int
    fanned_out: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="end with 1 where a figure misses its limit")
    parser.add_argument("--few", action="store_true", help="a hundredth of everything, to see whether it works")
    options = parser.parse_args()
    share = 100 if options.few else 1
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="flightctl-benchmark-") as folder:
        Path(folder).chmod(0o755)
        with postgres.running(Path(folder) / "postgres", SETTINGS) as server, postgres.database(server) as remote:
            for measure in (prefix, hits, updates):
                for line in measure(remote, share):
                    print(f"{line.what}: {line.figure:,.2f} ({line.detail})", flush=True)
                    lines.append(line)
    return int(options.check and not all(line.met for line in lines))


def prefix(remote: RemoteDatabase, share: int) -> Iterator[Line]:
    """20,000 of a million routes by prefix, by a basic user's rights and by those of who stands above all policies."""
    routes, matches = ROUTES // share, MATCHES // share
    add = (
        "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status) "
        "SELECT 'flight:' || flight, flight, left(flight, 2), 'AKL', 'CHC', "
        "CASE WHEN mod(number, 100) = 0 THEN 'pending' ELSE 'confirmed' END "
        "FROM (SELECT number, CASE WHEN number <= ? THEN 'DL' "
        "ELSE chr(65 + mod(number, 3)) || chr(69 + mod(number / 50000, 20)) END || number AS flight "
        "FROM generate_series(1, ?) AS number) AS flights"
    )
    remote.rows(add, matches, routes)
    remote.rows("VACUUM ANALYZE aviationstack_cache")
    query = (
        "SELECT * FROM aviationstack_cache WHERE flight_iata ~>=~ 'DL' AND flight_iata ~<~ 'DL~' "
        "AND status = 'confirmed'"
    )
    times: dict[str, list[float]] = {BASIC: [], postgres.ADMIN: []}
    with psycopg.connect(remote.url(BASIC)) as bound, psycopg.connect(remote.url()) as free:
        for _ in range(RUNS):
            for login, connection in ((BASIC, bound), (postgres.ADMIN, free)):
                times[login].append(_seconds(connection.execute, query.encode()))
        found = len(bound.execute(query.encode()).fetchall())
    with_rules, without = (statistics.median(times[login]) for login in (BASIC, postgres.ADMIN))
    detail = f"{found:,} rows: {with_rules * 1000:.0f} ms with policies, {without * 1000:.0f} ms without"
    yield Line("a prefix read under policies, held against the same without", with_rules / without, 1.3, False, detail)


def hits(remote: RemoteDatabase, _share: int) -> Iterator[Line]:
    """A route that the remote has and this machine has not, and the same again from the local copy: whole processes."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"HOME": home, "FLIGHTCTL_REMOTE_URL": remote.url(BASIC), "PATH": os.environ["PATH"]}
        _process(environ, "lookup", "DL1")
        seconds: dict[str, list[float]] = {"remote": [], "local": []}
        for number in range(2, RUNS + 2):
            for source in ("remote", "local"):
                seconds[source].append(_seconds(_process, environ, "lookup", f"DL{number}"))
    remote_ms, local_ms = (statistics.median(seconds[source]) * 1000 for source in ("remote", "local"))
    yield Line("a remote hit, ms", remote_ms, 2000, False, f"a local hit takes {local_ms:.0f} ms")


def updates(remote: RemoteDatabase, share: int) -> Iterator[Line]:
    """Updates of our own format by id, with ten million list entries; the median of some runs of the program."""
    users, flights = USERS // share, FLIGHTS // share
    fill(remote, users, flights)
    with tempfile.TemporaryDirectory() as home:
        environ = {"HOME": home, "FLIGHTCTL_REMOTE_URL": remote.url(SERVICE), "PATH": os.environ["PATH"]}
        _process(environ, "whoami")
        runs = [_ingested(environ, Path(home) / "updates.ndjson", flights, share) for _ in range(INGESTS)]
    told = "; ".join(f"{run.applied:,} reaching {run.fanned_out:,} entries in {run.seconds:.1f} s" for run in runs)
    what = f"updates a second with {users * FLIGHTS_OF_USER:,} list entries"
    yield Line(what, statistics.median(run.applied / run.seconds for run in runs), 3000, True, told)


def _ingested(environ: dict[str, str], file: Path, flights: int, share: int) -> Ingested:
    """A run over updates of the last minute, each with a moment of its own."""
    base = datetime.now(UTC) - timedelta(minutes=1)
    with file.open("w") as out:
        for number in range(UPDATES // min(share, 10)):
            row = {"flight_id": planned(random.randrange(flights)).flight_id, "departure_gate": str(number % 90)}
            at = (base + timedelta(microseconds=number)).isoformat()
            out.write(json.dumps({"provider": "flightctl", "observed_at": at, "row": row}) + "\n")
    began = time.perf_counter()
    told = json.loads(_process(environ, "ingest", str(file), "--json"))
    return Ingested(told["applied"], told["fanned_out"], time.perf_counter() - began)


def fill(remote: RemoteDatabase, users: int, flights: int) -> None:
    with closing(psycopg.connect(remote.url(), autocommit=True)) as connection:
        now = datetime.now(UTC) - timedelta(days=1)
        columns = (
            "flight_id, ident, departure_date, departure_hhmm, origin, destination, local_date, flight_iata, "
            "origin_iata, origin_icao, origin_zone, destination_iata, destination_icao, destination_zone, status, "
            "scheduled_out, provider, observed_at, updated_at, version"
        )
        with connection.cursor().copy(f"COPY flights ({columns}) FROM STDIN") as copy:
            for index in range(flights):
                one = planned(index)
                ends = ("AKL", "NZAA", "Pacific/Auckland", "CHC", "NZCH", "Pacific/Auckland")
                ident, iata = f"{one.icao}{one.number}", f"{one.iata}{one.number}"
                parts = (one.flight_id, ident, one.day, "0830", "NZAA", "NZCH", one.day, iata)
                copy.write_row((*parts, *ends, "scheduled", one.scheduled_out, "aeroapi", now, now, 1))
        for statement in (
            # What refers to what is known here: to look it up twenty million times takes longer than all the rest.
            "SET session_replication_role = replica",
            "CREATE TEMP TABLE numbered AS SELECT flight_id, row_number() OVER () - 1 AS number FROM flights",
            "CREATE INDEX ON numbered (number)",
            "INSERT INTO user_flights (user_id, flight_id, kind, added_at, seen_change) "
            "SELECT 'u' || entry / 10, flight_id, 'owned', now(), 0 "
            "FROM generate_series(0, %(users)s * 10::bigint - 1) AS entry "
            "JOIN numbered ON number = mod(entry, %(flights)s)",
            "INSERT INTO flight_watchers (flight_id, user_id) SELECT flight_id, user_id FROM user_flights",
            "INSERT INTO flight_watcher_counts SELECT flight_id, count(*) FROM flight_watchers GROUP BY flight_id",
        ):
            connection.execute(statement.encode(), {"users": users, "flights": flights} if "%(" in statement else None)
        connection.execute("VACUUM ANALYZE")
        # What filling it has left to be written is none of the updates' work.
        connection.execute("CHECKPOINT")


def _process(environ: dict[str, str], *arguments: str) -> str:
    return subprocess.run([FLIGHTCTL, *arguments], env=environ, capture_output=True, check=True, text=True).stdout


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
