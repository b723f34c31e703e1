from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import page, row, stop

from flightctl.domain.designator import Designator
from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.errors import Unreadable
from flightctl.providers.aviationstack_rows import flights_page, observed_leg

ZONE = "Pacific/Auckland"


def leg(**changes: Any) -> ObservedLeg:
    read = observed_leg(row(**changes))
    assert read is not None
    return read


def departure(**changes: Any) -> Stop:
    usual = stop("AKL", "NZAA", "Auckland International", "2026-11-20T08:30:00+00:00")
    return leg(departure={**usual, **changes}).departure


def carrier(**changes: Any) -> Carrier:
    return leg(airline={"name": "Air New Zealand", "iata": "NZ", "icao": "ANZ", **changes}).carrier


def test_a_row_is_read_field_by_field() -> None:
    given_row = row()
    assert observed_leg(given_row) == ObservedLeg(
        flight_iata=Designator("NZ", 527),
        flight_icao=Designator("ANZ", 527),
        flight_date=date(2026, 11, 20),
        cancelled=False,
        carrier=Carrier("NZ", "ANZ", "Air New Zealand"),
        departure=Stop("AKL", "NZAA", "Auckland International", ZONE, datetime(2026, 11, 20, 8, 30)),
        arrival=Stop("CHC", "NZCH", "Christchurch International", ZONE, datetime(2026, 11, 20, 9, 55)),
        raw=given_row,
    )


@pytest.mark.parametrize(
    ("flight", "flight_iata", "flight_icao"),
    [
        ({"iata": "UVT554", "icao": None}, Designator("UVT", 554), None),
        ({"iata": None, "icao": "PVD12"}, None, Designator("PVD", 12)),
        ({"iata": "nz0527a", "icao": 527}, Designator("NZ", 527, "A"), None),
        ({"iata": "NJE", "icao": "NJE1"}, None, Designator("NJE", 1)),
    ],
)
def test_a_designator_is_read_as_it_stands(
    flight: dict[str, Any], flight_iata: Designator | None, flight_icao: Designator | None
) -> None:
    read = leg(flight=flight)
    assert (read.flight_iata, read.flight_icao) == (flight_iata, flight_icao)


@pytest.mark.parametrize(
    "changes",
    [
        {"flight": None},
        {"flight": "NZ527"},
        {"flight": {}},
        {"flight": {"iata": "NJE", "icao": None}},
        {"flight": {"iata": 527, "icao": ["ANZ527"]}},
        {"flight_date": None},
        {"flight_date": ""},
        {"flight_date": 20261120},
        {"flight_date": "20261120"},
        {"flight_date": "2026-W47-5"},
        {"flight_date": "2026-02-30"},
        {"flight_date": "2026-11-2\uff10"},
    ],
)
def test_a_row_without_designator_or_date_is_dropped(changes: dict[str, Any]) -> None:
    assert observed_leg(row(**changes)) is None


@pytest.mark.parametrize(
    ("status", "cancelled"),
    [("cancelled", True), ("Cancelled ", True), ("landed", False), ("odd", False), (None, False), (7, False)],
)
def test_only_the_word_cancelled_cancels(status: object, cancelled: bool) -> None:
    assert leg(flight_status=status).cancelled is cancelled


@pytest.mark.parametrize(
    ("given_code", "kept"),
    [("nz", "NZ"), (" 8k ", "8K"), ("B6", "B6"), ("12", ""), ("N", ""), ("NZL", ""), ("ß", ""), (12, "")],
)
def test_an_airline_s_iata_code_is_two_characters_with_a_letter(given_code: object, kept: str) -> None:
    assert carrier(iata=given_code).iata == kept


@pytest.mark.parametrize(("given_code", "kept"), [("anz", "ANZ"), ("AN", ""), ("A1Z", ""), (None, "")])
def test_an_airline_s_icao_code_is_three_letters(given_code: object, kept: str) -> None:
    assert carrier(icao=given_code).icao == kept


@pytest.mark.parametrize(("given_code", "kept"), [("akl", "AKL"), ("AK1", ""), ("ﬀl", ""), ([], "")])
def test_an_airport_s_iata_code_is_three_letters(given_code: object, kept: str) -> None:
    assert departure(iata=given_code).iata == kept


