import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable

import httpx
import pytest
from wire import (
    KEY,
    Answer,
    answering,
    bursting,
    dripping,
    everything_said,
    hanging_up_after,
    packed,
    packet,
    resetting,
    sending,
    serving,
    silent,
    without_key,
)

from flightctl.errors import (
    ConfigurationError,
    Redirected,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.transport import Gateway, Reply

MIB = 1024 * 1024
HEAD = packet(b"x" * 1000)[:-1000]


def ask(url: str, deadline_seconds: float = 5.0) -> Reply:
    gateway = Gateway(url, provider="AviationStack", secrets=[KEY], deadline_seconds=deadline_seconds)
    try:
        return gateway.get("/flights", {"access_key": KEY})
    finally:
        gateway.close()


def failure(answer: Answer, deadline_seconds: float = 5.0) -> UpstreamError:
    with serving(answer) as server, pytest.raises(UpstreamError) as caught:
        ask(server.url, deadline_seconds)
    return caught.value


def test_an_answer_comes_with_status_body_and_the_headers_in_use() -> None:
    with serving(answering({"a": 1}, "503 Busy", retry_after="7", server="nginx")) as server:
        reply = ask(server.url)
    assert (reply.status, json.loads(reply.body)) == (503, {"a": 1})
    assert reply.headers == {"content-type": "application/json", "retry-after": "7"}


def test_the_key_is_sent_in_the_query_and_nowhere_else() -> None:
    with serving(answering({})) as server:
        ask(server.url)
    request_line, _, headers = server.asked[0].partition("\r\n")
    assert request_line == f"GET /v1/flights?access_key={KEY} HTTP/1.1"
    assert without_key(headers)


def test_several_requests_of_one_run_share_a_connection_and_no_cookie() -> None:
    with serving(answering({}, set_cookie="session=1; Path=/")) as server:
        gateway = Gateway(server.url)
        for _ in range(3):
            gateway.get("/flights", {}, headers={"x-extra": "yes"})
        gateway.close()
    assert (len(server.asked), server.connections) == (3, 1)
    assert all("x-extra: yes" in head and "cookie" not in head.lower() for head in server.asked)


def test_a_closed_gateway_opens_again_on_demand() -> None:
    with serving(answering({})) as server:
        gateway = Gateway(server.url)
        gateway.get("/flights", {})
        gateway.close()
        assert gateway.get("/flights", {}).status == 200
        gateway.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("identity", bytes),
    ],
)
def test_packed_bodies_are_unpacked(coding: str, pack: Callable[[bytes], bytes]) -> None:
    with serving(answering(pack(b'{"data": []}'), content_encoding=coding)) as server:
        assert ask(server.url).body == b'{"data": []}'


@pytest.mark.parametrize(
    "answer",
    [
        answering(b"whatever", content_encoding="br"),
        answering(b"whatever", content_encoding="gzip, gzip"),
        answering(b"not gzip at all", content_encoding="gzip"),
        answering(packed(5000)[:-9], content_encoding="gzip"),
        hanging_up_after(HEAD + b"x" * 10),
        sending(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        sending(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        sending(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000 + b"\r\n"),
    ],
    ids=["br", "twice", "false-gzip", "cut-gzip", "cut-body", "ssh", "chunk", "headers"],
)
def test_an_answer_that_is_damaged_is_unreadable(answer: Answer) -> None:
    assert type(failure(answer)) is Unreadable


@pytest.mark.parametrize(
    "answer",
    [resetting, hanging_up_after(b""), hanging_up_after(HEAD[:-30])],
    ids=["reset", "closed", "cut-head"],
)
def test_a_connection_that_breaks_before_an_answer_is_unreachable(answer: Answer) -> None:
    assert type(failure(answer)) is Unreachable


@pytest.mark.parametrize(
    "answer",
    [
        lambda: answering(b"x" * (8 * MIB + 1)),
        lambda: bursting(8 * MIB + 1),
        lambda: bursting(200 * MIB),
        lambda: sending(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9 * MIB),
    ],
    ids=["declared", "packed", "bomb", "endless"],
)
def test_more_than_eight_mebibytes_are_too_large(answer: Callable[[], Answer]) -> None:
    """Made when it is its turn: the largest takes a while."""
    assert type(failure(answer())) is TooLarge


def test_exactly_eight_mebibytes_are_read() -> None:
    with serving(bursting(8 * MIB)) as server:
        assert len(ask(server.url).body) == 8 * MIB


@pytest.mark.parametrize(
    "answer",
    [silent, dripping(HEAD * 2), dripping(HEAD + b"x" * 1000, at_once=len(HEAD)), sending(HEAD)],
    ids=["silence", "dripping head", "dripping body", "body stops"],
)
def test_whatever_is_slow_ends_at_the_deadline(answer: Answer) -> None:
    started = time.monotonic()
    assert type(failure(answer, deadline_seconds=0.4)) is TimedOut
    assert time.monotonic() - started < 1.0


def test_a_timed_out_request_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    assert type(failure(dripping(HEAD * 50), deadline_seconds=0.2)) is TimedOut
    time.sleep(0.1)
    assert threading.active_count() <= before


def test_a_slow_name_lookup_ends_at_the_deadline_and_sends_nothing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look_up = socket.getaddrinfo

    def slow_look_up(*args: object, **options: object) -> object:
        time.sleep(0.4)
        return look_up(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    with serving(answering({})) as server:
        with pytest.raises(TimedOut):
            ask(server.url.replace("127.0.0.1", "localhost"), deadline_seconds=0.2)
        time.sleep(0.4)
    assert server.asked == []


def test_a_timed_out_request_does_not_spoil_the_next_one() -> None:
    answers = iter([silent, answering({})])
    with serving(lambda connection: next(answers)(connection)) as server:
        gateway = Gateway(server.url, deadline_seconds=0.3)
        with pytest.raises(TimedOut):
            gateway.get("/flights", {})
        assert gateway.get("/flights", {}).status == 200
        gateway.close()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "304 Not Modified", "307 Kept", "308 Kept"])
def test_a_redirect_is_refused_and_its_target_sees_nothing(status: str) -> None:
    with serving(answering({})) as elsewhere:
        location = f"{elsewhere.url}/flights?access_key={KEY}"
        error = failure(answering(b"", status, location=location))
    assert type(error) is Redirected
    assert elsewhere.connections == 0
    assert without_key(everything_said(error))


def test_a_redirect_to_nonsense_is_a_redirect_all_the_same() -> None:
    assert type(failure(answering(b"", "302 Found", location=f"http://[{KEY}"))) is Redirected


def test_nobody_listening_is_unreachable() -> None:
    with serving(silent) as server:
        pass
    with pytest.raises(Unreachable) as caught:
        ask(server.url)
    assert "refused" in caught.value.cause


def test_a_key_that_no_header_can_carry_is_a_configuration_error_that_keeps_it() -> None:
    with serving(answering({})) as server, pytest.raises(ConfigurationError) as caught:
        Gateway(server.url, secrets=[KEY]).get("/flights", {}, headers={"x-apikey": f"{KEY}\n"})
    assert without_key(everything_said(caught.value))


def test_a_transport_in_this_process_may_hand_over_a_whole_response() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"a": 1}))
    gateway = Gateway("https://api.example.com/v1", transport=transport)
    assert gateway.get("/flights", {}).body == b'{"a":1}'
