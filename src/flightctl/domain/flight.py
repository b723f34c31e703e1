"""A dated flight as it is stored: one leg on one day, with the permanent id of DESIGN section 5."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from flightctl.errors import BadFlightId

CONFIRMED, PENDING, REJECTED = "confirmed", "pending", "rejected"
"""``review`` of a flight; what a provider reports is confirmed."""
FINAL_AFTER_ARRIVAL = timedelta(hours=48)
_LONGEST_UNKNOWN_FLIGHT = timedelta(hours=24)
_ID = re.compile(r"([A-Z0-9]{2,8})\.([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{4})\.([A-Z0-9]{3,4})\.([A-Z0-9]{3,4})")


class FlightStatus(Enum):
    """Where a flight stands (DESIGN section 5)."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    LANDED = "landed"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    DIVERTED = "diverted"
    UNKNOWN = "unknown"


_LAST_SEEN_FINAL = frozenset({FlightStatus.ARRIVED, FlightStatus.CANCELLED, FlightStatus.DIVERTED})


class FlightId(NamedTuple):
    """The permanent id in its five parts; as text ``ANZ5272.2025-09-11.0830.NZAA.NZCH``."""

    ident: str
    departure_date: date
    """The origin's local day of the departure as first scheduled."""
    departure_hhmm: str
    """The origin's wall clock of that departure."""
    origin: str
    """ICAO code, or the IATA code where there is none."""
    destination: str

    def __str__(self) -> str:
        day = self.departure_date.isoformat()
        return f"{self.ident}.{day}.{self.departure_hhmm}.{self.origin}.{self.destination}"

    @property
    def key(self) -> str:
        """Its key in the shared key space."""
        return f"flights.master.{self}"


def parse_flight_id(text: str) -> FlightId:
    """Read an id as it is typed; case does not matter. Raises BadFlightId."""
    match = _ID.fullmatch(text.strip().upper()) if text.isascii() else None
    try:
        if match is None or not match[3] < "2400" or not match[3][2:] < "60":
            raise ValueError(text)
        return FlightId(match[1], date.fromisoformat(match[2]), match[3], match[4], match[5])
    except ValueError:
        raise BadFlightId(f"{ascii(text)[:60]} is no flight id") from None


def is_flight_id(text: str) -> bool:
    """Whether an id is meant, be it well formed or not: a designator has no dots."""
    return "." in text


def minted(ident: str, scheduled_local: datetime, origin: str, destination: str) -> FlightId:
    """The id of a flight that is seen for the first time; ``scheduled_local`` is the origin's wall clock."""
    # The same as %H%M, in half its time.
    hhmm = f"{scheduled_local.hour:02}{scheduled_local.minute:02}"
    return FlightId(ident, scheduled_local.date(), hhmm, origin, destination)


class Flight(NamedTuple):
    """Current values of one flight; codes, gates and words are empty where they are not known.

    Instants are in UTC. The first six fields are the id and its parts, which never change.
    """

    flight_id: str
    ident: str
    departure_date: date
    departure_hhmm: str
    origin: str
    destination: str
    local_date: date
    """The origin's local day of the departure as it is scheduled now."""
    flight_iata: str
    origin_iata: str
    origin_icao: str
    origin_zone: str
    destination_iata: str
    destination_icao: str
    destination_zone: str
    status: FlightStatus
    provider_status: str
    """The provider's own word."""
    scheduled_out: datetime | None
    estimated_out: datetime | None
    actual_out: datetime | None
    scheduled_off: datetime | None
    estimated_off: datetime | None
    actual_off: datetime | None
    scheduled_on: datetime | None
    estimated_on: datetime | None
    actual_on: datetime | None
    scheduled_in: datetime | None
    estimated_in: datetime | None
    actual_in: datetime | None
    departure_gate: str
    departure_terminal: str
    arrival_gate: str
    arrival_terminal: str
    aircraft_type: str
    diverted_to: str
    provider: str
    """Whose word the status is: who was heard last, unless another one knows of more that has happened."""
    observed_at: datetime
    """When the provider that was heard last was asked."""
    updated_at: datetime
    """When the values last changed."""
    version: int
    review: str = CONFIRMED
    added_by: str = ""
    """Who entered it by hand; empty for what a provider reported first."""
    note: str = ""
    """How they know."""

    @property
    def departs_at(self) -> datetime:
        """Scheduled departure (out, else off); every flight has one."""
        departure = self.scheduled_out or self.scheduled_off
        assert departure is not None
        return departure

    @property
    def expected_departure(self) -> datetime:
        """The best that is known of the departure: happened, estimated or scheduled."""
        happened = self.actual_out or self.actual_off
        return happened or self.estimated_out or self.estimated_off or self.departs_at

    @property
    def expected_arrival(self) -> datetime | None:
        """The same of the arrival; none where nothing is known."""
        happened, estimated = self.actual_in or self.actual_on, self.estimated_in or self.estimated_on
        return happened or estimated or self.scheduled_in or self.scheduled_on

    @property
    def has_left(self) -> bool:
        """Whether it is under way, or was."""
        under_way = self.status in (FlightStatus.ACTIVE, FlightStatus.LANDED, FlightStatus.ARRIVED)
        return under_way or self.status is FlightStatus.DIVERTED or bool(self.actual_out or self.actual_off)

    def is_final(self, now: datetime) -> bool:
        """Whether nothing more is expected to change: last seen at its end, or 48 hours after its arrival."""
        if self.status in _LAST_SEEN_FINAL:
            return True
        arrival = self.expected_arrival or self.expected_departure + _LONGEST_UNKNOWN_FLIGHT
        return now - arrival >= FINAL_AFTER_ARRIVAL

    @property
    def departure_delay(self) -> timedelta | None:
        """How late it leaves, or left, the gate; a take-off counts where nothing is known of the gate."""
        off = self.scheduled_off or self.scheduled_out
        happened = _delay((self.actual_out, self.scheduled_out), (self.actual_off, off))
        return (
            happened
            if happened is not None
            else _delay((self.estimated_out, self.scheduled_out), (self.estimated_off, off))
        )

    @property
    def arrival_delay(self) -> timedelta | None:
        """The same for the arrival."""
        on = self.scheduled_on or self.scheduled_in
        happened = _delay((self.actual_in, self.scheduled_in), (self.actual_on, on))
        return (
            happened
            if happened is not None
            else _delay((self.estimated_in, self.scheduled_in), (self.estimated_on, on))
        )


TIMES = Flight._fields[Flight._fields.index("scheduled_out") : Flight._fields.index("actual_in") + 1]
"""The names of the twelve times, in the order of the table's columns."""


def _delay(*pairs: tuple[datetime | None, datetime | None]) -> timedelta | None:
    """Of the first pair of a moment and its schedule that are both known."""
    return next((moment - scheduled for moment, scheduled in pairs if moment and scheduled), None)
