"""Work that is given up at a deadline.

httpx limits single operations, a name lookup knows no limit at all, and a server that sends one byte a second
keeps within both. So the work runs in a daemon thread, and the caller waits no longer than it wants to.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

import httpcore

T = TypeVar("T")


class GivenUpError(Exception):
    """Nobody waits for this work any more; only ever seen inside its thread."""


class Watch:
    """Tells the work that it was given up, and cuts the connection that it may be waiting on."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._stream: httpcore.NetworkStream | None = None

    def trace(self, _event: str, info: Mapping[str, Any]) -> None:
        """Follow httpcore's ``trace`` extension.

        Raises GivenUpError at the next step after the end, so that a late name lookup sends no paid request.
        """
        made = info.get("return_value")
        if isinstance(made, httpcore.NetworkStream):
            self._stream = made
            if self._over.is_set():
                made.close()  # httpcore does not own it yet
        self.check()

    def check(self) -> None:
        """Raise GivenUpError once nobody waits."""
        if self._over.is_set():
            self._cut()
            raise GivenUpError

    def give_up(self) -> None:
        """Make the work end soon; does not wait for it."""
        self._over.set()
        self._cut()

    def _cut(self) -> None:
        connection = self._stream.get_extra_info("socket") if self._stream else None
        if isinstance(connection, socket.socket):
            # Shut down, not closed: a closed descriptor may be handed out again while the other thread
            # still reads from it. The plain method: SSLSocket's own drops the TLS layer under a reader.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


def within(seconds: float, work: Callable[[Watch], T]) -> T:
    """Run ``work`` in a thread of its own and return its result or raise its exception.

    Raises TimeoutError after ``seconds``. However this ends, by a KeyboardInterrupt too, work that is not
    done is given up; its thread is a daemon and does not hold up the exit.
    """
    watch = Watch()
    result: _Result[T] = _Result()
    threading.Thread(target=_carry_out, args=(work, watch, result), daemon=True).start()
    try:
        return result.result(timeout=seconds)
    finally:
        if not result.done():
            watch.give_up()


class _Result(Future[T]):
    """A future which, as a context, takes over whatever its block raises: the caller's thread gets it."""

    def __enter__(self) -> _Result[T]:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self.set_exception(error)
        return True


def _carry_out(work: Callable[[Watch], T], watch: Watch, result: _Result[T]) -> None:
    with result:
        result.set_result(work(watch))
