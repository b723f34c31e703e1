"""What is said when NATS is not there, does not answer or refuses; and that it goes on afterwards."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import nats
import pytest

from flightctl.errors import (
    ConfigurationError,
    FlightctlError,
    MirrorError,
    MirrorRefused,
    MirrorTimedOut,
    MirrorUnreachable,
)
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held, Write
from flightctl.mirror.terms import BucketTerms
from nats_servers import NatsServer, free_port

SECRET = "s3cret-word"
USERS = f"""
authorization {{ users: [
  {{user: admin, password: {SECRET}}}
  {{user: deaf, password: {SECRET}, permissions: {{subscribe: {{deny: ">"}}}}}}
  {{user: reader, password: {SECRET}, permissions: {{publish: {{deny: "$KV.>"}}}}}}
] }}
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server that knows its users."""
    with NatsServer(tmp_path_factory.mktemp("guarded"), USERS) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[NatsServer]:
    """One that a test may kill."""
    with NatsServer(tmp_path / "own") as server:
        yield server


@contextmanager
def talker(*said: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """The port of somebody who is no NATS server, and what was said to them."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            line, _ = listening.accept()
            with line:
                for words in said:
                    line.sendall(words)
                while words := line.recv(4096):
                    heard.append(words)

        thread = Thread(target=talk)
        thread.start()
        yield listening.getsockname()[1], heard
        thread.join(10)


def entered(server: NatsServer, user: str, password: str = SECRET) -> BucketTerms:
    return BucketTerms(server.url.replace("//", f"//{user}:{password}@"), "b", storage="memory")


def trouble(terms: BucketTerms, kind: type[FlightctlError]) -> FlightctlError:
    """What is raised, and that it tells nothing secret."""
    with Bucket(terms) as bucket, pytest.raises(kind) as raised:
        bucket.write([Write("a", 1, 0, b"x")])
    assert SECRET not in f"{raised.value.message}{raised.value.hint}{raised.value.cause}"
    return raised.value


def test_where_nobody_listens_is_told_at_once() -> None:
    began = time.monotonic()
    told = trouble(BucketTerms(f"nats://u:{SECRET}@127.0.0.1:{free_port()}", "b"), MirrorUnreachable)
    assert time.monotonic() - began < 3
    assert "Connect call failed" in told.cause


def test_a_host_that_does_not_exist_is_told_of() -> None:
    trouble(BucketTerms(f"tls://u:{SECRET}@nothing.invalid", "b"), MirrorUnreachable)


def test_who_does_not_greet_is_given_up_after_three_seconds() -> None:
    began = time.monotonic()
    with talker() as (port, _):
        trouble(BucketTerms(f"nats://u:{SECRET}@127.0.0.1:{port}", "b"), MirrorUnreachable)
    assert 2 < time.monotonic() - began < 6


def test_who_is_no_nats_server_is_told_of() -> None:
    with talker(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, heard):
        trouble(BucketTerms(f"nats://u:{SECRET}@127.0.0.1:{port}", "b"), MirrorUnreachable)
    assert heard == []


def test_a_password_is_not_sent_where_tls_was_asked_for_and_is_not_offered() -> None:
    greeting = json.dumps({"server_id": "x", "version": "2.15.1", "max_payload": 1048576, "headers": True})
    with talker(f"INFO {greeting}\r\n".encode()) as (port, heard):
        told = trouble(BucketTerms(f"tls://u:{SECRET}@127.0.0.1:{port}", "b"), MirrorUnreachable)
    assert heard == []
    assert "secure connection" in told.cause


@pytest.mark.parametrize(("user", "password"), [("admin", "wrong"), ("nobody", SECRET)])
def test_a_wrong_password_is_a_refusal(guarded: NatsServer, user: str, password: str) -> None:
    told = trouble(entered(guarded, user, password), MirrorRefused)
    assert told.exit_code == 4
    assert "does not let this user in" in told.message


