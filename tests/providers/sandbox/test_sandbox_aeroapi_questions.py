"""What AeroAPI's stand-in may be asked: keys, windows, pages, filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.providers.sandbox.aeroapi_rows import flight_rows
from flightctl.providers.sandbox.handler import answer
from flightctl.providers.sandbox.schedule import legs
from flightctl.providers.sandbox.wire import WireAnswer

Ask = Callable[..., Any]
AskRaw = Callable[..., WireAnswer]

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ERROR = {"title", "reason", "detail", "status"}
DECEMBER = "/schedules/2026-12-01/2026-12-03"

names = st.sampled_from(
    ["start", "end", "max_pages", "cursor", "ident_type", "airline", "flight_number", "include_codeshares", "x"]
)
texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["2026-11-20", "2026-11-20T00:00:00Z", "1", "true", "NZ", "designator"])
)
segments = st.one_of(
    st.text(max_size=12), st.sampled_from(["flights", "schedules", "ANZ527", "2026-12-01", "2026-12-03"])
)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _refused(reply: WireAnswer) -> tuple[int, str]:
    body = json.loads(reply.body)
    assert body.keys() == ERROR
    assert body["status"] == reply.status
    return reply.status, body["reason"]


def _pages(aero: Ask, path: str, **query: str) -> Iterator[Any]:
    body = aero(path, **query)
    yield body
    while body["links"]:
        link = urlsplit(body["links"]["next"])
        body = aero(link.path, **dict(parse_qsl(link.query)))
        yield body


def _departures(pages: Iterator[Any]) -> list[tuple[str, str, str]]:
    return [(row["ident"], row["origin"], row["scheduled_out"]) for page in pages for row in page["scheduled"]]


@pytest.mark.parametrize("headers", [{}, {"x-apikey": ""}, {"x-apikey": "invalid"}, {"authorization": "Bearer k"}])
@pytest.mark.parametrize("path", ["/flights/ANZ527", DECEMBER, "/nothing"])
def test_no_key_and_a_wrong_key_are_refused(path: str, headers: dict[str, str]) -> None:
    assert _refused(answer(f"/aeroapi{path}", {"x-apikey": "k"}, NOW, headers=headers)) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize("path", ["", "/", "/flights", "/schedules/2026-12-01", "/airports/NZAA", "/flights/A/B"])
def test_other_endpoints_do_not_exist(aero_answer: AskRaw, path: str) -> None:
    assert _refused(aero_answer(path)) == (404, "NOT_FOUND")


def test_a_path_that_only_begins_alike_is_for_aviationstack() -> None:
    reply = answer("/aeroapis/flights/ANZ527", {"access_key": "k"}, NOW)
    assert json.loads(reply.body)["error"]["code"] == "invalid_api_function"


@pytest.mark.parametrize("ident", ["NZ9999", "nz527", "NZ0527", "ANZ527A", "x", "N123AB"])
def test_an_unknown_ident_is_no_error_but_an_empty_list(aero: Ask, ident: str) -> None:
    assert aero(f"/flights/{ident}") == {"links": None, "num_pages": 1, "flights": []}


def test_an_ident_may_be_escaped(aero: Ask) -> None:
    assert aero("/flights/%41NZ527")["flights"] == aero("/flights/ANZ527")["flights"]


@pytest.mark.parametrize(
    "query",
    [
        {"start": _stamp(NOW - 10 * DAY - SECOND)},
        {"end": _stamp(NOW + 2 * DAY + SECOND)},
        {"start": _stamp(NOW), "end": _stamp(NOW)},
        {"start": _stamp(NOW + DAY), "end": _stamp(NOW)},
        {"start": "2026-11-20T10:00:00"},
        {"start": "2026-11-31"},
        {"start": "20261120"},
        {"start": ""},
        {"end": "tomorrow"},
        {"end": "9999-12-31"},
        {"max_pages": "0"},
        {"max_pages": "ten"},
        {"cursor": "b422e16"},
        {"ident_type": "callsign"},
    ],
)
def test_what_flights_cannot_be_asked_is_refused_by_name(aero_answer: AskRaw, query: dict[str, str]) -> None:
    reply = aero_answer("/flights/ANZ527", **query)
    assert _refused(reply) == (400, "INVALID_ARGUMENT")
    assert any(name in json.loads(reply.body)["detail"] for name in query)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/schedules/{_stamp(NOW + 360 * DAY)}/{_stamp(NOW + 365 * DAY + SECOND)}", {}),
        ("/schedules/2026-08-20/2026-08-22", {}),
        (f"/schedules/{_stamp(NOW)}/{_stamp(NOW + 21 * DAY + SECOND)}", {}),
        ("/schedules/2026-12-03/2026-12-01", {}),
        ("/schedules/2026-12-32/2027-01-01", {}),
        (DECEMBER, {"flight_number": "0527"}),
        (DECEMBER, {"flight_number": "527A"}),
        (DECEMBER, {"flight_number": str(2**31)}),
        (DECEMBER, {"include_codeshares": "yes"}),
        (DECEMBER, {"include_regional": "no"}),
        (DECEMBER, {"max_pages": "-1"}),
    ],
)
def test_what_schedules_cannot_be_asked_is_refused(aero_answer: AskRaw, path: str, query: dict[str, str]) -> None:
    assert _refused(aero_answer(path, **query)) == (400, "INVALID_ARGUMENT")


def test_the_whole_reach_of_flights_may_be_asked_for(aero: Ask) -> None:
    whole = aero("/flights/ANZ527", start=_stamp(NOW - 10 * DAY), end=_stamp(NOW + 2 * DAY))
    assert len(whole["flights"]) == 12
    assert aero("/flights/ANZ527") == whole


@pytest.mark.parametrize("start", ["2026-08-20T22:00:00Z", "2026-11-20", "2027-10-31"])
def test_schedules_reach_three_months_back_and_a_year_ahead(aero_answer: AskRaw, start: str) -> None:
    end = _stamp(datetime.fromisoformat(start).replace(tzinfo=UTC) + 20 * DAY)
    assert aero_answer(f"/schedules/{start}/{end}", airline="PW").status == 200


def test_three_months_before_the_end_of_may_is_the_end_of_february(aero_answer: AskRaw) -> None:
    may = datetime(2027, 5, 31, 12, tzinfo=UTC)
    replies = [aero_answer(f"/schedules/2027-02-28T{hour}:00:00Z/2027-03-01", may) for hour in ("11", "12")]
    assert [reply.status for reply in replies] == [400, 200]


def test_the_start_of_a_window_is_inside_and_its_end_is_not(aero: Ask) -> None:
    window = {"start": "2026-11-18T19:30:00Z", "end": "2026-11-20T19:30:00Z"}
    departures = [row["scheduled_out"] for row in aero("/flights/ANZ527", **window)["flights"]]
    assert departures == ["2026-11-19T19:30:00Z", "2026-11-18T19:30:00Z"]


def test_instants_may_be_written_with_any_offset(aero: Ask) -> None:
    local = aero("/flights/ANZ527", start="2026-11-20T00:00:00+13:00", end="2026-11-21T00:00:00+13:00")
    assert [row["scheduled_out"] for row in local["flights"]] == ["2026-11-19T19:30:00Z"]


def test_a_bare_date_at_the_end_of_a_schedule_is_that_day_to_its_end(aero: Ask) -> None:
    days = {row[2][:10] for row in _departures(_pages(aero, DECEMBER, airline="PW"))}
    assert days == {"2026-12-01", "2026-12-02", "2026-12-03"}


@pytest.mark.parametrize(
    ("query", "idents"),
    [
        ({"airline": "PW"}, {"PRF494", "PRF432"}),
        ({"airline": "PRF"}, {"PRF494", "PRF432"}),
        ({"airline": "NZ", "flight_number": "527"}, {"ANZ527"}),
        ({"flight_number": "8428"}, {"JZA8428", "ACA8428"}),
        ({"origin": "BKZ"}, {"PRF494"}),
        ({"origin": "HTMW", "destination": "DAR", "airline": "PW"}, {"PRF494"}),
        ({"destination": "EGEW"}, {"LOG711"}),
        ({"airline": "ACA", "flight_number": "8428", "include_codeshares": "false"}, set()),
        ({"airline": "XX"}, set()),
    ],
)
def test_filters_narrow_to_the_rows_that_pass_them_all(aero: Ask, query: dict[str, str], idents: set[str]) -> None:
    assert {ident for ident, *_ in _departures(_pages(aero, DECEMBER, **query))} == idents


def test_a_row_of_the_timetable_has_the_fields_of_the_real_service(aero: Ask) -> None:
    both = aero(DECEMBER, flight_number="8428", max_pages="1")["scheduled"][:2]
    sold, flown = sorted(both, key=lambda row: str(row["ident"]))
    fields = """ident ident_icao ident_iata actual_ident actual_ident_icao actual_ident_iata aircraft_type scheduled_in
        scheduled_out origin origin_icao origin_iata origin_lid destination destination_icao destination_iata
        destination_lid fa_flight_id meal_service seats_cabin_business seats_cabin_coach seats_cabin_first"""
    assert list(sold) == list(flown) == fields.split()
    assert [flown[name] for name in fields.split()[:6]] == ["JZA8428", "JZA8428", "QK8428", None, None, None]
    assert [sold[name] for name in fields.split()[:6]] == ["ACA8428", "ACA8428", "AC8428", *["JZA8428"] * 2, "QK8428"]
    assert (sold["origin"], sold["origin_iata"], sold["fa_flight_id"]) == ("CYUL", "YUL", None)


def test_the_timetable_lists_what_was_cancelled_too(aero: Ask) -> None:
    leg, row = next((leg, row) for leg in legs() for row in flight_rows(leg, NOW.date() - DAY, NOW) if row["cancelled"])
    listed = aero("/schedules/2026-11-18/2026-11-20", airline=leg.flight[:2], flight_number=leg.flight[2:])
    assert row["scheduled_out"] in {one["scheduled_out"] for one in listed["scheduled"]}


def test_the_timetable_and_the_flights_tell_of_the_same_departures_and_ids(aero: Ask) -> None:
    flown = [row for page in _pages(aero, "/flights/QF1", start="2026-11-19") for row in page["flights"]]
    listed = aero(f"/schedules/2026-11-19T00:00:00Z/{_stamp(NOW + 2 * DAY)}", airline="QF", flight_number="1")
    assert [(row["scheduled_out"], row["fa_flight_id"]) for row in reversed(flown)] == [
        (row["scheduled_out"], row["fa_flight_id"]) for row in listed["scheduled"]
    ]


@pytest.mark.parametrize("max_pages", ["1", "2", "7", "1000"])
def test_pages_hold_every_row_once_however_many_are_asked_for(aero: Ask, max_pages: str) -> None:
    pages = list(_pages(aero, DECEMBER, airline="QF", max_pages=max_pages))
    rows = _departures(iter(pages))
    sold = [name for leg in legs() for name in (leg.flight, *leg.codeshares) if name.startswith("QF")]
    assert len(set(rows)) == len(rows) == 3 * len(sold) > 60
    assert all(len(page["scheduled"]) <= 15 * int(max_pages) for page in pages)
    assert sum(page["num_pages"] for page in pages) == -(-len(rows) // 15)


def test_a_link_is_relative_and_without_the_root(aero: Ask) -> None:
    link = aero("/flights/QF1", start="2026-11-11T00:00:00Z")["links"]["next"]
    assert link.startswith("/flights/QF1?start=2026-11-11T00:00:00Z&cursor=")


def test_a_cursor_is_good_for_its_own_question_only(aero: Ask, aero_answer: AskRaw) -> None:
    cursor = dict(parse_qsl(urlsplit(aero("/flights/QF1")["links"]["next"]).query))["cursor"]
    assert aero_answer("/flights/QF1", cursor=cursor).status == 200
    assert aero_answer("/flights/QF1", cursor=cursor, max_pages="5").status == 200
    assert aero_answer("/flights/QF2", cursor=cursor).status == 400
    assert aero_answer("/flights/QF1", cursor=cursor, start="2026-11-15").status == 400


@pytest.mark.parametrize("ident_type", ["registration", "fa_flight_id"])
def test_an_ident_of_another_type_is_not_found(aero: Ask, ident_type: str) -> None:
    assert aero("/flights/ANZ527", ident_type=ident_type)["flights"] == []


def test_slashes_are_not_escaped_on_the_wire(aero_answer: AskRaw) -> None:
    assert b"Pacific/Auckland" in aero_answer("/flights/ANZ527").body


@given(path=st.lists(segments, max_size=4), query=st.dictionaries(names, texts, max_size=4))
def test_any_question_has_an_answer_in_json(path: list[str], query: dict[str, str]) -> None:
    sent = "/aeroapi/" + "/".join(quote(part, safe="") for part in path)
    reply = answer(sent, query, NOW, headers={"x-apikey": "k"})
    assert reply.status in {200, 400, 404}
    assert json.loads(reply.body).keys() & {"flights", "scheduled", "reason"}
