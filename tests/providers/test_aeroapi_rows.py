from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aeroapi_bodies import AKL, NOW, READING, airport, flight, schedule
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.sighting import TIMES, FlightStatus, Place, Sighting, Times
from flightctl.domain.sighting_page import Rejected
from flightctl.domain.zones import zone_named
from flightctl.providers.aeroapi_rows import sighting
from flightctl.providers.reading import Reading

AUCKLAND = "Pacific/Auckland"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(row: dict[str, Any], reading: Reading = READING) -> Sighting:
    made = sighting(row, reading)
    assert isinstance(made, Sighting), made
    return made


def reason(row: dict[str, Any]) -> str:
    made = sighting(row, READING)
    assert isinstance(made, Rejected)
    return made.reason


def test_a_row_of_flights_is_read_field_by_field() -> None:
    assert read(flight()) == Sighting(
        provider="aeroapi",
        provider_id="ANZ527-1763500000-airline-0117",
        ident="ANZ527",
        designators=frozenset({"ANZ527", "NZ527"}),
        codeshares=frozenset({"SIA4321", "SQ4321"}),
        operated_as="",
        origin=Place("AKL", "NZAA", AUCKLAND, "AKL International"),
        destination=Place("CHC", "NZCH", AUCKLAND, "CHC International"),
        scheduled_local=datetime(2026, 11, 21, 8, 30),
        times=Times(
            scheduled_out=utc("2026-11-20T19:30"),
            scheduled_off=utc("2026-11-20T19:40"),
            scheduled_on=utc("2026-11-20T20:45"),
            scheduled_in=utc("2026-11-20T20:55"),
        ),
        status=FlightStatus.SCHEDULED,
        provider_status="Scheduled",
        observed_at=NOW,
        departure_gate="28",
        departure_terminal="D",
        aircraft_type="A320",
    )


def test_a_row_of_schedules_is_read_with_the_zones_of_our_table() -> None:
    assert read(schedule()) == Sighting(
        provider="aeroapi",
        provider_id="",
        ident="ANZ527",
        designators=frozenset({"ANZ527", "NZ527"}),
        codeshares=frozenset(),
        operated_as="",
        origin=Place("AKL", "NZAA", AUCKLAND),
        destination=Place("CHC", "NZCH", AUCKLAND),
        scheduled_local=datetime(2026, 12, 4, 8, 30),
        times=Times(scheduled_out=utc("2026-12-03T19:30"), scheduled_in=utc("2026-12-03T20:55")),
        status=FlightStatus.SCHEDULED,
        provider_status="",
        observed_at=NOW,
        aircraft_type="A320",
    )


def test_a_sighting_names_whom_it_was_read_from_and_keeps_the_row() -> None:
    row = flight()
    made = read(row, Reading("sandbox", NOW, READING.zone_of))
    assert (made.provider, made.raw) == ("sandbox", row)


@pytest.mark.parametrize(
    ("out", "zone", "local"),
    [
        ("2026-11-20T11:10:00Z", AUCKLAND, datetime(2026, 11, 21, 0, 10)),
        ("2026-11-20T10:59:00Z", AUCKLAND, datetime(2026, 11, 20, 23, 59)),
        ("2026-11-21T04:30:00Z", "Pacific/Honolulu", datetime(2026, 11, 20, 18, 30)),
        ("2026-03-29T01:00:00Z", "Europe/Paris", datetime(2026, 3, 29, 3, 0)),
        ("2026-10-25T00:30:00Z", "Europe/Paris", datetime(2026, 10, 25, 2, 30)),
        ("2026-10-25T01:30:00Z", "Europe/Paris", datetime(2026, 10, 25, 2, 30)),
    ],
)
def test_the_local_day_is_that_of_the_origin(out: str, zone: str, local: datetime) -> None:
    changes = dict.fromkeys(("scheduled_off", "scheduled_on", "scheduled_in"))
    made = read(flight(origin=airport("XXXX", "XXX", zone), scheduled_out=out, **changes))
    assert (made.scheduled_local, made.departure_date) == (local, local.date())


