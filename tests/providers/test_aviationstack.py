from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import (
    JSON_VALUES,
    KEY,
    Answer,
    answering,
    everything_said,
    hanging_up_after,
    packet,
    page,
    row,
    serving,
    silent,
    without_key,
)

from flightctl.domain.designator import Designator, parse_designator
from flightctl.domain.observed import FlightsPage
from flightctl.domain.sighting_page import Rejected, SightingsPage
from flightctl.errors import (
    ConfigurationError,
    FlightctlError,
    PlanRefused,
    Redirected,
    ServerError,
    TimedOut,
    TooLarge,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.aviationstack import Access, AviationStack, Plan

NZ527 = parse_designator("NZ527")
DAY = date(2026, 11, 21)
ACCESS = Access("https://api.example.com/v1", KEY)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def client(url: str, plan: Plan = Plan.FREE, seconds: float = 5.0) -> closing[AviationStack]:
    return closing(AviationStack(Access(url, KEY, plan), deadline_seconds=seconds))


def failure(answer: Answer, seconds: float = 5.0) -> FlightctlError:
    """The error that one question ends with; asking again would show as a second request."""
    with serving(answer) as server, client(server.url, seconds=seconds) as stack:
        with pytest.raises(FlightctlError) as caught:
            stack.flight(NZ527)
        assert len(server.asked) == 1
    return caught.value


def answered(body: bytes, key: str = KEY) -> FlightsPage:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    access = Access("https://api.example.com/v1", key)
    return AviationStack(access, transport=transport).flight(NZ527)


def no_table(_: str) -> str:
    return ""


def saying(*rows: object, **paging: object) -> httpx.BaseTransport:
    return httpx.MockTransport(lambda _: httpx.Response(200, json=page(*rows, **paging)))


def sighted(*rows: object, designator: Designator = NZ527, **paging: object) -> SightingsPage:
    """What one page of these rows says of a designator."""
    stack = AviationStack(ACCESS, transport=saying(*rows, **paging))
    return stack.sightings(designator, now=NOW, zone_of=no_table)


def asked(plan: Plan = Plan.PAID, **question: Any) -> dict[str, str]:
    with serving(answering(page())) as server, client(server.url, plan) as stack:
        stack.airline(**question) if "code" in question else stack.flight(**question)
    assert [head.split("?")[0] for head in server.asked] == ["GET /v1/flights"]
    return server.queries[0]


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ({"designator": NZ527}, {"flight_iata": "NZ527"}),
        ({"designator": Designator("ANZ", 527)}, {"flight_icao": "ANZ527"}),
        ({"designator": NZ527, "flight_date": DAY}, {"flight_iata": "NZ527", "flight_date": "2026-11-21"}),
        ({"code": "NZ"}, {"airline_iata": "NZ"}),
        ({"code": "ANZ", "offset": 200}, {"airline_icao": "ANZ", "offset": "200"}),
        ({"code": "NZ", "flight_date": DAY}, {"airline_iata": "NZ", "flight_date": "2026-11-21"}),
    ],
)
def test_a_question_is_one_request(question: dict[str, Any], query: dict[str, str]) -> None:
    assert asked(**question) == {"access_key": KEY, "limit": "100", **query}


def test_the_free_plan_refuses_a_date_before_any_request() -> None:
    with serving(answering(page())) as server, client(server.url) as stack:
        with pytest.raises(PlanRefused):
            stack.flight(NZ527, DAY)
        with pytest.raises(PlanRefused):
            stack.airline("NZ", flight_date=DAY)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("designator", "day", "query"),
    [
        (NZ527, None, {"flight_iata": "NZ527"}),
        (Designator("ANZ", 527), None, {"flight_icao": "ANZ527"}),
        (NZ527, DAY, {"flight_iata": "NZ527", "flight_date": "2026-11-21"}),
    ],
)
def test_a_question_for_sightings_is_one_request(
    designator: Designator, day: date | None, query: dict[str, str]
) -> None:
    with serving(answering(page(row(), total=7))) as server, client(server.url, Plan.PAID) as stack:
        stack.sightings(designator, day, now=NOW, zone_of=no_table)
    assert [head.split("?")[0] for head in server.asked] == ["GET /v1/flights"]
    assert server.queries[0] == {"access_key": KEY, "limit": "100", **query}


