"""What an ``ingest`` did: ``flightctl.ingest/1``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flightctl.domain.ingestion import Ingested

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_SHOWN = 20
_COLUMNS = ("lines", "applied", "unchanged", "outdated", "malformed", "flights_created", "fanned_out")


@dataclass(frozen=True, slots=True)
class IngestView:
    """Counts, and the lines that could not be read."""

    ingested: Ingested
    columns: Sequence[str] = _COLUMNS

    def document(self) -> Mapping[str, Any]:
        """``flightctl.ingest/1``."""
        told = self.ingested
        malformed = [{"line": one.line, "message": one.message} for one in told.malformed]
        return {
            "schema": "flightctl.ingest/1",
            "lines": told.lines,
            "applied": told.applied,
            "unchanged": told.unchanged,
            "outdated": told.outdated,
            "malformed": malformed,
            "flights_created": told.flights_created,
            "fanned_out": told.fanned_out,
        }

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """The object itself."""
        return [self.document()]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """The first lines that could not be read."""
        from flightctl.render.console import table

        shown = [(str(one.line), one.message) for one in self.ingested.malformed[:_MOST_SHOWN]]
        return [table(("LINE", "WHAT IS WRONG"), shown)] if shown else []

    def footer(self) -> str:
        """``3 lines · 2 applied · 1 malformed · 5 trackers reached``."""
        told = self.ingested
        counts = {
            "applied": told.applied,
            "unchanged": told.unchanged,
            "outdated": told.outdated,
            "malformed": len(told.malformed),
            f"new flight{'' if told.flights_created == 1 else 's'}": told.flights_created,
        }
        said = [f"{told.lines} line{'' if told.lines == 1 else 's'}", f"{told.applied} applied"]
        said += [f"{n} {name}" for name, n in counts.items() if n and name != "applied"]
        return " · ".join([*said, f"{told.fanned_out} tracker{'' if told.fanned_out == 1 else 's'} reached"])
