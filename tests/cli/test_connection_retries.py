"""A connection that is not made costs nothing and is tried again; the server counts who comes."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import make_authority
from wire import Server, answering, serving

from running import Cached, Flightctl, Rows
from upstream import KEY, row

pytestmark = pytest.mark.usefixtures("database", "key")

PAGE = {"pagination": {"limit": 100, "offset": 0, "count": 1, "total": 1}, "data": [row("NZ1")]}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)


class CutsSomeOff(ssl.SSLContext):
    """TLS whose first handshakes are cut off."""

    cut_off = 0

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **more: Any) -> ssl.SSLSocket:
        if self.cut_off:
            self.cut_off -= 1
            raise ConnectionAbortedError
        return super().wrap_socket(sock, *arguments, **more)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CutsSomeOff:
    authority = make_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    context = CutsSomeOff(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


@pytest.fixture
def server(tls: CutsSomeOff, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """An upstream over TLS that knows NZ1."""
    with serving(answering(json.dumps(PAGE).encode()), tls) as server:
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", server.url)
        yield server


def used(rows: Rows) -> list[tuple[int]]:
    return rows("SELECT used FROM budget_cycles")


def test_a_connection_that_is_never_made_is_tried_three_times_and_costs_nothing(
    flightctl: Flightctl, server: Server, tls: CutsSomeOff, rows: Rows
) -> None:
    tls.cut_off = 99
    done = flightctl("lookup", "NZ1", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (5, "upstream_unreachable")
    assert (server.connections, server.asked, used(rows)) == (3, [], [(0,)])


def test_all_tries_are_one_call_and_one_error(flightctl: Flightctl, server: Server, tls: CutsSomeOff) -> None:
    tls.cut_off = 99
    metrics = flightctl("lookup", "NZ1", "--json").json["metrics"]
    assert (metrics["upstream_calls"], metrics["upstream_errors"]) == (1, 1)
    upstream = flightctl("stats", "--json").json["upstream"]
    assert (upstream["calls"], upstream["errors"]) == (1, {"upstream_unreachable": 1})


@pytest.mark.parametrize("cut_off", [1, 2])
def test_a_connection_that_is_made_at_last_answers_and_costs_one_call(
    flightctl: Flightctl, server: Server, tls: CutsSomeOff, rows: Rows, cut_off: int
) -> None:
    tls.cut_off = cut_off
    done = flightctl("lookup", "NZ1", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (0, "miss")
    assert (server.connections, len(server.asked), used(rows)) == (cut_off + 1, 1, [(1,)])
    assert done.json["metrics"]["upstream_errors"] == 0


def test_a_certificate_that_is_not_trusted_costs_nothing(
    flightctl: Flightctl, server: Server, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert flightctl("lookup", "NZ1").code == 5
    assert (server.asked, used(rows)) == ([], [(0,)])


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A port that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        yield


@pytest.mark.usefixtures("refusing")
def test_a_refused_connection_costs_nothing(flightctl: Flightctl, rows: Rows) -> None:
    done = flightctl("lookup", "NZ1", "--json")
    assert (done.code, done.answers[0]["error"]["code"], used(rows)) == (5, "upstream_unreachable", [(0,)])


@pytest.mark.usefixtures("refusing")
def test_refused_connections_leave_the_whole_budget_for_later(
    flightctl: Flightctl, cached: Cached, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call a month: it is there still after the network was away, and the breaker has not opened."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "1")
    codes = [flightctl("lookup", f"NZ{n}", "--json").answers[0]["error"]["code"] for n in range(1, 4)]
    assert (codes, used(rows)) == (["upstream_unreachable"] * 3, [(0,)])


def test_a_connection_that_ends_after_the_request_is_paid_for_and_not_tried_again(
    flightctl: Flightctl, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as server:
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", server.url)
        assert flightctl("lookup", "NZ1").code == 5
        assert (len(server.asked), used(rows)) == (1, [(1,)])
