"""The airlines that the package lists, and what the reference tables make of them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import airportsdata
import pytest

from flightctl.domain.airline import Airline
from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.references import References
from flightctl.providers.aviationstack_rows import observed_leg
from flightctl.store import references
from flightctl.store.engine import Database
from flightctl.store.reference_data import (
    load_reference_tables,
    outdated_tables,
    packaged_airlines,
    packaged_references,
)
from postgres import ADMIN
from running import Rows
from store.engines import AsUser
from upstream import row

Line = dict[str, str]
ELSEWHERE = Path(__file__).parents[3] / "shared" / "data" / "airlines.csv"

# Countries enough to tell that no continent was left out.
CONTINENTS = {
    "Africa": "DZ AO BW CI CM CV DJ EG ER ET GA GH KE LY MA MG MU MZ NA NG RW SC SD SN SO TD TN TZ UG ZA ZM ZW",
    "Asia": "AE AF AM AZ BD BH BN BT CN GE HK ID IL IN IQ IR JO JP KG KH KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK "
    "QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    "Europe": "AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GR HR HU IE IM IS IT JE LT LU LV MD ME MK MT NL "
    "NO PL PT RO RS RU SE SI SK UA XK",
    "North America": "AG AI AW BB BM BS BZ CA CR CU CW DM DO GL GP GT HN HT JM KY LC MX NI PA PM PR SV SX TC TT US VC",
    "Oceania": "AU CK FJ FM KI MH NC NR NU NZ PF PG PW SB TO TV VU WF WS",
    "South America": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    with files("flightctl.data").joinpath("airlines.csv").open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def pair(line: Line) -> tuple[str, str]:
    return line["iata"], line["icao"]


def observed(airline: tuple[str, str, str] = ("Air New Zealand", "NZ", "ANZ"), **ends: str) -> ObservedLeg:
    """A row of this airline as the provider's client reads it."""
    codes = {"departure": "AKL", "arrival": "CHC", **ends}
    found = observed_leg(row("NZ527", airline=airline, **codes))
    assert found is not None
    return found


def nameless(departure_icao: str, carrier_icao: str) -> ObservedLeg:
    """A row with ICAO codes only."""
    found = observed()
    departure = Stop("", departure_icao, "", "", None)
    return ObservedLeg(
        found.flight_iata, None, found.flight_date, False, Carrier("", carrier_icao, ""), departure, found.arrival, {}
    )


def test_every_line_is_well_formed(lines: list[Line]) -> None:
    for line in lines:
        assert list(line) == ["iata", "icao", "name", "country"]
        assert re.fullmatch(r"(?=.?[A-Z])[A-Z0-9]{2}", line["iata"]), line
        assert re.fullmatch(r"[A-Z]{3}", line["icao"]), line
        assert re.fullmatch(r"\S(.{0,58}\S)?", line["name"]), line
        assert line["name"].isprintable(), line


def test_the_worlds_scheduled_carriers_are_some_hundreds(lines: list[Line]) -> None:
    assert 600 <= len(lines) < 2000


def test_no_pair_of_designators_stands_twice(lines: list[Line]) -> None:
    assert [codes for codes, n in Counter(map(pair, lines)).items() if n > 1] == []


def test_the_lines_are_sorted_so_that_changes_are_easy_to_read(lines: list[Line]) -> None:
    assert list(map(pair, lines)) == sorted(map(pair, lines))


def test_every_country_is_one_that_has_airports(lines: list[Line]) -> None:
    countries = {airport["country"] for airport in airportsdata.load("IATA").values()}
    assert {line["country"] for line in lines} - countries <= {"PR"}  # whose airports count among those of the US


@pytest.mark.parametrize("continent", CONTINENTS)
def test_every_continent_has_its_carriers(lines: list[Line], continent: str) -> None:
    assert sum(line["country"] in CONTINENTS[continent].split() for line in lines) >= 25


def test_most_countries_with_airports_have_a_carrier(lines: list[Line]) -> None:
    assert len({line["country"] for line in lines}) >= 150


@pytest.mark.parametrize(
    ("iata", "icao", "country"),
    [("NZ", "ANZ", "NZ"), ("QF", "QFA", "AU"), ("DL", "DAL", "US"), ("LH", "DLH", "DE"), ("BA", "BAW", "GB"),
     ("SQ", "SIA", "SG"), ("EK", "UAE", "AE"), ("LA", "LAN", "CL"), ("ET", "ETH", "ET"), ("KE", "KAL", "KR"),
     ("3U", "CSC", "CN"), ("U2", "EZY", "GB"), ("6E", "IGO", "IN"), ("5J", "CEB", "PH"), ("PW", "PRF", "TZ")],
)  # fmt: skip
def test_carriers_that_everybody_tries_are_there(lines: list[Line], iata: str, icao: str, country: str) -> None:
    assert (iata, icao, country) in {(*pair(line), line["country"]) for line in lines}


def test_few_designators_are_shared(lines: list[Line]) -> None:
    shared = [code for code, n in Counter(line["iata"] for line in lines).items() if n > 1]
    assert len(shared) < len(lines) / 20


@pytest.mark.skipif(not ELSEWHERE.exists(), reason="needs the other table of airlines beside the checkout")
def test_nearly_every_pair_stands_in_another_table_of_airlines_too(lines: list[Line]) -> None:
    with ELSEWHERE.open(encoding="utf-8") as opened:
        known = set(map(pair, csv.DictReader(opened)))
    unknown = [pair(line) for line in lines if pair(line) not in known]
    assert len(unknown) <= len(lines) / 20, unknown


