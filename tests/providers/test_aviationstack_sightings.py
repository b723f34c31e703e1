from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from aviationstack_legs import AUCKLAND, NO_TABLE, NOW, PARIS, end, leg, read, reason, table, utc
from hypothesis import given
from hypothesis import strategies as st
from wire import JSON_VALUES, row, stop

from flightctl.domain.designator import parse_designator
from flightctl.domain.observed import Carrier
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times
from flightctl.domain.sighting_page import Rejected
from flightctl.domain.zones import zone_named
from flightctl.providers.aviationstack_sightings import goes_by, sighting, sightings
from flightctl.providers.reading import Reading


def test_a_row_is_read_field_by_field() -> None:
    departure = {
        **stop("AKL", "NZAA", "Auckland International", "2026-11-20T08:30:00+00:00"),
        "terminal": "D",
        "gate": "28",
        "actual": "2026-11-20T08:44:00+00:00",
        "estimated_runway": "2026-11-20T08:41:00+00:00",
        "actual_runway": "2026-11-20T08:44:00+00:00",
    }
    arrival = {
        **stop("CHC", "NZCH", "Christchurch International", "2026-11-20T09:55:00+00:00"),
        "terminal": "1",
        "gate": "15A",
        "estimated": "2026-11-20T10:02:00+00:00",
        "estimated_runway": "2026-11-20T09:58:00+00:00",
    }
    aircraft = {"registration": "ZK-OXA", "iata": "32A", "icao": "A320", "icao24": None}
    assert read(row(flight_status="active", departure=departure, arrival=arrival, aircraft=aircraft)) == Sighting(
        provider="aviationstack",
        provider_id="",
        ident="ANZ527",
        designators=frozenset({"ANZ527", "NZ527"}),
        codeshares=frozenset(),
        operated_as="",
        origin=Place("AKL", "NZAA", AUCKLAND, "Auckland International"),
        destination=Place("CHC", "NZCH", AUCKLAND, "Christchurch International"),
        scheduled_local=datetime(2026, 11, 20, 8, 30),
        times=Times(
            scheduled_out=utc("2026-11-19T19:30"),
            estimated_out=utc("2026-11-19T19:30"),
            estimated_off=utc("2026-11-19T19:41"),
            actual_off=utc("2026-11-19T19:44"),
            scheduled_in=utc("2026-11-19T20:55"),
            estimated_in=utc("2026-11-19T21:02"),
            estimated_on=utc("2026-11-19T20:58"),
        ),
        status=FlightStatus.ACTIVE,
        provider_status="active",
        observed_at=NOW,
        departure_gate="28",
        departure_terminal="D",
        arrival_gate="15A",
        arrival_terminal="1",
        aircraft_type="A320",
        carrier=Carrier("NZ", "ANZ", "Air New Zealand"),
    )


def test_a_sighting_names_whom_it_was_read_from_and_keeps_the_row() -> None:
    given_row = row()
    made = read(given_row, Reading("sandbox", NOW, NO_TABLE.zone_of))
    assert (made.provider, made.raw) == ("sandbox", given_row)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("scheduled", FlightStatus.SCHEDULED),
        ("active", FlightStatus.ACTIVE),
        ("landed", FlightStatus.LANDED),
        ("cancelled", FlightStatus.CANCELLED),
        ("diverted", FlightStatus.DIVERTED),
        ("Landed ", FlightStatus.LANDED),
        ("incident", FlightStatus.UNKNOWN),
        ("unknown", FlightStatus.UNKNOWN),
        ("arrived", FlightStatus.UNKNOWN),
        ("redirected\x1b[2J", FlightStatus.UNKNOWN),
        ("", FlightStatus.UNKNOWN),
        (None, FlightStatus.UNKNOWN),
        (7, FlightStatus.UNKNOWN),
        (["landed"], FlightStatus.UNKNOWN),
    ],
)
def test_the_status_is_one_of_the_known_words_or_unknown(word: object, status: FlightStatus) -> None:
    assert read(row(flight_status=word)).status is status


@pytest.mark.parametrize(
    ("word", "kept"), [("incident", "incident"), (" Landed ", "Landed"), ("\x1b[2J", "�[2J"), (None, ""), (7, "")]
)
def test_the_provider_s_own_word_is_kept(word: object, kept: str) -> None:
    assert read(row(flight_status=word)).provider_status == kept


ANZ = {"name": "Air New Zealand", "iata": "NZ", "icao": "ANZ"}


