"""What all processes know of a provider account: what it has used, whether it may be asked, how its calls went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case
from sqlmodel import Session, col, delete, func, select, update

from flightctl.domain.billing import Account
from flightctl.domain.permit import FAILURE_WINDOW, PROBE_EVERY, AccountState, Hold, opens
from flightctl.domain.turn import LEASE
from flightctl.errors import BREAKING_KINDS
from flightctl.store.engine import on_postgresql
from flightctl.store.ledger import NOT_FOUND, OK, SENT
from flightctl.store.models import BudgetCycle, Freeze, ProviderAccount, UpstreamCall
from flightctl.store.remote_calls import call
from flightctl.store.upserts import add_missing, insertion

_ALL = "*"
_TOLD = ("hold", "not_before", "next_probe_at", "closed_at", "pages_refused_at")
"""What is learned of an account, in the order in which the remote takes it."""


@dataclass(frozen=True, slots=True)
class FreezeNote:
    """Who stopped all paid calls, and when."""

    frozen_at: datetime
    frozen_by: str


@dataclass(frozen=True, slots=True)
class Use:
    """Units an account has used in a cycle."""

    provider: str
    account: str
    cycle_start: str
    used: int


def hold(session: Session, account: Account) -> None:
    """Keep others from deciding about the account until this transaction ends; a file is held as a whole anyway."""
    if on_postgresql(session):
        call(session, "lock_account", account.provider, account.fingerprint)


def state(session: Session, account: Account, now: datetime) -> AccountState:
    """All that decides whether the account may be asked now."""
    row = _row(session, account) or ProviderAccount(provider="", account="")
    failures, successes, in_flight = _recent(session, account, row.closed_at, now)
    return AccountState(
        freeze(session) is not None,
        Hold(row.hold),
        row.not_before,
        row.next_probe_at,
        failures,
        successes,
        in_flight,
    )


def reserve(session: Session, account: Account, units: int, limit: int | None, now: datetime) -> int | None:
    """Take ``units`` from the budget of the cycle, in one statement.

    Returns what is used then, these included; ``None`` where that would be more than ``limit``.
    """
    if limit is not None and units > limit:
        return None
    used_then = col(BudgetCycle.used) + units
    statement = (
        insertion(session, BudgetCycle)
        .values(
            provider=account.provider,
            account=account.fingerprint,
            cycle_start=_cycle_start(account, now),
            used=units,
        )
        .on_conflict_do_update(
            index_elements=["provider", "account", "cycle_start"],
            set_={"used": used_then},
            where=None if limit is None else used_then <= limit,
        )
        .returning(col(BudgetCycle.used))
    )
    taken: int | None = session.connection().execute(statement).scalar_one_or_none()
    return taken


def give_back(session: Session, account: Account, units: int, reserved_at: datetime) -> None:
    """Return what certainly reached no provider to the cycle that it was taken from."""
    session.exec(
        update(BudgetCycle)
        .where(
            col(BudgetCycle.provider) == account.provider,
            col(BudgetCycle.account) == account.fingerprint,
            col(BudgetCycle.cycle_start) == _cycle_start(account, reserved_at),
        )
        .values(used=col(BudgetCycle.used) - units)
    )


def used(session: Session, account: Account, now: datetime) -> int:
    """Units of the present cycle that are used or reserved."""
    row = session.get(BudgetCycle, (account.provider, account.fingerprint, _cycle_start(account, now)))
    return row.used if row else 0


def uses_since(session: Session, day: str) -> list[Use]:
    """What every account used in cycles that began on this day (``YYYY-MM-DD``) or later."""
    rows = session.exec(select(BudgetCycle).where(col(BudgetCycle.cycle_start) >= day))
    return [Use(row.provider, row.account, row.cycle_start, row.used) for row in rows]


def begin_probe(session: Session, account: Account, now: datetime) -> None:
    """The open breaker lets this call through, and no other for a while."""
    _set(session, account, next_probe_at=now + PROBE_EVERY)


def put_on_hold(session: Session, account: Account, hold: Hold, until: datetime) -> None:
    """Nobody is to ask before then; a longer hold that stands already is not shortened."""
    row = _row(session, account)
    if row is None or row.not_before is None or row.not_before < until:
        _set(session, account, hold=hold.value, not_before=until)


def count_failure(session: Session, account: Account, now: datetime) -> None:
    """A call has failed and is written down: open the breaker if it was one too many."""
    row = _row(session, account) or ProviderAccount(provider="", account="")
    failures, _, _ = _recent(session, account, row.closed_at, now)
    if row.next_probe_at is None and opens(AccountState(failures=failures)):
        begin_probe(session, account, now)


def count_success(session: Session, account: Account, now: datetime) -> None:
    """The provider works: an open breaker closes."""
    row = _row(session, account)
    if row is not None and row.next_probe_at is not None:
        _set(session, account, next_probe_at=None, closed_at=now)


def freeze(session: Session) -> FreezeNote | None:
    """Who stopped all paid calls, if somebody did."""
    row = session.get(Freeze, _ALL)
    return FreezeNote(row.frozen_at, row.frozen_by) if row else None


def stop_all(session: Session, user: str, now: datetime) -> None:
    """Stop all paid calls; who did so first stands."""
    if session.get(Freeze, _ALL) is None:
        add_missing(session, Freeze, [{"scope": _ALL, "frozen_at": now, "frozen_by": user}])


def allow_again(session: Session, now: datetime) -> None:
    """Allow paid calls again, also where a hold or an open breaker forbids them; failures so far count no more."""
    session.exec(delete(Freeze))
    lifted = {"hold": "", "not_before": None, "next_probe_at": None, "pages_refused_at": None, "closed_at": now}
    session.exec(update(ProviderAccount).values(**lifted))


def refuse_pages(session: Session, account: Account, now: datetime) -> None:
    """The account's plan has no pages of an airline's flights."""
    _set(session, account, pages_refused_at=now)


def pages_refused_since(session: Session, account: Account, since: datetime) -> bool:
    """Whether the plan has refused pages after ``since``."""
    row = _row(session, account)
    return row is not None and row.pages_refused_at is not None and row.pages_refused_at > since


def _recent(session: Session, account: Account, closed_at: datetime | None, now: datetime) -> tuple[int, int, int]:
    """Failures, successes and calls under way, as ``AccountState`` has them."""
    since = max(now - FAILURE_WINDOW, closed_at or now - FAILURE_WINDOW)
    result, ended = col(UpstreamCall.result), col(UpstreamCall.ended_at)
    # No call takes longer than a lease.
    of_account = (
        col(UpstreamCall.called_at) > now - FAILURE_WINDOW - LEASE,
        UpstreamCall.provider == account.provider,
        UpstreamCall.account == account.fingerprint,
    )
    failed = (ended > since) & result.in_(BREAKING_KINDS)
    failures, last_failure = session.exec(select(func.count(), func.max(ended)).where(*of_account, failed)).one()
    succeeded = (ended > (last_failure or since)) & result.in_([OK, NOT_FOUND])
    in_flight = (result == SENT) & (col(UpstreamCall.called_at) > now - LEASE)
    counted = session.exec(
        select(func.sum(case((succeeded, 1), else_=0)), func.sum(case((in_flight, 1), else_=0))).where(*of_account)
    ).one()
    successes, under_way = (n or 0 for n in counted)
    return failures, successes, under_way


def _row(session: Session, account: Account) -> ProviderAccount | None:
    # As it is now: what was read before the account was held may have changed.
    return session.get(ProviderAccount, (account.provider, account.fingerprint), populate_existing=True)


def _set(session: Session, account: Account, **values: object) -> None:
    row = _row(session, account) or ProviderAccount(provider=account.provider, account=account.fingerprint)
    if on_postgresql(session):
        told = {name: getattr(row, name) for name in _TOLD} | values
        call(session, "set_account", account.provider, account.fingerprint, *(told[name] for name in _TOLD))
        return
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()


def _cycle_start(account: Account, now: datetime) -> str:
    return account.cycle(now).start.isoformat()