@pytest.mark.parametrize(
    ("given_code", "kept"), [("nzaa", "NZAA"), ("KX1F", "KX1F"), ("NZA", ""), ("NZ\nA", ""), ({}, "")]
)
def test_an_airport_s_icao_code_is_four_characters(given_code: object, kept: str) -> None:
    assert departure(icao=given_code).icao == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("empty", ""),
        ("Empty", ""),
        ("  ", ""),
        (None, ""),
        (7, ""),
        (" Air \x1b[31mRed\u202e ", "Air �[31mRed�"),
        ("Tromsø [/] Lufthavn", "Tromsø [/] Lufthavn"),
        ("x" * 900, "x" * 200),
    ],
)
def test_names_are_cleaned_and_cut(name: object, kept: str) -> None:
    assert carrier(name=name).name == kept
    assert departure(airport=name).name == kept


@pytest.mark.parametrize(("zone", "kept"), [("+8", "+8"), (None, ""), (8, ""), ("A\x00B", "A�B")])
def test_a_zone_is_kept_as_the_provider_gave_it(zone: object, kept: str) -> None:
    assert departure(timezone=zone).zone == kept


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T08:30:00+00:00",
        "2026-11-20T08:30:00",
        "2026-11-20T08:30",
        "2026-11-20T08:30:00.000Z",
        "2026-11-20T08:30:00+13:00",
    ],
)
def test_a_time_is_the_wall_clock_whatever_offset_it_claims(text: str) -> None:
    assert departure(scheduled=text).scheduled_local == datetime(2026, 11, 20, 8, 30)


@pytest.mark.parametrize(
    "text", [None, 0, "", "soon", "2026-11-20", "2026-13-20T08:30:00+00:00", "2026-11-20T25:00:00+00:00", []]
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert departure(scheduled=text).scheduled_local is None


@pytest.mark.parametrize("ends", [None, "AKL", [], 7])
def test_a_missing_end_is_empty_beside_a_whole_row(ends: object) -> None:
    legs = flights_page(page(row(departure=ends, arrival=ends, airline=ends), row())).legs
    assert legs[0].departure == legs[0].arrival == Stop("", "", "", "", None)
    assert legs[0].carrier == Carrier("", "", "")


def test_rows_that_are_dropped_still_count() -> None:
    read = flights_page(page(row(), row(flight_date=None), total=2))
    assert (len(read.legs), read.count, read.complete) == (1, 2, True)


@pytest.mark.parametrize("paging", [None, [], {}, {"offset": "0", "total": "9"}, {"total": -5}])
def test_paging_that_says_nothing_is_made_up_from_the_question(paging: object) -> None:
    read = flights_page({"pagination": paging, "data": [row()]}, asked_offset=100)
    assert (read.offset, read.count, read.total, read.complete) == (100, 1, -1, False)


@pytest.mark.parametrize("total", [True, 1.0, None])
def test_a_total_that_is_no_whole_number_is_unknown(total: object) -> None:
    assert flights_page(page(row(), total=total)).total == -1


def test_a_page_that_claims_more_rows_than_it_has_is_not_complete() -> None:
    assert not flights_page(page(row(), count=100, total=100)).complete


def test_no_flights_are_an_empty_page() -> None:
    assert flights_page(page()).complete
    no_record = {"pagination": {}, "data": {"error": "No Record Found", "success": False}}
    assert flights_page(no_record).legs == ()


@pytest.mark.parametrize(
    "data",
    [
        None,
        "No Record Found",
        {"error": "Too busy", "success": False},
        {"error": "No Record Found"},
        [[row()]],
        [row(), None],
        [{}],
        [{"flight": {}, "departure": {}}],
        [row(flight=None), row(arrival=None)],
    ],
)
def test_data_of_another_shape_is_unreadable(data: object) -> None:
    with pytest.raises(Unreadable):
        flights_page({"pagination": {}, "data": data})


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
ENDS = st.dictionaries(st.sampled_from(["iata", "icao", "airport", "timezone", "scheduled", "name"]), ODD)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(row(), ODD | ENDS)))
def test_any_row_is_read_or_dropped(changes: dict[str, Any]) -> None:
    observed_leg(row(**changes))
