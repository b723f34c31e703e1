"""What paid calls have used of their budgets, and the switch that stops them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from flightctl.domain.billing import Account, Cycle, runs_out_on
from flightctl.domain.caller import Caller, Role
from flightctl.domain.permit import AccountState
from flightctl.store import accounts, ledger
from flightctl.store.accounts import FreezeNote
from flightctl.store.engine import Database, Transaction


class Standing(Enum):
    """Whether an account may be asked; the first that holds."""

    FROZEN = "frozen"
    HELD = "held"
    """The provider told us to wait."""
    FAILING = "failing"
    """The breaker is open."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """What an account has used in this cycle, and whether it may be asked."""

    account: Account
    """Its fingerprint is empty where no key is configured."""
    cycle: Cycle
    used: int
    state: AccountState
    freeze: FreezeNote | None
    now: datetime

    @property
    def left(self) -> int | None:
        """What may still be used; none where there is no cap."""
        cap = self.account.budget.cap
        return None if cap is None else max(cap - self.used, 0)

    @property
    def runs_out_on(self) -> date | None:
        """The day on which it will be used up, if the cycle goes on as it began."""
        return runs_out_on(self.used, self.account.budget.cap, self.cycle, self.now)

    @property
    def standing(self) -> Standing:
        """Whether it may be asked."""
        if self.freeze is not None:
            return Standing.FROZEN
        if self.state.held_until(self.now) is not None:
            return Standing.HELD
        return Standing.FAILING if self.state.next_probe_at is not None else Standing.OPEN


@dataclass(frozen=True, slots=True)
class Budgets:
    """The configured accounts, each followed by the others of its provider that were used in this cycle."""

    accounts: Sequence[AccountStatus]
    cost_micros: int
    """Of all their calls in this cycle, at the price of their time."""


def budgets(database: Database, configured: Sequence[Account], now: datetime) -> Budgets:
    """What these and their providers' other accounts have used in this cycle. Raises LocalFileError."""
    known: list[AccountStatus] = []
    micros = 0
    with database.reading() as session:
        for account in configured:
            known += [account_status(session, account, now), *other_accounts(session, account, now)]
            costs = ledger.costs_by_cause(session, account.provider, account.cycle(now).starts_at)
            micros += sum(cost.micros for cost in costs.values())
    return Budgets(known, micros)


def account_status(session: Transaction, account: Account, now: datetime) -> AccountStatus:
    """What is known of one account."""
    return AccountStatus(
        account,
        account.cycle(now),
        accounts.used(session, account, now),
        accounts.state(session, account, now),
        accounts.freeze(session),
        now,
    )


def other_accounts(session: Transaction, account: Account, now: datetime) -> list[AccountStatus]:
    """The provider's accounts that were used in this cycle with other keys, most used first."""
    start = account.cycle(now).start.isoformat()
    used = [
        use
        for use in accounts.uses_since(session, start)
        if (use.provider, use.cycle_start) == (account.provider, start) and use.account != account.fingerprint
    ]
    used.sort(key=lambda use: (-use.used, use.account))
    return [account_status(session, replace(account, fingerprint=use.account), now) for use in used if use.used]


def freeze(database: Database, caller: Caller, now: datetime) -> None:
    """Stop all paid calls of everybody who uses this database. Raises NotAllowed, LocalFileError."""
    caller.require(Role.STAFF, "budget freeze")
    with database.writing() as session:
        accounts.stop_all(session, caller.user, now)


def thaw(database: Database, caller: Caller, now: datetime) -> None:
    """Allow paid calls again, also where a hold or an open breaker forbids them. Raises NotAllowed, LocalFileError."""
    caller.require(Role.STAFF, "budget thaw")
    with database.writing() as session:
        accounts.allow_again(session, now)
