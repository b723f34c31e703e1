"""One object of names and values, or a list of flat rows: the shapes that need no view of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

_ROOM_FOR_ALL = 140
"""Below this width, in cells, a list leaves out what it can."""


@dataclass(frozen=True, slots=True)
class FactsView:
    """One object: names and values, as JSON and as two columns."""

    schema: str
    facts: Mapping[str, Any]

    @property
    def columns(self) -> Sequence[str]:
        """The names."""
        return list(self.facts)

    def document(self) -> Mapping[str, Any]:
        """The object with its schema."""
        return {"schema": self.schema, **self.facts}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """The object itself."""
        return [self.document()]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """A line a fact."""
        from flightctl.render.console import table

        return [table(("WHAT", "VALUE"), [(name.replace("_", " "), _shown(fact)) for name, fact in self.facts.items()])]

    def footer(self) -> str:
        """None."""
        return ""


@dataclass(frozen=True, slots=True)
class ListView:
    """Flat rows under one key of a document."""

    schema: str
    key: str
    columns: Sequence[str]
    items: Sequence[Mapping[str, Any]]
    wide: Sequence[str] = ()
    """Columns that a narrow terminal is spared."""

    def document(self) -> Mapping[str, Any]:
        """The list with its schema."""
        return {"schema": self.schema, self.key: list(self.items)}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One item a row."""
        return self.items

    def tables(self, width: int) -> Iterable[RenderableType]:
        """A line an item."""
        from flightctl.render.console import table

        columns = [name for name in self.columns if width >= _ROOM_FOR_ALL or name not in self.wide]
        return [table([name.upper() for name in columns], [[_shown(item[n]) for n in columns] for item in self.items])]

    def footer(self) -> str:
        """None."""
        return ""


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {n}" for name, n in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