def test_the_table_of_a_new_file_holds_exactly_these_lines(rows: Rows, lines: list[Line]) -> None:
    stored = rows("SELECT iata, icao, name, country FROM airlines WHERE source = 'package' AND rank = 1")
    assert sorted(stored) == [tuple(line.values()) for line in lines]
    assert rows("SELECT count(*) FROM airlines") == [(len(lines),)]


def test_the_table_of_airports_holds_what_airportsdata_knows(rows: Rows) -> None:
    known = airportsdata.load("IATA")
    assert rows("SELECT count(*) FROM airports") == [(len(known),)]
    assert rows("SELECT icao, zone FROM airports WHERE iata = 'AKL'") == [("NZAA", "Pacific/Auckland")]


def test_a_new_file_has_nothing_outdated(as_user: AsUser) -> None:
    with as_user(ADMIN).connection() as connection:
        assert outdated_tables(connection) == {}


def test_another_edition_is_loaded_and_what_was_learned_stays(as_user: AsUser, rows: Rows, lines: list[Line]) -> None:
    rows("INSERT INTO airlines (iata, icao, name, rank, source) VALUES ('0X', 'QQQ', 'Learned', 2, 'learned')")
    rows("INSERT INTO airlines (iata, icao, name, rank, source) VALUES ('0Y', 'GON', 'Gone', 1, 'package')")
    rows("DELETE FROM airlines WHERE iata = 'NZ'")
    rows("UPDATE reference_versions SET version = 'older'")
    with as_user(ADMIN).connection() as connection:
        assert set(outdated_tables(connection)) == {"airlines", "airports"}
        load_reference_tables(connection)
        assert outdated_tables(connection) == {}
    assert rows("SELECT name FROM airlines WHERE iata IN ('NZ', '0X', '0Y') ORDER BY iata DESC") == [
        ("Air New Zealand",),
        ("Learned",),
    ]
    assert rows("SELECT count(*) FROM airlines") == [(len(lines) + 1,)]


def test_a_learned_airline_that_the_package_lists_by_now_takes_the_packages_name(as_user: AsUser, rows: Rows) -> None:
    rows("UPDATE airlines SET name = 'AIR NZ', rank = 2, source = 'learned' WHERE icao = 'ANZ'")
    rows("UPDATE reference_versions SET version = 'older' WHERE name = 'airlines'")
    with as_user(ADMIN).connection() as connection:
        load_reference_tables(connection)
    assert rows("SELECT name, rank, source FROM airlines WHERE icao = 'ANZ'") == [("Air New Zealand", 1, "package")]


def test_the_current_edition_is_not_loaded_again(as_user: AsUser, rows: Rows) -> None:
    rows("UPDATE airlines SET name = 'mine' WHERE icao = 'ANZ'")
    with as_user(ADMIN).connection() as connection:
        load_reference_tables(connection)
    assert rows("SELECT name FROM airlines WHERE icao = 'ANZ'") == [("mine",)]


@pytest.mark.parametrize(
    ("learned", "name"),
    [([], "Air New Zealand"), ([("NZ", "ZZZ")], "Air New Zealand"), ([("0X", "QQA"), ("0X", "QQB")], "QQA / QQB")],
)
def test_names_are_of_the_best_rank(db: Database, rows: Rows, learned: list[tuple[str, str]], name: str) -> None:
    for iata, icao in learned:
        rows("INSERT INTO airlines (iata, icao, name, rank, source) VALUES (?, ?, ?, 2, 'learned')", iata, icao, icao)
    code = "0X" if "QQ" in name else "NZ"
    with db.reading() as session:
        assert references.airline_names(session, [code]) == {code: name}


def test_a_designator_that_several_carriers_share_shows_all_their_names(db: Database) -> None:
    with db.reading() as session:
        assert references.airline_names(session, ["8V"]) == {"8V": "Astral Aviation / Wright Air Service"}


def test_the_packages_airlines_can_be_had_without_a_file(lines: list[Line]) -> None:
    assert Airline("NZ", "ANZ", "Air New Zealand") in packaged_airlines()
    assert len(packaged_airlines()) == len(lines)


@pytest.fixture(params=["file", "remote", "package"])
def known(request: pytest.FixtureRequest) -> Iterator[object]:
    """What is known of some rows, read from a database, or from the package where there is none to ask."""
    if request.param == "package":
        yield packaged_references
        return
    if request.param == "remote":
        request.getfixturevalue("shared_remote")
    db: Database = request.getfixturevalue("local_db" if request.param == "file" else "as_service")
    with db.reading() as session:
        yield lambda legs: references.references_for(session, legs)


def ask(known: object, *legs: ObservedLeg) -> References:
    assert callable(known)
    found = known(list(legs))
    assert isinstance(found, References)
    return found


def test_airports_are_known_by_either_code(known: object) -> None:
    found = ask(known, observed(), nameless("NZWN", "ANZ"))
    assert {"AKL", "CHC", "WLG"} <= set(found.airports)
    assert found.iata_by_icao["NZWN"] == "WLG"
    assert found.airports["WLG"].zone == "Pacific/Auckland"


def test_an_airline_is_named_and_found_by_its_icao_designator(known: object) -> None:
    found = ask(known, nameless("NZWN", "ANZ"))
    assert found.airline_iata_by_icao["ANZ"] == "NZ"
    assert found.airline_names["NZ"] == "Air New Zealand"


def test_an_icao_designator_of_two_airlines_is_not_guessed(known: object) -> None:
    assert "TOK" not in ask(known, nameless("NZWN", "TOK")).airline_iata_by_icao


def test_codes_that_are_missing_stand_for_no_airline_and_no_airport(known: object) -> None:
    found = ask(known, nameless("", ""), observed(("empty", "", "")))
    assert "" not in {*found.airports, *found.iata_by_icao, *found.airline_iata_by_icao, *found.airline_names}
