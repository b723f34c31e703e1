"""Ctrl-C and SIGTERM while an answer is being paid for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from flightctl.cli.interruption import to_the_end

LONG_S = 30.0


class Interrupted(Exception):
    """What is done about SIGINT here."""


class Terminated(Exception):
    """What is done about SIGTERM here."""


def _raising(error: type[Exception]) -> Callable[[int, object], None]:
    def handler(_number: int, _frame: object) -> None:
        raise error

    return handler


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of a program that ends by exceptions; afterwards those of the test run again."""
    before = [
        (number, signal.signal(number, _raising(error)))
        for number, error in ((signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated))
    ]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def send(*numbers: int) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)


def wait() -> None:
    """Until a signal ends it."""
    threading.Event().wait(LONG_S)


def fail() -> None:
    raise ValueError("what was being done has failed")


def ending(*steps: Callable[[], object], patience_s: float = LONG_S) -> tuple[type[Exception] | None, int]:
    """How a block of these steps ends, and how many of them it came to the end of."""
    done = 0
    try:
        with to_the_end(patience_s):
            for step in steps:
                step()
                done += 1
    except (Interrupted, Terminated) as end:
        return type(end), done
    return None, done


BOTH = pytest.mark.parametrize(
    ("number", "end"), [(signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated)], ids=["SIGINT", "SIGTERM"]
)


@BOTH
def test_an_interruption_waits_until_the_block_is_left(number: int, end: type[Exception]) -> None:
    assert ending(lambda: send(number), lambda: None) == (end, 2)


@BOTH
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interruption_counts_at_once(first: int, number: int, end: type[Exception]) -> None:
    assert ending(lambda: send(first), lambda: send(number), wait) == (end, 1)


@BOTH
def test_a_block_that_takes_too_long_is_left(number: int, end: type[Exception]) -> None:
    assert ending(lambda: send(number), wait, patience_s=0.05) == (end, 1)


def test_an_interruption_is_not_lost_where_the_block_fails() -> None:
    assert ending(lambda: send(signal.SIGINT), fail) == (Interrupted, 1)


def test_without_an_interruption_nothing_happens() -> None:
    assert ending(lambda: None) == (None, 1)


@pytest.mark.parametrize("sent", [(), (signal.SIGINT,), (signal.SIGTERM, signal.SIGINT)])
def test_afterwards_everything_is_as_it_was(sent: tuple[int, ...]) -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in watched]
    ending(lambda: send(*sent))
    assert [signal.getsignal(number) for number in watched] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_beside_the_main_thread_nothing_is_put_off() -> None:
    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)
    aside = threading.Thread(target=lambda: ending(lambda: seen.append(signal.getsignal(signal.SIGINT))))
    aside.start()
    aside.join()
    assert seen == [before]
