"""Answers of a look-up: ``flightctl.lookup/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.answer import Answer, Bucket, Metrics, PrefixSummary
from flightctl.domain.explanation import age
from flightctl.domain.route import RouteEntry
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
_NARROW = ("FLIGHT", "FROM", "VIA", "TO", "ANSWER")
_NORMAL = ("FLIGHT", "AIRLINE", "FROM", "VIA", "TO", "ANSWER", "AGE")
_WIDE = ("FLIGHT", "AIRLINE", "FROM", "VIA", "TO", "ANSWER", "SOURCE", "AGE")
_ROOM_FOR_AGE = 60
_ROOM_FOR_NAMES = 120
"""Below this width, in cells, a table shows codes only."""


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
        """The answers, and under them what is to be said about some; no table for a lone answer without a route."""
        from flightctl.render.console import styled, table

        self.answers.extend(self._coming)
        if len(self.answers) > 1 or any(answer.entry for answer in self.answers):
            columns = _columns(width, any(_via(answer) for answer in self.answers))
            rows = [self._cells(answer, width >= _ROOM_FOR_NAMES) for answer in self.answers]
            yield table(columns, [[cells[column] for column in columns] for cells in rows])
            yield from (styled(note, "yellow") for note in self._notes())
        for answer in self.answers:
            yield from (styled(f"{answer.flight_iata}  {step}", "dim") for step in answer.explanation)

    def footer(self) -> str:
        """``1 hit · 0 misses · 0 upstream calls``."""
        metrics = self._metrics
        said = [_counted(metrics.total(Bucket.HITS), "hit"), _counted(metrics.total(Bucket.MISSES), "miss", "misses")]
        said += [f"{n} {bucket.value}" for bucket in (Bucket.STALE, Bucket.COALESCED) if (n := metrics.total(bucket))]
        said.append(_counted(metrics.upstream_calls, "upstream call"))
        if metrics.upstream_errors:
            said.append(_counted(metrics.upstream_errors, "upstream error"))
        return " · ".join(said)

    def _cells(self, answer: Answer, wide: bool) -> dict[str, str | Text]:
        from flightctl.render.console import OUTCOME_STYLES, styled

        outcome = answer.outcome.value
        cells: dict[str, str | Text] = dict.fromkeys((*_NARROW, *_NORMAL, *_WIDE), "")
        cells["FLIGHT"] = answer.flight_iata or answer.query
        cells["ANSWER"] = styled(outcome, OUTCOME_STYLES[outcome])
        entry = answer.entry
        if entry is not None:
            route = entry.route
            cells["AIRLINE"] = _named(route.airline_iata, entry.airline_name, wide)
            cells["FROM"] = _named(route.departure_iata, entry.departure_name, wide)
            cells["TO"] = _named(route.arrival_iata, entry.arrival_name, wide)
            cells["VIA"] = _via(answer)
            cells["SOURCE"] = answer.source
            cells["AGE"] = age(entry.refreshed_at, self._now)
        return cells

    def _notes(self) -> Iterator[str]:
        for answer in self.answers:
            if answer.error is not None:
                yield answer.error.message
            elif answer.warning:
                yield f"{answer.flight_iata}: {answer.warning}"


def answer_shape(answer: Answer) -> dict[str, Any]:
    """One element of ``results``; ``explain`` stands in it where it was asked for."""
    entry = answer.entry
    shape = {
        "query": answer.query,
        "flight_iata": answer.flight_iata or None,
        **(_route_shape(entry) if entry else _NO_ROUTE),
        "outcome": answer.outcome.value,
        "source": answer.source or None,
        "provider": answer.provider or None,
        "status": entry.status.value if entry else None,
        "refreshed_at": utc_text(entry.refreshed_at) if entry else None,
        "expires_at": utc_text_or_none(answer.expires_at),
        "warning": answer.warning or None,
        "error": error_shape(answer.error) if answer.error else None,
    }
    if answer.explanation:
        shape["explain"] = list(answer.explanation)
    return shape


def _route_shape(entry: RouteEntry) -> dict[str, Any]:
    route = entry.route
    return {
        "airline_iata": route.airline_iata,
        "departure_iata": route.departure_iata,
        "arrival_iata": route.arrival_iata,
        "airline_name": entry.airline_name or None,
        "departure_name": entry.departure_name or None,
        "arrival_name": entry.arrival_name or None,
        "legs": route.legs,
    }


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


def _columns(width: int, via: bool) -> list[str]:
    """What a table of this width has room for; stops on the way only where there are any."""
    columns = _WIDE if width >= _ROOM_FOR_NAMES else _NORMAL if width >= _ROOM_FOR_AGE else _NARROW
    return [column for column in columns if via or column != "VIA"]


def _via(answer: Answer) -> str:
    return " ".join(arrival for _, arrival in answer.entry.route.legs[:-1]) if answer.entry else ""


def _named(code: str, name: str, wide: bool) -> str:
    return f"{code} {name}".rstrip() if wide else code


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
