"""When a flight leaves and arrives, on the clocks of its airports; what is shown in tables, in ASCII."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from flightctl.domain.flight import Flight, FlightStatus
from flightctl.domain.zones import zone_named

_MINUTE = timedelta(minutes=1)
_HOUR_MINUTES = 60


class Moment(NamedTuple):
    """One of the four moments of a flight."""

    word: str
    """``out``, ``off``, ``on`` or ``in``."""
    instant: datetime


class Turn(NamedTuple):
    """A departure or an arrival: as it is scheduled and as it is expected now, or happened."""

    word: str
    """That of the gate: ``out`` or ``in``."""
    scheduled: Moment | None
    now: Moment | None
    zone: str
    """The airport's."""
    day: date
    """The flight's, which days are counted from."""

    @property
    def local(self) -> str:
        """``08:30``, or ``08:30 -> 09:05`` where it is expected at another time than it is scheduled for."""
        if self.scheduled is None or self.now is None:
            return self.local_now
        scheduled = local_clock(self.scheduled.instant, self.zone, self.day)
        now = local_clock(self.now.instant, self.zone, self.day)
        first, second = _said(self.scheduled.word, self.word), _said(self.now.word, self.scheduled.word)
        return f"{first}{scheduled}" if (now, second) == (scheduled, "") else f"{first}{scheduled} -> {second}{now}"

    @property
    def local_now(self) -> str:
        """The later of the two alone; ``off 09:05`` where only the runway's time is known."""
        moment = self.now or self.scheduled
        return _said(moment.word, self.word) + local_clock(moment.instant, self.zone, self.day) if moment else ""

    @property
    def utc(self) -> str:
        """The same in UTC; its day is counted from the flight's local one, too: ``20:05-1``."""
        moment = self.now or self.scheduled
        return f"{moment.instant:%H:%M}{_days(moment.instant.date(), self.day)}" if moment else ""


def departure_of(flight: Flight) -> Turn:
    """When it leaves; only as scheduled where it is cancelled."""
    scheduled = _moment("out", flight.scheduled_out) or _moment("off", flight.scheduled_off)
    gate, runway = flight.actual_out or flight.estimated_out, flight.actual_off or flight.estimated_off
    now = _expected(scheduled, _moment("out", gate), _moment("off", runway))
    now = None if flight.status is FlightStatus.CANCELLED else now
    return Turn("out", scheduled, now, flight.origin_zone, flight.departure_date)


def arrival_of(flight: Flight) -> Turn:
    """When it arrives where it was to go; only as scheduled where it never did or will."""
    scheduled = _moment("in", flight.scheduled_in) or _moment("on", flight.scheduled_on)
    gate, runway = flight.actual_in or flight.estimated_in, flight.actual_on or flight.estimated_on
    now = _expected(scheduled, _moment("in", gate), _moment("on", runway))
    now = None if flight.status is FlightStatus.CANCELLED or is_diverted(flight) else now
    return Turn("in", scheduled, now, flight.destination_zone, flight.departure_date)


def is_diverted(flight: Flight) -> bool:
    """Whether it goes, or went, to another airport."""
    return flight.status is FlightStatus.DIVERTED or bool(flight.diverted_to)


def goes_elsewhere(flight: Flight) -> bool:
    """Whether that airport is known, and it did not stay on the ground."""
    return bool(flight.diverted_to) and flight.status is not FlightStatus.CANCELLED


def delay_of(flight: Flight) -> timedelta | None:
    """The delay that matters now: of the arrival once it has left; none where it never gets there."""
    if flight.status is FlightStatus.CANCELLED or is_diverted(flight):
        return None
    arrival = flight.arrival_delay if flight.has_left else None
    return flight.departure_delay if arrival is None else arrival


def delay_text(delay: timedelta) -> str:
    """``on time``, ``+35 min``, ``-5 min``, ``+2h05``; a part of a minute is cut off, as it is from the clocks."""
    minutes = delay // _MINUTE
    if abs(minutes) >= _HOUR_MINUTES:
        hours, rest = divmod(abs(minutes), _HOUR_MINUTES)
        return f"{'-' if minutes < 0 else '+'}{hours}h{rest:02}"
    return f"{minutes:+} min" if minutes else "on time"


def local_clock(instant: datetime, zone: str, day: date) -> str:
    """``08:30`` on the clock of a zone; ``06:05+1`` on the day after ``day``; ``19:30Z`` for a zone nobody knows."""
    known = zone_named(zone)
    local = instant.astimezone(known or UTC)
    return f"{local:%H:%M}{'' if known else 'Z'}{_days(local.date(), day)}"


def _expected(scheduled: Moment | None, gate: Moment | None, runway: Moment | None) -> Moment | None:
    """The one that the delay is counted by: the gate's, unless only the runway's was scheduled."""
    by_runway = scheduled is not None and scheduled.word in ("off", "on")
    return runway or gate if by_runway else gate or runway


def _moment(word: str, instant: datetime | None) -> Moment | None:
    return Moment(word, instant) if instant else None


def _said(word: str, understood: str) -> str:
    return "" if word == understood else f"{word} "


def _days(shown: date, day: date) -> str:
    days = (shown - day).days
    return f"{days:+}" if days else ""
