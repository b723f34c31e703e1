"""Whether a table has room: measured, because cells broken in two are hard to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from flightctl.domain.text import cleaned

_GAP = 2
"""Cells between two columns."""


def has_room(width: int, header: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> bool:
    """Whether every cell of the table stands on one line of a terminal of this width."""
    widest = [max(map(_cells, column)) for column in zip(header, *rows, strict=True)]
    return sum(widest) + _GAP * (len(widest) - 1) <= width


def _cells(shown: str | Text) -> int:
    return shown.cell_len if isinstance(shown, Text) else cell_len(cleaned(shown))
