from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aeroapi_bodies import NOW, airport, flight, flights, refused, schedule, schedules, zone_of
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import (
    JSON_VALUES,
    KEY,
    Answer,
    Server,
    answering,
    everything_said,
    hanging_up_after,
    packet,
    serving,
    silent,
    without_key,
)

from flightctl.domain.designator import Designator
from flightctl.domain.sighting_page import SightingsPage
from flightctl.errors import (
    ConfigurationError,
    FlightctlError,
    KeyRefused,
    PlanRefused,
    RateLimited,
    Redirected,
    RequestRefused,
    ServerError,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.aeroapi import FLIGHTS, PRICES, SCHEDULES, Access, AeroApi

ANZ527 = Designator("ANZ", 527)
START, END = datetime(2026, 11, 20, 11, tzinfo=UTC), datetime(2026, 11, 21, 11, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 24, 11, tzinfo=UTC)
DAY = timedelta(days=1)
HALF_A_SECOND = timedelta(microseconds=500_000)


def client(url: str, seconds: float = 5.0) -> closing[AeroApi]:
    return closing(AeroApi(Access(url, KEY), deadline_seconds=seconds))


def ask_flights(api: AeroApi, asked: Designator = ANZ527, start: datetime = START, **more: Any) -> SightingsPage:
    return api.flights(asked, start, more.pop("end", END), now=NOW, zone_of=zone_of, **more)


def ask_schedules(api: AeroApi, start: datetime = CHRISTMAS, **more: Any) -> SightingsPage:
    named = {"airline": "ANZ", "include_codeshares": True, "end": start + DAY, **more}
    return api.schedules(start, now=NOW, zone_of=zone_of, **named)


def answer_to(answer: Answer, **question: Any) -> tuple[SightingsPage, Server]:
    with serving(answer) as server, client(server.url) as api:
        page = ask_flights(api, **question)
    assert len(server.asked) == 1
    return page, server


def failure(answer: Answer, seconds: float = 5.0) -> FlightctlError:
    """The error that one question ends with; asking again would show as a second request."""
    with serving(answer) as server, client(server.url, seconds) as api:
        with pytest.raises(FlightctlError) as caught:
            ask_flights(api)
        assert len(server.asked) == 1
    return caught.value


def answered(body: bytes, key: str = KEY) -> SightingsPage:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    return ask_flights(AeroApi(Access("https://api.example.com/aeroapi", key), transport=transport))


def path_of(server: Server) -> str:
    return server.asked[0].split(" ")[1].split("?")[0]


def test_a_question_for_a_flight_is_one_request_of_one_result_set() -> None:
    _, server = answer_to(answering(flights()))
    assert path_of(server) == "/v1/flights/ANZ527"
    assert server.queries[0] == {
        "ident_type": "designator",
        "start": "2026-11-20T11:00:00Z",
        "end": "2026-11-21T11:00:00Z",
        "max_pages": "1",
    }


def test_instants_of_any_zone_are_asked_for_in_utc_and_whole_seconds() -> None:
    start = datetime.fromisoformat("2026-11-21T00:00:00.5+13:00")
    _, server = answer_to(answering(flights()), start=start)
    assert server.queries[0]["start"] == "2026-11-20T11:00:00Z"


def test_a_question_for_a_schedule_is_one_request_of_one_result_set() -> None:
    with serving(answering(schedules(schedule()))) as server, client(server.url) as api:
        page = ask_schedules(api, flight_number=527, origin="AKL", destination="CHC")
    assert path_of(server) == "/v1/schedules/2026-12-24T11:00:00Z/2026-12-25T11:00:00Z"
    assert server.queries[0] == {
        "airline": "ANZ",
        "flight_number": "527",
        "origin": "AKL",
        "destination": "CHC",
        "include_codeshares": "true",
        "max_pages": "1",
    }
    assert [one.ident for one in page.sightings] == ["ANZ527"]


def test_what_is_not_asked_of_a_schedule_is_not_sent_but_codeshares_always_are() -> None:
    with serving(answering(schedules())) as server, client(server.url) as api:
        ask_schedules(api, airline="NZ", include_codeshares=False)
    assert server.queries[0] == {"airline": "NZ", "include_codeshares": "false", "max_pages": "1"}


@pytest.mark.parametrize("ask", [ask_flights, ask_schedules])
def test_a_cursor_takes_up_where_the_page_before_left_off(ask: Any) -> None:
    with serving(answering({**flights(), **schedules()})) as server, client(server.url) as api:
        ask(api, cursor="a+b/c==")
    assert server.queries[0]["cursor"] == "a+b/c=="


def test_the_next_page_is_asked_for_at_our_own_address_whatever_the_link_says() -> None:
    link = {"next": "http://127.0.0.1:9/flights/ANZ527?cursor=b422e16"}
    with serving(answering(flights(flight(), links=link))) as server, client(server.url) as api:
        page = ask_flights(api)
        ask_flights(api, cursor=page.cursor)
    assert len(server.asked) == 2
    assert page.more


@pytest.mark.parametrize("airline", ["../account/usage?", "AN/", "..%2f", "A#", "A\r\nx: y"])
def test_an_ident_stays_one_segment_of_the_path(airline: str) -> None:
    _, server = answer_to(answering(flights()), asked=Designator(airline, 527))
    assert path_of(server).startswith("/v1/flights/")
    assert path_of(server).count("/") == 3
    assert server.queries[0]["ident_type"] == "designator"


def test_the_key_is_sent_in_one_header_and_nowhere_else() -> None:
    _, server = answer_to(answering(flights()))
    head = server.asked[0]
    assert f"x-apikey: {KEY}\r\n" in head
    assert head.count(KEY) == 1


def test_an_answer_is_read_into_sightings_seen_now() -> None:
    page, _ = answer_to(answering(flights(flight(), flight(origin=None), num_pages=2)))
    assert [(one.provider, one.ident, one.observed_at) for one in page.sightings] == [("aeroapi", "ANZ527", NOW)]
    assert (page.readable, len(page.rejected), page.result_sets) == (1, 1, 2)


def test_a_stand_in_names_itself_as_the_source() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=flights(flight())))
    api = AeroApi(Access("http://127.0.0.1:1", KEY), provider="sandbox", transport=transport)
    assert [one.provider for one in ask_flights(api).sightings] == ["sandbox"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW - 10 * DAY - HALF_A_SECOND, NOW),
        (NOW, NOW + 2 * DAY + HALF_A_SECOND),
        (NOW, NOW),
        (END, START),
    ],
)
def test_a_window_that_flights_do_not_reach_is_refused_before_any_request(start: datetime, end: datetime) -> None:
    with serving(answering(flights())) as server, client(server.url) as api:
        with pytest.raises(RequestRefused, match="AeroAPI's flights") as caught:
            ask_flights(api, start=start, end=end)
        assert server.connections == 0
    assert not caught.value.was_sent


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOW - 91 * DAY, NOW - 80 * DAY), (NOW + 360 * DAY, NOW + 366 * DAY), (NOW, NOW + 22 * DAY), (NOW, NOW)],
)
def test_a_window_that_schedules_do_not_reach_is_refused_before_any_request(start: datetime, end: datetime) -> None:
    with serving(answering(schedules())) as server, client(server.url) as api:
        with pytest.raises(RequestRefused, match="AeroAPI's schedules") as caught:
            ask_schedules(api, start=start, end=end)
        assert server.connections == 0
    assert not caught.value.was_sent


