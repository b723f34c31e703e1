"""The one way to a paid call: permitted, reserved and written down before it, and its outcome told to everybody."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from flightctl.domain.billing import Account, Cause, Price
from flightctl.domain.permit import Hold, Permission, budget_reached, permission
from flightctl.domain.turn import Lease
from flightctl.errors import (
    ConfigurationError,
    FlightctlError,
    QuotaUsedUp,
    RateLimited,
    StoreError,
    TimedOut,
    ToldToWait,
    UpstreamError,
)
from flightctl.services.refusals import Refusals
from flightctl.store import accounts, leases, ledger, reservations
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import Database, Transaction

_T = TypeVar("_T")
_CONNECTION_RETRIES_WITHIN_S = 0.5, 1.0
"""How long at most, drawn anew, is waited before each further try of a connection that was not made."""
_ROOM_POLL_S = 0.1, 0.3
_PATIENCE = timedelta(seconds=90)
INTERRUPTED = "interrupted"
"""How a call ended that nobody waited for to its end; it counts as made."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A paid call that is wanted."""

    key: str
    cause: Cause
    lease: Lease | None = None
    """Of the key, where others wait for the answer."""
    units: int = 1
    """What the provider will count at the most."""
    price: Price | None = None
    """Of a unit, where the endpoint has a price of its own."""


@dataclass(frozen=True, slots=True)
class Call:
    """A paid call that may be made: it is reserved, and written down under its number."""

    errand: Errand
    number: int
    reserved_at: datetime
    provider: str = ""

    @property
    def turn(self) -> PaidTurn | None:
        """By which its answer may be brought into a store that others share; none where nobody waits for it."""
        lease = self.errand.lease
        return PaidTurn(self.number, lease.key, lease.fence, self.provider) if lease else None


