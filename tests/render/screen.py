"""What a view looks like: on a terminal of so many columns, or in a pipe."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from flightctl.render.output import Format, Output
from flightctl.render.view import View


class Screen(io.TextIOWrapper):
    """A stream in memory that may be a terminal, as wide as ``COLUMNS`` says."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="replace", newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        """All that was written to it."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


def written(view: View, format: Format, screen: Screen, color: str = "never") -> str:
    """What stands on the screen in the end."""
    output = Output(format, color)
    output.stdout = screen
    output.show(view)
    return screen.text()


def drawn(view: View, width: int, encoding: str = "utf-8") -> list[str]:
    """The lines on a terminal of this width without colour."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", str(width))
        return written(view, Format.TABLE, Screen(encoding, terminal=True)).splitlines()


def piped(view: View, color: str = "never") -> list[str]:
    """The lines of the table in a pipe."""
    return written(view, Format.TABLE, Screen(), color).splitlines()


def document(view: View) -> Any:
    """The JSON object."""
    return json.loads(written(view, Format.JSON, Screen()))


def objects(view: View) -> list[Any]:
    """The lines of ndjson."""
    return [json.loads(line) for line in written(view, Format.NDJSON, Screen()).splitlines()]


def records(view: View) -> list[dict[str, str]]:
    """The lines of csv by column."""
    return list(csv.DictReader(io.StringIO(written(view, Format.CSV, Screen()))))
