"""What reference tables know of the codes in an answer, and how that completes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flightctl.domain.designator import AirlineCode, Designator
from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.route import Leg, Route
from flightctl.domain.selection import ChosenFlight
from flightctl.errors import IncompleteAnswer


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport as the reference table knows it; ``icao`` and ``zone`` may be empty."""

    iata: str
    icao: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class References:
    """What the tables say about the codes of one answer."""

    airports: Mapping[str, Airport]
    """By IATA code."""
    iata_by_icao: Mapping[str, str]
    """IATA code of an airport by its ICAO code."""
    airline_iata_by_icao: Mapping[str, str]
    """IATA designator of an airline by its ICAO designator, where there is exactly one."""
    airline_names: Mapping[str, str]
    """By IATA designator."""


def completed(leg: ObservedLeg, references: References) -> ObservedLeg:
    """The leg with missing codes filled in, and names and zones that can be relied on.

    The table's zone goes before the provider's, which is sometimes null, wrong or no IANA name (CONTRACT A4).
    """
    return replace(
        leg,
        carrier=_completed_carrier(leg.carrier, references),
        departure=_completed_stop(leg.departure, references),
        arrival=_completed_stop(leg.arrival, references),
    )


def route_of(chosen: ChosenFlight, asked: Designator) -> Route:
    """The route that these legs make, keyed by what was asked.

    Raises IncompleteAnswer where a code cannot be filled.
    """
    legs = tuple(_leg_codes(leg, asked) for leg in chosen.legs)
    airline = chosen.legs[0].carrier.iata or _own_code(asked)
    if not airline:
        raise IncompleteAnswer(f"{asked}: its airline has no IATA code in the answer or in the reference tables")
    return Route(str(asked), airline, chosen.departure.iata, chosen.arrival.iata, legs)


def _leg_codes(leg: ObservedLeg, asked: Designator) -> Leg:
    for stop in (leg.departure, leg.arrival):
        if not stop.iata:
            place = stop.icao or stop.name or "an airport"
            raise IncompleteAnswer(f"{asked}: {place} has no IATA code in the answer or in the reference tables")
    return leg.departure.iata, leg.arrival.iata


def _own_code(asked: Designator) -> str:
    """A two-character designator begins with its airline's IATA code, whatever the row leaves out."""
    return asked.airline if asked.airline_code is AirlineCode.IATA else ""


def _completed_carrier(carrier: Carrier, references: References) -> Carrier:
    iata = carrier.iata or references.airline_iata_by_icao.get(carrier.icao, "")
    return replace(carrier, iata=iata, name=references.airline_names.get(iata) or carrier.name)


def _completed_stop(stop: Stop, references: References) -> Stop:
    iata = stop.iata or references.iata_by_icao.get(stop.icao, "")
    known = references.airports.get(iata)
    if known is None:
        return replace(stop, iata=iata)
    return replace(stop, iata=iata, name=known.name or stop.name, zone=known.zone or stop.zone)
