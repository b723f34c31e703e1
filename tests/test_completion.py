"""The committed completion scripts are current, and work in the real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

import nursery
from running import Cached, Flightctl
from upstream import Upstream

SCRIPTS = Path(__file__).parent.parent / "completions"
FILES = {"bash": "flightctl.bash", "zsh": "_flightctl", "fish": "flightctl.fish"}
Complete = Callable[[str], str]


@pytest.fixture
def some_flights(cached: Cached, monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> Upstream:
    cached("NZ527")
    cached("NZ5", status="confirmed")
    cached("NZ59", status="pending")
    cached("QF1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return upstream


def offered(shell: str, typed: str) -> list[str]:
    """What the program offers this shell, as the shell's script asks for it."""
    words = typed.split(" ")
    asked = {
        "bash": {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": typed},
        "fish": {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    environ = {**os.environ, **asked, "_FLIGHTCTL_COMPLETE": f"complete_{shell}"}
    with nursery.flightctl(environ=environ) as child:
        out, err = child.communicate(timeout=60)
    assert err == b""
    return out.decode().split()


@pytest.mark.parametrize("shell", FILES)
def test_the_committed_script_is_the_one_that_the_program_prints(flightctl: Flightctl, shell: str) -> None:
    assert flightctl("completion", shell).out == (SCRIPTS / FILES[shell]).read_text()


def test_cached_flights_are_offered_and_pending_ones_never(some_flights: Upstream) -> None:
    assert offered("bash", "flightctl lookup NZ5") == ["NZ5", "NZ527"]
    assert some_flights.asked == []


def test_lower_case_is_completed_as_it_was_begun(some_flights: Upstream) -> None:
    assert [offered(shell, "flightctl lookup nz52") for shell in ("bash", "fish")] == [["nz527"], ["nz527"]]


def test_the_sandbox_has_flights_of_its_own(some_flights: Upstream) -> None:
    assert offered("bash", "flightctl lookup --sandbox NZ5") == []


@pytest.mark.parametrize("typed", ["%", "NZ%", "NZ5*", "'", "--", "é"])
def test_what_is_no_designator_is_offered_nothing_of_the_cache(some_flights: Upstream, typed: str) -> None:
    assert not {"NZ5", "NZ527", "QF1"} & set(offered("bash", f"flightctl lookup {typed}"))


def test_no_database_is_made_for_a_completion(home: Path) -> None:
    assert offered("bash", "flightctl lookup NZ5") == []
    assert list(home.rglob("*.db")) == []


def test_commands_options_and_settings_are_offered(some_flights: Upstream) -> None:
    assert offered("bash", "flightctl look") == ["lookup"]
    assert offered("bash", "flightctl lookup NZ5 --stale") == ["--stale-if-error"]
    assert offered("bash", "flightctl config get cache.ttl") == ["cache.ttl_days"]
    assert offered("bash", "flightctl budget ") == ["show", "freeze", "thaw"]
    assert offered("bash", "flightctl stats --what") == ["--what-if-ttl"]


def shell_or_skip(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def typed_into(command: str, arguments: list[str], setup: list[str], line: str) -> str:
    """Type a line and a TAB into an interactive shell, then run it; the screen's text up to then."""
    child = pexpect.spawn(command, arguments, env={**os.environ, "PS1": "ready> ", "TERM": "dumb"}, encoding="utf-8")
    try:
        for statement in setup:
            child.sendline(statement)
        child.sendline("echo SET''UP")
        child.expect("SETUP", timeout=20)
        child.send(line + "\t")
        child.expect("527", timeout=20)
        child.sendline("")
        child.expect("AKL", timeout=20)
        return str(child.before)
    finally:
        child.close(force=True)


def test_bash_completes_a_cached_flight_in_a_terminal(some_flights: Upstream) -> None:
    setup = [f"source {SCRIPTS / FILES['bash']}"]
    typed_into(shell_or_skip("bash"), ["--norc", "--noprofile", "-i"], setup, "flightctl lookup --json NZ52")
    assert some_flights.asked == []


def test_zsh_completes_a_cached_flight_in_a_terminal(some_flights: Upstream, home: Path) -> None:
    setup = [f"autoload -U compinit; compinit -u -d {home}/dump", f"source {SCRIPTS / FILES['zsh']}"]
    typed_into(shell_or_skip("zsh"), ["-f", "-i"], setup, "flightctl lookup --json NZ52")
    assert some_flights.asked == []


def test_fish_completes_a_cached_flight(some_flights: Upstream) -> None:
    script = f"source {SCRIPTS / FILES['fish']}; complete -C 'flightctl lookup NZ52'"
    done = subprocess.run([shell_or_skip("fish"), "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["NZ527"]
    assert some_flights.asked == []
