"""What every test may ask for: a home of its own, the program in this process, and an upstream on the loopback."""

from __future__ import annotations

import gc
import io
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import aeroapi_server
import nursery
import postgres as postgres_server
from aeroapi_server import AeroApiServer
from flightctl.cli.main import run
from flightctl.store.migrate import upgrade
from postgres import RemoteDatabase, Server, Swept
from running import Result
from statements import compile_once
from upstream import KEY, Upstream

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what runs in the background; the programs that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A slow machine is no failure.
settings.register_profile("flightctl", deadline=None)
settings.load_profile("flightctl")
# Whatever the machine prefers, modules are compiled once and not for each process.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
compile_once()


def pytest_collection_finish() -> None:
    """Thousands of tests are there to the end: nobody has to look them through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """More than there are processors: many a test waits for another process."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def _nurseries() -> Iterator[None]:
    yield
    nursery.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; no setting of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith(("FLIGHTCTL_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return home


@pytest.fixture(scope="session")
def empty_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local file as a first run makes it; tests copy it, because making one takes half a second."""
    path = tmp_path_factory.mktemp("template") / "cache.db"
    upgrade(path)
    return path


@pytest.fixture
def database(home: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The local file that the program uses in this test, its tables made."""
    path = home / "cache.db"
    shutil.copy(empty_cache, path)
    monkeypatch.setenv("FLIGHTCTL_DB", str(path))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server that all workers of this run share, started by the first that needs it."""
    # Not among pytest's own folders, which are closed to the user that a server runs as.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")
    with postgres_server.running(Path(tempfile.gettempdir()) / f"flightctl-postgres-{run}") as server:
        yield server


@pytest.fixture(scope="session")
def swept(postgres: Server) -> Iterator[Swept]:
    """A database of this worker's, for ``shared_remote``."""
    with postgres_server.database(postgres) as made:
        sweeping = Swept(made)
        yield sweeping
        sweeping.close()


@pytest.fixture
def shared_remote(swept: Swept) -> RemoteDatabase:
    """An empty database with all logins, its tables made; reference data must stay as they are."""
    return swept.emptied()


@pytest.fixture
def remote(postgres: Server) -> Iterator[RemoteDatabase]:
    """A database of this test's own on it, with all logins, its tables made."""
    with postgres_server.database(postgres) as made:
        yield made


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """An AviationStack on the loopback that the program is configured for, with a key."""
    with Upstream() as server:
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", server.url)
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
        yield server


@pytest.fixture
def aeroapi(monkeypatch: pytest.MonkeyPatch) -> Iterator[AeroApiServer]:
    """An AeroAPI on the loopback that the program is configured for, with a key."""
    with AeroApiServer() as server:
        monkeypatch.setenv("FLIGHTCTL_AEROAPI_URL", server.url)
        monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", aeroapi_server.KEY)
        yield server


@pytest.fixture
def flightctl(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command line in this process, through everything but the interpreter's start."""

    def call(*arguments: str, stdin: str | bytes = b"") -> Result:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        capfd.readouterr()
        code = run(list(arguments))
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def process() -> Callable[..., Result]:
    """Run a command line as a process of its own."""

    def call(
        *arguments: str | bytes,
        stdin: str | bytes = b"",
        timeout: float = 60,
        options: tuple[str, ...] = (),
        **environ: str,
    ) -> Result:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        words = [os.fsdecode(word) for word in arguments]
        with nursery.flightctl(*words, stdin=given, environ={**os.environ, **environ}, options=options) as child:
            out, err = child.communicate(timeout)
        return Result(child.wait(timeout), out.decode(), err.decode())

    return call


@pytest.fixture
def rows(database: Path) -> Callable[..., list[Any]]:
    """Query, or change, the local file as an outsider would."""

    def query(statement: str, *values: object) -> list[Any]:
        with sqlite3.connect(database) as connection:
            found = connection.execute(statement, values).fetchall()
        connection.close()
        return found

    return query


@pytest.fixture
def cached(rows: Callable[..., list[Any]]) -> Callable[..., None]:
    """Put an entry into the local file, last vouched for so many seconds ago."""

    def put(flight: str, departure: str = "AKL", arrival: str = "CHC", **more: Any) -> None:
        age_s = more.pop("age_s", 60)
        entry = {"status": "confirmed", "provider": "aviationstack", "airline_iata": flight[:2], **more}
        rows(
            "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, "
            "status, provider, refreshed_at) VALUES (?, ?, ?, ?, ?, ?, ?, "
            "strftime('%Y-%m-%d %H:%M:%f', 'now', ?) || '000')",
            f"flight:{flight}",
            flight,
            entry["airline_iata"],
            departure,
            arrival,
            entry["status"],
            entry["provider"],
            f"{-age_s} seconds",
        )

    return put
