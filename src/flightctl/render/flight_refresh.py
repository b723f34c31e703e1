"""A refresh of tracked flights: ``flightctl.refresh/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flightctl.domain.flight_renewal import FlightRefreshReport
from flightctl.render.output import error_shape
from flightctl.render.refresh import STYLES, calls, counts_shape, sums

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class FlightRefreshView:
    """What a run did, flight by flight."""

    report: FlightRefreshReport
    columns: Sequence[str] = ("flight_id", "outcome", "error")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.refresh/1``, with the outcome of every flight."""
        plan = {"upstream_calls": self.report.planned_calls} if self.report.dry_run else None
        return {**counts_shape(self.report), "plan": plan, "entries": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One flight a row."""
        return [
            {
                "flight_id": one.flight_id,
                "outcome": "selected" if self.report.dry_run else one.renewal.value,
                "error": error_shape(one.error) if one.error else None,
            }
            for one in self.report.renewed
        ]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One flight a line, the most urgent first."""
        from flightctl.render.console import styled, table

        lines = [
            (
                one.flight_id,
                "selected" if self.report.dry_run else styled(one.renewal.value, STYLES[one.renewal]),
                one.error.message if one.error else "",
            )
            for one in self.report.renewed
        ]
        return [table(("FLIGHT ID", "OUTCOME", "WHY"), lines)] if lines else []

    def footer(self) -> str:
        """The sums."""
        if self.report.dry_run:
            return f"{self.report.selected} selected · at least {calls(self.report.planned_calls)} · nothing was done"
        return sums(self.report)
