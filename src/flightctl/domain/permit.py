"""Whether a paid call may be made now, decided purely from what all processes have learned of the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from flightctl.domain.billing import Account, Cause
from flightctl.errors import BreakerOpen, BudgetReached, FlightctlError, Frozen, QuotaUsedUp, RateLimited, Unavailable

FAILURES_TO_OPEN = 5
FAILURE_WINDOW = timedelta(seconds=60)
MOST_TRUSTED = 20
"""However well all went, so many more calls than open the breaker are under way at once, and lost in an outage."""
PROBE_EVERY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(seconds=60)
"""So long a refresh waits to be let on; what takes longer is left to the next run."""


class Hold(Enum):
    """Why the provider is not to be asked before some instant."""

    NONE = ""
    RATE = "rate"
    UNAVAILABLE = "unavailable"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the store knows of an account."""

    frozen: bool = False
    hold: Hold = Hold.NONE
    not_before: datetime | None = None
    """Until when the hold lasts."""
    next_probe_at: datetime | None = None
    """When the open breaker lets the next call through; none while it is closed."""
    failures: int = 0
    """Failures within the last ``FAILURE_WINDOW``, since the breaker last closed."""
    successes: int = 0
    """Successes within the same time, since the last failure."""
    in_flight: int = 0
    """Calls made and not yet answered."""

    def held_until(self, now: datetime) -> datetime | None:
        """Until when the provider is not to be asked, if it is so."""
        return self.not_before if self.not_before is not None and now < self.not_before else None


class Permission(Enum):
    """What a caller may do."""

    GO = "make the call"
    PROBE = "make the one call that finds out whether the provider works again"
    WAIT = "wait until others know more"


def permission(state: AccountState, account: Account, now: datetime) -> Permission:
    """Decide.

    Raises Frozen, QuotaUsedUp, RateLimited, Unavailable or BreakerOpen where the call must not be made now. The
    budget is not looked at here: it is one atomic statement of the store.
    """
    if state.frozen:
        raise Frozen("all paid calls are frozen")
    held_until = state.held_until(now)
    if held_until is not None:
        raise _HELD[state.hold](account, held_until, now)
    if state.next_probe_at is not None:
        if now < state.next_probe_at:
            raise BreakerOpen(f"{account.title} keeps failing; the next try is {_at(state.next_probe_at, now)}")
        return Permission.PROBE
    return Permission.GO if _has_room(state) else Permission.WAIT


def _has_room(state: AccountState) -> bool:
    """Whether one more call could not fail beyond what opens the breaker.

    Calls under way may fail as well. Every success since the last failure is one more that may be under way at once,
    so that a provider that works is soon asked as often as there is demand.
    """
    trusted = min(state.successes, MOST_TRUSTED)
    return state.failures + state.in_flight < FAILURES_TO_OPEN + trusted


def opens(state: AccountState) -> bool:
    """Whether the failures so far open the breaker."""
    return state.failures >= FAILURES_TO_OPEN


def budget_reached(account: Account, cause: Cause, used: int, now: datetime) -> BudgetReached:
    """The refusal of a call that the budget has no room for."""
    budget, resets_on = account.budget, account.cycle(now).resets_on
    said = f"{used} of {budget.cap} {account.title} {account.units} of this cycle are used"
    if cause.in_background and budget.cap is not None and used < budget.cap:
        message = f"paid-call budget: {said}, and the rest is kept for look-ups; it resets on {resets_on}"
        return BudgetReached(message, hint="budget.reserve_percent says how much is kept")
    hint = f"cached flights still answer; {account.provider}.monthly_budget raises it"
    return BudgetReached(f"paid-call budget reached: {said}; it resets on {resets_on}", hint=hint)


def waits(until: datetime, now: datetime) -> bool:
    """Whether a refresh waits for the end of a hold for which a look-up fails at once."""
    return until - now <= LONGEST_WAIT


def _rate(account: Account, until: datetime, now: datetime) -> FlightctlError:
    seconds = (until - now).total_seconds()
    return RateLimited(
        f"{account.title} wants fewer requests a minute; the next may be made {_at(until, now)}",
        retry_after_seconds=seconds,
    )


def _unavailable(account: Account, until: datetime, now: datetime) -> FlightctlError:
    seconds = (until - now).total_seconds()
    return Unavailable(
        f"{account.title} is not available; it is asked again {_at(until, now)}", retry_after_seconds=seconds
    )


def _quota(account: Account, until: datetime, now: datetime) -> FlightctlError:
    return QuotaUsedUp(f"{account.title}'s quota for this key is used up until {until:%Y-%m-%d}")


_HELD: dict[Hold, Callable[[Account, datetime, datetime], FlightctlError]] = {
    Hold.RATE: _rate,
    Hold.UNAVAILABLE: _unavailable,
    Hold.QUOTA: _quota,
}


def _at(instant: datetime, now: datetime) -> str:
    return f"at {instant:%H:%M:%S} UTC, in {max(1, round((instant - now).total_seconds()))} s"
