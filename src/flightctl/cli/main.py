"""The program: one place that explains failures and decides exit codes."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from types import FrameType, TracebackType
from typing import Any

import typer
from typer.exceptions import TyperException

from flightctl.cli.commands import LazyGroup, new_app
from flightctl.errors import FlightctlError, MissingPart, UsageError
from flightctl.render.output import Format
from flightctl.runtime import Options, fallback_output

_INTERRUPTED = 130
_TERMINATED = 143
_PARTS = {"psycopg": "postgres", "nats": "nats", "nkeys": "nats"}
"""Packages that only some need, and how they are asked for."""

COMMANDS = {
    "lookup": "lookup",
    "add-manual": "add_manual",
    "pending": "review",
    "confirm": "review",
    "reject": "review",
    "forget": "review",
    "refresh-stale": "refresh",
    "history": "history",
    "track": "track",
    "untrack": "track",
    "flights": "track",
    "watchers": "track",
    "watch": "watch",
    "ingest": "ingest",
    "share": "share",
    "shares": "share",
    "revoke": "share",
    "claim": "share",
    "stats": "stats",
    "budget": "budget",
    "whoami": "whoami",
    "config": "config",
    "db": "db_people",
    "mirror": "mirror",
    "doctor": "doctor",
    "sandbox": "sandbox",
    "completion": "completion",
    "help": "topics",
}


class Root(LazyGroup):
    """``flightctl`` itself."""

    modules = COMMANDS


root_app = new_app(cls=Root)


@root_app.callback()
def root() -> None:
    """What is flight NZ527? Answered from a cache, for as few paid upstream calls as possible."""


def run_process() -> int:
    """Run the command line of this process; returns its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.excepthook = _explain_bug
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    return run(sys.argv[1:])


def _open_missing_streams() -> None:
    """A stream that was closed before the start is none at all to Python, and its number goes to the next file."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole process


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    options = Options()
    try:
        if "_FLIGHTCTL_COMPLETE" in os.environ:
            from typer.completion import completion_init  # type: ignore[attr-defined]

            completion_init()
        return _command(arguments, options)
    except FlightctlError as error:
        return _fail(options, error)
    except (typer.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except TyperException as error:
        return _fail(_as_asked(options, arguments), _usage(error))
    except SystemExit as leaving:
        # So typer ends when the reader of its help or version has gone away, which is no failure.
        if leaving.code != 1:
            raise
        return 0


def _command(arguments: list[str], options: Options) -> int:
    """Run it; its exit code. Raises MissingPart, and whatever the command raises."""
    try:
        code = typer.main.get_command(root_app).main(
            arguments, prog_name="flightctl", standalone_mode=False, obj=options
        )
    except ModuleNotFoundError as error:
        if error.name not in _PARTS:
            raise
        hint = f"pip install 'flightctl[{_PARTS[error.name]}]'"
        raise MissingPart(f"this needs {error.name}, which is not installed", hint=hint) from None
    return code if isinstance(code, int) else 0


def _fail(options: Options, error: FlightctlError) -> int:
    fallback_output(options).fail(error, with_object=True)
    return error.exit_code


def _usage(error: TyperException) -> UsageError:
    ctx: Any = getattr(error, "ctx", None)
    command = ctx.command_path if ctx is not None else "flightctl"
    return UsageError(error.format_message().rstrip("."), hint=f"see '{command} --help'")


def _as_asked(options: Options, arguments: list[str]) -> Options:
    """Parsing has failed before all options were read: what asks for JSON still gets JSON."""
    for word, following in pairwise([*arguments, ""]):
        asked = {"--json": Format.JSON.value, "--format": following}.get(word, word.partition("--format=")[2])
        if asked in (Format.JSON.value, Format.NDJSON.value):
            options.format = asked
    return options


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(_TERMINATED)


def _explain_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last resort: a mistake of this program, in one line that says where it is."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "unknown"  # noqa: PTH119
    sys.stderr.write(f"flightctl: a bug in flightctl ({kind.__name__} at {place}); please report it\n")
