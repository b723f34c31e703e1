"""What paid calls may cost: billing cycles, caps, prices and why a call was made."""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from math import ceil
from typing import NamedTuple

_FINGERPRINT_LENGTH = 12
_WARN_FROM = 0.8
"""Part of the cap from which a run that pays also warns."""


class Cause(Enum):
    """Why a paid call is made."""

    COLD = "cold"
    """The flight was in no cache."""
    EXPIRED = "expired"
    """Its entry was stale."""
    NEGATIVE_EXPIRED = "negative_expired"
    """That upstream does not know it had been remembered, and no longer was."""
    BYPASSED = "bypassed"
    """``--refresh``, or the cache is switched off."""
    REFRESH = "refresh"
    VERIFY = "verify"

    @property
    def in_background(self) -> bool:
        """Whether nobody waits for the answer, so that the reserve is not to be touched."""
        return self in (Cause.REFRESH, Cause.VERIFY)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One billing cycle; days are UTC, from their first instant."""

    start: date
    resets_on: date
    """The first day of the next one."""

    @property
    def starts_at(self) -> datetime:
        """Its first instant."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime:
        """The first instant of the next one."""
        return datetime(self.resets_on.year, self.resets_on.month, self.resets_on.day, tzinfo=UTC)


def cycle_at(now: datetime, start_day: int) -> Cycle:
    """The cycle that ``now`` is in; it starts on ``start_day`` (1 to 31), or on the last day of a shorter month."""
    today = now.astimezone(UTC).date()
    this = _start_in(today.year, today.month, start_day)
    if today >= this:
        return Cycle(this, _start_in(*_month_after(today.year, today.month), start_day))
    return Cycle(_start_in(*_month_before(today.year, today.month), start_day), this)


def _start_in(year: int, month: int, start_day: int) -> date:
    return date(year, month, min(start_day, calendar.monthrange(year, month)[1]))


def _month_after(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def _month_before(year: int, month: int) -> tuple[int, int]:
    return (year, month - 1) if month > 1 else (year - 1, 12)


@dataclass(frozen=True, slots=True)
class Budget:
    """How many units (calls, or result sets) a cycle may take."""

    cap: int | None
    """None is written ``unlimited``."""
    reserve_percent: float
    start_day: int

    def limit(self, cause: Cause) -> int | None:
        """What this kind of call may use up to; the reserve is for look-ups. None: no limit."""
        if self.cap is None or not cause.in_background:
            return self.cap
        # Exactly: as binary numbers, 1.1 % of 3000 is more than 33.
        return self.cap - ceil(self.cap * Fraction(str(self.reserve_percent)) / 100)

    def is_nearly_used(self, used: int) -> bool:
        """Whether to warn."""
        return self.cap is not None and used >= self.cap * _WARN_FROM

    def within(self, terms: Terms) -> Budget:
        """The same as everybody has to keep it: the lower cap, and the cycle that all share."""
        caps = [cap for cap in (self.cap, terms.cap) if cap is not None]
        return Budget(min(caps) if caps else None, self.reserve_percent, terms.start_day)


class Terms(NamedTuple):
    """What holds for all who use an account of a provider together."""

    cap: int | None
    start_day: int


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs."""

    amount: Decimal
    currency: str

    @property
    def micros(self) -> int:
        """In millionths of the currency, as it is kept."""
        return int(self.amount * 1_000_000)

    def of(self, units: int) -> str:
        """The price of so many, for people: ``0.35 USD``."""
        return money(self.micros * units, self.currency)


def amount_text(micros: int) -> str:
    """An amount as a decimal number, with at least two decimals: ``0.35``."""
    amount = (Decimal(micros) / 1_000_000).normalize()
    decimals = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:.{decimals}f}"


def money(micros: int, currency: str) -> str:
    """An amount for people: ``0.35 USD``."""
    return f"{amount_text(micros)} {currency}"


@dataclass(frozen=True, slots=True)
class Account:
    """Who is billed: a provider and the fingerprint of the key, with its budget and price."""

    provider: str
    fingerprint: str
    budget: Budget
    price: Price
    title: str = "AviationStack"
    """The provider's name as people write it."""
    units: str = "calls"
    """What it counts: calls, or result sets, of which one call may hold several."""

    def cycle(self, now: datetime) -> Cycle:
        """The billing cycle that ``now`` is in."""
        return cycle_at(now, self.budget.start_day)


def fingerprint_of(key: str) -> str:
    """What stands for a key where it may be seen; a new key is a new account."""
    return hashlib.sha256(f"flightctl account {key}".encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def runs_out_on(used: int, cap: int | None, cycle: Cycle, now: datetime) -> date | None:
    """The day on which the budget is used up, if the cycle goes on as it began; None if it lasts till its end."""
    if cap is None or used <= 0:
        return None
    elapsed = max(now - cycle.starts_at, timedelta(days=1))
    left = max(cap - used, 0)
    # Compared before it is added: a hundred thousand years is no date.
    seconds = elapsed.total_seconds() * left / used
    until_reset = (cycle.ends_at - now).total_seconds()
    return (now + timedelta(seconds=seconds)).astimezone(UTC).date() if seconds < until_reset else None