def test_without_a_gate_departure_the_take_off_counts() -> None:
    assert read(flight(scheduled_out=None)).scheduled_local == datetime(2026, 11, 21, 8, 40)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T19:31:05Z", utc("2026-11-20T19:31:05")),
        ("2026-11-20T19:31:05.250Z", utc("2026-11-20T19:31:05.250")),
        ("2026-11-21T08:31:00+13:00", utc("2026-11-20T19:31")),
        ("2026-11-20T19:31Z", utc("2026-11-20T19:31")),
    ],
)
@pytest.mark.parametrize("name", [name for name in TIMES if name.startswith("estimated")])
def test_times_are_instants_in_utc(name: str, text: str, instant: datetime) -> None:
    assert getattr(read(flight(**{name: text})).times, name) == instant


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        1763500000,
        True,
        [],
        {},
        "2026-11-20",
        "2026-11-20T19:31:00",
        "2026-02-30T19:31:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T19:31:00+99:99",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2026-11-2\uff10T19:31:00Z",
        "2026-11-20T19:31:00Z\n",
    ],
)
def test_what_is_no_instant_is_none(value: object) -> None:
    assert read(flight(estimated_out=value)).times.estimated_out is None


def flags(status: str) -> dict[str, Any]:
    """The changes that a word of this table stands for."""
    times = {"out": "19:35", "off": "19:46", "on": "20:50", "in": "20:58"}
    flagged = {word: True for word in ("cancelled", "diverted") if word in status}
    actual = {f"actual_{point}": f"2026-11-20T{at}:00Z" for point, at in times.items() if point in status.split()}
    return flagged | actual


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", FlightStatus.SCHEDULED),
        ("out", FlightStatus.ACTIVE),
        ("off", FlightStatus.ACTIVE),
        ("out off on", FlightStatus.LANDED),
        ("on", FlightStatus.LANDED),
        ("out off on in", FlightStatus.ARRIVED),
        ("in", FlightStatus.ARRIVED),
        ("cancelled", FlightStatus.CANCELLED),
        ("cancelled out", FlightStatus.CANCELLED),
        ("diverted out off", FlightStatus.DIVERTED),
        ("diverted out off on in", FlightStatus.DIVERTED),
        ("cancelled diverted", FlightStatus.CANCELLED),
    ],
)
def test_the_status_follows_from_flags_and_actual_times(said: str, status: FlightStatus) -> None:
    assert read(flight(**flags(said))).status is status


@pytest.mark.parametrize("words", ["Arrived / Gate Arrival", "Cancelled", "En Route / On Time", "result unknown"])
def test_the_provider_s_own_words_are_kept_and_decide_nothing(words: str) -> None:
    made = read(flight(status=f" {words} "))
    assert (made.status, made.provider_status) == (FlightStatus.SCHEDULED, words)


@pytest.mark.parametrize("flag", ["true", 1, "yes", [True], None])
def test_only_true_is_true(flag: object) -> None:
    made = read(flight(cancelled=flag, diverted=flag, position_only=flag))
    assert made.status is FlightStatus.SCHEDULED


def test_texts_are_cleaned_and_trimmed() -> None:
    made = read(flight(status="On\x1b[31m Time\u202e", gate_origin=" 28\x00A ", aircraft_type="E190 "))
    assert (made.provider_status, made.departure_gate, made.aircraft_type) == ("On�[31m Time�", "28�A", "E190")


def test_gates_and_terminals_of_the_arrival_are_read() -> None:
    made = read(flight(gate_destination="C12", terminal_destination="2"))
    assert (made.arrival_gate, made.arrival_terminal) == ("C12", "2")


@pytest.mark.parametrize(
    ("names", "ident", "designators"),
    [
        ({"ident": "JZA8428", "ident_icao": "JZA8428", "ident_iata": "QK8428"}, "JZA8428", {"JZA8428", "QK8428"}),
        ({"ident": "B6919", "ident_icao": "JBU919", "ident_iata": "B6919"}, "JBU919", {"JBU919", "B6919"}),
        ({"ident": "B6919", "ident_icao": None, "ident_iata": None}, "B6919", {"B6919"}),
        ({"ident": "jza0428", "ident_icao": 7, "ident_iata": []}, "JZA428", {"JZA428"}),
        ({"ident": None, "ident_icao": None, "ident_iata": "QK8428A"}, "QK8428A", {"QK8428A"}),
    ],
)
def test_the_ident_is_the_icao_name_where_there_is_one(
    names: dict[str, Any], ident: str, designators: set[str]
) -> None:
    made = read(flight(**names))
    assert (made.ident, set(made.designators)) == (ident, designators)


