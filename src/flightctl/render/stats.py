"""Statistics: ``flightctl.stats/1``, its tables, and the textfile collector's format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flightctl.domain.answer import Bucket, hit_ratio
from flightctl.render.money import (
    money_lines,
    money_samples,
    money_shape,
    stats_budget_shape,
    what_if_sentence,
    what_if_shape,
)
from flightctl.render.times import utc_text_or_none
from flightctl.services.statistics import Statistics
from flightctl.services.what_if import WhatIf

if TYPE_CHECKING:
    from rich.console import RenderableType

_BARS = "▁▂▃▄▅▆▇█"
_DAYS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class StatsView:
    """What the cache did."""

    stats: Statistics
    provider: str
    now: datetime
    what_if: WhatIf | None = None
    columns: Sequence[str] = (
        "schema",
        "lookups",
        "upstream",
        "entries",
        "confirmations",
        "rejections",
        "since",
        "money",
        "what_if",
    )

    def document(self) -> Mapping[str, Any]:
        """``flightctl.stats/1``."""
        stats = self.stats
        return {
            "schema": "flightctl.stats/1",
            "lookups": {
                **{bucket.value: n for bucket, n in stats.lookups.items()},
                "hit_ratio": stats.hit_ratio,
                "by_source": {source: _named(counts) for source, counts in stats.by_source.items()},
            },
            "upstream": {"calls": stats.calls, "errors": stats.errors, "budget": stats_budget_shape(stats.budget)},
            "entries": {"confirmed": stats.confirmed, "pending": stats.pending, "stale": stats.stale},
            "confirmations": stats.confirmations,
            "rejections": stats.rejections,
            "since": utc_text_or_none(stats.since),
            "money": money_shape(stats.money),
            "what_if": what_if_shape(self.what_if),
        }

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """The one object."""
        return [self.document()]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """Look-ups by source, then calls, entries and decisions, then money, then days."""
        from flightctl.render.console import styled, table

        sources = [*self.stats.by_source.items(), ("all", self.stats.lookups)]
        lookups = [(source, *(str(n) for n in counts.values()), _ratio(counts)) for source, counts in sources]
        yield table(("LOOK-UPS", *(bucket.value.upper() for bucket in Bucket), "HIT RATIO"), lookups)
        yield styled("", "")
        yield table(("WHAT", "COUNT"), list(self._counts()))
        yield styled("", "")
        yield table(("MONEY", "HOW MUCH"), list(money_lines(self.stats)))
        for line in self._lines():
            yield styled("", "")
            yield styled(line, "")

    def footer(self) -> str:
        """Since when."""
        return f"since {self.stats.since:%Y-%m-%d %H:%M} UTC" if self.stats.since else "since the beginning"

    def exposition(self) -> str:
        """The text that node_exporter's textfile collector reads."""
        return "\n".join(self._samples())

    def _counts(self) -> Iterator[tuple[str, str]]:
        stats = self.stats
        yield "upstream calls", str(stats.calls)
        for kind, n in stats.errors.items():
            yield f"upstream errors: {kind}", str(n)
        yield "entries confirmed", str(stats.confirmed)
        if stats.pending is not None:
            yield "entries pending", str(stats.pending)
        yield "entries stale", str(stats.stale)
        yield "confirmations", str(stats.confirmations)
        yield "rejections", str(stats.rejections)

    def _lines(self) -> Iterator[str]:
        if self.what_if is not None:
            yield what_if_sentence(self.what_if)
        if self.stats.by_day:
            yield f"look-ups a day, to {self.now:%Y-%m-%d}: {self._sparkline()}"

    def _sparkline(self) -> str:
        days = [self.now.date() - timedelta(days=back) for back in range(_DAYS_SHOWN - 1, -1, -1)]
        first = date.fromisoformat(min(self.stats.by_day))
        return sparkline([self.stats.by_day.get(day.isoformat(), 0) for day in days if day >= first])

    def _samples(self) -> Iterator[str]:
        stats = self.stats
        yield from _metric("flightctl_lookups_total", "counter", "Look-ups by bucket and source.")
        for source, counts in stats.by_source.items():
            for bucket, n in counts.items():
                yield f'flightctl_lookups_total{{bucket="{bucket.value}",source="{source}"}} {n}'
        yield from _metric("flightctl_upstream_calls_total", "counter", "Paid calls.")
        yield f'flightctl_upstream_calls_total{{provider="{self.provider}"}} {stats.calls}'
        yield from _metric("flightctl_upstream_errors_total", "counter", "Failed paid calls by kind.")
        for kind, n in stats.errors.items():
            yield f'flightctl_upstream_errors_total{{provider="{self.provider}",kind="{kind}"}} {n}'
        yield from _metric("flightctl_entries", "gauge", "Cached routes by state.")
        entries = {"confirmed": stats.confirmed, "pending": stats.pending, "stale": stats.stale}
        for state, count in entries.items():
            if count is not None:
                yield f'flightctl_entries{{state="{state}"}} {count}'
        yield from _metric("flightctl_decisions_total", "counter", "Proposals decided.")
        yield f'flightctl_decisions_total{{decision="confirmed"}} {stats.confirmations}'
        yield f'flightctl_decisions_total{{decision="rejected"}} {stats.rejections}'
        for name, kind, help, labels, value in money_samples(stats):
            yield from _metric(name, kind, help)
            written = ",".join(f'{label}="{text}"' for label, text in labels.items())
            yield f"{name}{{{written}}} {value}" if written else f"{name} {value}"


def sparkline(values: Sequence[int]) -> str:
    """One character a value, its height relative to the largest."""
    top = max(values, default=0)
    return "".join(_BARS[value * (len(_BARS) - 1) // top] if top else _BARS[0] for value in values)


def _metric(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} {kind}"


def _named(counts: Mapping[Bucket, int]) -> dict[str, int]:
    return {bucket.value: n for bucket, n in counts.items()}


def _ratio(counts: Mapping[Bucket, int]) -> str:
    ratio = hit_ratio(*(counts[bucket] for bucket in Bucket))
    return "" if ratio is None else f"{ratio:.1%}"
