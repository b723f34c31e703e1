"""Paid calls as tests have them written down: by their reservation, which is the one way on both engines."""

from __future__ import annotations

from decimal import Decimal

from flightctl.domain.billing import Account, Budget, Price
from flightctl.store import reservations
from flightctl.store.engine import Database
from flightctl.store.ledger import PaidCall

_BUDGET, _PRICE = Budget(100, 10, 1), Price(Decimal("0.01"), "USD")


def record(db: Database, paid: PaidCall) -> int:
    """Write it down before it is sent; its number."""
    with db.writing() as session:
        reserved = reservations.reserve(session, _account(paid), paid, None)
    assert reserved is not None
    return reserved.number


def waive(db: Database, number: int, paid: PaidCall) -> None:
    """It reached no provider."""
    with db.writing() as session:
        reservations.waive(session, _account(paid), number, paid.units, paid.called_at)


def _account(paid: PaidCall) -> Account:
    return Account(paid.provider, paid.account, _BUDGET, _PRICE)
