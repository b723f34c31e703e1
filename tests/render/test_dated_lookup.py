"""Answers for one day: their JSON, their lines, and their table on terminals of several widths."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.answer import Answer, Metrics, Outcome
from flightctl.domain.flight import TIMES, Flight, FlightStatus
from flightctl.errors import BadDesignator, NotFound
from flightctl.render.dated_lookup import DatedLookupView
from flightctl.render.flights import FLIGHT_KEYS, flight_shape
from flightctl.render.lookup import COLUMNS
from flights import flight, utc
from render.screen import document, drawn, objects, piped, records

NOW = utc("2026-12-02 10:05")
WIDTHS = [60, 80, 120, 200]
LATE = flight(
    estimated_out=utc("2026-12-02 20:05"),
    estimated_in=utc("2026-12-02 21:30"),
    departure_gate="23",
    departure_terminal="2",
    arrival_gate="5",
    aircraft_type="A320",
)
ONWARDS = flight(
    flight_id="ANZ527.2026-12-03.1100.NZCH.NZWN",
    origin="NZCH",
    origin_iata="CHC",
    origin_icao="NZCH",
    destination="NZWN",
    destination_iata="WLG",
    destination_icao="NZWN",
    scheduled_out=utc("2026-12-02 22:00"),
    scheduled_in=utc("2026-12-02 22:55"),
    observed_at=utc("2026-12-02 09:00"),
)
BACK = ONWARDS._replace(
    flight_id="ANZ527.2026-12-03.1100.NZCH.NZAA", destination="NZAA", destination_iata="AKL", destination_icao="NZAA"
)
DIVERTED = flight(status=FlightStatus.DIVERTED, diverted_to="NZWN", actual_on=utc("2026-12-02 23:10"))
TO_LOS_ANGELES = flight(
    flight_id="ANZ6.2026-12-03.1930.NZAA.KLAX",
    destination="KLAX",
    destination_iata="LAX",
    destination_icao="KLAX",
    destination_zone="America/Los_Angeles",
    status=FlightStatus.ACTIVE,
    scheduled_out=utc("2026-12-03 06:30"),
    actual_off=utc("2026-12-03 06:47"),
    scheduled_in=utc("2026-12-03 18:30"),
    estimated_in=utc("2026-12-03 21:00"),
)
UNKNOWN = Answer("NZ9", "NZ9", Outcome.NOT_FOUND, error=NotFound("nobody knows NZ9"))


def hit(*flights: Flight, query: str = "NZ527", **more: Any) -> Answer:
    """An answer from the local file."""
    return Answer(query, query.upper(), Outcome.HIT, "local", "aviationstack", flights=flights, **more)


def view(*answers: Answer) -> DatedLookupView:
    return DatedLookupView(iter(answers), Metrics(), (), NOW)


def result(*flights: Flight, **more: Any) -> Any:
    """The one result in JSON."""
    return document(view(hit(*flights, **more)))["results"][0]


def test_a_result_has_the_keys_of_every_look_up_and_flights_after_its_legs() -> None:
    after = COLUMNS.index("legs") + 1
    assert list(result(flight())) == [*COLUMNS[:after], "flights", *COLUMNS[after:]]


def test_a_result_says_the_route_that_its_flight_takes() -> None:
    shape = result(flight(), query="nz527", expires_at=utc("2026-12-02 10:10"))
    assert shape == {
        "query": "nz527",
        "flight_iata": "NZ527",
        "airline_iata": "NZ",
        "departure_iata": "AKL",
        "arrival_iata": "CHC",
        "airline_name": None,
        "departure_name": None,
        "arrival_name": None,
        "legs": [["AKL", "CHC"]],
        "flights": [flight_shape(flight())],
        "outcome": "hit",
        "source": "local",
        "provider": "aviationstack",
        "status": "confirmed",
        "refreshed_at": "2026-12-02T10:00:00Z",
        "expires_at": "2026-12-02T10:10:00Z",
        "warning": None,
        "error": None,
    }


def test_what_never_expires_has_no_end() -> None:
    assert result(flight())["expires_at"] is None


@pytest.mark.parametrize(
    ("flights", "arrival", "legs"),
    [
        ((flight(), ONWARDS), "WLG", [["AKL", "CHC"], ["CHC", "WLG"]]),
        ((flight(destination="CHC", destination_icao=""), ONWARDS), "WLG", [["AKL", "CHC"], ["CHC", "WLG"]]),
        ((flight(), flight()), "CHC", [["AKL", "CHC"], ["AKL", "CHC"]]),
        ((ONWARDS, flight()), "WLG", [["CHC", "WLG"], ["AKL", "CHC"]]),
        ((flight(), BACK), "CHC", [["AKL", "CHC"], ["CHC", "AKL"]]),
        ((flight(destination="NZAA", destination_iata="AKL", destination_icao="NZAA"),), "AKL", [["AKL", "AKL"]]),
        ((flight(destination_iata=""),), None, [["AKL", "NZCH"]]),
    ],
    ids=["a chain", "other codes of one airport", "two rotations", "no chain", "there and back", "a round", "no code"],
)
def test_the_arrival_is_the_last_of_legs_that_chain(
    flights: tuple[Flight, ...], arrival: str | None, legs: list[list[str]]
) -> None:
    shape = result(*flights)
    assert (shape["arrival_iata"], shape["legs"]) == (arrival, legs)
    assert shape["flights"] == [flight_shape(one) for one in flights]


def test_a_result_is_as_old_as_the_flight_that_was_seen_longest_ago() -> None:
    assert result(flight(), ONWARDS)["refreshed_at"] == "2026-12-02T09:00:00Z"


def test_an_icao_designator_has_no_iata_airline() -> None:
    assert result(flight(), query="ANZ527")["airline_iata"] is None


def test_a_result_without_flights_says_why_and_has_none() -> None:
    [shape] = document(view(UNKNOWN))["results"]
    assert (shape["flights"], shape["legs"], shape["status"], shape["error"]["code"]) == ([], [], None, "not_found")


def test_ndjson_is_one_result_a_line() -> None:
    lines = objects(view(hit(flight(), ONWARDS), UNKNOWN))
    assert [(line["query"], len(line["flights"])) for line in lines] == [("NZ527", 2), ("NZ9", 0)]


def test_csv_is_one_flight_a_line_and_one_for_a_result_without() -> None:
    lines = records(view(hit(flight(), ONWARDS, warning="old"), UNKNOWN))
    assert list(lines[0]) == ["query", "outcome", "source", *FLIGHT_KEYS, "warning", "error"]
    said = [(line["query"], line["outcome"], line["flight_id"], line["warning"], line["error"]) for line in lines]
    assert said == [
        ("NZ527", "hit", "ANZ527.2026-12-03.0830.NZAA.NZCH", "old", ""),
        ("NZ527", "hit", "ANZ527.2026-12-03.1100.NZCH.NZWN", "old", ""),
        ("NZ9", "not_found", "", "", "not_found: nobody knows NZ9"),
    ]


def test_every_answer_that_was_shown_is_remembered() -> None:
    shown = view(hit(flight()), UNKNOWN)
    records(shown)
    assert [answer.query for answer in shown.answers] == ["NZ527", "NZ9"]


def columns_of(lines: list[str]) -> str:
    return " ".join(lines[0].split())


@pytest.mark.parametrize(
    ("width", "columns", "line"),
    [
        (60, "FLIGHT FROM OUT TO IN DELAY STATUS", "NZ527 AKL 09:05 CHC 10:30 +35 min scheduled"),
        (
            80,
            "FLIGHT FROM OUT TO IN DELAY STATUS",
            "NZ527 AKL 08:30 -> 09:05 CHC 09:55 -> 10:30 +35 min scheduled",
        ),
        (
            120,
            "FLIGHT FROM OUT UTC GATE TO IN UTC GATE DELAY STATUS ANSWER",
            "NZ527 AKL 08:30 -> 09:05 20:05-1 T2 G23 CHC 09:55 -> 10:30 21:30-1 G5 +35 min scheduled hit",
        ),
        (
            200,
            "FLIGHT DATE FROM OUT UTC GATE TO IN UTC GATE DELAY STATUS TYPE ANSWER SOURCE AGE",
            "NZ527 2026-12-03 AKL 08:30 -> 09:05 20:05-1 T2 G23 CHC 09:55 -> 10:30 21:30-1 G5 +35 min scheduled A320 "
            "hit local 5 min",
        ),
    ],
)
def test_a_wider_terminal_shows_more_of_a_late_flight(width: int, columns: str, line: str) -> None:
    lines = drawn(view(hit(LATE)), width)
    assert (columns_of(lines), " ".join(lines[2].split())) == (columns, line)


def test_what_is_not_known_of_any_flight_takes_no_room() -> None:
    lines = drawn(view(hit(flight())), 80)
    assert columns_of(lines) == "FLIGHT DATE FROM OUT UTC TO IN UTC STATUS ANSWER"


def test_a_pipe_has_room_for_everything() -> None:
    assert columns_of(piped(view(hit(LATE)))).startswith("FLIGHT DATE FROM OUT UTC GATE TO")


def test_under_the_table_stand_warnings_then_ids_then_explanations_then_what_it_cost() -> None:
    answers = (hit(flight(), ONWARDS, warning="seen 3 h ago", explanation=("local: fresh",)), UNKNOWN)
    assert drawn(view(*answers), 80)[-6:] == [
        "NZ527: seen 3 h ago",
        "nobody knows NZ9",
        "NZ527  ANZ527.2026-12-03.0830.NZAA.NZCH",
        "NZ527  ANZ527.2026-12-03.1100.NZCH.NZWN",
        "NZ527  local: fresh",
        "0 hits · 0 misses · 0 upstream calls",
    ]


def test_a_flight_that_is_asked_for_twice_has_two_lines_and_one_id() -> None:
    lines = drawn(view(hit(flight()), hit(flight())), 80)
    assert (sum("AKL" in line for line in lines), sum("NZAA" in line for line in lines)) == (2, 1)


def test_a_lone_answer_without_flights_has_no_table() -> None:
    assert drawn(view(UNKNOWN), 80) == ["0 hits · 0 misses · 0 upstream calls"]


@pytest.mark.parametrize("width", WIDTHS)
def test_in_a_batch_an_answer_without_flights_says_how_it_ended(width: int) -> None:
    lines = drawn(view(hit(LATE), UNKNOWN), width)
    assert lines[3].split() == ["NZ9", "not_found"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_query_that_is_no_designator_leaves_room_for_the_flights(width: int) -> None:
    bad = Answer("ü" * 90, "", Outcome.ERROR, error=BadDesignator("no designator"))
    lines = drawn(view(hit(TO_LOS_ANGELES, query="NZ6"), bad), width)
    assert lines[3].split() == [f"{'ü' * (max(8, width // 10) - 3)}...", "error"]
    assert {"13:00", "+2h30", "active"} < set(lines[2].split())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_diversion_says_where_to_and_when_it_came_down(width: int) -> None:
    lines = drawn(view(hit(DIVERTED)), width)
    assert "diverted" in lines[2]
    assert lines[3] == "NZ527: diverted to NZWN, came down 2026-12-02 23:10 UTC"


def test_where_there_is_room_the_status_says_where_a_diverted_flight_goes() -> None:
    assert "diverted to NZWN" in drawn(view(hit(DIVERTED)), 80)[2]


def test_a_diverted_flight_in_the_air_has_not_come_down() -> None:
    lines = drawn(view(hit(flight(status=FlightStatus.ACTIVE, diverted_to="NZWN"))), 80)
    assert lines[3] == "NZ527: diverted to NZWN"


def test_a_flight_that_was_cancelled_after_all_goes_nowhere_else() -> None:
    lines = drawn(view(hit(flight(status=FlightStatus.CANCELLED, diverted_to="NZWN"))), 80)
    assert ("cancelled" in lines[2], any("diverted" in line for line in lines)) == (True, False)


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (flight(status=FlightStatus.CANCELLED), "31mcancelled"),
        (DIVERTED, "31mdiverted to NZWN"),
        (flight(status=FlightStatus.ACTIVE), "36mactive"),
        (LATE, "33m+35 min"),
        (flight(), "2mNZ527  ANZ527.2026-12-03.0830.NZAA.NZCH"),
    ],
    ids=["cancelled", "diverted", "active", "late", "the id"],
)
def test_what_matters_is_in_colour(shown: Flight, code: str) -> None:
    assert f"\x1b[{code}" in "\n".join(piped(view(hit(shown)), color="always"))


def test_a_few_minutes_are_no_matter_of_colour() -> None:
    late = flight(estimated_out=utc("2026-12-02 19:44"))
    assert "\x1b[33m" not in "\n".join(piped(view(hit(late)), color="always"))


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in "\n".join(drawn(view(hit(DIVERTED, LATE)), 80))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_word_of_a_flight_reaches_a_terminal_without_unicode(width: int) -> None:
    answers = [hit(LATE, DIVERTED, TO_LOS_ANGELES, warning="old"), UNKNOWN]
    plain, ascii_only = (drawn(view(*answers), width, encoding) for encoding in ("utf-8", "ascii"))
    assert plain[:1] + plain[2:-1] == ascii_only[:1] + ascii_only[2:-1]


HOSTILE = "x\x1b[2J\n[bold]\u202e"


def test_what_a_provider_puts_into_words_steers_nothing() -> None:
    hostile = flight(departure_gate=HOSTILE, arrival_terminal=HOSTILE, aircraft_type=HOSTILE, diverted_to=HOSTILE)
    lines = drawn(view(hit(hostile)), 200)
    assert all(line.isprintable() for line in lines)
    assert "[bold]" in "\n".join(lines)


INSTANTS = st.none() | st.datetimes(datetime(2026, 11, 28), datetime(2026, 12, 8), timezones=st.just(UTC))
ZONES = st.sampled_from(["Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata", "", "+8"])
ANY_FLIGHT = st.builds(
    lambda times, more: flight(**(times | {"scheduled_out": utc("2026-12-02 19:30")} | more)),
    st.fixed_dictionaries(dict.fromkeys(TIMES, INSTANTS)),
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(FlightStatus),
            "origin_zone": ZONES,
            "destination_zone": ZONES,
            "origin_iata": st.sampled_from(["AKL", ""]),
            "diverted_to": st.sampled_from(["", "NZWN"]),
            "departure_gate": st.sampled_from(["", "23", "Concourse B 14"]),
            "arrival_terminal": st.sampled_from(["", "2", "International"]),
        }
    ),
)


@given(flights=st.lists(ANY_FLIGHT, min_size=1, max_size=3), width=st.sampled_from(WIDTHS))
def test_no_line_is_longer_than_the_terminal_and_no_word_is_broken(flights: list[Flight], width: int) -> None:
    lines = drawn(view(hit(*flights), UNKNOWN), width)
    assert max(map(len, lines)) <= width
    words = re.split(r"\s+", " ".join(lines))
    clocks = [word for word in words if ":" in word and word != "NZ527:"]
    assert all(re.fullmatch(r"[0-9]{2}:[0-9]{2}Z?([+-][0-9]+)?", clock) for clock in clocks)
    on_course = {flight.status.value for flight in flights if not flight.diverted_to}
    assert {flight.flight_id for flight in flights} | on_course <= set(words)


@given(instant=INSTANTS, later=st.timedeltas(timedelta(), timedelta(days=2)))
def test_a_flight_is_shown_whatever_is_known_of_its_arrival(instant: datetime | None, later: timedelta) -> None:
    one = flight(scheduled_in=instant, actual_in=instant and instant + later, actual_out=utc("2026-12-02 19:30"))
    assert drawn(view(hit(one)), 120)[2].startswith("NZ527 ")
