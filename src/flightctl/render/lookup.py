"""Answers of a look-up: ``flightctl.lookup/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.answer import Answer, Bucket, Metrics, PrefixSummary
from flightctl.domain.explanation import age
from flightctl.render.output import error_shape
from flightctl.render.times import utc_text, utc_text_or_none

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

COLUMNS = (
    "query",
    "flight_iata",
    "airline_iata",
    "departure_iata",
    "arrival_iata",
    "airline_name",
    "departure_name",
    "arrival_name",
    "legs",
    "outcome",
    "source",
    "provider",
    "status",
    "refreshed_at",
    "expires_at",
    "warning",
    "error",
)
_ROOM_FOR_NAMES = 100
"""Below this width a table shows codes only."""


class LookupView:
    """Answers as they come in, with what they did and cost."""

    columns: Sequence[str] = COLUMNS

    def __init__(
        self, answers: Iterable[Answer], metrics: Metrics, prefixes: Sequence[PrefixSummary], now: datetime
    ) -> None:
        self._coming = answers
        self._metrics = metrics
        self._prefixes = prefixes
        self._now = now
        self.answers: list[Answer] = []
        """Those that were shown."""

    def document(self) -> Mapping[str, Any]:
        """``flightctl.lookup/1``; ``prefixes`` stands in it where one was asked for."""
        document: dict[str, Any] = {"schema": "flightctl.lookup/1", "results": list(self.rows())}
        if self._prefixes:
            document["prefixes"] = [
                {
                    "query": prefix.query,
                    "matched": prefix.matched,
                    "stale_omitted": prefix.stale_omitted,
                    "complete": prefix.complete,
                }
                for prefix in self._prefixes
            ]
        document["metrics"] = metrics_shape(self._metrics)
        return document

    def rows(self) -> Iterator[dict[str, Any]]:
        """One answer a row."""
        for answer in self._coming:
            self.answers.append(answer)
            yield answer_shape(answer)

    def tables(self, width: int) -> Iterable[RenderableType]:
        """The answers; nothing where the only one has no route, whose reason is on stderr."""
        from flightctl.render.console import table

        self.answers.extend(self._coming)
        if len(self.answers) == 1 and self.answers[0].entry is None:
            return self._explained()
        wide = width >= _ROOM_FOR_NAMES
        notes = any(answer.warning or answer.error for answer in self.answers)
        columns = ["FLIGHT", "AIRLINE", "FROM", "TO", "VIA", "ANSWER", *(["NOTE"] if notes else [])]
        rows = [self._cells(answer, wide, notes) for answer in self.answers]
        if not any(row[4] for row in rows):
            columns.remove("VIA")
            rows = [[*row[:4], *row[5:]] for row in rows]
        return [*([table(columns, rows)] if rows else []), *self._explained()]

    def footer(self) -> str:
        """``1 hit · 0 misses · 0 upstream calls``."""
        metrics = self._metrics
        said = [_counted(metrics.total(Bucket.HITS), "hit"), _counted(metrics.total(Bucket.MISSES), "miss", "misses")]
        said += [f"{n} {bucket.value}" for bucket in (Bucket.STALE, Bucket.COALESCED) if (n := metrics.total(bucket))]
        said.append(_counted(metrics.upstream_calls, "upstream call"))
        if metrics.upstream_errors:
            said.append(_counted(metrics.upstream_errors, "upstream error"))
        return " · ".join(said)

    def _cells(self, answer: Answer, wide: bool, notes: bool) -> list[str | Text]:
        from flightctl.render.console import OUTCOME_STYLES, styled

        said = answer.outcome.value
        note = [answer.error.message if answer.error else answer.warning] if notes else []
        if answer.entry is None:
            return [answer.flight_iata or answer.query, "", "", "", "", styled(said, OUTCOME_STYLES[said]), *note]
        entry, route = answer.entry, answer.entry.route
        said += f" ({answer.source}, {age(entry.refreshed_at, self._now)} old)"
        return [
            route.flight_iata,
            _named(route.airline_iata, entry.airline_name, wide),
            _named(route.departure_iata, entry.departure_name, wide),
            _named(route.arrival_iata, entry.arrival_name, wide),
            " ".join(arrival for _, arrival in route.legs[:-1]),
            styled(said, OUTCOME_STYLES[answer.outcome.value]),
            *note,
        ]

    def _explained(self) -> list[Text]:
        from flightctl.render.console import styled

        return [
            styled(f"{answer.flight_iata or answer.query}  {step}", "dim")
            for answer in self.answers
            for step in answer.explanation
        ]


def answer_shape(answer: Answer) -> dict[str, Any]:
    """One element of ``results``; ``explain`` stands in it where it was asked for."""
    entry = answer.entry
    shape: dict[str, Any] = {"query": answer.query, "flight_iata": answer.flight_iata or None}
    if entry is None:
        shape |= _NO_ROUTE
    else:
        route = entry.route
        shape["airline_iata"] = route.airline_iata
        shape["departure_iata"] = route.departure_iata
        shape["arrival_iata"] = route.arrival_iata
        shape["airline_name"] = entry.airline_name or None
        shape["departure_name"] = entry.departure_name or None
        shape["arrival_name"] = entry.arrival_name or None
        shape["legs"] = route.legs
    shape["outcome"] = answer.outcome.value
    shape["source"] = answer.source or None
    shape["provider"] = answer.provider or None
    shape["status"] = entry.status.value if entry else None
    shape["refreshed_at"] = utc_text(entry.refreshed_at) if entry else None
    shape["expires_at"] = utc_text_or_none(answer.expires_at)
    shape["warning"] = answer.warning or None
    shape["error"] = error_shape(answer.error) if answer.error else None
    if answer.explanation:
        shape["explain"] = list(answer.explanation)
    return shape


def metrics_shape(metrics: Metrics) -> dict[str, int]:
    """``metrics`` of a look-up."""
    counts = {bucket.value: metrics.total(bucket) for bucket in Bucket}
    return {**counts, "upstream_calls": metrics.upstream_calls, "upstream_errors": metrics.upstream_errors}


_NO_ROUTE: dict[str, Any] = {
    "airline_iata": None,
    "departure_iata": None,
    "arrival_iata": None,
    "airline_name": None,
    "departure_name": None,
    "arrival_name": None,
    "legs": [],
}


def _named(code: str, name: str, wide: bool) -> str:
    return f"{code} {name}".rstrip() if wide else code


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
