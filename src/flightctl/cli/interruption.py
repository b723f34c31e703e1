"""Ctrl-C and SIGTERM while an answer is being paid for: it is kept first, if it does not take too long."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final

PATIENCE_S: Final = 5.0
"""So long an interruption waits; an answer that takes longer is lost, and paid for."""
_Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def to_the_end() -> Iterator[None]:
    """Put an interruption off until the block is left, at most for ``PATIENCE_S``; a second one counts at once."""
    handlers = _handlers()
    if not handlers:
        yield
        return
    came: list[int] = []

    def put_off(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            handlers[number](number, frame)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)

    def give_up(_number: int, frame: FrameType | None) -> None:
        handlers[came[0]](came[0], frame)

    with ExitStack() as stack:
        stack.callback(lambda: [handlers[number](number, None) for number in came[:1]])
        for number in handlers:
            stack.callback(signal.signal, number, signal.signal(number, put_off))
        stack.callback(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, give_up))
        stack.callback(signal.setitimer, signal.ITIMER_REAL, 0)
        yield


def _handlers() -> dict[int, _Handler]:
    """What the program does about the signals; nothing beside the main thread, which alone hears of them."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    return {number: handler for number, handler in handlers.items() if callable(handler)}
