"""The sandbox in process, through httpx."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from flightctl.providers.sandbox.transport import SandboxTransport
from flightctl.providers.sandbox.wire import Pace

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
QUERY = {"access_key": "k", "flight_iata": "NZ527"}


def _client(*faults: str, sleeps: list[float] | None = None, timeout: float = 5.0) -> httpx.Client:
    slept = [] if sleeps is None else sleeps
    transport = SandboxTransport(lambda: NOW, faults, Pace(slow_seconds=20.0), sleep=slept.append)
    return httpx.Client(transport=transport, base_url="https://api.example/v1", timeout=timeout)


def test_a_client_sees_an_ordinary_service() -> None:
    reply = _client().get("/flights", params=QUERY)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["pagination"]["count"] == 3


def test_the_clock_is_asked_for_every_request() -> None:
    moments = iter([datetime(2026, 11, 20, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)])
    client = httpx.Client(transport=SandboxTransport(lambda: next(moments)), base_url="http://sandbox/v1")
    dates = [min(row["flight_date"] for row in client.get("/flights", params=QUERY).json()["data"]) for _ in "ab"]
    assert dates == ["2026-11-19", "2027-01-19"]


def test_a_counted_fault_passes() -> None:
    client = _client("429:1")
    assert [client.get("/flights", params=QUERY).status_code for _ in range(3)] == [429, 200, 200]


def test_slow_is_no_slower_than_the_clients_patience() -> None:
    sleeps: list[float] = []
    with pytest.raises(httpx.ReadTimeout):
        _client("slow", sleeps=sleeps, timeout=3.0).get("/flights", params=QUERY)
    assert sleeps == [3.0]


def test_slow_answers_a_patient_client_in_the_end() -> None:
    sleeps: list[float] = []
    assert _client("slow", sleeps=sleeps, timeout=30.0).get("/flights", params=QUERY).status_code == 200
    assert sleeps == [20.0]


def test_drip_hands_over_one_byte_at_a_time() -> None:
    sleeps: list[float] = []
    with _client("drip", sleeps=sleeps).stream("GET", "/flights", params=QUERY) as reply:
        pieces = list(reply.iter_raw())
    assert {len(piece) for piece in pieces} == {1}
    assert len(sleeps) == len(pieces)


def test_reset_is_a_broken_connection() -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        _client("reset").get("/flights", params=QUERY)


def test_the_bomb_is_unpacked_by_the_client_only_as_it_reads() -> None:
    with _client("gzipbomb").stream("GET", "/flights", params=QUERY) as reply:
        assert reply.headers["content-encoding"] == "gzip"
        assert not reply.is_closed
        assert next(reply.iter_raw())
