from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aeroapi_bodies import AKL, CHC, READING, WLG, Row, diverted, flight, flights, schedule, schedules
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.sighting_page import Rejected, SightingsPage
from flightctl.errors import Unreadable
from flightctl.providers.aeroapi_page import cursor_of, sightings_page


def page(*rows: object, **changes: object) -> SightingsPage:
    return sightings_page(flights(*rows, **changes), "flights", READING)


def went(*rows: Row) -> list[tuple[str, str]]:
    """(destination, diverted to) of each sighting."""
    return [(one.destination.iata, one.diverted_to) for one in page(*rows).sightings]


def test_readable_rows_and_those_kept_out_stand_side_by_side() -> None:
    read = page(flight(), flight(origin=None), 7)
    assert [one.ident for one in read.sightings] == ["ANZ527"]
    assert read.rejected == (Rejected("ANZ527", "no origin airport"), Rejected("", "no JSON object"))
    assert read.readable == 1


def test_schedules_have_a_list_of_another_name() -> None:
    read = sightings_page(schedules(schedule()), "schedules", READING)
    assert [one.ident for one in read.sightings] == ["ANZ527"]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        schedules(schedule()),
        {"flights": None},
        {"flights": {"0": flight()}},
        {"flights": [None, "text", 7]},
        {"flights": [[flight()]]},
    ],
)
def test_a_body_of_another_shape_is_unreadable(document: object) -> None:
    with pytest.raises(Unreadable):
        sightings_page(document, "flights", READING)


def test_no_flights_are_an_empty_page() -> None:
    assert page() == SightingsPage()


@pytest.mark.parametrize(
    ("num_pages", "result_sets"),
    [(1, 1), (3, 3), (0, 1), (-5, 1), (None, 1), ("2", 1), (True, 1), (2.0, 1), (10**30, 1000)],
)
def test_as_many_result_sets_are_counted_as_were_billed(num_pages: object, result_sets: int) -> None:
    assert page(num_pages=num_pages).result_sets == result_sets


@pytest.mark.parametrize("links", [None, {}, [], "text", {"next": None}, {"next": ""}])
def test_without_a_link_there_is_no_next_page(links: object) -> None:
    read = page(links=links)
    assert (read.more, read.cursor) == (False, "")


def test_with_a_link_there_is_one() -> None:
    read = page(links={"next": "/flights/ANZ527?start=2026-11-20&cursor=b422e16"})
    assert (read.more, read.cursor) == (True, "b422e16")


def test_a_link_that_leads_nowhere_still_says_that_there_is_more() -> None:
    read = page(links={"next": "https://elsewhere.example/flights/ANZ527?cursor=b422e16"})
    assert (read.more, read.cursor) == (True, "")


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        ("/flights/ANZ527?cursor=b422e16", "b422e16"),
        ("/aeroapi/flights/ANZ527?max_pages=1&cursor=b422e16&start=x", "b422e16"),
        ("/flights/ANZ527?cursor=a+b%2Fc%3D%3D", "a+b/c=="),
        ("flights/ANZ527?cursor=b422e16", "b422e16"),
        ("?cursor=b422e16", "b422e16"),
        ("/flights/ANZ527?cursor=b422e16#fragment", "b422e16"),
    ],
)
def test_the_cursor_is_taken_out_of_a_relative_reference(link: str, cursor: str) -> None:
    assert cursor_of(link, "flights") == cursor


@pytest.mark.parametrize(
    "link",
    [
        "https://aeroapi.flightaware.com/aeroapi/flights/ANZ527?cursor=b422e16",
        "http://elsewhere.example/flights/ANZ527?cursor=b422e16",
        "//elsewhere.example/flights/ANZ527?cursor=b422e16",
        "javascript:flights/ANZ527?cursor=b422e16",
        "http://[flights/ANZ527?cursor=b422e16",
        "/account/usage?cursor=b422e16",
        "/schedules/2026-11-20/2026-11-21?cursor=b422e16",
        "/flights/../account/usage?cursor=b422e16",
        "/flights/%2e%2e/account?cursor=b422e16",
        "/flights\\..\\account?cursor=b422e16",
        "/flights/ANZ527",
        "/flights/ANZ527?cursor=",
        "/flights/ANZ527?cursors=b422e16",
        "/flights/ANZ527?cursor=one&cursor=two",
        "/flights/ANZ527?cursor=two%20words",
        "/flights/ANZ527?cursor=b422%0D%0Ax-apikey:1",
        "/flights/ANZ527?cursor=" + "x" * 2001,
        "",
        None,
        7,
        ["/flights/ANZ527?cursor=b422e16"],
        {"href": "/flights/ANZ527?cursor=b422e16"},
    ],
)
def test_anything_else_has_no_cursor(link: object) -> None:
    assert cursor_of(link, "flights") == ""