def test_the_free_plan_refuses_sightings_of_a_date_before_any_request() -> None:
    with serving(answering(page(row()))) as server, client(server.url) as stack:
        with pytest.raises(PlanRefused):
            stack.sightings(NZ527, DAY, now=NOW, zone_of=no_table)
        assert stack.sightings(NZ527, now=NOW, zone_of=no_table).readable == 1
    assert server.connections == 1


def test_a_sighting_names_its_source_and_when_it_was_asked() -> None:
    (one,) = sighted(row()).sightings
    assert (one.provider, one.observed_at) == ("aviationstack", NOW)


def test_a_stand_in_is_named_as_the_source() -> None:
    stack = AviationStack(ACCESS, provider="sandbox", transport=saying(row()))
    (one,) = stack.sightings(NZ527, now=NOW, zone_of=no_table).sightings
    assert one.provider == "sandbox"


def test_a_sighting_is_read_with_the_zones_of_the_caller_s_table() -> None:
    stack, ours = AviationStack(ACCESS, transport=saying(row())), {"AKL": "Pacific/Fiji"}
    (one,) = stack.sightings(NZ527, now=NOW, zone_of=lambda code: ours.get(code, "")).sightings
    assert (one.origin.zone, one.destination.zone) == ("Pacific/Fiji", "Pacific/Auckland")


OTHERS = [
    row(flight={"iata": "NZ5270", "icao": "ANZ5270"}),
    row(flight={"iata": "SQ4527", "icao": "SIA4527", "codeshared": {"flight_iata": "nz527", "flight_icao": "anz527"}}),
    row(flight=None),
]


@pytest.mark.parametrize("own", ["NZ527", "nz527", "NZ0527", "ANZ527"])
@pytest.mark.parametrize("asked_for", [NZ527, Designator("ANZ", 527)])
def test_only_rows_of_the_very_designator_become_sightings(own: str, asked_for: Designator) -> None:
    mine = row(flight={"iata": own, "icao": str(asked_for).lower()})
    told = sighted(OTHERS[0], mine, *OTHERS[1:], designator=asked_for)
    assert [one.raw for one in told.sightings] == [mine]
    assert told.rejected == ()


def test_rows_of_the_very_designator_that_can_be_no_sighting_are_kept_out_with_a_reason() -> None:
    told = sighted(row(arrival=None), *OTHERS, row(flight_date="2026-11-19"))
    kept_out = ("no destination airport", "dated another day than its departure")
    assert told == SightingsPage((), tuple(Rejected("NZ527", reason) for reason in kept_out))


@pytest.mark.parametrize(
    ("paging", "more"),
    [
        ({}, False),
        ({"total": 5}, True),
        ({"total": 4}, False),
        ({"offset": 3, "total": 7}, False),
        ({"offset": 3, "total": 8}, True),
        ({"total": 3}, False),
        ({"total": None}, False),
        ({"total": "900"}, False),
        ({"total": True}, False),
        ({"total": -1}, False),
        ({"count": 2, "total": 4}, False),
    ],
)
def test_there_is_more_where_the_pagination_says_so(paging: dict[str, Any], more: bool) -> None:
    told = sighted(row(), *OTHERS, **paging)
    assert (told.more, told.cursor, told.result_sets) == (more, "", 1)


def test_after_an_empty_page_there_is_no_more() -> None:
    assert sighted(total=900) == SightingsPage()


def test_sightings_of_an_answer_that_is_none_are_an_error() -> None:
    with serving(answering({"data": None})) as server, client(server.url) as stack, pytest.raises(Unreadable):
        stack.sightings(NZ527, now=NOW, zone_of=no_table)


def test_an_echo_of_the_key_is_masked_in_sightings() -> None:
    echoing = row(flight_status=KEY, flight={"iata": "NZ527", "number": KEY}, aircraft={"icao": f"x{KEY}"})
    told = sighted(echoing)
    assert told.sightings[0].provider_status == "***"
    assert without_key(repr(told) + repr(told.sightings[0].raw))


def test_an_answer_is_read_into_legs() -> None:
    with serving(answering(page(row(), total=7))) as server, client(server.url) as stack:
        answer = stack.flight(NZ527)
    assert [leg.flight_iata for leg in answer.legs] == [NZ527]
    assert (answer.offset, answer.count, answer.total, answer.complete) == (0, 1, 7, False)


def test_a_failing_request_is_not_tried_again() -> None:
    assert type(failure(answering({"error": {"code": "internal_error"}}, "500 Oops"))) is ServerError


