"""A dated flight as a provider reports it: one leg on one day, reduced to values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from flightctl.domain.flight import FlightStatus
from flightctl.domain.observed import NO_CARRIER, Carrier

__all__ = ["TIMES", "FlightStatus", "Place", "Sighting", "Times"]


class Place(NamedTuple):
    """An airport. Codes are upper case and well formed, or empty."""

    iata: str
    icao: str
    zone: str
    """IANA name that is known to exist; ``UTC`` where none is known."""
    name: str = ""

    @property
    def code(self) -> str:
        """As it stands in a flight's id: ICAO, or IATA where there is none."""
        return self.icao or self.iata


class Times(NamedTuple):
    """Gate departure (out), take-off (off), landing (on), gate arrival (in): instants in UTC, none where not known."""

    scheduled_out: datetime | None = None
    estimated_out: datetime | None = None
    actual_out: datetime | None = None
    scheduled_off: datetime | None = None
    estimated_off: datetime | None = None
    actual_off: datetime | None = None
    scheduled_on: datetime | None = None
    estimated_on: datetime | None = None
    actual_on: datetime | None = None
    scheduled_in: datetime | None = None
    estimated_in: datetime | None = None
    actual_in: datetime | None = None

    @property
    def scheduled_departure(self) -> datetime | None:
        """Out, else off."""
        return self.scheduled_out or self.scheduled_off


TIMES = Times._fields
"""The twelve names, in the same order as in ``Flight``."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one provider says of one flight."""

    provider: str
    provider_id: str
    """``fa_flight_id``; empty where the provider has no id for flights, or none yet."""
    ident: str
    """ICAO ident as the provider gave it (``JZA8428``), or the IATA designator where it gave no other."""
    designators: frozenset[str]
    """Every canonical designator that the row itself goes by, IATA and ICAO; not its codeshares."""
    codeshares: frozenset[str]
    """Canonical marketing designators of the same flight, as told."""
    operated_as: str
    """For a codeshare row: the canonical designator of the operating flight; else empty."""
    origin: Place
    destination: Place
    scheduled_local: datetime
    """Naive wall clock at the origin of the scheduled departure (out, else off)."""
    times: Times
    status: FlightStatus
    provider_status: str
    """The provider's own word."""
    observed_at: datetime
    """When the provider was asked, UTC."""
    departure_gate: str = ""
    departure_terminal: str = ""
    arrival_gate: str = ""
    arrival_terminal: str = ""
    aircraft_type: str = ""
    diverted_to: str = ""
    """Airport code, where the flight is going somewhere else."""
    carrier: Carrier = NO_CARRIER
    """The airline in front of the row's own designator, as far as the row tells of it."""
    from_timetable: bool = False
    """Whether it is published only, and knows nothing of what became of it."""
    raw: object = field(default=None, repr=False, hash=False, compare=False)

    @property
    def departure_date(self) -> date:
        """The origin's local day of the scheduled departure."""
        return self.scheduled_local.date()
