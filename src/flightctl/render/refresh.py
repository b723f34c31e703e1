"""A refresh run: ``flightctl.refresh/1`` and its table; the verdicts of ``confirm --verify``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.explanation import age
from flightctl.domain.renewal import RefreshReport, Renewal, Renewed, RunReport
from flightctl.render.output import error_shape
from flightctl.services.verification import Verdict, Verified

if TYPE_CHECKING:
    from rich.console import RenderableType

STYLES = {
    Renewal.CHANGED: "yellow",
    Renewal.UNCHANGED: "green",
    Renewal.NOT_FOUND: "magenta",
    Renewal.FAILED: "red",
    Renewal.SKIPPED: "dim",
}


@dataclass(frozen=True, slots=True)
class RefreshView:
    """What a run did, entry by entry."""

    report: RefreshReport
    now: datetime
    columns: Sequence[str] = ("flight_iata", "outcome", "departure_iata", "arrival_iata", "error")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.refresh/1``, with the outcome of every entry."""
        plan = _plan_shape(self.report) if self.report.dry_run else None
        return {**counts_shape(self.report), "plan": plan, "entries": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One entry a row."""
        return [self._shape(one) for one in self.report.renewed]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One entry a line."""
        from flightctl.render.console import styled, table

        lines = [
            (
                one.before.route.flight_iata,
                f"{one.before.route.departure_iata}-{one.before.route.arrival_iata}",
                f"{one.after.route.departure_iata}-{one.after.route.arrival_iata}" if one.after else "",
                age(one.before.refreshed_at, self.now),
                styled(one.renewal.value, STYLES[one.renewal]),
                one.error.message if one.error else "",
            )
            for one in self.report.renewed
        ]
        if self.report.dry_run:
            return [self._plan_table()] if lines else []
        return [table(("FLIGHT", "WAS", "IS", "AGE", "OUTCOME", "WHY"), lines)] if lines else []

    def footer(self) -> str:
        """The sums."""
        report = self.report
        if report.dry_run:
            return (
                f"{report.selected} selected · about {calls(report.planned_calls)}, {report.price} · nothing was done"
            )
        return sums(report)

    def _plan_table(self) -> RenderableType:
        """What would be asked for, an airline a line."""
        from flightctl.render.console import table

        lines = [
            (ask.airline, str(ask.entries), str(ask.pages), str(ask.lookups), str(ask.calls))
            for ask in self.report.plan
        ]
        return table(("AIRLINE", "ENTRIES", "PAGES", "LOOK-UPS", "CALLS"), lines)

    def _shape(self, one: Renewed) -> dict[str, Any]:
        route = (one.after or one.before).route
        return {
            "flight_iata": route.flight_iata,
            "outcome": "selected" if self.report.dry_run else one.renewal.value,
            "departure_iata": route.departure_iata,
            "arrival_iata": route.arrival_iata,
            "error": error_shape(one.error) if one.error else None,
        }


def counts_shape(report: RunReport[Any]) -> dict[str, Any]:
    """What every ``flightctl.refresh/1`` has."""
    return {
        "schema": "flightctl.refresh/1",
        "selected": report.selected,
        "refreshed": report.count(Renewal.CHANGED, Renewal.UNCHANGED),
        "changed": report.count(Renewal.CHANGED),
        "unchanged": report.count(Renewal.UNCHANGED),
        "not_found": report.count(Renewal.NOT_FOUND),
        "failed": report.count(Renewal.FAILED),
        "skipped": report.count(Renewal.SKIPPED),
        "upstream_calls": report.upstream_calls,
        "dry_run": report.dry_run,
    }


def sums(report: RunReport[Any]) -> str:
    """``3 selected · 2 unchanged · 1 failed · 3 upstream calls``."""
    done = " · ".join(f"{n} {kind.value}" for kind in Renewal if (n := report.count(kind)))
    return " · ".join(filter(None, (f"{report.selected} selected", done, calls(report.upstream_calls))))


def _plan_shape(report: RefreshReport) -> dict[str, Any]:
    asks = [
        {"airline": ask.airline, "entries": ask.entries, "pages": ask.pages, "lookups": ask.lookups}
        for ask in report.plan
    ]
    return {"upstream_calls": report.planned_calls, "price": report.price, "asks": asks}


def calls(n: int) -> str:
    """``1 upstream call``."""
    return f"{n} upstream call{'' if n == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class VerificationView:
    """What the provider said of pending entries."""

    verified: Sequence[Verified]
    upstream_calls: int
    columns: Sequence[str] = ("flight_iata", "verdict", "error")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.verification/1``."""
        counts = {verdict.value: sum(one.verdict is verdict for one in self.verified) for verdict in Verdict}
        return {
            "schema": "flightctl.verification/1",
            "entries": list(self.rows()),
            **counts,
            "upstream_calls": self.upstream_calls,
        }

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One flight a row."""
        return [
            {
                "flight_iata": one.flight_iata,
                "verdict": one.verdict.value,
                "error": error_shape(one.error) if one.error else None,
            }
            for one in self.verified
        ]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One flight a line."""
        from flightctl.render.console import table

        lines = [(one.flight_iata, one.verdict.value, one.error.message if one.error else "") for one in self.verified]
        return [table(("FLIGHT", "VERDICT", "WHY"), lines)] if lines else []

    def footer(self) -> str:
        """What it cost."""
        return f"{len(self.verified)} asked about · {self.upstream_calls} upstream calls"