def test_a_url_that_would_send_the_key_in_the_clear_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"aviationstack\.url"):
        client("http://api.aviationstack.com/v1")


def test_the_key_is_not_in_the_representation_of_the_access() -> None:
    assert without_key(repr(Access("https://api.example.com", KEY)))


WHOLE = json.dumps(page(row())).encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answering(b""), Unreadable),
        (answering(b"<html>Please log in</html>"), Unreadable),
        (answering(WHOLE[:-20]), Unreadable),
        (answering(b"\xff\xfe\xfd"), Unreadable),
        (answering([row()]), Unreadable),
        (answering("text"), Unreadable),
        (answering({}), Unreadable),
        (answering({"data": None}), Unreadable),
        (answering({"data": {"a": 1}}), Unreadable),
        (answering({"data": [[row()]]}), Unreadable),
        (answering({"data": [1, 2]}), Unreadable),
        (answering({"data": [{"weekday": "7"}]}), Unreadable),
        (answering(b'{"data": ' + b"[" * 100_000), Unreadable),
        (answering(b'{"data": ' + b"[" * 700 + b"]" * 700 + b"}"), Unreadable),
        (answering(b'{"data": [], "n": 1' + b"0" * 5000 + b"}"), Unreadable),
        (hanging_up_after(packet(WHOLE)[:-20]), Unreadable),
        (answering(WHOLE, "302 Found", location="https://example.com/"), Redirected),
        (answering(b" " * (9 * 1024 * 1024)), TooLarge),
    ],
)
def test_what_is_no_answer_is_an_upstream_error(answer: Answer, expected: type[UpstreamError]) -> None:
    assert type(failure(answer)) is expected


def test_a_slow_answer_times_out() -> None:
    assert type(failure(silent, seconds=0.2)) is TimedOut


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + WHOLE,
        b'{"data": [], "data": ' + json.dumps([row()]).encode() + b"}",
        WHOLE.replace(b'"live": null', b'"live": NaN, "far": 1e999, "low": -Infinity'),
        WHOLE.replace(b'"live": null', b'"live": "\\ud800"'),
    ],
    ids=["byte order mark", "duplicate name", "not a number", "half a character"],
)
def test_odd_but_readable_json_is_read(body: bytes) -> None:
    answer = answered(body)
    assert [leg.flight_iata for leg in answer.legs] == [NZ527]
    json.dumps(answer.legs[0].raw, allow_nan=False)


def test_an_echo_of_the_key_is_masked_in_a_page() -> None:
    flight = {"number": KEY, "iata": "NZ527", KEY.upper(): {"deep": [f"x{KEY}"]}}
    stop = {"airport": f"Airport {KEY}", "timezone": KEY}
    answer = answered(json.dumps(page(row(flight=flight, departure=stop))).encode())
    assert answer.legs[0].departure.name == "Airport ***"
    assert without_key(repr(answer) + repr(answer.legs[0].raw))


def test_a_very_short_key_leaves_the_data_alone() -> None:
    assert answered(WHOLE, key="NZ").legs[0].flight_iata == NZ527


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "401 No", "403 No", "429 Slow", "500 No", "999 Odd"])
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": KEY, "message": f"key {KEY} is wrong", "type": KEY, "info": KEY}},
        {"error": {"code": "validation_error", "message": KEY, "context": {KEY: [{"message": KEY}]}}},
        {"error": KEY},
        {"message": f"x{KEY.upper()}x"},
        f"<html>{KEY}</html>".encode(),
        f'{{"data": "{KEY}'.encode(),
    ],
)
def test_no_error_has_the_key(status: str, body: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = failure(answering(body, status, retry_after=KEY, x_echo=KEY))
    assert without_key(everything_said(error, caplog))


BODIES = st.fixed_dictionaries({}, optional=dict.fromkeys(("data", "error", "message"), JSON_VALUES))


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES | BODIES)
def test_any_json_is_a_page_or_an_error_of_ours(value: object) -> None:
    read_or_refused(json.dumps(value).encode())


@settings(max_examples=150, deadline=None)
@given(st.binary())
def test_any_bytes_are_a_page_or_an_error_of_ours(body: bytes) -> None:
    read_or_refused(body)


def read_or_refused(body: bytes) -> None:
    with suppress(FlightctlError):
        assert isinstance(answered(body), FlightsPage)
