"""The reference tables: names, missing codes, and what providers teach."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.references import References
from flightctl.store import references
from flightctl.store.engine import Database
from running import Rows


def stop(iata: str = "", icao: str = "", name: str = "", zone: str = "") -> Stop:
    return Stop(iata, icao, name, zone, None)


def leg(**more: Any) -> ObservedLeg:
    """AKL to CHC by Air New Zealand, as a provider may send it."""
    facts: dict[str, Any] = {
        "carrier": Carrier("NZ", "ANZ", "Air New Zealand"),
        "departure": stop("AKL", "NZAA", "Auckland"),
        "arrival": stop("CHC", "NZCH", "Christchurch"),
        **more,
    }
    return ObservedLeg(None, None, date(2026, 11, 20), False, raw={}, **facts)


def learn(db: Database, *legs: ObservedLeg) -> None:
    with db.writing() as session:
        references.learn(session, legs)


def known(db: Database, *legs: ObservedLeg) -> References:
    with db.reading() as session:
        return references.references_for(session, legs)


def learned_airlines(rows: Rows) -> list[Any]:
    return rows("SELECT iata, icao, name, rank FROM airlines WHERE source = 'learned' ORDER BY 1, 2")


def learned_airports(rows: Rows) -> list[Any]:
    return rows("SELECT iata, icao, name, zone FROM airports WHERE source = 'learned' ORDER BY 1")


def test_what_is_known_already_is_not_learned_again(db: Database, rows: Rows) -> None:
    learn(db, leg())
    assert (learned_airlines(rows), learned_airports(rows)) == ([], [])


def test_an_airline_that_no_table_has_is_learned_once(db: Database, rows: Rows) -> None:
    new = leg(carrier=Carrier("1X", "QXX", "Example Air"))
    learn(db, new, new)
    learn(db, new)
    assert learned_airlines(rows) == [("1X", "QXX", "Example Air", 2)]


@pytest.mark.parametrize("carrier", [Carrier("1X", "QXX", ""), Carrier("", "", "Nobody")])
def test_an_airline_without_a_name_or_a_code_teaches_nothing(db: Database, rows: Rows, carrier: Carrier) -> None:
    learn(db, leg(carrier=carrier))
    assert learned_airlines(rows) == []


def test_an_airline_with_one_code_alone_is_learned(db: Database, rows: Rows) -> None:
    learn(db, leg(carrier=Carrier("", "QXX", "Icao Only")), leg(carrier=Carrier("1X", "", "Iata Only")))
    learn(db, leg(carrier=Carrier("", "QXX", "Icao Only")), leg(carrier=Carrier("1X", "", "Iata Only")))
    assert learned_airlines(rows) == [("", "QXX", "Icao Only", 2), ("1X", "", "Iata Only", 2)]


def test_a_packaged_name_is_not_overwritten(db: Database) -> None:
    learn(db, leg(carrier=Carrier("NZ", "ANZ", "Wrong Name")), leg(carrier=Carrier("NZ", "QXX", "Impostor")))
    with db.reading() as session:
        assert references.airline_names(session, ["NZ"]) == {"NZ": "Air New Zealand"}


def test_an_airport_that_no_table_has_is_learned_with_its_zone(db: Database, rows: Rows) -> None:
    new = leg(arrival=stop("Q9Q", "QQQQ", "New Field", "Pacific/Auckland"))
    learn(db, new, new)
    learn(db, new)
    assert learned_airports(rows) == [("Q9Q", "QQQQ", "New Field", "Pacific/Auckland")]


@pytest.mark.parametrize("place", [stop("", "QQQQ", "No Code"), stop("Q9Q", "QQQQ", "")])
def test_an_airport_without_a_code_or_a_name_teaches_nothing(db: Database, rows: Rows, place: Stop) -> None:
    learn(db, leg(arrival=place))
    assert learned_airports(rows) == []


def test_a_missing_icao_code_is_filled_in_and_a_known_one_kept(db: Database, rows: Rows) -> None:
    rows("UPDATE airports SET icao = '' WHERE iata = 'CHC'")
    learn(db, leg(departure=stop("AKL", "QQQQ", "Other"), arrival=stop("CHC", "NZCH", "Other")))
    assert rows("SELECT iata, icao, name FROM airports WHERE iata IN ('AKL', 'CHC') ORDER BY 1") == [
        ("AKL", "NZAA", "Auckland International Airport"),
        ("CHC", "NZCH", "Christchurch International Airport"),
    ]


def test_nothing_is_learned_from_nothing(db: Database, rows: Rows) -> None:
    learn(db)
    assert (learned_airlines(rows), learned_airports(rows)) == ([], [])


def test_many_airports_are_learned_in_one_go(db: Database, rows: Rows) -> None:
    learn(db, *(leg(arrival=stop(f"#{n}", "", f"Field {n}")) for n in range(1_100)))
    assert rows("SELECT count(*) FROM airports WHERE source = 'learned'") == [(1_100,)]


def test_a_page_is_completed_by_iata_and_icao_code(db: Database) -> None:
    found = known(db, leg(departure=stop("", "NZAA"), arrival=stop("CHC"), carrier=Carrier("", "ANZ", "")))
    assert found.iata_by_icao == {"NZAA": "AKL", "NZCH": "CHC"}
    assert found.airports["AKL"].zone == "Pacific/Auckland"
    assert found.airline_iata_by_icao == {"ANZ": "NZ"}
    assert found.airline_names == {"NZ": "Air New Zealand"}


def test_an_icao_code_of_several_designators_completes_nothing(db: Database, rows: Rows) -> None:
    for iata in ("1X", "2X"):
        rows("INSERT INTO airlines (iata, icao, name, rank, source) VALUES (?, 'QXX', 'Two Codes', 1, 'package')", iata)
    assert known(db, leg(carrier=Carrier("", "QXX", ""))).airline_iata_by_icao == {}


def test_codes_that_no_table_has_complete_nothing(db: Database) -> None:
    found = known(db, leg(departure=stop("", "QQQQ"), arrival=stop("Q9Q"), carrier=Carrier("1X", "QXX", "New")))
    assert found == References({}, {}, {}, {})


@pytest.mark.parametrize(("code", "iata"), [("AKL", "AKL"), ("NZAA", "AKL"), ("KJFK", "JFK")])
def test_an_airport_is_found_by_either_code(db: Database, code: str, iata: str) -> None:
    with db.reading() as session:
        found = references.airport(session, code)
    assert found
    assert found.iata == iata


@pytest.mark.parametrize("code", ["", "A", "AK", "QQQ", "QQQQ", "AKLAX", "akl", "A%", "%%%"])
def test_no_airport_is_found_by_what_is_no_code(db: Database, code: str) -> None:
    with db.reading() as session:
        assert references.airport(session, code) is None


def test_names_of_no_codes_are_none(db: Database) -> None:
    with db.reading() as session:
        assert references.airline_names(session, []) == {}
        assert references.airport_names(session, ["QQQ"]) == {}
