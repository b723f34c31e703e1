"""Names, codes and zones of the airports and airlines that fly in the sandbox."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import airportsdata


@dataclass(frozen=True, slots=True)
class Airport:
    """A place on the map, under its IATA code."""

    iata: str
    icao: str | None
    name: str
    zone_name: str
    latitude: float
    longitude: float
    city: str
    lid: str | None
    """The local identifier, which some countries give; mostly the United States."""

    @property
    def code(self) -> str:
        """ICAO, or IATA where there is none."""
        return self.icao or self.iata

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the airport's wall clocks."""
        return ZoneInfo(self.zone_name)


@dataclass(frozen=True, slots=True)
class Airline:
    """A carrier, under its IATA designator; what no table knows is None."""

    iata: str
    icao: str | None
    name: str | None


@cache
def airport(iata: str) -> Airport:
    """The airport of that IATA code; KeyError where there is none."""
    known = _atlas()[iata]
    name = known["name"].removesuffix(" Airport")
    return Airport(
        iata=iata,
        icao=known["icao"] or None,
        name=name,
        zone_name=known["tz"],
        latitude=known["lat"],
        longitude=known["lon"],
        city=known["city"],
        lid=known["lid"] or None,
    )


@cache
def _atlas() -> dict[str, airportsdata.Airport]:
    import airportsdata  # a quarter of a second to load: paid by the first question, not by an import

    return airportsdata.load("IATA")


@cache
def airlines() -> dict[str, Airline]:
    """The package's airlines by IATA designator; where several share one, the first listed."""
    found: dict[str, Airline] = {}
    with files("flightctl").joinpath("data", "airlines.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            airline = Airline(row["iata"], row["icao"] or None, row["name"] or None)
            found.setdefault(airline.iata, airline)
    return found


def airline_of(designator: str) -> Airline:
    """The airline in front of an IATA flight designator, nameless where it is in no table."""
    return airlines().get(designator[:2], Airline(designator[:2], None, None))


def icao_designator(designator: str) -> str | None:
    """`ANZ527` for `NZ527`; None where the airline has no ICAO code."""
    icao = airline_of(designator).icao
    return icao and icao + designator[2:]
