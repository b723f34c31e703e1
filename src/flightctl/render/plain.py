"""One object of names and values, or a list of flat rows: the shapes that need no view of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


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

    def document(self) -> Mapping[str, Any]:
        """The list with its schema."""
        return {"schema": self.schema, self.key: list(self.items)}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One item a row."""
        return self.items

    def tables(self, width: int) -> Iterable[RenderableType]:
        """A line an item."""
        from flightctl.render.console import table

        return [table([name.upper() for name in self.columns], [self._cells(item) for item in self.items])]

    def footer(self) -> str:
        """None."""
        return ""

    def _cells(self, item: Mapping[str, Any]) -> list[str]:
        return [_shown(item[name]) for name in self.columns]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {n}" for name, n in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
