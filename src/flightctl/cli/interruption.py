"""Ctrl-C and SIGTERM while an answer is being paid for: it is kept first, if it does not take too long."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final

PATIENCE_S: Final = 5.0
"""So long an interruption waits; an answer that takes longer is lost, and paid for."""
_Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def to_the_end(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Put an interruption off until the block is left, at most for so long; a second one counts at once."""
    handlers = _handlers()
    if not handlers:
        yield
        return
    deferred = _Deferred(handlers, patience_s)
    with ExitStack() as stack:
        stack.callback(deferred.take_effect)
        for number in handlers:
            stack.callback(signal.signal, number, signal.signal(number, deferred.on_signal))
        stack.callback(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, deferred.on_alarm))
        stack.callback(signal.setitimer, signal.ITIMER_REAL, 0)
        yield


class _Deferred:
    """An interruption that has come and has not yet taken effect, if there is one."""

    def __init__(self, handlers: Mapping[int, _Handler], patience_s: float) -> None:
        self._handlers = handlers
        self._patience_s = patience_s
        self._came: list[int] = []

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first one waits."""
        if self._came:
            self._came = [number]
            self.take_effect(frame)
        self._came.append(number)
        signal.setitimer(signal.ITIMER_REAL, self._patience_s)

    def on_alarm(self, _number: int, frame: FrameType | None) -> None:
        """It has waited for long enough."""
        self.take_effect(frame)

    def take_effect(self, frame: FrameType | None = None) -> None:
        """What the program does about it, once."""
        came, self._came = self._came, []
        for number in came:
            self._handlers[number](number, frame)


def _handlers() -> dict[int, _Handler]:
    """What the program does about the signals; nothing beside the main thread, which alone hears of them."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    return {number: handler for number, handler in handlers.items() if callable(handler)}
