"""The sandbox inside the process: an httpx transport that asks the handler and no network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import httpx

from .faults import FaultQueue
from .handler import answer
from .wire import Delivery, Pace, WireAnswer


class SandboxTransport(httpx.BaseTransport):
    """Answers every request, whatever its host, as the stand-in would over HTTP.

    `faults` are `KIND` or `KIND:COUNT` (InvalidFaultError otherwise). Slow answers wait by `sleep`, but
    never longer than the client's own read timeout, which then raises httpx.ReadTimeout.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        faults: Iterable[str] = (),
        pace: Pace = Pace(),  # noqa: B008 - frozen, so one for all calls is safe
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._faults = FaultQueue.parse(faults)
        self._pace = pace
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = answer(path, dict(request.url.params), self._clock(), self._faults.take(), headers)
        if reply.delivery is Delivery.RESET:
            raise httpx.RemoteProtocolError("the sandbox closed the connection", request=request)
        if reply.delivery is Delivery.SLOW:
            self._wait(request)
        return httpx.Response(reply.status, headers=list(reply.headers), stream=self._stream(reply))

    def _wait(self, request: httpx.Request) -> None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and patience < self._pace.slow_seconds:
            self._sleep(patience)
            raise httpx.ReadTimeout("the sandbox is slow", request=request)
        self._sleep(self._pace.slow_seconds)

    def _stream(self, reply: WireAnswer) -> httpx.SyncByteStream:
        if reply.delivery is Delivery.DRIP:
            return _Drip(reply.body, lambda: self._sleep(self._pace.drip_seconds))
        return httpx.ByteStream(reply.body)


class _Drip(httpx.SyncByteStream):
    def __init__(self, body: bytes, pause: Callable[[], None]) -> None:
        self._body = body
        self._pause = pause

    def __iter__(self) -> Iterator[bytes]:
        for byte in self._body:
            self._pause()
            yield bytes([byte])
