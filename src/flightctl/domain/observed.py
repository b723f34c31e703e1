"""What a provider's answer says, reduced to values: one ``ObservedLeg`` per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flightctl.domain.designator import Designator


@dataclass(frozen=True, slots=True)
class Stop:
    """One end of a leg. Codes are upper case and well formed, or empty."""

    iata: str
    icao: str
    name: str
    """The provider's name of the airport, cleaned of control characters; may be empty."""
    zone: str
    """IANA name as the provider gave it; may be empty or wrong."""
    scheduled_local: datetime | None
    """Naive wall clock at this airport; ``None`` where the provider gave no time."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """The marketing airline of a row. Codes are upper case and well formed, or empty."""

    iata: str
    icao: str
    name: str


NO_CARRIER = Carrier("", "", "")


@dataclass(frozen=True, slots=True)
class ObservedLeg:
    """One take-off and landing of one marketing designator on one day, as a provider reported it."""

    flight_iata: Designator | None
    flight_icao: Designator | None
    flight_date: date
    """Local date of departure, as the provider labels the row."""
    cancelled: bool
    carrier: Carrier
    departure: Stop
    arrival: Stop
    raw: Mapping[str, Any] = field(repr=False, hash=False, compare=False)
    """The row as it came, for ``cache.store_payload``; never holds a key."""


@dataclass(frozen=True, slots=True)
class FlightsPage:
    """One paid answer: its readable rows, and how much more there is."""

    legs: tuple[ObservedLeg, ...]
    offset: int
    count: int
    """Rows in this page, readable or not."""
    total: int
    """All matches upstream; -1 where the provider did not say."""

    @property
    def complete(self) -> bool:
        """Whether this one page holds every match."""
        return self.offset == 0 and 0 <= self.total <= self.count
