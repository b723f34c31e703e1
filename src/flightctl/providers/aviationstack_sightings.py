"""AviationStack's rows as sightings (CONTRACT A4 to A6); any field may be missing or of a wrong type.

Stamps are wall clocks at the airport, whatever offset they claim, and ``actual`` is a runway time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flightctl.domain.designator import AirlineCode, Designator, parse_or_none
from flightctl.domain.observed import Stop
from flightctl.domain.plausibility import contradiction
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times
from flightctl.domain.sighting_page import Rejected, SightingsPage
from flightctl.domain.zones import UNKNOWN_ZONE, zone_named
from flightctl.providers.aviationstack_rows import carrier, day, designator, stop, wall_clock
from flightctl.providers.fields import member, text
from flightctl.providers.reading import Reading, ZoneOf

_STATUSES = MappingProxyType(
    {
        status.value: status
        for status in (
            FlightStatus.SCHEDULED,
            FlightStatus.ACTIVE,
            FlightStatus.LANDED,
            FlightStatus.CANCELLED,
            FlightStatus.DIVERTED,
        )
    }
)


class _End(NamedTuple):
    """One end of a leg."""

    place: Place
    zone: ZoneInfo | None
    """Where its clocks are; ``None`` where nobody knows."""
    given: Mapping[str, Any]

    def wall_clock(self, name: str) -> datetime | None:
        """The stamp of this name, naive; ``None`` where it is no time of this century."""
        stamp = wall_clock(self.given.get(name))
        return stamp if stamp and 2000 <= stamp.year <= 2099 else None

    def instant(self, name: str, after: datetime | None = None) -> datetime | None:
        """The stamp of this name, in UTC.

        In the hour that happens twice it is the first one, or the second where only that is ``after`` the departure.
        """
        stamp = self.wall_clock(name)
        if stamp is None or self.zone is None:
            return None
        first = _instant(stamp, self.zone)
        if after is None or first >= after:
            return first
        second = _instant(stamp.replace(fold=1), self.zone)
        return second if second >= after else first


def sighting(row: Mapping[str, Any], reading: Reading) -> Sighting | Rejected:
    """Read one row.

    Kept out are rows without a designator, an airport or a scheduled departure, of another day than that departure,
    with an origin in no known zone, and with times that cannot be true together. A codeshare's row goes by its own
    name and says by whom it is operated.
    """
    names = _designators(row)
    operator = _operator(row, names)
    origin, destination = _end(row, "departure", reading.zone_of), _end(row, "arrival", reading.zone_of)
    times, scheduled_local = _times(origin, destination), origin.wall_clock("scheduled")
    reason = _reason_against(row, names, origin, destination) or contradiction(times)
    if reason or scheduled_local is None:
        return Rejected(_called(row), reason)
    return Sighting(
        provider=reading.provider,
        provider_id="",
        ident=names[0],
        designators=frozenset(names),
        codeshares=frozenset(operator[1:]),
        operated_as=operator[0] if operator else "",
        origin=origin.place,
        destination=destination.place,
        scheduled_local=scheduled_local,
        times=times,
        status=_STATUSES.get(text(row, "flight_status").lower(), FlightStatus.UNKNOWN),
        provider_status=text(row, "flight_status"),
        observed_at=reading.observed_at,
        departure_gate=text(origin.given, "gate"),
        departure_terminal=text(origin.given, "terminal"),
        arrival_gate=text(destination.given, "gate"),
        arrival_terminal=text(destination.given, "terminal"),
        aircraft_type=_aircraft_type(row),
        carrier=carrier(member(row, "airline")),
        raw=row,
    )


def sightings(rows: Iterable[Mapping[str, Any]], reading: Reading, *, more: bool = False) -> SightingsPage:
    """Read the rows of one request; ``more`` as in the page."""
    read = [sighting(row, reading) for row in rows]
    return SightingsPage(
        sightings=tuple(one for one in read if isinstance(one, Sighting)),
        rejected=tuple(one for one in read if isinstance(one, Rejected)),
        more=more,
    )


def goes_by(row: Mapping[str, Any], asked: Designator) -> bool:
    """Whether it is a row of this designator itself, not of one that it is operated as."""
    return asked in _given(row)


def _reason_against(row: Mapping[str, Any], names: Sequence[str], origin: _End, destination: _End) -> str:
    """Why the row is kept out, whatever its other times; empty where nothing speaks against it."""
    departs = origin.wall_clock("scheduled")
    faults = {
        "no flight designator": not names,
        "no origin airport": not origin.place.code,
        "no destination airport": not destination.place.code,
        "no scheduled departure": departs is None,
        "dated another day than its departure": departs and departs.date() != day(row.get("flight_date")),
        "the time zone of its origin is not known": origin.zone is None,
    }
    return next((fault for fault, holds in faults.items() if holds), "")


def _called(row: Mapping[str, Any]) -> str:
    flight = member(row, "flight")
    return text(flight, "iata") or text(flight, "icao")


def _given(row: Mapping[str, Any]) -> list[Designator]:
    """The designators that stand in the row, the ICAO field first."""
    flight = member(row, "flight")
    return [one for one in (designator(flight, "icao"), designator(flight, "iata")) if one is not None]


def _designators(row: Mapping[str, Any]) -> list[str]:
    """What the row's flight goes by, canonical: first an ICAO designator, given or else built, if there is one."""
    given = _given(row)
    if not any(_is_icao(one) for one in given):
        built = _built(row, given)
        given += [built] if built else []
    return list(map(str, sorted(given, key=_is_icao, reverse=True)))