def test_the_whole_of_both_reaches_may_be_asked_for() -> None:
    with serving(answering({**flights(), **schedules()})) as server, client(server.url) as api:
        ask_flights(api, start=NOW - 10 * DAY, end=NOW + 2 * DAY)
        ask_schedules(api, start=NOW + 344 * DAY, end=NOW + 365 * DAY)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        answering(flights()),
        answering(refused(400, "INVALID_ARGUMENT", "Unknown ident ANZ527"), "400 Bad"),
        answering(refused(404, "NOT_FOUND", "No such flight"), "404 Not Found"),
        answering(b"", "404 Not Found"),
    ],
)
def test_an_unknown_flight_is_an_empty_page_that_was_billed(answer: Answer) -> None:
    page, _ = answer_to(answer)
    assert page == SightingsPage(result_sets=1)


WHOLE = json.dumps(flights(flight())).encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answering(refused(400, "INVALID_ARGUMENT", "start is too far in the past"), "400 Bad"), RequestRefused),
        (answering(refused(401, "INVALID_API_KEY", "This key is not valid"), "401 No"), KeyRefused),
        (answering(refused(401, "INVALID_API_KEY", "Only on Standard and Premium tiers"), "401 No"), PlanRefused),
        (answering(refused(429, "RATE_LIMIT_ERROR", "Slow down"), "429 Slow"), RateLimited),
        (answering(refused(500, "ERROR", "Oops"), "500 Oops"), ServerError),
        (answering(b"<html>not here</html>", "404 Not Found"), RequestRefused),
        (answering(b""), Unreadable),
        (answering(b"<html>Please log in</html>"), Unreadable),
        (answering(WHOLE[:-20]), Unreadable),
        (answering([flight()]), Unreadable),
        (answering(schedules(schedule())), Unreadable),
        (answering(b'{"flights": ' + b"[" * 100_000), Unreadable),
        (hanging_up_after(packet(WHOLE)[:-20]), Unreadable),
        (answering(WHOLE, "302 Found", location="https://example.com/"), Redirected),
        (answering(b" " * (9 * 1024 * 1024)), TooLarge),
    ],
)
def test_what_is_no_answer_is_an_error_and_not_tried_again(answer: Answer, expected: type[UpstreamError]) -> None:
    made = failure(answer)
    assert type(made) is expected
    assert "aviationstack" not in made.hint


