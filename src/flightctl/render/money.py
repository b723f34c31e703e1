"""The money in statistics: its JSON, its lines for people, and its samples for the textfile collector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from flightctl.domain.billing import Cause, amount_text, money
from flightctl.render.budget import budget_shape, reason
from flightctl.render.times import utc_text_or_none
from flightctl.services.budget import AccountStatus, Standing
from flightctl.services.statistics import Money, Statistics
from flightctl.services.what_if import WhatIf
from flightctl.store.ledger import Cost

_CAUSES = {
    Cause.COLD: "calls: not in the cache",
    Cause.EXPIRED: "calls: entry expired",
    Cause.NEGATIVE_EXPIRED: "calls: absence expired",
    Cause.BYPASSED: "calls: cache passed over",
    Cause.REFRESH: "calls: refresh-stale",
    Cause.VERIFY: "calls: confirm --verify",
}


def stats_budget_shape(status: AccountStatus | None) -> dict[str, Any] | None:
    """``upstream.budget`` of ``flightctl.stats/1``."""
    if status is None:
        return None
    shape = budget_shape(status)
    runs_out_on = status.runs_out_on
    return {
        **{name: shape[name] for name in ("provider", "account", "used", "cap")},
        "left": status.left,
        **{name: shape[name] for name in ("cycle_start", "resets_on", "frozen")},
        "runs_out_on": runs_out_on.isoformat() if runs_out_on else None,
    }


def money_shape(paid: Money) -> dict[str, Any]:
    """``money`` of ``flightctl.stats/1``; amounts are decimal numbers as text."""
    causes = {cause: _cost_shape(paid.cost(cause)) for cause in Cause}
    return {
        "currency": paid.price.currency,
        "price_per_call": amount_text(paid.price.micros),
        "spent": amount_text(paid.spent_micros),
        "calls_avoided": paid.calls_avoided,
        "saved": amount_text(paid.saved_micros),
        "misses_by_cause": {cause.value: cost for cause, cost in causes.items() if not cause.in_background},
        "background": {cause.value: cost for cause, cost in causes.items() if cause.in_background},
    }


def what_if_shape(replayed: WhatIf | None) -> dict[str, Any] | None:
    """``what_if`` of ``flightctl.stats/1``."""
    if replayed is None:
        return None
    days = replayed.ttl / timedelta(days=1)
    return {
        "ttl_days": int(days) if days.is_integer() else days,
        "calls": replayed.calls,
        "calls_at_present_ttl": replayed.calls_at_present_ttl,
        "more_calls": replayed.more_calls,
        "cost": amount_text(replayed.cost_micros),
        "currency": replayed.price.currency,
        "since": utc_text_or_none(replayed.since),
    }


def money_lines(stats: Statistics) -> Iterator[tuple[str, str]]:
    """What a person reads: the budget first, then what was paid and saved."""
    if stats.budget is not None:
        yield from _budget_lines(stats.budget)
    paid = stats.money
    yield "spent", money(paid.spent_micros, paid.price.currency)
    yield "calls avoided", f"{paid.calls_avoided}, which saved {money(paid.saved_micros, paid.price.currency)}"
    for cause, words in _CAUSES.items():
        cost = paid.cost(cause)
        if cost.calls:
            yield words, f"{_calls(cost.calls)}, {money(cost.micros, paid.price.currency)}"


def what_if_sentence(replayed: WhatIf) -> str:
    """``a lifetime of 14 d would have cost 12 more calls (0.12 USD) since 2026-11-02``."""
    if replayed.since is None:
        return "no look-up is recorded yet that could be replayed with another lifetime"
    since = f"since {replayed.since:%Y-%m-%d}"
    more = replayed.more_calls
    if not more:
        return f"a lifetime of {_span(replayed.ttl)} would have cost as many calls {since}"
    calls = f"{abs(more)} more call{'' if abs(more) == 1 else 's'}" if more > 0 else _calls(-more)
    price = replayed.price.of(abs(more))
    return f"a lifetime of {_span(replayed.ttl)} would have {'cost' if more > 0 else 'saved'} {calls} ({price}) {since}"


def money_samples(stats: Statistics) -> Iterator[tuple[str, str, str, Mapping[str, str], str]]:
    """Metric, kind, help, labels and value."""
    status, paid = stats.budget, stats.money
    if status is not None:
        labels = {"provider": status.account.provider, "account": status.account.fingerprint}
        yield "flightctl_budget_used", "gauge", "Calls used in this billing cycle.", labels, str(status.used)
        cap = status.account.budget.cap
        if cap is not None:
            yield "flightctl_budget_cap", "gauge", "Calls that a billing cycle may use.", labels, str(cap)
    avoided = str(paid.calls_avoided)
    yield "flightctl_calls_avoided_total", "counter", "Look-ups answered without a call of their own.", {}, avoided
    spent, currency = amount_text(paid.spent_micros), {"currency": paid.price.currency}
    yield "flightctl_spent_total", "counter", "What paid calls cost.", currency, spent


def _budget_lines(status: AccountStatus) -> Iterator[tuple[str, str]]:
    cap = status.account.budget.cap
    if cap is None:
        yield "calls used this cycle", f"{status.used}, without a cap"
    else:
        yield "budget used", f"{status.used} of {cap}, resets on {status.cycle.resets_on}"
        yield "budget left", str(status.left)
    if status.runs_out_on is not None:
        yield "projected to run out on", status.runs_out_on.isoformat()
    if status.standing is not Standing.OPEN:
        yield "paid calls are", reason(status)


def _cost_shape(cost: Cost) -> dict[str, Any]:
    return {"calls": cost.calls, "cost": amount_text(cost.micros)}


def _calls(n: int) -> str:
    return f"{n} call{'' if n == 1 else 's'}"


def _span(span: timedelta) -> str:
    """In the largest unit that it is a whole number of."""
    minutes = int(span.total_seconds()) // 60
    for unit, name in ((1440, "d"), (60, "h")):
        if minutes % unit == 0:
            return f"{minutes // unit} {name}"
    return f"{minutes} min"
