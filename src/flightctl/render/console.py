"""Drawing with rich: tables as wide as their data, plain where nobody looks."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from flightctl.domain.text import cleaned

UNLIMITED = 10_000
"""Cells a line may have where no terminal sets a limit."""
_USUAL_WIDTH = 80
_LONGEST_NAME = 30

OUTCOME_STYLES = {
    "hit": "green",
    "miss": "cyan",
    "refreshed": "cyan",
    "coalesced": "green",
    "stale": "yellow",
    "not_found": "magenta",
    "denied": "red",
    "offline": "red",
    "error": "red",
}


def width_of(stream: TextIO) -> int:
    """Width in cells: the terminal's, or unlimited where the stream is none."""
    if not stream.isatty():
        return UNLIMITED
    # The terminal knows best; COLUMNS may be a leftover of another one.
    try:
        return os.get_terminal_size(stream.fileno()).columns or _columns_variable()
    except OSError:
        return _columns_variable()


def _columns_variable() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() and int(text) else _USUAL_WIDTH


def drawn(things: Iterable[RenderableType], stream: TextIO, color: str) -> Iterator[str]:
    """The lines that show these things, without trailing blanks."""
    canvas = io.StringIO()
    console = Console(
        file=canvas,
        width=width_of(stream),
        force_terminal=colours(stream, color),
        no_color=True if color == "never" else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        safe_box=not (stream.encoding or "").lower().startswith("utf"),
    )
    for thing in things:
        console.print(thing)
    for line in canvas.getvalue().splitlines():
        yield line.rstrip()


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A table without frame; every cell is text as it stands, never markup."""
    drawn_table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    lines = [[cell if isinstance(cell, Text) else Text(cleaned(cell)) for cell in row] for row in rows]
    for position, column in enumerate(columns):
        drawn_table.add_column(column, overflow="fold", min_width=None if position else _width_of_names(lines))
    for line in lines:
        drawn_table.add_row(*line)
    return drawn_table


def _width_of_names(lines: Sequence[Sequence[Text]]) -> int:
    """What the first column keeps when room is short: it names the line."""
    return min(max((line[0].cell_len for line in lines), default=0), _LONGEST_NAME)


def styled(text: str, style: str) -> Text:
    """Text from outside in a style."""
    return Text(cleaned(text), style=style)


def is_screen(stream: TextIO) -> bool:
    """Whether a frame can be drawn over another one."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colours(stream: TextIO, color: str) -> bool:
    """Whether escape sequences may be written: asked for, or a capable terminal that nobody asked to be plain."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()
