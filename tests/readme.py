"""The README, read: its blocks, its tables, and a bash that runs its examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flightctl.services.reference import exit_codes
from flightctl.settings import SETTINGS

CHECKOUT = Path(__file__).parent.parent
README = CHECKOUT / "README.md"


@dataclass(frozen=True)
class Step:
    """One command of a console block and what the README says it prints."""

    command: str
    expected: tuple[str, ...]


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def marked(name: str) -> str:
    """The command in the sh block behind ``<!-- name -->``."""
    found = re.search(rf"^<!-- {name} -->\n```sh\n(.*?)\n```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def table(name: str) -> list[str]:
    """The lines between ``<!-- name -->`` and ``<!-- end -->``."""
    found = re.search(rf"^<!-- {name} -->\n(.*?)\n<!-- end -->$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].splitlines()


def settings_table() -> list[str]:
    """What the settings' table has to say."""
    rows = [(f"`{s.name}`", f"`{s.default}`" if s.default else "", s.help) for s in SETTINGS]
    return _markdown(("setting", "default", "what"), rows)


def exit_code_table() -> list[str]:
    """What the exit codes' table has to say."""
    columns, rows = exit_codes()
    return _markdown(columns, [[row[column] for column in columns] for row in rows])


def steps(block: str) -> list[Step]:
    """The commands of a console block with what they print."""
    commands = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Step(lines[0], tuple(lines[1:])) for lines in (command.splitlines() for command in commands)]


def installed() -> dict[str, str]:
    """An environment in which shells find the command as it was installed."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run_in_bash(commands: Sequence[str], folder: Path, environ: Mapping[str, str]) -> list[list[str]]:
    """What each command prints, stdout and stderr together, run one after the other in one shell."""
    script = "set -m; exec 2>&1\n" + "\n".join(f"echo '<{n}>'\n{command}" for n, command in enumerate(commands))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return [part.splitlines() for part in re.split(r"^<\d+>\n", done.stdout, flags=re.MULTILINE)[1:]]


def matches(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether output is as the README shows it: ``...`` stands for anything, alone on a line for any lines."""
    pattern = "".join(_line_pattern(line) for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def fresh_environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """An environment as on a new machine: an empty home and no virtual environment."""
    dropped = ("VIRTUAL_ENV", "PYTHONPATH", "FLIGHTCTL_DB")
    return {name: value for name, value in environ.items() if name not in dropped} | {"HOME": str(home)}


def _line_pattern(line: str) -> str:
    if line == "...":
        return r"(?:.*\n)*?"
    return "[^\n]*".join(re.escape(part.rstrip() if part.endswith(" ") else part) for part in line.split("...")) + "\n"


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return list(_markdown_lines(columns, rows))


def _markdown_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"
