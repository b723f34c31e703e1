"""The sandbox over HTTP, for loopback only: CI, and rehearsals of an outage."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from .aeroapi import AEROAPI_ROOT, KEY_HEADER
from .faults import FaultQueue
from .handler import KEY_PARAMETER, answer
from .wire import Delivery, Pace, WireAnswer

LOOPBACK = "127.0.0.1"
MASK = "***"
"""Stands for the access key wherever a request is kept."""

_POLL_SECONDS = 0.02

log = logging.getLogger(__name__)

Request = tuple[str, dict[str, str]]
"""Path and query, the access key masked."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base URLs of one server, one for each provider."""

    aviationstack: str
    """`http://127.0.0.1:PORT/v1`"""
    aeroapi: str
    """`http://127.0.0.1:PORT/aeroapi`"""


class SandboxServer:
    """A stand-in that listens from the moment it exists; port 0 takes a free one.

    As a context manager it answers in a thread of its own; `run` answers in the caller's. `faults` are
    `KIND` or `KIND:COUNT` (InvalidFaultError otherwise); a port in use raises OSError.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        port: int = 0,
        faults: Iterable[str] = (),
        pace: Pace = Pace(),  # noqa: B008 - frozen, so one for all calls is safe
    ) -> None:
        self.requests: list[Request] = []
        self._http = _Listener(_Sandbox(clock, FaultQueue.parse(faults), pace, self.requests), port)

    @property
    def base_url(self) -> str:
        """Where AviationStack's endpoints live: `http://127.0.0.1:PORT/v1`."""
        return self.addresses.aviationstack

    @property
    def addresses(self) -> Addresses:
        """Where the endpoints of both providers live."""
        root = f"http://{LOOPBACK}:{self._http.server_port}"
        return Addresses(f"{root}/v1", f"{root}{AEROAPI_ROOT}")

    def run(self) -> None:
        """Answer until `close`, or until an exception such as KeyboardInterrupt ends it."""
        self._http.serve_forever(_POLL_SECONDS)

    def close(self) -> None:
        """Free the port, and wake what is still answering slowly."""
        self._http.sandbox.closing.set()
        self._http.server_close()

    def __enter__(self) -> Self:
        Thread(target=self.run, name="sandbox", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self.close()


def serve(
    port: int,
    faults: Iterable[str],
    clock: Callable[[], datetime],
    on_ready: Callable[[Addresses], None],
    pace: Pace = Pace(),  # noqa: B008 - frozen, so one for all calls is safe
) -> None:
    """Answer in this thread until interrupted; `on_ready` is told the base URLs once it listens.

    KeyboardInterrupt and SystemExit pass through after the port is free again.
    """
    server = SandboxServer(clock, port, faults, pace)
    try:
        on_ready(server.addresses)
        server.run()
    finally:
        server.close()


class _Sandbox:
    """What the threads of one server share."""

    def __init__(self, clock: Callable[[], datetime], faults: FaultQueue, pace: Pace, requests: list[Request]) -> None:
        self.closing = Event()
        self.pace = pace
        self._clock = clock
        self._faults = faults
        self._requests = requests

    def answer(self, target: str, headers: Mapping[str, str]) -> WireAnswer:
        path, _, text = target.partition("?")
        query = dict(parse_qsl(text, keep_blank_values=True))
        self._requests.append((path, _masked(query)))
        return answer(path, query, self._clock(), self._faults.take(), headers)


def _masked(query: dict[str, str]) -> dict[str, str]:
    """Also a key that belongs into a header: somebody put it into the URL by mistake."""
    return query | {name: MASK for name in (KEY_PARAMETER, KEY_HEADER) if name in query}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, sandbox: _Sandbox, port: int) -> None:
        self.sandbox = sandbox
        super().__init__((LOOPBACK, port), _Exchange)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that lost its patience is no error: that is what some faults are for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    """One connection."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "flightctl-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.sandbox.answer(self.path, headers)
        log.debug("%s %s", reply.status, self.path.partition("?")[0])
        self._deliver(reply)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the request line holds the access key."""

    def _deliver(self, reply: WireAnswer) -> None:
        if reply.delivery is Delivery.RESET:
            self.close_connection = True
            return
        if reply.delivery is Delivery.SLOW:
            self._pause(self.server.sandbox.pace.slow_seconds)
        self._send_head(reply)
        self._send_body(reply)

    def _send_head(self, reply: WireAnswer) -> None:
        self.send_response(reply.status)
        for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, reply: WireAnswer) -> None:
        if reply.delivery is not Delivery.DRIP:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self._pause(self.server.sandbox.pace.drip_seconds)
            self.wfile.write(bytes([byte]))

    def _pause(self, seconds: float) -> None:
        """Wait, but not past the end of the server."""
        self.server.sandbox.closing.wait(seconds)
