"""Where output goes and in which format: data on stdout, talk on stderr. No command asks which format it is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, TextIO

from flightctl.domain.text import cleaned
from flightctl.errors import FlightctlError, OutputLost, UsageError

if TYPE_CHECKING:
    from flightctl.render.view import View

_IN_ASCII = str.maketrans("─·…", "-,.")
"""For terminals without Unicode."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(Enum):
    """How data is written to stdout."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PROMETHEUS = "prometheus"


class Output:
    """Both streams and how to write to them."""

    def __init__(
        self, format: Format, color: str, *, quiet: bool = False, verbose: bool = False, csv_safe: bool = False
    ) -> None:
        self.format = format
        self.color = color
        self.quiet = quiet
        self.verbose = verbose
        self.csv_safe = csv_safe
        self.stdout: TextIO = sys.stdout
        self.stderr: TextIO = sys.stderr

    def show(self, view: View) -> None:
        """Write a view in the chosen format. Raises UsageError for a format that the view does not have."""
        if self.format is Format.JSON:
            self.write(json.dumps(view.document()))
        elif self.format is Format.NDJSON:
            for row in view.rows():
                self.write(json.dumps(row))
        elif self.format is Format.CSV:
            self._show_csv(view)
        elif self.format is Format.TABLE:
            self._show_table(view)
        else:
            self._show_exposition(view)
        self.flush()

    def show_unless_quiet(self, view: View) -> None:
        """Write a view whose table is talk rather than data: cron wants silence when nothing is wrong."""
        if not (self.quiet and self.format is Format.TABLE):
            self.show(view)

    def write(self, line: str) -> None:
        """Write one line of data; a reader that has gone away ends the program quietly. Raises OutputLost."""
        with self._stdout_watched():
            self.stdout.write(line + "\n")

    def flush(self) -> None:
        """Hand over what was written. Raises OutputLost."""
        with self._stdout_watched():
            self.stdout.flush()

    @contextmanager
    def _stdout_watched(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            leave_quietly()
        except OSError as error:
            _discard(self.stdout)
            raise OutputLost(f"the output could not be written: {error.strerror}") from None

    def fail(self, error: FlightctlError, *, with_object: bool) -> None:
        """Say what went wrong: one line on stderr, and the error object where no other object was printed."""
        if with_object and self.format in (Format.JSON, Format.NDJSON):
            self.write(json.dumps({"schema": "flightctl.error/1", "error": error_shape(error)}))
            self.flush()
        self.say(f"{error.message} ({error.hint})" if error.hint else error.message)
        if self.verbose and error.cause:
            self.say(f"cause: {error.cause}")

    def warn(self, text: str) -> None:
        """Talk that is no error; silent with ``--quiet``."""
        if not self.quiet:
            self.say(f"warning: {text}")

    def note(self, text: str) -> None:
        """What was done, for a person; silent with ``--quiet``, and where a program reads along."""
        if not self.quiet and self.format is Format.TABLE:
            self.say(text)

    def say(self, text: str) -> None:
        """One line on stderr, safe for a terminal."""
        one_line = " ".join(text.splitlines())
        try:
            self.stderr.write(f"flightctl: {cleaned(one_line)}\n")
            self.stderr.flush()
        except BrokenPipeError:
            # Nobody hears it; the exit code still tells.
            _discard(self.stderr)

    def _show_csv(self, view: View) -> None:
        import csv
        import io

        line = io.StringIO()
        # A cell is quoted for the characters that end a line; a bare CR ends one in spreadsheets, too.
        writer = csv.writer(line, lineterminator="\r\n")
        writer.writerow(view.columns)
        # A view has rows of its own for csv where its results are no flat rows.
        rows: Callable[[], Iterable[Mapping[str, Any]]] = getattr(view, "csv_rows", view.rows)
        for row in rows():
            writer.writerow([self._cell(row.get(column)) for column in view.columns])
            self.write(line.getvalue().rstrip("\r\n"))
            line.seek(0)
            line.truncate()
        if line.tell():
            self.write(line.getvalue().rstrip("\r\n"))

    def _cell(self, value: object) -> str:
        text = _csv_text(value)
        return f"'{text}" if self.csv_safe and text.startswith(_FORMULA_STARTS) else text

    def _show_table(self, view: View) -> None:
        from flightctl.render.console import drawn, width_of

        lines = [*drawn(view.tables(width_of(self.stdout)), self.stdout, self.color)]
        footer = [view.footer()] if view.footer() and not self.quiet else []
        for line in (*lines, *footer):
            self.write(line if self._is_unicode() else line.translate(_IN_ASCII))

    def _is_unicode(self) -> bool:
        return (self.stdout.encoding or "").lower().startswith("utf")

    def _show_exposition(self, view: View) -> None:
        exposition: Callable[[], str] | None = getattr(view, "exposition", None)
        if exposition is None:
            raise UsageError("the format prometheus is for stats only", hint="use table, json, ndjson or csv")
        self.write(exposition())


def error_shape(error: FlightctlError) -> dict[str, str]:
    """The error in JSON."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def leave_quietly() -> None:
    """The reader of stdout has gone: nothing more can be said to it, and nothing is wrong."""
    _discard(sys.stdout)
    raise SystemExit(0)


def _discard(stream: TextIO) -> None:
    """The interpreter flushes the stream once more at its end, which must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _csv_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{value['code']}: {value['message']}" if "code" in value else json.dumps(value)
    if isinstance(value, (list, tuple)):
        return " ".join("-".join(item) if isinstance(item, (list, tuple)) else json.dumps(item) for item in value)
    return str(value)
