"""Interruption, termination, readers that go away and streams that are not there; all in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import nursery
from running import Cached, Flightctl, Rows
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

PATIENCE_S = 30


@contextmanager
def _running(*arguments: str) -> Iterator[nursery.Child]:
    with nursery.flightctl(*arguments) as child:
        try:
            yield child
        finally:
            child.kill()


def _wait_for_a_call(upstream: Upstream) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not upstream.asked:
        assert time.monotonic() < deadline, "no call was made"
        time.sleep(0.01)


COMMANDS = {"lookup": ("lookup", "NZ527", "--json"), "refresh-stale": ("refresh-stale",)}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", list(COMMANDS.values()), ids=list(COMMANDS))
def test_a_signal_during_a_slow_call_ends_at_once_and_leaves_the_entry(
    upstream: Upstream, cached: Cached, rows: Rows, command: tuple[str, ...], sent: int, code: int
) -> None:
    cached("NZ527", age_s=31 * 86_400)
    before = rows("SELECT * FROM aviationstack_cache")
    upstream.delay_s = PATIENCE_S
    with _running(*command) as child:
        _wait_for_a_call(upstream)
        child.send_signal(sent)
        out, err = child.communicate(timeout=PATIENCE_S / 2)
    assert (child.returncode, out) == (code, b"")
    assert b"Traceback" not in err
    assert KEY.encode() not in err
    assert rows("SELECT * FROM aviationstack_cache") == before
    assert rows("SELECT cache_key, result FROM upstream_calls") == [("flight:NZ527", "interrupted")]


def test_an_interrupted_run_lets_the_next_one_work(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", age_s=31 * 86_400)
    upstream.delay_s = PATIENCE_S
    with _running("refresh-stale") as child:
        _wait_for_a_call(upstream)
        child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE_S / 2)
    upstream.delay_s = 0
    upstream.rows = [row("NZ527")]
    assert flightctl("refresh-stale", "--json").json["unchanged"] == 1


def test_an_interruption_between_lines_of_stdin_ends_with_130(cached: Cached) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "flightctl", "lookup", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        while b"flightctl.services.lookup" not in child.stderr.readline():
            pass
        time.sleep(0.2)  # it is reading stdin by now, or about to
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 130
    assert b"Traceback" not in err


def _into_a_closed_pipe(*arguments: str, both: bool = False) -> tuple[int, bytes]:
    """Exit code and stderr where nobody reads stdout (nor stderr, if ``both``)."""
    ours, theirs = os.pipe()
    os.close(ours)
    words, more = nursery.stand_in()
    done = subprocess.run(
        [*words, *arguments],
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs if both else subprocess.PIPE,
        timeout=PATIENCE_S,
        check=False,
    )
    os.close(theirs)
    return done.returncode, done.stderr or b""


@pytest.mark.parametrize(
    "arguments",
    [
        ("lookup", "NZ527"),
        ("lookup", "NZ527", "--json"),
        ("lookup", "NZ5*", "--format", "csv"),
        ("lookup", "NZ527", "--format", "ndjson"),
        ("nonsense", "--json"),
        ("completion", "bash"),
        ("lookup", "--help"),
        ("--version",),
    ],
)
def test_a_reader_of_stdout_that_has_gone_ends_the_program_quietly(cached: Cached, arguments: tuple[str, ...]) -> None:
    cached("NZ527")
    assert _into_a_closed_pipe(*arguments) == (0, b"")


def test_a_reader_that_goes_away_in_the_middle_ends_the_program_quietly(cached: Cached) -> None:
    cached("NZ527")
    command = f"yes NZ527 | head -n 20000 | {sys.executable} -m flightctl lookup - --format ndjson | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[2]}}"], capture_output=True, timeout=PATIENCE_S, check=False
    )
    first, code = done.stdout.decode().splitlines()
    assert (first.startswith('{"query": "NZ527"'), code, done.stderr) == (True, "0", b"")


def test_a_failure_that_nobody_hears_still_has_its_code() -> None:
    assert _into_a_closed_pipe("nonsense", both=True) == (2, b"")


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [
        (">&-", "lookup NZ527", 0),
        ("2>&-", "lookup NZ0", 2),
        ("<&-", "lookup -", 0),
        ("<&-", "forget NZ527", 2),
        (">&- 2>&- <&-", "lookup NZ0 --json", 2),
    ],
)
def test_streams_that_were_closed_before_the_start_are_no_bug(
    cached: Cached, rows: Rows, closed: str, arguments: str, code: int
) -> None:
    cached("NZ527")
    command = f"{sys.executable} -m flightctl {arguments} {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code
    assert b"bug" not in done.stderr
    assert rows("PRAGMA integrity_check") == [("ok",)]


def test_a_full_disk_behind_stdout_is_said_and_is_no_bug(database: Path, cached: Cached) -> None:
    cached("NZ527")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flightctl", "lookup", "NZ527"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, b"could not be written" in done.stderr, b"Traceback" in done.stderr) == (8, True, False)
