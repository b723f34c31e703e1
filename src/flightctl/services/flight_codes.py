"""Codes and zones of dated flights that a provider left out, from the reference tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from flightctl.domain.designator import AirlineCode, parse_or_none
from flightctl.domain.observed import Stop
from flightctl.domain.references import Airport
from flightctl.domain.sighting import Place, Sighting
from flightctl.domain.zones import UNKNOWN_ZONE
from flightctl.store import references
from flightctl.store.engine import Database, Transaction


def completed(session: Transaction, sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings with both codes of each airport, and an ICAO ident, where the tables know them."""
    lacking = [one for one in sightings if not _is_complete(one)]
    if not lacking:
        return list(sightings)
    airports = _airports(session, lacking)
    icao = {airline: icao_of(session, airline) for airline in {_airline(one) for one in lacking} - {""}}
    return [one if _is_complete(one) else _completed(one, airports, icao) for one in sightings]


def learn(session: Transaction, sightings: Sequence[Sighting]) -> None:
    """Names and codes of airports and airlines that no table has yet."""
    places = {place for one in sightings for place in (one.origin, one.destination)}
    stops = [Stop(place.iata, place.icao, place.name, _known_zone(place), None) for place in places]
    references.learn_codes(session, {one.carrier for one in sightings}, stops)


def zone_of(database: Callable[[], Database]) -> Callable[[str], str]:
    """How providers' clients learn the zone of an airport by either of its codes; empty where it is not known."""
    known: dict[str, str] = {}

    def zone(code: str) -> str:
        if not known.get(code):
            # It may have been learned since.
            with database().reading() as session:
                airport = references.airport(session, code)
            known[code] = airport.zone if airport else ""
        return known[code]

    return zone


def _known_zone(place: Place) -> str:
    return "" if place.zone == UNKNOWN_ZONE else place.zone


def _is_complete(one: Sighting) -> bool:
    places = (one.origin, one.destination)
    return all(place.iata and place.icao for place in places) and not _airline(one)


def _completed(one: Sighting, airports: dict[str, Airport], icao: dict[str, str]) -> Sighting:
    one = replace(
        one, origin=_completed_place(one.origin, airports), destination=_completed_place(one.destination, airports)
    )
    flies, airline = parse_or_none(one.operated_as or one.ident), icao.get(_airline(one), "")
    if flies is None or not airline:
        return one
    by_icao = str(flies._replace(airline=airline))
    if one.operated_as:
        return replace(one, operated_as=by_icao, codeshares=one.codeshares | {one.operated_as})
    return replace(one, ident=by_icao, designators=one.designators | {by_icao})


def _completed_place(place: Place, airports: dict[str, Airport]) -> Place:
    known = airports.get(place.iata or place.icao)
    if known is None:
        return place
    return place._replace(iata=place.iata or known.iata, icao=place.icao or known.icao)


def _airports(session: Transaction, sightings: Iterable[Sighting]) -> dict[str, Airport]:
    """Airports of which a code is missing, by the code that is there."""
    places = [place for one in sightings for place in (one.origin, one.destination)]
    codes = {place.iata or place.icao for place in places if not (place.iata and place.icao)}
    return {code: found for code in codes if (found := references.airport(session, code))}


def _airline(one: Sighting) -> str:
    """The airline's IATA designator where that is all that is known of who flies; else empty."""
    designator = parse_or_none(one.operated_as or one.ident)
    return designator.airline if designator and designator.airline_code is AirlineCode.IATA else ""


def icao_of(session: Transaction, airline: str) -> str:
    """The ICAO designator of the one airline that has this IATA designator; empty where several share it."""
    codes = {known.icao for known in references.holders(session, airline)}
    return codes.pop() if len(codes) == 1 else ""
