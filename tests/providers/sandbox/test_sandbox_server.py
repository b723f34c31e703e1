"""The sandbox over real loopback HTTP."""

from __future__ import annotations

import logging
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from flightctl.providers.sandbox.faults import InvalidFaultError
from flightctl.providers.sandbox.server import Addresses, SandboxServer, serve
from flightctl.providers.sandbox.wire import Pace

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
QUERY = {"access_key": "a-secret-key", "flight_iata": "NZ527"}


def _server(*faults: str, pace: Pace = Pace(slow_seconds=0.1, drip_seconds=0.0)) -> SandboxServer:  # noqa: B008
    return SandboxServer(lambda: NOW, faults=faults, pace=pace)


def _get(server: SandboxServer, timeout: float = 5.0, **query: str) -> httpx.Response:
    return httpx.get(f"{server.base_url}/flights", params=query or QUERY, timeout=timeout, trust_env=False)


def test_it_answers_on_loopback_at_a_free_port() -> None:
    with _server() as server:
        assert server.base_url.startswith("http://127.0.0.1:")
        assert server.base_url.endswith("/v1")
        reply = _get(server)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["pagination"]["count"] == 3


def test_it_remembers_what_was_asked_but_not_the_key() -> None:
    with _server() as server:
        _get(server)
        _get(server, flight_iata="NZ5", other="")
    assert server.requests == [
        ("/v1/flights", {"access_key": "***", "flight_iata": "NZ527"}),
        ("/v1/flights", {"flight_iata": "NZ5", "other": ""}),
    ]


def test_the_log_is_quiet_and_without_the_key(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), _server() as server:
        _get(server)
        httpx.post(f"{server.base_url}/flights", params=QUERY, trust_env=False)
    ours = [record.getMessage() for record in caplog.records if "sandbox" in record.name]
    assert ours == ["200 /v1/flights"]
    assert capfd.readouterr() == ("", "")


def test_a_connection_serves_several_requests() -> None:
    with _server("429:1") as server, httpx.Client(base_url=server.base_url, trust_env=False) as client:
        assert [client.get("/flights", params=QUERY).status_code for _ in range(3)] == [429, 200, 200]


def test_many_at_once_are_answered_alike() -> None:
    with _server() as server, ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(lambda _: _get(server).content, range(16)))
        assert len(bodies) == 1
        assert len(server.requests) == 16


def test_a_slow_answer_outlasts_an_impatient_client() -> None:
    with _server("slow:1", pace=Pace(slow_seconds=10.0)) as server:
        with pytest.raises(httpx.ReadTimeout):
            _get(server, timeout=0.05)
        assert _get(server).status_code == 200


def test_a_slow_answer_comes_to_a_patient_client() -> None:
    with _server("slow") as server:
        started = time.monotonic()
        assert _get(server).status_code == 200
        assert time.monotonic() - started >= 0.1


def test_closing_does_not_wait_for_slow_answers() -> None:
    started = time.monotonic()
    with _server("slow", pace=Pace(slow_seconds=30.0)) as server, pytest.raises(httpx.ReadTimeout):
        _get(server, timeout=0.05)
    assert time.monotonic() - started < 5


def test_drip_is_whole_in_the_end() -> None:
    with _server("drip") as server:
        assert _get(server).json()["pagination"]["count"] == 3


def test_a_client_may_hang_up_during_the_drip(capfd: pytest.CaptureFixture[str]) -> None:
    with _server("drip:1", pace=Pace(drip_seconds=0.001)) as server:
        with httpx.stream("GET", f"{server.base_url}/flights", params=QUERY, trust_env=False) as reply:
            next(reply.iter_raw())
        assert _get(server).status_code == 200
    assert capfd.readouterr().err == ""


def test_a_client_may_break_the_connection_off(capfd: pytest.CaptureFixture[str]) -> None:
    with _server() as server:
        with socket.create_connection(("127.0.0.1", urlsplit(server.base_url).port or 0), timeout=5) as line:
            line.sendall(b"GET /v1/flights HTTP/1.1\r\n\r\n")
            line.recv(1)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert _get(server).status_code == 200
    assert capfd.readouterr().err == ""


def test_reset_closes_without_an_answer() -> None:
    with _server("reset:1") as server:
        with pytest.raises(httpx.RemoteProtocolError):
            _get(server)
        assert _get(server).status_code == 200


def test_the_bomb_goes_over_the_wire_small() -> None:
    with _server("gzipbomb") as server:
        reply = _get(server)
    assert int(reply.headers["content-length"]) < 100_000
    assert len(reply.content) > 8 * 1024 * 1024


def test_a_redirect_is_sent_and_leads_nowhere() -> None:
    with _server("redirect") as server:
        reply = _get(server)
        assert (reply.status_code, reply.content) == (302, b"")
        assert len(server.requests) == 1


def test_a_strange_request_line_is_answered_too() -> None:
    with _server() as server:
        port = urlsplit(server.base_url).port
        with socket.create_connection(("127.0.0.1", port or 0), timeout=5) as line:
            line.sendall(b"GET http://[x?access_key=k HTTP/1.0\r\n\r\n")
            assert b"404" in line.makefile("rb").readline()


def test_an_unknown_fault_is_refused_before_anything_listens() -> None:
    with pytest.raises(InvalidFaultError):
        _server("tired")


def test_a_port_in_use_is_an_error_of_the_system() -> None:
    with _server() as server, pytest.raises(OSError, match="in use"):
        SandboxServer(lambda: NOW, port=urlsplit(server.base_url).port or 0)


def test_serve_reports_its_address_and_frees_the_port_when_interrupted() -> None:
    addresses: list[str] = []

    def interrupt(at: Addresses) -> None:
        addresses.extend([at.aviationstack, at.aeroapi])
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()

    with pytest.raises(KeyboardInterrupt):
        serve(0, (), lambda: NOW, interrupt)
    assert [urlsplit(address).path for address in addresses] == ["/v1", "/aeroapi"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{addresses[0]}/flights", trust_env=False)


def test_the_server_and_the_handler_need_no_httpx() -> None:
    program = (
        "import sys, flightctl.providers.sandbox.server as _;"
        "print('httpx' in sys.modules, 'airportsdata' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