@pytest.mark.parametrize(
    ("lists", "codeshares"),
    [
        ({"codeshares": ["TAP8030"], "codeshares_iata": None}, {"TAP8030"}),
        ({"codeshares": ["tap0030", " UA8126 "], "codeshares_iata": ["AC8838"]}, {"TAP30", "UA8126", "AC8838"}),
        ({"codeshares": ["XYZW12", "BAD 1;", "X'; --", "", 7, None], "codeshares_iata": "AC1"}, {"XYZW12"}),
        ({"codeshares": ["ANZ527", "NZ0527"], "codeshares_iata": {}}, set()),
    ],
)
def test_codeshares_are_canonical_or_as_given_where_harmless(lists: dict[str, Any], codeshares: set[str]) -> None:
    assert read(flight(**lists)).codeshares == codeshares


@pytest.mark.parametrize(
    ("actual", "operated_as"),
    [
        ({"actual_ident": "JZA8428", "actual_ident_icao": "JZA8428", "actual_ident_iata": "QK8428"}, "JZA8428"),
        ({"actual_ident": "QK8428"}, "QK8428"),
        ({"actual_ident": "ANZ527", "actual_ident_icao": "ANZ527", "actual_ident_iata": "NZ527"}, ""),
        ({"actual_ident_iata": "NZ0527"}, ""),
        ({"actual_ident": "???"}, ""),
        ({"actual_ident": 7, "actual_ident_icao": ["JZA8428"]}, ""),
    ],
)
def test_a_codeshare_s_row_says_by_whom_it_is_operated(actual: dict[str, Any], operated_as: str) -> None:
    made = read(schedule(**actual))
    assert (made.ident, made.operated_as) == ("ANZ527", operated_as)


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [
        ("ARG1545-1728428115-airline-694p", "ARG1545-1728428115-airline-694p"),
        ("ANZ527-1763500000-dlad-1234567:0", "ANZ527-1763500000-dlad-1234567:0"),
        (None, ""),
        (7, ""),
        ("two words", ""),
        ("x" * 101, ""),
        ("ANZ527\n", ""),
    ],
)
def test_the_provider_s_id_is_kept_whole_or_not_at_all(given_id: object, kept: str) -> None:
    assert read(flight(fa_flight_id=given_id)).provider_id == kept


@pytest.mark.parametrize(
    ("changes", "iata", "icao"),
    [
        ({}, "AKL", "NZAA"),
        ({"code_icao": "nzaa", "code_iata": " akl "}, "AKL", "NZAA"),
        ({"code_icao": None}, "AKL", ""),
        ({"code_iata": "AK1"}, "", "NZAA"),
        ({"code_icao": None, "code_iata": None}, "", "NZAA"),
        ({"code_icao": None, "code_iata": None, "code": "AKL"}, "AKL", ""),
        ({"code_icao": "KX1F", "code_iata": None}, "", "KX1F"),
    ],
)
def test_an_airport_s_codes_are_well_formed_or_empty(changes: dict[str, Any], iata: str, icao: str) -> None:
    made = read(flight(origin={**AKL, **changes}))
    assert (made.origin.iata, made.origin.icao) == (iata, icao)


def test_an_airport_without_zone_and_name_gets_the_zone_of_our_table() -> None:
    origin = {"code": "NZAA", "code_icao": "NZAA", "code_iata": "AKL", "code_lid": None}
    made = read(flight(origin=origin))
    assert made.origin == Place("AKL", "NZAA", AUCKLAND)


