"""Rows of our own: each field, what is refused and how, and what an update makes of a flight."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.flight import TIMES, Flight, FlightStatus
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_entry import Entry
from flightctl.domain.flight_news import Applied, Change
from flightctl.domain.flight_update import FlightUpdate, read_update, updated
from flightctl.errors import MalformedRow
from flights import flight, utc

ID = "ANZ527.2026-12-03.0830.NZAA.NZCH"
SEEN = utc("2026-12-02 10:00")
LATER = SEEN + timedelta(minutes=5)
WORDS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")
KNOWN: dict[str, Any] = {**dict.fromkeys(WORDS, "A"), **dict.fromkeys(TIMES, utc("2026-12-02 19:30"))}


def read(**row: object) -> FlightUpdate:
    return read_update({"flight_id": ID, **row}, LATER)


def refusal(**row: object) -> str:
    """Why this row is refused."""
    with pytest.raises(MalformedRow) as refused:
        read(**row)
    return refused.value.message


def applied(before: Flight, observed_at: datetime = LATER, **row: object) -> Applied:
    return updated(before, read_update({"flight_id": ID, **row}, observed_at), "flightctl")


# The fields of a row


@pytest.mark.parametrize("name", TIMES)
def test_each_time_can_be_told(name: str) -> None:
    assert dict(read(**{name: "2026-12-02T20:15:00Z"}).values) == {name: utc("2026-12-02 20:15")}


@pytest.mark.parametrize("name", WORDS)
def test_each_word_can_be_told(name: str) -> None:
    assert dict(read(**{name: " 24B "}).values) == {name: "24B"}


@pytest.mark.parametrize("status", FlightStatus)
def test_each_status_can_be_told(status: FlightStatus) -> None:
    assert dict(read(status=status.value).values) == {"status": status}


@pytest.mark.parametrize("name", [*TIMES, *WORDS])
def test_null_makes_a_field_unknown(name: str) -> None:
    row: dict[str, Any] = {name: None}
    assert getattr(applied(flight(**KNOWN), **row).flight, name) in (None, "")


def test_null_makes_the_status_unknown() -> None:
    assert applied(flight(), status=None).flight.status is FlightStatus.UNKNOWN


def test_what_is_absent_stays() -> None:
    before = flight(**KNOWN)
    after = applied(before, departure_gate="24").flight
    kept = [name for name in (*TIMES, *WORDS, "status", "flight_iata") if name != "departure_gate"]
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_the_id_is_read_as_it_is_typed() -> None:
    assert str(read(flight_id=f" {ID.lower()} ").flight_id) == ID


@pytest.mark.parametrize(
    "flight_id",
    [None, 7, "", "NZ527", {}, [], [[[]]], ID + ".X", ID.replace("12-03", "13-03"), "\ud800", "x" * 10_000, ID + "\0"],
)
def test_a_row_without_an_id_is_refused(flight_id: object) -> None:
    message = refusal(flight_id=flight_id)
    assert message.endswith("is no flight id")
    assert message.isascii()
    assert len(message) < 100


def test_a_row_that_names_no_flight_is_refused() -> None:
    with pytest.raises(MalformedRow, match="is no flight id"):
        read_update({"departure_gate": "24"}, LATER)


@pytest.mark.parametrize(
    ("told", "known"), [("NZ527", "NZ527"), ("nz 0527", "NZ527"), ("ANZ527", "ANZ527"), (None, "")]
)
def test_a_designator_is_read_as_it_is_typed(told: object, known: str) -> None:
    assert read(flight_iata=told).flight_iata == known


@pytest.mark.parametrize("told", ["", "NZ", "527", 527, [], {}, "NZ527\0", "\ud800", "NZ" + "5" * 100])
def test_what_is_no_designator_is_refused(told: object) -> None:
    assert refusal(flight_iata=told) == "flight_iata is no flight designator"


@pytest.mark.parametrize(
    "name",
    [
        "gate",
        "Status",
        "version",
        "review",
        "provider",
        "ident",
        "local_date",
        "",
        "\x1b[31m",
        "\ud800",
        "é",
        "x" * 999,
    ],
)
def test_a_field_that_no_flight_has_is_refused_in_plain_words(name: str) -> None:
    message = refusal(**{name: "1"})
    assert message.endswith("is no field of a flight")
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 80


# Words


@pytest.mark.parametrize("value", ["x" * 41, 7, 1.5, True, [], {}, ["24"]])
@pytest.mark.parametrize("name", WORDS)
def test_what_is_no_short_text_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}) == f"{name} is no text of at most 40 characters"


def test_a_word_has_40_characters_at_most() -> None:
    assert read(departure_gate="é" * 40).values["departure_gate"] == "é" * 40


@given(st.text(st.characters(codec=None), max_size=40))
def test_no_word_steers_a_terminal_or_hides(told: str) -> None:
    word = read(departure_gate=told).values["departure_gate"]
    assert [one for one in word if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")] == []
    assert len(word) <= 40
    word.encode()


@pytest.mark.parametrize("told", ["\x1b[31m24", "2\x004", "\ud800", "\u202e42", "2\u20284", "\x9b31m", "\u200b24"])
def test_what_could_do_harm_is_replaced(told: str) -> None:
    word = read(arrival_gate=told).values["arrival_gate"]
    assert "\N{REPLACEMENT CHARACTER}" in word


# Instants and statuses


@pytest.mark.parametrize(
    "told",
    ["2026-12-03T08:30:00+13:00", "2026-12-02T09:30-10:00", "2026-12-02T19:30:00.000Z", "2026-12-02T19:30Z"],
)
def test_an_offset_is_turned_into_utc(told: str) -> None:
    instant = read(scheduled_out=told).values["scheduled_out"]
    assert (instant, instant.tzinfo) == (utc("2026-12-02 19:30"), UTC)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "08:30",
        "2026-12-02",
        "2026-12-02T19:30:00",
        "2026-12-02 19:30:00Z",
        "2026-02-30T19:30:00Z",
        "2026-12-02T24:00:00Z",
        "2026-12-02T19:60:00Z",
        "2026-12-02T19:30:00+24:00",
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "\u0662\u0660\u0662\u0666-12-02T19:30:00Z",
        "2026-12-02T19:30:00Z\0",
        "\ud800",
        1764704000,
        True,
        [],
        {},
    ],
)
@pytest.mark.parametrize("name", ["scheduled_out", "actual_in"])
def test_what_is_no_instant_is_refused(name: str, told: object) -> None:
    assert refusal(**{name: told}) == f"{name} is no instant such as 2026-12-02T19:30:00Z"


@pytest.mark.parametrize("told", ["", "SCHEDULED", "landed ", "delayed", 1, True, [], {}, ["landed"], "\ud800"])
def test_another_status_is_refused_with_those_that_there_are(told: object) -> None:
    words = "scheduled, active, landed, arrived, cancelled, diverted, unknown"
    assert refusal(status=told) == f"status is none of {words}"


# What an update makes of a flight


def test_each_new_value_is_a_change() -> None:
    before = flight(departure_gate="1", actual_out=utc("2026-12-02 19:31"))
    after = applied(before, status="active", departure_gate="24", actual_out=None, scheduled_in="2026-12-02T20:55:00Z")
    assert set(after.changes) == {
        Change(ID, "status", "scheduled", "active", LATER, "flightctl"),
        Change(ID, "departure_gate", "1", "24", LATER, "flightctl"),
        Change(ID, "actual_out", "2026-12-02T19:31:00Z", None, LATER, "flightctl"),
    }
    flown = after.flight
    assert (flown.version, flown.updated_at, flown.observed_at, flown.provider) == (2, LATER, LATER, "flightctl")


def test_an_update_that_brings_nothing_new_vouches_for_the_flight() -> None:
    before = flight()
    after = applied(before, status="scheduled", departure_gate="")
    assert after == Applied(before._replace(observed_at=LATER, provider="flightctl"), ())


def test_an_older_update_changes_nothing() -> None:
    before = flight()
    assert applied(before, SEEN - timedelta(microseconds=1), departure_gate="24") == Applied(before, (), outdated=True)


def test_an_update_of_the_same_moment_counts() -> None:
    assert applied(flight(), SEEN, departure_gate="24").flight.departure_gate == "24"


def test_a_retime_past_midnight_moves_the_local_day_and_not_the_id() -> None:
    after = applied(flight(), scheduled_out="2026-12-03T12:00:00Z").flight
    assert (after.flight_id, after.departure_date, after.local_date) == (ID, date(2026, 12, 3), date(2026, 12, 4))


@pytest.mark.parametrize(
    ("before", "row"),
    [
        ({}, {"scheduled_out": None}),
        ({"scheduled_off": SEEN}, {"scheduled_out": None, "scheduled_off": None}),
        ({"scheduled_out": None, "scheduled_off": SEEN}, {"scheduled_off": None}),
    ],
)
def test_a_flight_keeps_a_scheduled_departure(before: dict[str, Any], row: dict[str, Any]) -> None:
    with pytest.raises(MalformedRow, match="without a scheduled departure"):
        applied(flight(**before), **row)


def test_a_take_off_is_a_departure_too() -> None:
    after = applied(flight(), scheduled_out=None, scheduled_off="2026-12-02T19:40:00Z").flight
    assert after.departs_at == utc("2026-12-02 19:40")


def test_no_change_looks_like_none() -> None:
    """Histories are told to the second."""
    changes = applied(flight(), scheduled_out="2026-12-02T19:30:00.5Z").changes
    assert [one for one in changes if one.old == one.new] == []


_MINUTES = st.integers(0, 3000).map(lambda minutes: (SEEN + timedelta(minutes=minutes)).isoformat())
_WORD = st.none() | st.text(st.sampled_from("A1 é\x1b"), max_size=3)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TIMES, st.none() | _MINUTES),
        **dict.fromkeys(("scheduled_out",), _MINUTES),
        **dict.fromkeys(WORDS, _WORD),
        "status": st.sampled_from([status.value for status in FlightStatus]),
    },
)


@given(ROWS)
def test_the_same_update_again_changes_nothing(row: dict[str, Any]) -> None:
    once = applied(flight(), **row)
    assert applied(once.flight, **row) == Applied(once.flight, ())


@given(ROWS, ROWS, st.integers(1, 10_000))
def test_an_older_update_after_a_newer_one_changes_nothing(
    newer: dict[str, Any], older: dict[str, Any], minutes: int
) -> None:
    known = applied(flight(), LATER, **newer).flight
    late = applied(known, LATER - timedelta(minutes=minutes), **older)
    assert late == Applied(known, (), outdated=True)


@given(st.permutations(range(6)))
def test_in_whatever_order_updates_come_the_newest_stands(order: list[int]) -> None:
    after = flight()
    for number in order:
        after = applied(after, LATER + timedelta(minutes=number), departure_gate=str(number)).flight
    assert (after.departure_gate, after.observed_at) == ("5", LATER + timedelta(minutes=5))


@given(st.lists(ROWS, max_size=5))
def test_the_history_leads_from_the_first_state_to_the_last(told: list[dict[str, Any]]) -> None:
    states, changes = [flight()], list[Change]()
    for number, row in enumerate(told):
        done = applied(states[-1], LATER + timedelta(minutes=number), **row)
        states.append(done.flight)
        changes += done.changes
    for name in {one.field for one in changes}:
        steps = [(one.old, one.new) for one in changes if one.field == name]
        assert all(one[1] == following[0] for one, following in pairwise(steps))
    assert states[-1].version == 1 + len({one.observed_at for one in changes})


# In a book


def test_a_book_takes_up_updates_of_the_flights_that_it_has() -> None:
    book = Book([Entry(flight(), {})])
    after = book.update(read(departure_gate="24"), "flightctl")
    assert after is not None
    assert book.written.changed == {ID: after.flight}
    assert book.written.changes == list(after.changes)
    assert book.written.columns[ID] >= {"departure_gate", "observed_at", "updated_at", "version"}


def test_a_book_does_not_know_a_flight_that_it_has_not() -> None:
    book = Book([])
    assert book.update(read(departure_gate="24"), "flightctl") is None
    assert (book.written.changed, book.written.created, book.written.changes) == ({}, {}, [])


def test_what_is_outdated_or_malformed_is_not_written() -> None:
    book = Book([Entry(flight(), {})])
    book.update(read_update({"flight_id": ID, "departure_gate": "24"}, SEEN - timedelta(days=1)), "flightctl")
    with pytest.raises(MalformedRow):
        book.update(read(scheduled_out=None, departure_gate="24"), "flightctl")
    assert (book.written.changed, book.written.seen, book.written.changes) == ({}, {}, [])


def test_what_is_only_vouched_for_is_written_without_a_change() -> None:
    book = Book([Entry(flight(), {})])
    book.update(read(departure_gate="24"), "flightctl")
    book.update(read_update({"flight_id": ID}, LATER + timedelta(minutes=1)), "flightctl")
    assert book.written.seen == {}
    assert book.written.changed[ID].observed_at == LATER + timedelta(minutes=1)
    assert len(book.written.changes) == 1
