"""What may be asked of AeroAPI and what it costs (CONTRACT B2, B3, B6); no HTTP here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from flightctl.domain.billing import Price

_CLOCKS_DIFFER = timedelta(minutes=1)
"""So far inside the bounds a clamped window stays, as FlightAware judges it by its own clock, and later."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far from now an endpoint answers; a window is from ``start`` to before ``end``, instants."""

    endpoint: str
    back: timedelta
    ahead: timedelta
    span: timedelta
    """The longest window."""

    def clamped(self, start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime] | None:
        """The part of the window that may be asked for, from its start on; ``None`` where there is none."""
        first = max(start, now - self.back + _CLOCKS_DIFFER)
        last = min(end, now + self.ahead - _CLOCKS_DIFFER, first + self.span)
        return (first, last) if first < last else None

    def fault(self, start: datetime, end: datetime, now: datetime) -> str:
        """Why the window would be refused; empty where it may be asked for."""
        if start >= end:
            return f"AeroAPI's {self.endpoint} needs a window that ends after it starts"
        if start < now - self.back or end > now + self.ahead:
            return f"AeroAPI's {self.endpoint} reach from {self.back.days} days ago to {self.ahead.days} days ahead"
        return f"AeroAPI's {self.endpoint} take {self.span.days} days at a time" if end - start > self.span else ""


FLIGHTS: Final = Reach("flights", timedelta(days=10), timedelta(days=2), timedelta(days=12))
SCHEDULES: Final = Reach("schedules", timedelta(days=89), timedelta(days=365), timedelta(days=21))
"""Three months back are 89 days at the least."""

PRICES: Final[Mapping[str, Price]] = MappingProxyType(
    {
        FLIGHTS.endpoint: Price(Decimal("0.005"), "USD"),
        SCHEDULES.endpoint: Price(Decimal("0.020"), "USD"),
    }
)
"""Of one result set (15 rows or fewer), by endpoint."""
