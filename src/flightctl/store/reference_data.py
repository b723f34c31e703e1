"""Reference tables from the packages: airlines from our own data file, airports from airportsdata."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, text

from flightctl.domain.airline import Airline, iata_of, names_by_best_rank
from flightctl.domain.observed import ObservedLeg
from flightctl.domain.references import Airport, References

PACKAGE_RANK = 1
LEARNED_RANK = 2
AIRLINES_EDITION = "2026-11"
"""To be raised whenever ``data/airlines.csv`` changes, so that files in use take the new rows in."""


def load_reference_tables(connection: Connection) -> None:
    """Load what this installation knows, where the file holds another edition. Learned rows stay.

    Runs inside the caller's transaction.
    """
    load = {"airlines": _load_airlines, "airports": _load_airports}
    for name, edition in outdated_tables(connection).items():
        load[name](connection)
        connection.execute(_REMEMBER_EDITION, {"n": name, "v": edition})


def outdated_tables(connection: Connection) -> dict[str, str]:
    """Reference tables of which this installation has another edition than the file, with that edition."""
    installed = {"airlines": AIRLINES_EDITION, "airports": version("airportsdata")}
    loaded = {row.name: row.version for row in connection.execute(text("SELECT name, version FROM reference_versions"))}
    return {name: edition for name, edition in installed.items() if loaded.get(name) != edition}


@cache
def packaged_airlines() -> tuple[Airline, ...]:
    """The world's scheduled carriers, as the package lists them; for when there is no file to ask."""
    return tuple(Airline(row["iata"], row["icao"], row["name"]) for row in _airline_rows())


def packaged_references(legs: Sequence[ObservedLeg]) -> References:
    """What the packages know of the codes in these rows; for when there is no file to ask."""
    codes = {code for leg in legs for stop in (leg.departure, leg.arrival) for code in (stop.iata, stop.icao)}
    known = [
        Airport(row["iata"], row["icao"], row["name"], row["zone"])
        for row in _airport_rows()
        if row["iata"] in codes or row["icao"] in codes
    ]
    carriers = {code for leg in legs for code in (leg.carrier.iata, leg.carrier.icao)}
    airlines = [airline for airline in packaged_airlines() if {airline.iata, airline.icao} & carriers]
    holders = {code: [airline for airline in airlines if airline.icao == code] for code in carriers}
    return References(
        {airport.iata: airport for airport in known},
        {airport.icao: airport.iata for airport in known if airport.icao},
        {code: iata for code, known_as in holders.items() if (iata := iata_of(known_as))},
        names_by_best_rank((airline.iata, airline.name, PACKAGE_RANK) for airline in airlines),
    )


def _airline_rows() -> Iterator[dict[str, str]]:
    with files("flightctl.data").joinpath("airlines.csv").open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _load_airlines(connection: Connection) -> None:
    connection.execute(text("DELETE FROM airlines WHERE source = 'package'"))
    connection.execute(_ADD_AIRLINE, [{**row, "rank": PACKAGE_RANK} for row in _airline_rows()])


def _load_airports(connection: Connection) -> None:
    connection.execute(_ADD_AIRPORT, list(_airport_rows()))


def _airport_rows() -> Iterator[dict[str, Any]]:
    import airportsdata

    for code, facts in airportsdata.load("IATA").items():
        yield {
            "iata": code,
            **{key: facts[key] for key in ("icao", "name", "city", "country")},
            "zone": facts["tz"],
        }


_REMEMBER_EDITION = text(
    "INSERT INTO reference_versions (name, version) VALUES (:n, :v) "
    "ON CONFLICT (name) DO UPDATE SET version = excluded.version"
)
_ADD_AIRLINE = text(
    "INSERT INTO airlines (iata, icao, name, country, rank, source) "
    "VALUES (:iata, :icao, :name, :country, :rank, 'package') ON CONFLICT (iata, icao) DO UPDATE SET "
    "name = excluded.name, country = excluded.country, rank = excluded.rank, source = excluded.source"
)
_ADD_AIRPORT = text(
    "INSERT INTO airports (iata, icao, name, city, country, zone, source) "
    "VALUES (:iata, :icao, :name, :city, :country, :zone, 'package') ON CONFLICT (iata) DO UPDATE SET "
    "icao = excluded.icao, name = excluded.name, city = excluded.city, country = excluded.country, "
    "zone = excluded.zone, source = excluded.source"
)