@pytest.mark.parametrize(
    ("flight", "airline", "ident", "others"),
    [
        ({"iata": "NZ527", "icao": "ANZ527", "number": "527"}, ANZ, "ANZ527", {"NZ527"}),
        ({"iata": "nz0527", "icao": "anz0527"}, ANZ, "ANZ527", {"NZ527"}),
        ({"iata": "AC8428", "icao": "JZA8428"}, {"iata": "AC", "icao": "ACA"}, "JZA8428", {"AC8428"}),
        ({"iata": "NZ527", "icao": None, "number": "527"}, ANZ, "ANZ527", {"NZ527"}),
        ({"iata": "NZ527A", "icao": "SHT8YK", "number": "527"}, ANZ, "ANZ527A", {"NZ527A"}),
        ({"iata": "NZ527", "icao": "NZ527"}, ANZ, "ANZ527", {"NZ527"}),
        ({"iata": "NZ527", "icao": None}, {"iata": None, "icao": "ANZ"}, "ANZ527", {"NZ527"}),
        ({"iata": "NZ527", "icao": None}, {"iata": "VA", "icao": "VOZ"}, "NZ527", set()),
        ({"iata": "NZ527", "icao": None}, {"iata": "NZ", "icao": "AN"}, "NZ527", set()),
        ({"iata": "NZ527", "icao": None}, None, "NZ527", set()),
        ({"iata": None, "icao": "ANZ527"}, ANZ, "ANZ527", set()),
        ({"iata": "UVT554", "icao": None, "number": "554"}, {"icao": "UVT"}, "UVT554", set()),
        ({"iata": None, "icao": None, "number": "0527"}, ANZ, "ANZ527", set()),
        ({"iata": "NJE", "icao": "NJE", "number": "12"}, {"icao": "NJE"}, "NJE12", set()),
    ],
)
def test_a_flight_goes_by_its_icao_designator_given_or_built(
    flight: dict[str, Any], airline: object, ident: str, others: set[str]
) -> None:
    made = read(row(flight=flight, airline=airline))
    assert made.ident == ident
    assert made.designators == others | {ident}


def operating(**changes: object) -> dict[str, Any]:
    """The member ``codeshared`` of a row that Air New Zealand operates."""
    codes = {"airline_iata": "nz", "airline_icao": "anz", "flight_number": "176"}
    return {"airline_name": "air new zealand", **codes, "flight_iata": "nz176", "flight_icao": "anz176", **changes}


@pytest.mark.parametrize(
    ("shared", "operated_as", "codeshares"),
    [
        (operating(), "ANZ176", {"NZ176"}),
        (operating(flight_icao="anz0176"), "ANZ176", {"NZ176"}),
        (operating(flight_icao=None), "NZ176", set()),
        (operating(flight_iata=None), "ANZ176", set()),
        (operating(flight_iata="anz176"), "ANZ176", set()),
        (operating(flight_iata="nz", flight_icao=176), "", set()),
        (operating(flight_icao="voz7076"), "", set()),
        (operating(flight_iata="va7076"), "", set()),
        ({}, "", set()),
        (None, "", set()),
        ("nz176", "", set()),
        ([operating()], "", set()),
    ],
)
def test_a_codeshare_s_row_says_by_whom_it_is_operated(shared: object, operated_as: str, codeshares: set[str]) -> None:
    flight = {"number": "7076", "iata": "VA7076", "icao": "VOZ7076", "codeshared": shared}
    made = read(row(flight=flight, airline={"name": "Virgin Australia", "iata": "VA", "icao": "VOZ"}))
    assert made.designators == {made.ident, "VA7076"} == {"VOZ7076", "VA7076"}
    assert made.operated_as == operated_as
    assert made.codeshares == codeshares


@pytest.mark.parametrize(
    ("aircraft", "kept"),
    [
        ({"icao": "A320", "iata": "32A"}, "A320"),
        ({"icao": None, "iata": " 32A "}, "32A"),
        ({"registration": None, "iata": None, "icao": None, "icao24": "882DA2"}, ""),
        ({"icao": 320, "iata": ["A320"]}, ""),
        (None, ""),
        ("A320", ""),
    ],
)
def test_the_aircraft_s_type_is_its_icao_code_or_else_its_iata_code(aircraft: object, kept: str) -> None:
    assert read(row(aircraft=aircraft)).aircraft_type == kept


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"flight": None}, "no flight designator"),
        ({"flight": {"iata": "NJE", "icao": "NJE"}}, "no flight designator"),
        ({"flight": {"iata": None, "icao": 7, "number": 527}}, "no flight designator"),
        ({"flight": {"number": "ANZ527"}}, "no flight designator"),
        ({"flight": {"number": "NZ527"}, "airline": None}, "no flight designator"),
        ({"departure": {**end("2026-11-20T08:30"), "iata": None, "icao": "A"}}, "no origin airport"),
        ({"departure": "AKL"}, "no origin airport"),
        ({"arrival": {**end("2026-11-20T08:30"), "iata": "1", "icao": ["NZCH"]}}, "no destination airport"),
        ({"arrival": None}, "no destination airport"),
        ({"flight_date": "2026-11-21"}, "dated another day than its departure"),
        ({"flight_date": "2026-11-19"}, "dated another day than its departure"),
        ({"flight_date": None}, "dated another day than its departure"),
        ({"flight_date": 20261120}, "dated another day than its departure"),
        ({"arrival": end("2026-11-20T08:29")}, "scheduled to arrive before it departs"),
        ({"arrival": end("2026-11-19T09:55")}, "scheduled to arrive before it departs"),
        ({"arrival": end("2026-11-21T09:55")}, "scheduled to fly for more than a day"),
        ({"arrival": end(None, actual="2026-11-19T09:55")}, "flown half a day before its scheduled departure"),
    ],
)
def test_what_can_be_no_sighting_is_kept_out_with_a_reason(changes: dict[str, Any], why: str) -> None:
    assert reason(row(**changes)) == why


