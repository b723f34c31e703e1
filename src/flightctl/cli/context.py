"""What a command finds in its context."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

import typer

from flightctl.errors import ConfirmationNeeded
from flightctl.runtime import Options, Runtime


def runtime_of(ctx: typer.Context) -> Runtime:
    """The runtime of this command line, made on first use."""
    root = ctx.find_root()
    if "runtime" not in root.meta:
        assert isinstance(root.obj, Options)
        root.meta["runtime"] = opened = Runtime(root.obj, os.environ)
        root.call_on_close(opened.close)
    runtime = root.meta["runtime"]
    assert isinstance(runtime, Runtime)
    return runtime


def ask_before(ctx: typer.Context, question: str) -> None:
    """Ask before something that cannot be undone.

    Raises ConfirmationNeeded without a terminal and without ``--yes``. A no ends the command, and is no failure.
    """
    if runtime_of(ctx).options.yes:
        return
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"{question} Nobody can be asked here", hint="add --yes")
    if not typer.confirm(question, err=True):
        runtime_of(ctx).output.note("nothing was done")
        raise typer.Exit(0)


def warn_of_budget(runtime: Runtime) -> None:
    """Say so where this run has paid and not much of the budget is left."""
    for warning in dict.fromkeys(spending.warning for spending in runtime.paying.spendings if spending.warning):
        runtime.output.warn(warning)


def with_stdin(words: Iterable[str]) -> Iterator[str]:
    """The words of the command line, ``-`` replaced by the lines of stdin; empty lines are no questions."""
    for word in words:
        if word != "-":
            yield word
            continue
        for number, line in enumerate(sys.stdin.buffer):
            # Some editors put a byte order mark before the first line.
            text = line.decode("utf-8" if number else "utf-8-sig", "replace").rstrip("\r\n")
            if text.strip():
                yield text
