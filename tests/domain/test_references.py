"""How reference tables complete an answer, and the route that comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.legs import NOW, NZ527, leg
from flightctl.domain.designator import Designator
from flightctl.domain.observed import Carrier, ObservedLeg
from flightctl.domain.references import Airport, References, completed, route_of
from flightctl.domain.route import Route
from flightctl.domain.selection import choose_flight
from flightctl.errors import IncompleteAnswer

NOTHING = References({}, {}, {}, {})
TABLES = References(
    airports={
        "AKL": Airport("AKL", "NZAA", "Auckland Airport", "Pacific/Auckland"),
        "CHC": Airport("CHC", "NZCH", "Christchurch Airport", "Pacific/Auckland"),
        "QQQ": Airport("QQQ", "", "", ""),
    },
    iata_by_icao={"NZAA": "AKL", "NZCH": "CHC"},
    airline_iata_by_icao={"ANZ": "NZ"},
    airline_names={"NZ": "Air New Zealand"},
)


def route(*legs: ObservedLeg, asked: Designator = NZ527, references: References = NOTHING) -> Route:
    chosen = choose_flight([completed(one, references) for one in legs], asked, NOW)
    assert chosen is not None
    return route_of(chosen, asked)


def test_missing_iata_codes_are_filled_by_icao_codes() -> None:
    row = leg("NZAA", "NZCH", flight="", icao="ANZ527", carrier=Carrier("", "ANZ", ""))
    assert route(row, asked=Designator("ANZ", 527), references=TABLES) == Route(
        "ANZ527", "NZ", "AKL", "CHC", (("AKL", "CHC"),)
    )


def test_the_providers_own_codes_are_never_replaced() -> None:
    row = leg("WLG/NZAA", "CHC", carrier=Carrier("QF", "ANZ", "Somebody"))
    found = completed(row, TABLES)
    assert (found.departure.iata, found.departure.icao, found.carrier.iata) == ("WLG", "NZAA", "QF")


def test_the_tables_names_go_before_the_providers() -> None:
    found = completed(leg(carrier=Carrier("NZ", "ANZ", "AIR NZ LTD")), TABLES)
    assert (found.carrier.name, found.departure.name) == ("Air New Zealand", "Auckland Airport")


def test_what_the_tables_do_not_know_keeps_the_providers_names() -> None:
    row = leg("ZZZ", "QQQ", zone="Etc/GMT-3", carrier=Carrier("ZZ", "", "Zed Air"))
    found = completed(row, TABLES)
    assert (found.carrier.name, found.departure.name, found.arrival.name) == ("Zed Air", "Airport ZZZ", "Airport QQQ")
    assert (found.departure.zone, found.arrival.zone) == ("Etc/GMT-3", "Etc/GMT-3")


@pytest.mark.parametrize("zone", ["", "+8", "Australia/Brisbane"])
def test_the_tables_zone_goes_before_the_providers_which_may_be_wrong(zone: str) -> None:
    assert completed(leg(zone=zone), TABLES).departure.zone == "Pacific/Auckland"


def test_times_dates_and_designators_stay_as_they_came() -> None:
    row = leg(icao="ANZ527", cancelled=True)
    found = completed(row, TABLES)
    assert replace(found, carrier=row.carrier, departure=row.departure, arrival=row.arrival) == row
    assert found.departure.scheduled_local == row.departure.scheduled_local


def test_a_leg_is_completed_the_same_the_second_time() -> None:
    once = completed(leg("NZAA", "NZCH"), TABLES)
    assert completed(once, TABLES) == once


def test_legs_chain_that_name_a_place_once_by_iata_and_once_by_icao() -> None:
    legs = leg("DUD", "NZCH", "08:00", "09:00"), leg("CHC", "NZAA", "10:00", "11:20")
    assert route(*legs, references=TABLES).legs == (("DUD", "CHC"), ("CHC", "AKL"))


def test_a_route_of_several_legs_keeps_them_all() -> None:
    legs = leg("MWZ", "DAR", "10:00", "11:30", flight="PW494"), leg("BKZ", "MWZ", "08:00", "09:00", flight="PW494")
    assert route(*legs, asked=Designator("PW", 494)) == Route(
        "PW494", "PW", "BKZ", "DAR", (("BKZ", "MWZ"), ("MWZ", "DAR"))
    )


def test_a_round_trip_ends_at_its_last_other_stop_and_keeps_the_way_back() -> None:
    found = route(leg("AKL", "CHC", "08:00", "09:20"), leg("CHC", "AKL", "10:00", "11:20"))
    assert (found.departure_iata, found.arrival_iata) == ("AKL", "CHC")
    assert found.legs == (("AKL", "CHC"), ("CHC", "AKL"))


def test_a_two_character_designator_names_its_airline_where_the_row_does_not() -> None:
    assert route(leg(carrier=Carrier("", "", "empty"))).airline_iata == "NZ"


def test_the_rows_airline_goes_before_the_one_in_the_designator() -> None:
    assert route(leg(carrier=Carrier("QF", "", ""))).airline_iata == "QF"


def test_an_airline_without_iata_code_makes_an_incomplete_answer() -> None:
    row = leg(flight="", icao="NCX7", carrier=Carrier("", "NCX", "Freight Only"))
    with pytest.raises(IncompleteAnswer, match="NCX7: its airline has no IATA code"):
        route(row, asked=Designator("NCX", 7), references=TABLES)


@pytest.mark.parametrize(
    ("departure", "arrival", "place"),
    [("NZZZ", "CHC", "NZZZ"), ("AKL", "NZZZ", "NZZZ"), ("AKL", "", "Airport "), ("", "CHC", "Airport ")],
)
def test_an_airport_without_iata_code_makes_an_incomplete_answer(departure: str, arrival: str, place: str) -> None:
    with pytest.raises(IncompleteAnswer, match=f"NZ527: {place} has no IATA code"):
        route(leg(departure, arrival), references=TABLES)


def test_a_stop_on_the_way_without_iata_code_makes_an_incomplete_answer() -> None:
    with pytest.raises(IncompleteAnswer, match="NZZZ"):
        route(leg("AKL", "NZZZ", "08:00", "09:00"), leg("NZZZ", "CHC", "10:00", "11:00"), references=TABLES)