@pytest.mark.parametrize(
    ("flight", "called"),
    [
        ({"iata": "NZ527", "icao": "ANZ527"}, "NZ527"),
        ({"iata": None, "icao": "\x1b[31mANZ"}, "�[31mANZ"),
        ({"iata": 527}, ""),
        (None, ""),
    ],
)
def test_what_is_kept_out_is_named_safely(flight: object, called: str) -> None:
    made = sighting(row(flight=flight, departure=None), NO_TABLE)
    assert isinstance(made, Rejected)
    assert made.ident == called


@pytest.mark.parametrize("more", [True, False])
def test_the_rows_of_one_request_stay_in_order_beside_those_that_are_kept_out(more: bool) -> None:
    days = ["2026-11-21", "2026-11-19", "2026-11-20"]
    rows = [leg(end(f"{day}T08:30")) for day in days]
    read_page = sightings([rows[0], row(arrival=None), *rows[1:], row(flight=None)], NO_TABLE, more=more)
    assert [f"{one.departure_date}" for one in read_page.sightings] == days
    assert read_page.rejected == (Rejected("NZ527", "no destination airport"), Rejected("", "no flight designator"))
    assert (read_page.readable, read_page.result_sets, read_page.more, read_page.cursor) == (3, 1, more, "")


@pytest.mark.parametrize(
    ("flight", "asked", "counts"),
    [
        ({"iata": "NZ527", "icao": "ANZ527"}, "NZ527", True),
        ({"iata": "NZ527", "icao": "ANZ527"}, "ANZ527", True),
        ({"iata": " nz0527 ", "icao": None}, "NZ527", True),
        ({"iata": None, "icao": "anz0527"}, "ANZ527", True),
        ({"iata": "UVT554", "icao": None}, "UVT554", True),
        ({"iata": "NZ5270", "icao": "ANZ5270"}, "NZ527", False),
        ({"iata": "NZ527A", "icao": None}, "NZ527", False),
        ({"iata": "VA7076", "icao": "VOZ7076", "codeshared": operating()}, "NZ176", False),
        ({"iata": None, "icao": None, "number": "527"}, "ANZ527", False),
        ({"iata": 527, "icao": ["ANZ527"]}, "ANZ527", False),
        (None, "NZ527", False),
    ],
)
def test_a_row_counts_for_the_designator_that_it_goes_by_itself(flight: object, asked: str, counts: bool) -> None:
    assert goes_by(row(flight=flight), parse_designator(asked)) is counts


STAMPS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda one: f"{one:%Y-%m-%dT%H:%M:%S}+00:00")
TEXTS = st.sampled_from(["NZ527", "ANZ527", "AKL", "NZAA", "2026-11-20", "527", "", PARIS, "+8", "../etc"])
ODD = JSON_VALUES | STAMPS | TEXTS
ENDS = st.fixed_dictionaries({}, optional=dict.fromkeys((*end(None), "actual_runway", "estimated_runway"), ODD))
FLIGHTS = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(("iata", "icao", "number"), ODD), "codeshared": ODD | ENDS}
)
CHANGED_ENDS = ENDS.map(lambda changes: {**end("2026-11-20T08:30:00+00:00"), **changes})
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(row(), ODD),
        "departure": ODD | ENDS | CHANGED_ENDS,
        "arrival": ODD | ENDS | CHANGED_ENDS,
        "flight": ODD | FLIGHTS,
        "airline": ODD | FLIGHTS,
    },
)
TABLES = st.sampled_from([NO_TABLE, table(AKL=AUCKLAND, XXA="+8", NZCH=PARIS)])


@given(CHANGES | CHANGES.map(lambda changes: row(**changes)), TABLES)
def test_any_row_is_a_sound_sighting_or_is_kept_out(given_row: dict[str, Any], reading: Reading) -> None:
    made = sighting(given_row, reading)
    if isinstance(made, Rejected):
        assert made.reason
        return
    assert made.ident in made.designators
    assert made.operated_as not in made.designators
    assert made.origin.code
    assert made.destination.code
    assert zone_named(made.origin.zone)
    assert zone_named(made.destination.zone)
    assert given_row["flight_date"] == made.departure_date.isoformat()
    assert given_row["departure"]["scheduled"].startswith(made.scheduled_local.isoformat()[:16])


@given(CHANGES, st.sampled_from(["NZ527", "ANZ527"]))
def test_any_row_counts_or_does_not(changes: dict[str, Any], asked: str) -> None:
    assert goes_by(row(**changes), parse_designator(asked)) == (asked in _told(row(**changes)))


def _told(given_row: dict[str, Any]) -> list[Any]:
    flight = given_row["flight"]
    return [flight.get("iata"), flight.get("icao")] if isinstance(flight, dict) else []
