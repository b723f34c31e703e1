"""What a hit does not pay for: modules that it does not load, memory that it does not take."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.sightings import sighting
from flightctl.services import observing
from flightctl.store import asked_days
from flightctl.store.local_engine import LocalFile
from machines import machine_of
from postgres import BASIC, RemoteDatabase
from running import Cached

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read there")

HEAVY = (
    "httpx",
    "httpcore",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "pydantic",
    "rich",
    "airportsdata",
    "keyring",
    "psycopg",
    "tomli_w",
)
KIB_PER_MIB = 1024
OF_A_DAY = ("flightctl.domain.flight", "flightctl.domain.departure_day", "zoneinfo")
"""What an answer about a route does without."""

REPORT = f"""
import os, re, sys
def report():
    loaded = [name for name in {HEAVY + OF_A_DAY!r} if name in sys.modules]
    # Not ru_maxrss: Linux hands that of the process that started this one on to it.
    peak = re.search(r"VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1]
    os.write(2, f"{{','.join(loaded)}} {{peak}}\\n".encode())
"""
AT_THE_END = (
    REPORT
    + """
leave = os._exit
def report_and_leave(code):
    report()
    leave(code)
os._exit = report_and_leave
sys.argv = ["flightctl", *sys.argv[1:]]
from flightctl.__main__ import main
try:
    main()
except SystemExit as leaving:
    report_and_leave(leaving.code)
report_and_leave(0)
"""
)


def _report(code: str, *arguments: str) -> tuple[str, list[str], int]:
    """stdout, which heavy modules were loaded in the end, and the peak of resident memory in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    loaded, peak = done.stderr.splitlines()[-1].split(" ")
    return done.stdout, loaded.split(",") if loaded else [], int(peak)


@pytest.mark.parametrize("options", [(), ("--offline",), ("--explain",)])
def test_nor_is_it_on_the_way_to_a_stored_flight_of_a_day(database: Path, options: tuple[str, ...]) -> None:
    now = datetime.now(UTC)
    day = now.date() + timedelta(days=30)
    with closing(LocalFile(database)) as db, db.writing() as session:
        observing.take(session, [sighting(f"{day} 08:30", observed_at=now)])
        asked_days.remember(session, ["NZ527"], day, asked_days.AskedDay("aeroapi", now, None))
    out, loaded, _ = _report(AT_THE_END, "lookup", "NZ527", "--date", str(day), "--json", *options)
    assert '"outcome": "hit"' in out
    assert [name for name in loaded if name not in OF_A_DAY[:2]] == []


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert _report(REPORT + "import flightctl.cli.main; report()")[1] == []


@pytest.mark.parametrize(
    "arguments", [("NZ527", "--json"), ("nz 0527", "ANZ527", "--format", "ndjson"), ("NZ5*", "--json")]
)
@pytest.mark.parametrize("options", [(), ("--offline",), ("--explain",)])
def test_on_the_way_to_a_hit_nothing_heavy_is_loaded(
    database: Path, cached: Cached, arguments: tuple[str, ...], options: tuple[str, ...]
) -> None:
    cached("NZ527")
    out, loaded, _ = _report(AT_THE_END, "lookup", *arguments, *options)
    assert '"outcome": "hit"' in out
    assert loaded == []


@pytest.mark.parametrize("arguments", [("NZ527", "--json"), ("ANZ527", "--json", "--explain")])
def test_nor_is_it_where_a_remote_stands_behind(
    database: Path, cached: Cached, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", "postgresql://nobody@127.0.0.1:1/none")
    cached("NZ527")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO remote_copies SELECT cache_key, refreshed_at FROM aviationstack_cache")
    out, loaded, _ = _report(AT_THE_END, "lookup", *arguments)
    assert '"outcome": "hit"' in out
    assert loaded == []


def test_a_hit_in_the_remote_loads_what_reads_a_route_there_and_no_more(
    shared_remote: RemoteDatabase, home: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_remote.rows(
        "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status) "
        "VALUES ('flight:NZ527', 'NZ527', 'NZ', 'AKL', 'CHC', 'confirmed')"
    )
    for name, value in machine_of(BASIC, shared_remote, home, empty_cache).items():
        monkeypatch.setenv(name, value)
    out, loaded, _ = _report(AT_THE_END, "lookup", "NZ527", "--json")
    assert '"source": "remote"' in out
    assert loaded == ["sqlmodel", "sqlalchemy", "pydantic", "psycopg", "zoneinfo"]


def test_a_known_path_needs_no_platformdirs(
    database: Path, cached: Cached, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CONFIG", str(tmp_path / "none.toml"))
    cached("NZ527")
    code = AT_THE_END.replace(repr(HEAVY), repr((*HEAVY, "platformdirs", "tomllib")))
    assert _report(code, "lookup", "NZ527", "--json")[1] == []


def test_a_hit_in_a_table_loads_what_draws_it_and_no_more(database: Path, cached: Cached) -> None:
    cached("NZ527")
    out, loaded, _ = _report(AT_THE_END, "lookup", "NZ527")
    assert "NZ527" in out
    assert loaded == ["rich"]


def test_this_test_would_see_what_is_loaded(database: Path) -> None:
    assert "sqlalchemy" in _report(AT_THE_END, "stats", "--json")[1]


@pytest.mark.parametrize("format", ["json", "table"])
def test_a_hit_takes_less_than_60_mib(database: Path, cached: Cached, format: str) -> None:
    cached("NZ527")
    assert _report(AT_THE_END, "lookup", "NZ527", "--format", format)[2] < 60 * KIB_PER_MIB
