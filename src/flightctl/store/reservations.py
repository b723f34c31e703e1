"""Reserving a paid call: its units and its record at once, so that nobody has one without the other.

On the remote both are done by a function, which asks the database whether this login may spend.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from flightctl.domain.billing import Account
from flightctl.store import accounts, ledger
from flightctl.store.engine import on_postgresql
from flightctl.store.ledger import PaidCall
from flightctl.store.remote_calls import call, told


class Reserved(NamedTuple):
    """A call that may be made."""

    number: int
    """Under which it is written down."""
    used: int
    """Units of the cycle that are used then, its own included."""


def reserve(session: Session, account: Account, paid: PaidCall, limit: int | None) -> Reserved | None:
    """Take the call's units from the budget of its cycle, and write it down; none where that would be more than
    ``limit``, or than the remote's own cap. Raises NotAllowed where the remote says that this login may not spend.
    """
    if on_postgresql(session):
        of_account = (account.provider, account.fingerprint, account.cycle(paid.called_at).start.isoformat())
        of_call = (paid.cache_key, paid.cause.value, paid.cost_micros, paid.called_at)
        found = call(session, "reserve_call", *of_account, paid.units, limit, *of_call)
        return Reserved(found[0].call_id, found[0].used_then) if found else None
    used = accounts.reserve(session, account, paid.units, limit, paid.called_at)
    return None if used is None else Reserved(ledger.record_call(session, paid), used)


def waive(session: Session, account: Account, number: int, units: int, reserved_at: datetime) -> None:
    """The call certainly reached no provider: it costs nothing, and its units go back to the cycle they came from."""
    if on_postgresql(session):
        told(session, "waive_call", number)
        return
    accounts.give_back(session, account, units, reserved_at)
    ledger.waive(session, number)
