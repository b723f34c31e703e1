import logging

import pytest
from wire import (
    KEY,
    Answer,
    answering,
    everything_said,
    resetting,
    sending,
    serving,
    silent,
    without_key,
)

from flightctl.errors import UpstreamError
from flightctl.providers.transport import Gateway, Reply

CHATTY = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11")


def ask(url: str, deadline_seconds: float = 5.0) -> Reply:
    gateway = Gateway(url, secrets=[KEY], deadline_seconds=deadline_seconds)
    try:
        return gateway.get("/flights", {"access_key": KEY})
    finally:
        gateway.close()


@pytest.mark.parametrize(
    "answer",
    [
        resetting,
        silent,
        sending(f"HTTP/1.1 {KEY}\r\n\r\n".encode()),
        sending(f"{KEY}: x\r\n\r\n".encode()),
        answering(b"x", content_encoding=KEY),
        answering(b"", "302 Found", location=f"https://{KEY}.example.com/{KEY}"),
        answering(b"", f"302 {KEY}", location=KEY),
        answering(b"x" * 9_000_000, x_echo=KEY),
    ],
    ids=["reset", "silent", "status", "garbage", "coding", "location", "reason", "large"],
)
def test_the_key_is_in_no_error_and_no_log(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in CHATTY:
        caplog.set_level(logging.DEBUG, logger=name)
    with serving(answer) as server, pytest.raises(UpstreamError) as caught:
        ask(server.url, deadline_seconds=0.4)
    assert without_key(everything_said(caught.value, caplog))


def test_a_plain_answer_logs_nothing_of_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(answering({"echo": KEY}, x_echo=KEY)) as server:
        reply = ask(server.url)
    assert without_key(repr(reply) + "".join(record.getMessage() for record in caplog.records))