@given(st.text() | st.text().map(lambda text: f"/flights/ANZ527?cursor={text}"))
def test_whatever_a_link_holds_a_cursor_is_one_plain_word(link: str) -> None:
    cursor = cursor_of(link, "flights")
    assert cursor.isascii()
    assert not cursor or cursor.isprintable()
    assert " " not in cursor


PLANNED = diverted(flight())
ELSEWHERE = flight(destination=WLG, scheduled_out=None)
ONWARD = flight(origin=WLG, scheduled_out="2026-11-20T22:30:00Z", scheduled_in="2026-11-20T23:20:00Z")
LANDED = {"actual_on": "2026-11-20T20:40:00Z"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([PLANNED, ELSEWHERE], [("CHC", "NZWN"), ("WLG", "NZWN")]),
        ([ELSEWHERE, PLANNED], [("CHC", "NZWN"), ("WLG", "NZWN")]),
        ([PLANNED, diverted(ELSEWHERE, **LANDED)], [("CHC", "NZWN"), ("WLG", "NZWN")]),
        ([PLANNED, ONWARD | {"scheduled_off": None, "scheduled_on": None}], [("CHC", "NZWN"), ("CHC", "")]),
        ([PLANNED], [("CHC", "")]),
        ([PLANNED, flight()], [("CHC", ""), ("CHC", "")]),
        ([PLANNED, diverted(ELSEWHERE)], [("CHC", ""), ("WLG", "")]),
        ([flight(), ELSEWHERE], [("CHC", ""), ("WLG", "")]),
        ([PLANNED, ELSEWHERE, flight(destination=AKL)], [("CHC", ""), ("WLG", ""), ("AKL", "")]),
        ([PLANNED, ELSEWHERE | {"fa_flight_id": "another"}], [("CHC", ""), ("WLG", "")]),
        ([PLANNED | {"fa_flight_id": None}, ELSEWHERE | {"fa_flight_id": None}], [("CHC", ""), ("WLG", "")]),
    ],
    ids=[
        "a row for each airport",
        "the other way round",
        "both flagged and one landed",
        "a row that goes on from there",
        "no second row",
        "the same row again",
        "both flagged and none landed",
        "none flagged",
        "two other airports",
        "two ids",
        "no ids",
    ],
)
def test_a_diversion_is_two_rows_of_one_id(rows: Sequence[Row], expected: list[tuple[str, str]]) -> None:
    assert went(*rows) == expected


def test_the_other_airport_is_known_from_a_row_that_is_itself_kept_out() -> None:
    nowhen = ELSEWHERE | {"scheduled_off": None}
    assert went(PLANNED, nowhen) == [("CHC", "NZWN")]


def test_flights_without_a_diversion_keep_the_order_of_the_answer() -> None:
    assert [end for end, _ in went(flight(destination=WLG), flight(destination=CHC))] == ["WLG", "CHC"]


LEGS = st.builds(
    lambda origin, destination, is_diverted, landed, known: flight(
        origin=origin,
        destination=destination,
        diverted=is_diverted,
        fa_flight_id=known,
        **(LANDED if landed else {}),
    ),
    *(st.sampled_from([AKL, CHC, WLG, None]),) * 2,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["one", "two", None]),
)


@given(st.lists(LEGS, max_size=6))
def test_a_diversion_leads_to_an_airport_of_the_same_flight(rows: list[dict[str, Any]]) -> None:
    read = page(*rows)
    assert read.readable + len(read.rejected) == len(rows)
    for one in read.sightings:
        same = [row for row in rows if row["fa_flight_id"] == one.provider_id]
        codes = {end["code"] for row in same for end in (row["origin"], row["destination"]) if end}
        assert one.diverted_to in codes | {""}
        assert not one.diverted_to or any(row["diverted"] for row in same)