class Spending:
    """All paid calls of one provider account in this run; what other processes learned of it counts, too."""

    def __init__(
        self,
        account: Account,
        database: Callable[[], Database],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self.account = account
        self._database = database
        self._clock = clock
        self._sleep = sleep
        self._refusals = Refusals(clock)
        self.calls = 0
        """Requests made so far."""
        self.errors = 0
        """Those of them that failed."""
        self.paid = 0
        """Those of them that have to be paid for: all but what certainly was not sent."""
        self.used = 0
        """Units of the cycle that were used, by everybody, after our last call; 0 before the first."""

    @contextmanager
    def call(self, errand: Errand) -> Iterator[Call]:
        """Reserve a call before it is made, and write down how it failed, if it does.

        Raises Frozen, BudgetReached, QuotaUsedUp, RateLimited, Unavailable, BreakerOpen without any call; KeyRefused
        and PlanRefused where the same was refused before in this run; LeaseLost; StoreError where nothing can be
        written down.
        """
        self.check(errand.key)
        call = self._reserved(errand)
        self.calls += 1
        self.paid += 1
        is_over = False
        try:
            yield call
            is_over = True
        except FlightctlError as error:
            is_over = True
            self._count_failure(call, error)
            raise
        finally:
            if not is_over:
                self._write_interruption(call)

    def check(self, key: str) -> None:
        """Raise what a call for this key has just been refused with in this run."""
        self._refusals.check(key)

    def _count_failure(self, call: Call, error: FlightctlError) -> None:
        self.errors += 1
        self._refusals.answered(call.errand.key, error)
        if not _was_sent(error):
            self.paid -= 1
            self.used -= call.errand.units
        # The failure itself is what has to be told; where it cannot be written down, stats know it as "sent".
        with suppress(StoreError):
            self._write_failure(call, error)

    def _write_interruption(self, call: Call) -> None:
        """Ctrl-C: the call counts as made, and nobody has to wait for how it ends."""
        with suppress(StoreError), self._database().writing() as session:
            ledger.settle_call(session, call.number, INTERRUPTED, self._clock())

    def made(self, call: Call, request: Callable[[], _T]) -> _T:
        """What the request answers; one that certainly was not sent is tried twice more. Raises what it raises."""
        for longest_pause_s in _CONNECTION_RETRIES_WITHIN_S:
            try:
                return request()
            except UpstreamError as error:
                if error.was_sent:
                    raise
                failure = error
            self._sleep(random.uniform(0, longest_pause_s))
            if not self._may_try_again(call):
                raise failure
        return request()

    def succeeded(self, session: Transaction, call: Call, result: str) -> None:
        """Write down, with what came of it, that the call was answered: ``ok`` or ``not_found``."""
        accounts.hold(session, self.account)
        ledger.settle_call(session, call.number, result, self._clock())
        accounts.count_success(session, self.account, self._clock())

    def held_until(self) -> datetime | None:
        """Until when the provider is not to be asked, if it is so. Raises StoreError."""
        with self._database().reading() as session:
            now = self._clock()
            return accounts.state(session, self.account, now).held_until(now)

    @property
    def warning(self) -> str:
        """What to tell who pays while the budget is nearly used; empty where nothing is to be told."""
        budget, resets_on = self.account.budget, self.account.cycle(self._clock()).resets_on
        if not self.calls or not budget.is_nearly_used(self.used):
            return ""
        used = f"{self.used} of {budget.cap} {self.account.title} {self.account.units} are used"
        return f"{used}; the budget resets on {resets_on}"

    def _reserved(self, errand: Errand) -> Call:
        began = self._clock()
        while True:
            try:
                with self._database().writing() as session:
                    call = self._reserved_in(session, errand)
            except FlightctlError as error:
                self._refusals.forbidden(error)
                raise
            if call is not None:
                return call
            self._wait_for_room(errand, began)

    def _wait_for_room(self, errand: Errand, began: datetime) -> None:
        while True:
            if self._clock() - began > _PATIENCE:
                raise TimedOut("too many calls of others are under way, and none of them is answered", was_sent=False)
            self._sleep(random.uniform(*_ROOM_POLL_S))
            if not self._has_to_wait(errand):
                return

    def _has_to_wait(self, errand: Errand) -> bool:
        """Look without the write lock, which many who wait would keep from those whose calls are answered."""
        now = self._clock()
        with self._database().reading() as session:
            if errand.lease is not None and leases.is_due(session, errand.lease, now):
                return False
            return permission(accounts.state(session, self.account, now), self.account, now) is Permission.WAIT

    def _reserved_in(self, session: Transaction, errand: Errand) -> Call | None:
        """The call; none while others, whose calls are under way, have to be waited for."""
        now, account = self._clock(), self.account
        if errand.lease is not None:
            leases.keep(session, errand.lease, now)
        accounts.hold(session, account)
        allowed = permission(accounts.state(session, account, now), account, now)
        if allowed is Permission.WAIT:
            return None
        reserved = reservations.reserve(session, account, self._record(errand, now), account.budget.limit(errand.cause))
        if reserved is None:
            raise budget_reached(account, errand.cause, accounts.used(session, account, now), now)
        if allowed is Permission.PROBE:
            accounts.begin_probe(session, account, now)
        self.used = reserved.used
        return Call(errand, reserved.number, now, account.provider)

    def _record(self, errand: Errand, now: datetime) -> ledger.PaidCall:
        account, cost = self.account, (errand.price or self.account.price).micros * errand.units
        return ledger.PaidCall(account.provider, account.fingerprint, errand.key, errand.cause, errand.units, cost, now)

    def _may_try_again(self, call: Call) -> bool:
        """Whether nothing forbids it that was not there when the call was reserved; the lease is kept for it."""
        now = self._clock()
        with self._database().writing() as session:
            if call.errand.lease is not None:
                leases.keep(session, call.errand.lease, now)
            state = accounts.state(session, self.account, now)
        return not state.frozen and state.held_until(now) is None

    def _write_failure(self, call: Call, error: FlightctlError) -> None:
        now = self._clock()
        with self._database().writing() as session:
            accounts.hold(session, self.account)
            ledger.settle_call(session, call.number, getattr(error, "kind", error.code), now)
            if not _was_sent(error):
                reservations.waive(session, self.account, call.number, call.errand.units, call.reserved_at)
            if isinstance(error, UpstreamError) and error.trips_breaker:
                accounts.count_failure(session, self.account, now)
            elif _was_sent(error):
                # It has answered, if not what was hoped for.
                accounts.count_success(session, self.account, now)
            self._hold(session, error, now)

    def _hold(self, session: Transaction, error: FlightctlError, now: datetime) -> None:
        if isinstance(error, ToldToWait):
            kind = Hold.RATE if isinstance(error, RateLimited) else Hold.UNAVAILABLE
            accounts.put_on_hold(session, self.account, kind, now + timedelta(seconds=error.retry_after_seconds))
        elif isinstance(error, QuotaUsedUp):
            accounts.put_on_hold(session, self.account, Hold.QUOTA, self.account.cycle(now).ends_at)


def _was_sent(error: FlightctlError) -> bool:
    """Whether the provider may have been asked: what is not certain counts as asked."""
    if isinstance(error, UpstreamError):
        return error.was_sent
    # The settings did not allow it to be sent at all.
    return not isinstance(error, ConfigurationError)
