"""What changed of a flight: ``flightctl.history/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.flight import TIMES
from flightctl.domain.flight_news import Change
from flightctl.render.times import short_utc, utc_text

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLUMNS = ("WHEN (UTC)", "FIELD", "OLD", "NEW", "FROM WHOM")
_YEAR = len("2026-")


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Every value that a flight had, when it was learned and from whom."""

    flight_id: str
    changes: Sequence[Change]
    columns: Sequence[str] = ("field", "old", "new", "observed_at", "provider")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.history/1``."""
        return {"schema": "flightctl.history/1", "flight_id": self.flight_id, "changes": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One change a row."""
        return [change_shape(change) for change in self.changes]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One change a line; a narrow terminal is spared the years, a very narrow one who said it."""
        from flightctl.render.console import table
        from flightctl.render.room import has_room

        if not self.changes:
            return []
        full = [_cells(change) for change in self.changes]
        short = [_cells(change, spared=_YEAR) for change in self.changes]
        choices = ((_COLUMNS, full), (_COLUMNS, short), (_COLUMNS[:-1], [cells[:-1] for cells in short]))
        fitting = (choice for choice in choices if has_room(width, *choice))
        return [table(*next(fitting, choices[-1]))]

    def footer(self) -> str:
        """``3 changes · all times in UTC``."""
        return f"{len(self.changes)} change{'' if len(self.changes) == 1 else 's'} · all times in UTC"


def change_shape(change: Change) -> dict[str, Any]:
    """One change in JSON."""
    return {
        "field": change.field,
        "old": change.old,
        "new": change.new,
        "observed_at": utc_text(change.observed_at),
        "provider": change.provider,
    }


def _cells(change: Change, spared: int = 0) -> tuple[str, ...]:
    """One line; ``spared`` characters are left out of dates, at their beginning."""
    old, new = (_value(change.field, value, spared) for value in (change.old, change.new))
    return short_utc(change.observed_at)[spared:], change.field.replace("_", " "), old, new, change.provider


def _value(field: str, value: str | None, spared: int) -> str:
    """An instant as tables have it, every other value as it is."""
    return short_utc(datetime.fromisoformat(value))[spared:] if value and field in TIMES else value or ""
