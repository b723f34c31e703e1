"""Every example of the README does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import nursery
import readme
from flightctl.cli.main import COMMANDS
from flightctl.settings import cache_path, load
from running import Flightctl

CONSOLE = [readme.steps(block) for block in readme.blocks("console")]


@pytest.mark.parametrize("steps", CONSOLE, ids=[steps[0].command[:40] for steps in CONSOLE])
def test_a_console_example_prints_what_the_readme_shows(
    steps: list[readme.Step], home: Path, empty_cache: Path
) -> None:
    for sandbox in (True, False):
        path = cache_path(load({"HOME": str(home)}), sandbox=sandbox)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(empty_cache, path)
    # The command as it is installed runs in the smoke check and in the crontab's line, below.
    with nursery.on_path() as environ:
        printed = readme.run_in_bash([_unhurried(step.command) for step in steps], home, environ)
    assert len(printed) == len(steps)
    for step, lines in zip(steps, printed, strict=True):
        if step.expected:
            assert readme.matches(step.expected, lines), f"$ {step.command}\n" + "\n".join(lines)


def _unhurried(command: str) -> str:
    """What is stamped to the second must not come within the second of what it is to be newer than."""
    return f"sleep 1; {command}" if "date -u" in command else command


def test_the_crontab_line_is_silent_when_all_is_well(home: Path) -> None:
    [line] = readme.blocks("crontab")
    assert readme.run_in_bash([line.strip().split(maxsplit=5)[5] + '; echo "exit $?"'], home, readme.installed()) == [
        ["exit 0"]
    ]


def test_the_timer_runs_what_the_crontab_runs(home: Path) -> None:
    [unit] = readme.blocks("ini")
    [start] = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert start in readme.blocks("crontab")[0]


def test_the_smoke_check_passes(home: Path) -> None:
    [steps] = readme.blocks("yaml")
    commands = [line.removeprefix("- run: ") for line in steps.splitlines()]
    printed = readme.run_in_bash(
        [f'{command} > /dev/null; echo "exit $?"' for command in commands], home, readme.installed()
    )
    assert printed == [["exit 0"], ["exit 0"]]


def test_the_config_file_is_one(flightctl: Flightctl, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = readme.blocks("toml")
    path = home / "config.toml"
    path.write_text(example)
    monkeypatch.setenv("FLIGHTCTL_CONFIG", str(path))
    shown = {setting["name"]: setting for setting in flightctl("config", "show", "--json").json["settings"]}
    assert shown["aviationstack.key_file"]["origin"] == "config file"


def test_the_tables_of_settings_and_exit_codes_are_current() -> None:
    assert readme.table("settings") == readme.settings_table()
    assert readme.table("exit codes") == readme.exit_code_table()


def test_every_command_is_in_the_readme() -> None:
    text = readme.README.read_text()
    unnamed = [name for name in COMMANDS if not re.search(rf"(flightctl (--sandbox )?|`){name}\b", text)]
    assert unnamed == []


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    line = readme.marked("test")
    script = (readme.CHECKOUT / ".ci" / "run").read_text()
    assert "README.md" in script
    assert all(step in line for step in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"))


@pytest.mark.online
def test_the_install_command_works_on_a_fresh_machine(tmp_path: Path, home: Path) -> None:
    """It fetches the packages that ``constraints.txt`` names, from wherever pip is configured to."""
    clone = tmp_path / "clone"
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__")
    shutil.copytree(readme.CHECKOUT, clone, ignore=ignored)
    command = readme.marked("install")
    again = command.rpartition("&&")[2]
    environ = readme.fresh_environment(os.environ, home)
    first, second = (
        subprocess.run(["bash", "-c", line], cwd=clone, env=environ, capture_output=True, text=True, check=True).stdout
        for line in (command, again)
    )
    assert "0 hits · 1 miss · 1 upstream call" in first
    assert "1 hit · 0 misses · 0 upstream calls" in second
    assert all(word in first for word in ("NZ527", "AKL", "CHC"))