def test_no_password_where_one_is_needed_is_a_refusal(guarded: NatsServer) -> None:
    trouble(BucketTerms(guarded.url, "b"), MirrorRefused)


@pytest.mark.parametrize("user", ["deaf", "reader"])
def test_what_is_not_permitted_is_refused_without_waiting(guarded: NatsServer, user: str) -> None:
    with Bucket(entered(guarded, "admin")) as bucket:
        bucket.make()
    began = time.monotonic()
    trouble(entered(guarded, user), MirrorRefused)
    assert time.monotonic() - began < 3


def test_who_may_read_and_not_write_goes_on_reading_after_a_refusal(guarded: NatsServer) -> None:
    with Bucket(entered(guarded, "reader")) as bucket:
        bucket.make()
        with pytest.raises(MirrorRefused, match=r"\$kv\.b\.unwritten"):
            bucket.write([Write("unwritten", 1, 0, b"x")])
        assert bucket.held(["unwritten"]) == {"unwritten": Held(0, 0, False)}


def test_an_account_without_jetstream_is_told_of(tmp_path: Path) -> None:
    config = f"accounts {{ A {{ users: [{{user: a, password: {SECRET}}}] }} }}"
    with (
        NatsServer(tmp_path / "none", config) as server,
        Bucket(entered(server, "a")) as bucket,
        pytest.raises(MirrorUnreachable, match="JetStream"),
    ):
        bucket.make()


def test_of_several_addresses_one_that_answers_is_enough(nats_server: NatsServer, terms: BucketTerms) -> None:
    dead = f"nats://127.0.0.1:{free_port()}"
    for _ in range(5):
        with Bucket(terms._replace(url=f"{dead}, {nats_server.url},{dead}")) as bucket:
            bucket.make()
            assert bucket.is_alive


def test_a_server_that_comes_back_is_gone_on_with(own_server: NatsServer) -> None:
    with Bucket(BucketTerms(own_server.url, "b")) as bucket:
        bucket.make()
        bucket.write([Write("a", 1, 0, b"x")])
        own_server.kill()
        with pytest.raises(MirrorUnreachable):
            bucket.held(["a"])
        assert not bucket.is_alive
        own_server.start()
        assert bucket.held(["a"]) == {"a": Held(1, 1, True)}


@pytest.mark.slow
def test_a_server_that_stops_to_answer_is_given_up(own_server: NatsServer) -> None:
    with Bucket(BucketTerms(own_server.url, "b")) as bucket:
        bucket.make()
        own_server.freeze()
        began = time.monotonic()
        with pytest.raises((MirrorTimedOut, MirrorUnreachable)):
            bucket.write([Write(f"a.{n}", 1, 0, b"x" * 100_000) for n in range(100)])
        assert time.monotonic() - began < 12
        own_server.thaw()
        assert bucket.held(["b"]) == {"b": Held(0, 0, False)}


@pytest.mark.parametrize(
    "content", ["", "no credentials", "-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n"]
)
def test_a_file_that_holds_no_credentials_is_refused(nats_server: NatsServer, tmp_path: Path, content: str) -> None:
    path = tmp_path / "user.creds"
    path.write_text(content)
    terms = BucketTerms(nats_server.url, "b", credentials=str(path))
    with Bucket(terms) as bucket, pytest.raises(ConfigurationError, match=r"nats\.creds_file"):
        bucket.make()


def test_a_stream_that_is_no_bucket_is_not_touched(terms: BucketTerms) -> None:
    async def take_the_name() -> None:
        async with await nats.connect(terms.url) as client:
            await client.jetstream().add_stream(name=terms.stream, subjects=[f"{terms.name}.x"], storage="memory")

    asyncio.run(take_the_name())
    with Bucket(terms) as bucket:
        with pytest.raises(MirrorError, match="no key-value bucket"):
            bucket.make()
        bucket.wipe()
