"""The handler: keys, filters, pages, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl.providers.sandbox.filters import FILTERS
from flightctl.providers.sandbox.handler import answer
from flightctl.providers.sandbox.wire import WireAnswer

Ask = Callable[..., Any]
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

parameters = st.sampled_from([*FILTERS, "limit", "offset", "flight_date", "callback", "access_key", "other"])
texts = st.one_of(st.text(max_size=20), st.sampled_from(["NZ527", "DL", "100", "0", "2026-11-20", "active"]))


def _get(path: str = "/v1/flights", **query: str) -> WireAnswer:
    return answer(path, query, NOW)


def _code(reply: WireAnswer) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["error"]["code"]


def _designators(body: Any) -> set[str]:
    return {row["flight"]["iata"] for row in body["data"]}


def test_a_flight_is_found_on_three_dates(ask: Ask) -> None:
    body = ask(flight_iata="NZ527")
    assert body["pagination"] == {"limit": 100, "offset": 0, "count": 3, "total": 3}
    assert {(row["departure"]["iata"], row["arrival"]["iata"]) for row in body["data"]} == {("AKL", "CHC")}
    assert {row["airline"]["icao"] for row in body["data"]} == {"ANZ"}


def test_an_unknown_flight_is_an_empty_page(ask: Ask) -> None:
    assert ask(flight_iata="NZ9999") == {
        "pagination": {"limit": 100, "offset": 0, "count": 0, "total": 0},
        "data": [],
    }


@pytest.mark.parametrize("written", ["nz527", "NZ0527", " NZ527", "NZ 527"])
def test_designators_are_compared_as_written(ask: Ask, written: str) -> None:
    assert ask(flight_iata=written)["data"] == []


@pytest.mark.parametrize(
    ("query", "inside"),
    [
        ({"airline_iata": "PW"}, {"PW494", "PW432"}),
        ({"airline_icao": "PRF"}, {"PW494", "PW432"}),
        ({"airline_name": "precision AIR"}, {"PW494", "PW432"}),
        ({"flight_icao": "ANZ527"}, {"NZ527"}),
        ({"flight_number": "527"}, {"NZ527"}),
        ({"dep_iata": "BKZ"}, {"PW494"}),
        ({"dep_icao": "HTBU"}, {"PW494"}),
        ({"arr_iata": "WRY"}, {"LM711"}),
        ({"arr_icao": "EGEW"}, {"LM711"}),
        ({"dep_iata": "MWZ", "arr_iata": "DAR"}, {"PW494"}),
        ({"flight_iata": "NZ527", "dep_iata": "CHC"}, set()),
    ],
)
def test_filters_narrow_to_the_rows_that_pass_them_all(ask: Ask, query: dict[str, str], inside: set[str]) -> None:
    assert _designators(ask(**query)) == inside


@pytest.mark.parametrize("status", ["scheduled", "active", "landed", "cancelled"])
def test_the_status_filter_keeps_one_status(ask: Ask, status: str) -> None:
    rows = ask(flight_status=status)["data"]
    assert {row["flight_status"] for row in rows} == {status}


def test_delay_filters_leave_out_rows_without_a_delay(ask: Ask) -> None:
    rows = ask(min_delay_dep=10, max_delay_dep=30)["data"]
    assert rows
    assert all(10 <= row["departure"]["delay"] <= 30 for row in rows)
    assert all(row["arrival"]["delay"] <= 5 for row in ask(max_delay_arr=5)["data"])
    assert all(row["arrival"]["delay"] >= 60 for row in ask(min_delay_arr=60)["data"])


def test_the_oddly_named_date_filters_look_at_the_scheduled_times(ask: Ask) -> None:
    leaving = ask(flight_iata="QF1", dep_scheduled_time_dep="2026-11-20")["data"]
    assert {row["departure"]["iata"] for row in leaving} == {"SYD", "SIN"}
    landing = ask(flight_iata="QF1", arr_scheduled_time_arr="2026-11-21")["data"]
    assert {(row["arrival"]["iata"], row["flight_date"]) for row in landing} == {
        ("SIN", "2026-11-21"),
        ("LHR", "2026-11-20"),
    }


def test_a_date_may_be_asked_for_on_a_paid_plan(ask: Ask) -> None:
    rows = ask(flight_iata="NZ527", flight_date="2026-10-01")["data"]
    assert [(row["flight_date"], row["flight_status"]) for row in rows] == [("2026-10-01", "landed")]


def test_a_free_key_may_not_ask_for_a_date() -> None:
    refused = _get(access_key="free-plan", flight_iata="NZ527", flight_date="2026-11-20")
    assert _code(refused) == (403, "function_access_restricted")
    assert _get(access_key="free-plan", flight_iata="NZ527").status == 200


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "missing_access_key"),
        ({"access_key": ""}, "missing_access_key"),
        ({"access_key": "invalid"}, "invalid_access_key"),
    ],
)
def test_no_key_and_a_wrong_key_are_refused(query: dict[str, str], code: str) -> None:
    assert _code(_get(**query)) == (401, code)


@pytest.mark.parametrize("path", ["/v1/airports", "/flights", "/v1/flights/", "/", ""])
def test_other_endpoints_do_not_exist(path: str) -> None:
    assert _code(_get(path, access_key="k")) == (404, "invalid_api_function")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("limit", "101"), ("limit", "0"), ("limit", "-1"), ("limit", "ten"), ("limit", "9" * 5000),
        ("limit", "\N{ARABIC-INDIC DIGIT THREE}"),
        ("offset", "-1"), ("offset", "1.5"), ("flight_status", "late"), ("flight_date", "20261120"),
        ("flight_date", "2026-02-30"), ("min_delay_dep", "x"), ("max_delay_arr", "-5"), ("flight_iata", " "),
        ("dep_scheduled_time_dep", "today"), ("callback", "show"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(name: str, text: str) -> None:
    refused = _get(**{"access_key": "k", name: text})
    assert _code(refused) == (422, "validation_error")
    context = json.loads(refused.body)["error"]["context"]
    assert list(context) == [name]
    assert context[name][0].keys() == {"key", "message"}


def test_every_bad_parameter_is_named_at_once() -> None:
    refused = _get(access_key="k", limit="x", offset="y", flight_status="z")
    assert set(json.loads(refused.body)["error"]["context"]) == {"limit", "offset", "flight_status"}


def test_unknown_parameters_are_ignored(ask: Ask) -> None:
    assert ask(flight_iata="NZ527", colour="red") == ask(flight_iata="NZ527")


def test_slashes_are_escaped_on_the_wire() -> None:
    body = _get(access_key="k", flight_iata="NZ527").body
    assert b"Pacific\\/Auckland" in body
    assert b"c/A" not in body


def test_the_same_question_at_the_same_moment_has_the_same_answer() -> None:
    assert _get(access_key="a", limit="100") == _get(access_key="b", limit="100")


def test_a_moment_without_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zone"):
        answer("/v1/flights", {"access_key": "k"}, datetime(2026, 11, 20))


def test_a_later_moment_moves_the_dates(ask: Ask) -> None:
    later = ask(at=NOW + timedelta(days=30), flight_iata="NZ527")["data"]
    assert {row["flight_date"] for row in later} == {"2026-12-20", "2026-12-21", "2026-12-22"}


@settings(max_examples=30)
@given(limit=st.integers(7, 100))
def test_pages_of_any_size_partition_the_rows(ask: Ask, limit: int) -> None:
    total = ask(airline_iata="DL", limit=1)["pagination"]["total"]
    pages = [ask(airline_iata="DL", limit=limit, offset=offset) for offset in range(0, total, limit)]
    assert [row for page in pages for row in page["data"]] == _whole(ask, airline_iata="DL")
    assert sum(page["pagination"]["count"] for page in pages) == total
    assert all(len(page["data"]) == page["pagination"]["count"] <= limit for page in pages)


def _whole(ask: Ask, **query: str) -> list[Any]:
    first, second = ask(**query), ask(**query, offset=100)
    assert second["pagination"]["total"] <= 200
    return [*first["data"], *second["data"]]


def test_a_page_past_the_end_is_empty_and_still_counts(ask: Ask) -> None:
    assert ask(flight_iata="NZ527", offset=500)["pagination"] == {
        "limit": 100,
        "offset": 500,
        "count": 0,
        "total": 3,
    }


@given(path=st.one_of(st.just("/v1/flights"), st.text()), query=st.dictionaries(parameters, texts, max_size=4))
def test_any_question_has_an_answer_in_json(path: str, query: dict[str, str]) -> None:
    reply = answer(path, {"access_key": "k"} | query, NOW)
    assert reply.status in {200, 401, 404, 422}
    assert json.loads(reply.body).keys() & {"data", "error"}
