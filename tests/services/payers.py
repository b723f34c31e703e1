"""A provider account on which several runs of the program spend, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from flightctl.domain.billing import Account, Budget, Cause, Price
from flightctl.errors import FlightctlError, ServerError, Unreachable
from flightctl.services.spending import Errand, Spending
from flightctl.store import accounts, ledger
from flightctl.store.engine import Database

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ACCOUNT = Account("aviationstack", "f1a2", Budget(100, 10, 1), Price(Decimal("0.01"), "USD"))
COLD, REFRESH = Errand("flight:NZ1", Cause.COLD), Errand("flight:NZ1", Cause.REFRESH)
NOT_SENT = Unreachable("no connection", was_sent=False)
FAILED = ServerError("it broke")


@dataclass
class Payers:
    """As many runs of the program as are wanted; time passes only while somebody sleeps."""

    database: Database
    now: datetime = NOW
    sleeps: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """What others do while somebody sleeps."""

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.meanwhile()

    def run(self, cap: int | None = 100) -> Spending:
        """One more run of the program."""
        account = replace(ACCOUNT, budget=replace(ACCOUNT.budget, cap=cap))
        return Spending(account, lambda: self.database, lambda: self.now, self.sleep)

    def ask(self, *outcomes: FlightctlError | None, errand: Errand = COLD, by: Spending | None = None) -> int:
        """Pay for a call whose request ends like this, and, tried again, like that; how often it was made.

        Raises the refusal of a call that must not be made.
        """
        spending, tries, made = by or self.run(), iter(outcomes), 0

        def request() -> None:
            nonlocal made
            made += 1
            outcome = next(tries)
            if outcome is not None:
                raise outcome

        try:
            with spending.call(errand) as call:
                spending.made(call, request)
                with self.database.writing() as session:
                    spending.succeeded(session, call, ledger.OK)
        except FlightctlError as error:
            if error not in outcomes:
                raise
        return made

    def refused(self, errand: Errand = COLD, by: Spending | None = None) -> FlightctlError:
        """The refusal of a call that must not be made."""
        with pytest.raises(FlightctlError) as refusal, (by or self.run()).call(errand):
            raise AssertionError("the call was made")
        return refusal.value

    def used(self) -> int:
        with self.database.reading() as session:
            return accounts.used(session, ACCOUNT, self.now)

    def freeze(self) -> None:
        with self.database.writing() as session:
            accounts.stop_all(session, "alice", self.now)

    def others_have_under_way(self, calls: int) -> None:
        made = ledger.PaidCall("aviationstack", "f1a2", "flight:NZ2", Cause.COLD, 1, 0, self.now)
        with self.database.writing() as session:
            for _ in range(calls):
                ledger.record_call(session, made)
