"""Budgets: ``flightctl.budget/1`` and its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.billing import money
from flightctl.domain.permit import Hold
from flightctl.render.times import short_utc
from flightctl.services.budget import AccountStatus, Budgets, Standing

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_ROOM_FOR_ALL = 120
"""Below this width, in cells, the reason of a state stands below the table."""
_STYLES = {Standing.OPEN: "green", Standing.FROZEN: "red", Standing.HELD: "yellow", Standing.FAILING: "yellow"}
_HOLDS = {
    Hold.RATE: "too many requests",
    Hold.UNAVAILABLE: "provider not available",
    Hold.QUOTA: "quota used up",
}
UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class BudgetView:
    """What accounts have used, and whether they may be asked."""

    budgets: Budgets
    columns: Sequence[str] = ("provider", "account", "used", "cap", "cycle_start", "resets_on", "frozen")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.budget/1``."""
        return {"schema": "flightctl.budget/1", "providers": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One account a row."""
        return [budget_shape(status) for status in self.budgets.accounts]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One account a line; why an account is not to be asked stands below where there is no room beside it."""
        from flightctl.render.console import styled, table

        wide = width >= _ROOM_FOR_ALL
        columns = ("PROVIDER", "ACCOUNT", "USED", "CAP", *(("LEFT",) if wide else ()), "RESETS", "STATE")
        yield table(columns, [_cells(status, wide) for status in self.budgets.accounts])
        if not wide:
            yield from (styled(said, "yellow") for said in self._reasons())

    def _reasons(self) -> Iterable[str]:
        """Why accounts are not to be asked; what stops all of them is said once."""
        closed = [status for status in self.budgets.accounts if status.standing is not Standing.OPEN]
        if any(status.freeze for status in closed):
            return [reason(closed[0])]
        return [f"{status.account.fingerprint} {reason(status)}" for status in closed]

    def footer(self) -> str:
        """``37 calls · 0.37 USD this cycle``."""
        currency = self.budgets.accounts[0].account.price.currency
        used = Counter({status.account.units: 0 for status in self.budgets.accounts})
        for status in self.budgets.accounts:
            used[status.account.units] += status.used
        said = [f"{n} {units[:-1] if n == 1 else units}" for units, n in used.items()]
        return " · ".join([*said, f"{money(self.budgets.cost_micros, currency)} this cycle"])


def budget_shape(status: AccountStatus) -> dict[str, Any]:
    """One element of ``providers``."""
    return {
        "provider": status.account.provider,
        "account": status.account.fingerprint or None,
        "used": status.used,
        "cap": status.account.budget.cap,
        "cycle_start": status.cycle.start.isoformat(),
        "resets_on": status.cycle.resets_on.isoformat(),
        "frozen": status.freeze is not None,
    }


def reason(status: AccountStatus) -> str:
    """``open``, or why the account is not to be asked."""
    standing, state, now = status.standing, status.state, status.now
    if standing is Standing.FROZEN and status.freeze:
        return f"frozen by {status.freeze.frozen_by} since {short_utc(status.freeze.frozen_at)} UTC"
    if standing is Standing.HELD and state.not_before:
        return f"held until {_clock(state.not_before, now)}: {_HOLDS[state.hold]}"
    if standing is Standing.FAILING and state.next_probe_at:
        waits = now < state.next_probe_at
        return f"breaker open until {_clock(state.next_probe_at, now)}" if waits else "breaker open, one try is due"
    return standing.value


def _cells(status: AccountStatus, wide: bool) -> list[str | Text]:
    from flightctl.render.console import styled

    cap, left = status.account.budget.cap, status.left
    state = styled(reason(status) if wide else status.standing.value, _STYLES[status.standing])
    return [
        status.account.provider,
        status.account.fingerprint or "no key",
        str(status.used),
        UNLIMITED if cap is None else str(cap),
        *(["" if left is None else str(left)] if wide else []),
        status.cycle.resets_on.isoformat(),
        state,
    ]


def _clock(instant: datetime, now: datetime) -> str:
    """To the second where it is today, which waits are."""
    return f"{instant:%H:%M:%S} UTC" if instant.date() == now.date() else f"{short_utc(instant)} UTC"
