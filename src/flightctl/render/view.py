"""What can be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType


class View(Protocol):
    """One thing that can be shown: its JSON shape, its rows and its table."""

    @property
    def columns(self) -> Sequence[str]:
        """Keys of a row, in order."""
        ...

    def document(self) -> Mapping[str, Any]:
        """The JSON object, with its ``schema``."""
        ...

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One result a row, for ndjson and csv."""
        ...

    def tables(self, width: int) -> Iterable[RenderableType]:
        """What a person sees, for a terminal of this width in cells."""
        ...

    def footer(self) -> str:
        """The last line under a table; empty for none."""
        ...
