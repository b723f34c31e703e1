"""Which rows of a provider's answer count (DESIGN section 3, rule 8). Never ``data[0]``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flightctl.domain.designator import AirlineCode, Designator
from flightctl.domain.observed import ObservedLeg, Stop

_MOST_LEGS = 24
"""More than any flight has in a day; a broken answer may hold thousands."""


@dataclass(frozen=True, slots=True)
class ChosenFlight:
    """The legs that answer a question, in order of flight, and where they lead."""

    legs: tuple[ObservedLeg, ...]

    @property
    def departure(self) -> Stop:
        """Where the route begins."""
        return self.legs[0].departure

    @property
    def arrival(self) -> Stop:
        """Where the route ends: a chain that returns to its origin ends at its last other stop."""
        ends = [leg.arrival for leg in self.legs if not _same_place(leg.arrival, self.departure)]
        return ends[-1] if ends else self.legs[-1].arrival


def choose_flight(legs: Iterable[ObservedLeg], asked: Designator, now: datetime) -> ChosenFlight | None:
    """Choose the day and the legs that say where ``asked`` flies; ``None`` if no row is of this flight.

    The newest day not after today at the origin, else the nearest one to come; cancelled rows only if there
    is nothing else; the legs of the day chained by time and place. ``now`` is UTC.
    """
    matching = [leg for leg in legs if _is_of(leg, asked)]
    flying = [leg for leg in matching if not leg.cancelled] or matching
    if not flying:
        return None
    day = _day_that_counts(flying, now)
    return ChosenFlight(_chained(_in_order_of_time(leg for leg in flying if leg.flight_date == day)))


def _is_of(leg: ObservedLeg, asked: Designator) -> bool:
    named = leg.flight_icao if asked.airline_code is AirlineCode.ICAO else leg.flight_iata
    return named == asked


def _day_that_counts(legs: Sequence[ObservedLeg], now: datetime) -> date:
    begun = [leg.flight_date for leg in legs if leg.flight_date <= _local_day(leg.departure.zone, now)]
    return max(begun) if begun else min(leg.flight_date for leg in legs)


def _local_day(zone: str, now: datetime) -> date:
    return now.astimezone(_zone(zone)).date()


def _zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC for the missing and non-IANA ones that providers send."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _in_order_of_time(legs: Iterable[ObservedLeg]) -> list[ObservedLeg]:
    """Each leg once; one without a time comes after those that have one."""
    return sorted(dict.fromkeys(legs), key=_order)


def _order(leg: ObservedLeg) -> tuple[datetime, str, str, str, str]:
    """By departure; the codes only make it certain."""
    return _departure_utc(leg), leg.departure.iata, leg.departure.icao, leg.arrival.iata, leg.arrival.icao


def _departure_utc(leg: ObservedLeg) -> datetime:
    local = leg.departure.scheduled_local
    if local is None:
        return datetime.max.replace(tzinfo=UTC)
    try:
        return local.replace(tzinfo=_zone(leg.departure.zone)).astimezone(UTC)
    except OverflowError:
        # The first and the last day of the calendar, which a broken answer may hold.
        return local.replace(tzinfo=UTC)


def _chained(in_time: Sequence[ObservedLeg]) -> tuple[ObservedLeg, ...]:
    """The first leg and those that go on from it; what does not go on from it is another rotation."""
    rest = list(in_time[:_MOST_LEGS])
    onward: ObservedLeg | None = _first(rest)
    chain = []
    while onward is not None:
        rest.remove(onward)
        chain.append(onward)
        onward = next((leg for leg in rest if _goes_on(chain[-1], leg)), None)
    return tuple(chain)


def _first(in_time: Sequence[ObservedLeg]) -> ObservedLeg:
    """The first by time of those that no other leads to: a time or a zone may be missing. In a circle, the first."""
    beginnings = (leg for leg in in_time if not any(_leads_to(other, leg) for other in in_time))
    return next(beginnings, in_time[0])


def _leads_to(other: ObservedLeg, leg: ObservedLeg) -> bool:
    # A flight that returns to where it starts does not lead to itself.
    return other is not leg and _goes_on(other, leg)


def _goes_on(before: ObservedLeg, after: ObservedLeg) -> bool:
    """Whether ``after`` leaves from where ``before`` ends, not before it ends (both clocks are that airport's)."""
    if not _same_place(before.arrival, after.departure):
        return False
    arrives, leaves = before.arrival.scheduled_local, after.departure.scheduled_local
    return arrives is None or leaves is None or arrives <= leaves


def _same_place(one: Stop, other: Stop) -> bool:
    if one.iata and other.iata:
        return one.iata == other.iata
    return bool(one.icao) and one.icao == other.icao
