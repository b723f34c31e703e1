from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from datetime import date
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