@pytest.mark.parametrize("zone", [None, "", "+8", "Pacific/Nowhere", "../../etc/passwd", "America", "A\x00B", 7])
def test_a_zone_that_does_not_exist_is_looked_up_in_our_table(zone: Any) -> None:
    assert read(flight(origin=airport("NZAA", "AKL", zone))).scheduled_local == datetime(2026, 11, 21, 8, 30)


@pytest.mark.parametrize("code", ["ZZZZ", "ZZZ"])
def test_our_table_may_know_an_airport_by_either_code(code: str) -> None:
    table = {code: AUCKLAND}
    made = read(
        flight(origin=airport("ZZZZ", "ZZZ", None)), Reading("aeroapi", NOW, lambda asked: table.get(asked, ""))
    )
    assert made.origin.zone == AUCKLAND


def test_a_zone_of_our_table_that_does_not_exist_is_not_used() -> None:
    made = sighting(schedule(), Reading("aeroapi", NOW, lambda _: "+8"))
    assert made == Rejected("ANZ527", "the time zone of its origin is not known")


def test_a_destination_without_a_known_zone_is_kept_as_utc() -> None:
    row = schedule(destination="YSSY", destination_icao="YSSY", destination_iata="SYD")
    assert read(row).destination == Place("SYD", "YSSY", "UTC")


LOCAL_FIELD = airport("XFA", "", code_icao=None, code_iata=None, code_lid="XFA")
COORDINATES = airport("L 40.1 -100.2", "", code_icao=None, code_iata=None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"position_only": True}, "positions only, no flight plan"),
        ({"ident": "ZK-OXA", "ident_icao": None, "ident_iata": None}, "no flight designator"),
        ({"ident": None, "ident_icao": 7, "ident_iata": ""}, "no flight designator"),
        ({"origin": None}, "no origin airport"),
        ({"origin": LOCAL_FIELD}, "no origin airport"),
        ({"origin": COORDINATES}, "no origin airport"),
        ({"destination": None}, "no destination airport"),
        ({"scheduled_out": None, "scheduled_off": None}, "no scheduled departure"),
        ({"scheduled_in": "2026-11-20T19:00:00Z"}, "scheduled to arrive before it departs"),
        ({"origin": airport("ZZZZ", "ZZZ", "+8")}, "the time zone of its origin is not known"),
    ],
)
def test_what_can_be_no_sighting_is_kept_out_with_a_reason(changes: dict[str, Any], why: str) -> None:
    assert reason(flight(**changes)) == why


def test_what_is_kept_out_is_named_safely() -> None:
    made = sighting(flight(ident="\x1b[31mANZ", ident_icao=None, ident_iata=None), READING)
    assert isinstance(made, Rejected)
    assert made.ident == "�[31mANZ"


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
STAMPS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z")
ENDS = st.dictionaries(st.sampled_from(sorted(AKL)), ODD | st.sampled_from(["NZAA", "AKL", "UTC"]))
CHANGES = st.fixed_dictionaries({}, optional=dict.fromkeys({**flight(), **schedule()}, ODD | ENDS | STAMPS))
ROWS = st.one_of(
    CHANGES.map(lambda changes: flight(**changes)), CHANGES.map(lambda changes: schedule(**changes)), CHANGES
)


@given(ROWS)
def test_any_row_is_a_sound_sighting_or_is_kept_out(row: dict[str, Any]) -> None:
    made = sighting(row, READING)
    if isinstance(made, Rejected):
        assert made.reason
        return
    departure = made.times.scheduled_departure
    assert departure is not None
    assert made.origin.code
    assert made.destination.code
    assert made.ident in made.designators
    assert departure.astimezone(zone_named(made.origin.zone)).replace(tzinfo=None) == made.scheduled_local


@given(ROWS)
def test_no_value_is_made_up(row: dict[str, Any]) -> None:
    made = sighting(row, READING)
    if isinstance(made, Sighting):
        absent = [name for name in TIMES if getattr(made.times, name) is None]
        assert all(row.get(name) for name in TIMES if name not in absent)
        said = repr(row).upper()
        assert all(code in said for code in (made.origin.iata, made.origin.icao, made.destination.code))
        assert made.provider_id in repr(row)