def test_a_slow_answer_times_out() -> None:
    assert type(failure(silent, seconds=0.2)) is TimedOut


def test_nobody_listening_is_unreachable_and_the_hint_names_the_setting() -> None:
    with serving(silent) as server:
        url = server.url
    with client(url) as api, pytest.raises(Unreachable) as caught:
        ask_flights(api)
    assert "aeroapi.url" in caught.value.hint
    assert not caught.value.was_sent


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_the_target_of_a_redirect_sees_neither_request_nor_key(status: str) -> None:
    with serving(answering(flights())) as target:
        error = failure(answering(b"", status, location=f"{target.url}/flights/ANZ527"))
        assert target.connections == 0
    assert type(error) is Redirected
    assert "aeroapi.url" in error.hint


def test_a_url_that_would_send_the_key_in_the_clear_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"aeroapi\.url"):
        client("http://aeroapi.flightaware.com/aeroapi")


@pytest.mark.parametrize("key", ["line\nbreak", "schlüssel", "nul\x00"])
def test_a_key_that_no_header_can_carry_is_a_configuration_error_that_keeps_it(key: str) -> None:
    with serving(answering(flights())) as server, pytest.raises(ConfigurationError) as caught:
        ask_flights(AeroApi(Access(server.url, key)))
    assert key not in everything_said(caught.value)


def test_the_key_is_not_in_the_representation_of_the_access() -> None:
    assert without_key(repr(Access("https://api.example.com", KEY)))


def test_an_echo_of_the_key_is_masked_in_a_page() -> None:
    row = flight(status=f"On {KEY}", origin=airport("NZAA", "AKL", name=f"Airport {KEY}"), **{KEY: [KEY]})
    page = answered(json.dumps(flights(row, flight(ident=KEY, origin=None))).encode())
    assert page.sightings[0].provider_status == "On ***"
    assert without_key(repr(page) + repr(page.sightings[0].raw))


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "401 No", "403 No", "429 Slow", "500 No", "999 Odd"])
@pytest.mark.parametrize(
    "body",
    [
        refused(0, KEY, f"key {KEY} is wrong", title=KEY),
        {"message": f"x{KEY.upper()}x"},
        {"flights": {KEY: KEY}},
        f"<html>{KEY}</html>".encode(),
        f'{{"flights": "{KEY}'.encode(),
    ],
)
def test_no_error_has_the_key(status: str, body: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = failure(answering(body, status, retry_after=KEY, x_echo=KEY))
    assert without_key(everything_said(error, caplog))


BODIES = st.fixed_dictionaries({}, optional=dict.fromkeys(("flights", "links", "num_pages", "status"), JSON_VALUES))


@settings(max_examples=150, deadline=None)
@given((JSON_VALUES | BODIES).map(lambda value: json.dumps(value).encode()) | st.binary())
def test_any_body_is_a_page_or_an_error_of_ours(body: bytes) -> None:
    with suppress(FlightctlError):
        assert isinstance(answered(body), SightingsPage)


def test_each_endpoint_has_its_price() -> None:
    assert {endpoint: price.of(10) for endpoint, price in PRICES.items()} == {
        FLIGHTS.endpoint: "0.05 USD",
        SCHEDULES.endpoint: "0.20 USD",
    }