def _is_icao(one: Designator) -> bool:
    return one.airline_code is AirlineCode.ICAO


def _built(row: Mapping[str, Any], given: Sequence[Designator]) -> Designator | None:
    """An ICAO designator of the row's airline and number; none where the airline is not the designator's."""
    airline = carrier(member(row, "airline"))
    if not airline.icao:
        return None
    if not given:
        return parse_or_none(airline.icao + text(member(row, "flight"), "number"))
    return given[0]._replace(airline=airline.icao) if airline.iata in ("", given[0].airline) else None


def _operator(row: Mapping[str, Any], own: Sequence[str]) -> list[str]:
    """The operating flight's designators, ICAO first; none where it is the row's own flight."""
    shared = member(member(row, "flight"), "codeshared")
    named = (designator(shared, name) for name in ("flight_icao", "flight_iata"))
    operator = dict.fromkeys(str(one) for one in named if one is not None)
    return [] if operator.keys() & set(own) else list(operator)


def _end(row: Mapping[str, Any], name: str, zone_of: ZoneOf) -> _End:
    given = member(row, name)
    read = stop(given)
    zone = _zone_name(read, zone_of)
    return _End(Place(read.iata, read.icao, zone or UNKNOWN_ZONE, read.name), zone_named(zone), given)


def _zone_name(stop: Stop, zone_of: ZoneOf) -> str:
    """Our table's zone, because AviationStack's is another airport's at times; else its own, where that exists."""
    from_table = (zone_of(code) for code in (stop.iata, stop.icao) if code)
    return next((zone for zone in chain(from_table, (stop.zone,)) if zone_named(zone)), "")


def _times(origin: _End, destination: _End) -> Times:
    scheduled_out, estimated_out = origin.instant("scheduled"), origin.instant("estimated")
    estimated_off = origin.instant("estimated_runway")
    actual_off = origin.instant("actual_runway") or origin.instant("actual")
    expected = estimated_off or estimated_out
    return Times(
        scheduled_out=scheduled_out,
        estimated_out=estimated_out,
        estimated_off=estimated_off,
        actual_off=actual_off,
        scheduled_in=destination.instant("scheduled", scheduled_out),
        estimated_in=destination.instant("estimated", expected),
        estimated_on=destination.instant("estimated_runway", expected),
        actual_on=destination.instant("actual_runway", actual_off) or destination.instant("actual", actual_off),
    )


def _instant(stamp: datetime, zone: ZoneInfo) -> datetime:
    return stamp.replace(tzinfo=zone).astimezone(UTC)


def _aircraft_type(row: Mapping[str, Any]) -> str:
    aircraft = member(row, "aircraft")
    return text(aircraft, "icao") or text(aircraft, "iata")
