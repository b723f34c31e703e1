"""The access key appears in no output, error, log, file or database, whatever fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from failures import ECHOING, LASTING, PASSING, Fault
from flightctl.providers.sandbox.faults import FAULTS
from flightctl.providers.sandbox.server import SandboxServer
from leaks import no_trace, shows, traces_of
from running import Cached, Flightctl, Result
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

WAITS = {"slow", "drip"}
"""Faults that take the whole deadline of 15 seconds."""
EVERY_FAULT = {**{name: case[0] for name, case in {**PASSING, **LASTING}.items()}, **ECHOING}
EVERYWHERE = {
    "lookup": ("lookup", "NZ527", "NZ528", "--explain"),
    "stale": ("lookup", "NZ527", "--stale-if-error"),
    "airline": ("lookup", "DL"),
    "refresh-stale": ("refresh-stale",),
    "verify": ("confirm", "--verify"),
}


def _leaks(text: bytes) -> bool:
    return shows(text, traces_of(KEY))


@pytest.fixture
def nothing_leaked(home: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Result], None]]:
    with no_trace(traces_of(KEY), home, caplog) as check:
        yield check


@pytest.mark.parametrize("name", EVERY_FAULT)
def test_no_failure_shows_the_key(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    nothing_leaked: Callable[[Result], None],
    name: str,
) -> None:
    """Each failure in each command; each failure, and each command, in each format."""
    monkeypatch.setenv("FLIGHTCTL_CACHE_STORE_PAYLOAD", "true")
    cached("NZ527", age_s=31 * 86_400)
    flightctl("add-manual", "NZ529", "--from", "AKL", "--to", "CHC")
    EVERY_FAULT[name](upstream, monkeypatch)
    upstream.headers = {"Retry-After": "1"}
    for number, command in enumerate(EVERYWHERE.values(), start=list(EVERY_FAULT).index(name)):
        # What the last one has met keeps nobody from asking again.
        flightctl("budget", "thaw")
        nothing_leaked(flightctl(*command, "--verbose", "--format", ("table", "json")[number % 2]))
    nothing_leaked(flightctl("stats"))


@pytest.mark.parametrize("fault", list(EVERY_FAULT.values()), ids=list(EVERY_FAULT))
def test_no_failure_shows_the_key_in_pythons_development_mode(
    process: Flightctl,
    upstream: Upstream,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    nothing_leaked: Callable[[Result], None],
    fault: Fault,
) -> None:
    cached("NZ527", age_s=31 * 86_400)
    fault(upstream, monkeypatch)
    done = process("lookup", "NZ527", "--verbose", options=("-X", "dev", "-W", "always"))
    nothing_leaked(done)
    assert done.code in (3, 5, 6)
    assert "Warning" not in done.err


@pytest.fixture
def stand_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """``flightctl sandbox serve`` with the fault that the test names."""
    with SandboxServer(lambda: datetime.now(UTC), faults=[request.param]) as server:
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", server.base_url)
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
        yield server


@pytest.mark.parametrize(
    "stand_in",
    [pytest.param(fault.name, marks=pytest.mark.slow if fault.name in WAITS else ()) for fault in FAULTS],
    indirect=True,
)
def test_no_fault_of_the_stand_in_shows_the_key(
    flightctl: Flightctl, stand_in: SandboxServer, nothing_leaked: Callable[[Result], None]
) -> None:
    done = flightctl("lookup", "NZ527", "--verbose", "--json")
    nothing_leaked(done)
    assert done.code in (3, 5, 6)
    assert len(stand_in.requests) == 1


def test_an_upstream_that_echoes_the_key_in_its_rows_cannot_put_it_into_the_cache(
    flightctl: Flightctl, upstream: Upstream, nothing_leaked: Callable[[Result], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_STORE_PAYLOAD", "true")
    echoing = row("X012", "QQQ", "XQZ", airline=(f"Air {KEY}", "X0", "QQZ"))
    echoing["departure"]["airport"] = f"https://x/?access_key={KEY}"
    echoing[KEY] = {KEY: [KEY, quote(KEY)]}
    upstream.rows = [echoing]
    for format in ("table", "json", "csv", "ndjson"):
        nothing_leaked(flightctl("lookup", "X012", "--format", format))
    assert "***" in json.dumps(flightctl("lookup", "X012", "--json").answers)


def test_the_key_is_sent_to_the_configured_address_only_and_once_a_call(
    flightctl: Flightctl, upstream: Upstream, nothing_leaked: Callable[[Result], None]
) -> None:
    upstream.rows = [row("NZ527")]
    nothing_leaked(flightctl("lookup", "NZ527", "--verbose"))
    assert [query["access_key"] for query in upstream.asked] == [KEY]


@pytest.mark.parametrize("key", ["with space", "ünicode", "new\nline", "\x1b[31m"])
def test_a_key_that_cannot_be_is_refused_and_not_repeated(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", key)
    done = flightctl("lookup", "NZ527", "--verbose", "--json")
    assert done.code == 10
    assert key not in done.answers[0]["error"]["message"] + done.err
    assert upstream.asked == []


@pytest.mark.parametrize("text", ["key = 'KEY\n", "[aviationstack]\nkey = KEY\n", "[aviationstack]\nkey = ['KEY']\n"])
def test_a_broken_config_file_does_not_show_the_key_in_it(
    flightctl: Flightctl, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text.replace("KEY", KEY))
    path.chmod(0o600)
    monkeypatch.setenv("FLIGHTCTL_CONFIG", str(path))
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    done = flightctl("lookup", "NZ527", "--verbose", "--json")
    assert done.code == 10
    assert not _leaks((done.out + done.err).encode())
