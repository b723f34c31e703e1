"""Outages on request: what can go wrong upstream, and in which order it shall."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from threading import Lock

from .dialect import Dialect, Refusal
from .wire import Delivery, WireAnswer

OVERSIZE = 9 * 1024 * 1024
"""Bytes added to an answer that shall be too big: more than the 8 MiB a client may be asked to take."""
ELSEWHERE = "http://127.0.0.1:9/flights"
"""Where the redirect points: loopback, and nobody listens there."""


class InvalidFaultError(ValueError):
    """A fault was asked for that does not exist, or not in a way that can be read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail."""

    name: str
    summary: str
    spoil: Callable[[WireAnswer, Dialect], WireAnswer]
    """From the true answer to the one that is sent instead, in the words of whoever is asked."""


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """A fault for the next `count` requests; None for all of them."""

    fault: Fault
    count: int | None = None


class FaultQueue:
    """Faults waiting their turn, one per request, in the order they were asked for.

    `429:2` then `slow` spoils two requests with a 429 and every later one with slowness. Safe to share
    between threads.
    """

    def __init__(self, orders: Iterable[FaultOrder] = ()) -> None:
        self._orders = list(orders)
        self._lock = Lock()

    @classmethod
    def parse(cls, specs: Iterable[str]) -> FaultQueue:
        """From `KIND` and `KIND:COUNT`; raises InvalidFaultError."""
        return cls(map(parse_fault, specs))

    def take(self) -> Fault | None:
        """The fault of the next request; None when it shall be answered truly."""
        with self._lock:
            if not self._orders:
                return None
            order = self._orders.pop(0)
            self._orders[:0] = _remainder(order)
            return order.fault


def parse_fault(spec: str) -> FaultOrder:
    """A `KIND` or `KIND:COUNT`, COUNT 1 or more; raises InvalidFaultError saying what would do."""
    name, colon, count = spec.partition(":")
    fault = _BY_NAME.get(name)
    if fault is None:
        raise InvalidFaultError(f"unknown fault {name!r}; there are {', '.join(_BY_NAME)}")
    return FaultOrder(fault, _parse_count(spec, count) if colon else None)


def _parse_count(spec: str, count: str) -> int:
    if not (count.isascii() and count.isdigit() and len(count) <= 9 and int(count)):
        raise InvalidFaultError(f"fault {spec!r}: after the colon stands how many requests, 1 or more")
    return int(count)


def _remainder(order: FaultOrder) -> list[FaultOrder]:
    if order.count is None:
        return [order]
    return [replace(order, count=order.count - 1)] if order.count > 1 else []


def _refusal(name: str, refusal: Refusal, summary: str) -> Fault:
    return Fault(name, summary, lambda _true, dialect: dialect.refused(refusal, f"Rehearsed: {summary}."))


def _delivered(delivery: Delivery) -> Callable[[WireAnswer, Dialect], WireAnswer]:
    return lambda true, _dialect: replace(true, delivery=delivery)


def _unavailable(_true: WireAnswer, dialect: Dialect) -> WireAnswer:
    return replace(dialect.unavailable, headers=(*dialect.unavailable.headers, ("Retry-After", "2")))


def _malformed(true: WireAnswer, _dialect: Dialect) -> WireAnswer:
    return replace(true, body=true.body[: len(true.body) // 2])


def _empty(_true: WireAnswer, dialect: Dialect) -> WireAnswer:
    return dialect.empty


def _html(_true: WireAnswer, _dialect: Dialect) -> WireAnswer:
    page = b"<!DOCTYPE html>\n<html><head><title>One moment</title></head><body>Checking...</body></html>\n"
    return WireAnswer(200, (("Content-Type", "text/html; charset=UTF-8"),), page)


def _redirect(_true: WireAnswer, _dialect: Dialect) -> WireAnswer:
    return WireAnswer(302, (("Location", ELSEWHERE),), b"")


def _huge(true: WireAnswer, _dialect: Dialect) -> WireAnswer:
    """Blanks after the JSON: a client that reads without a limit sees nothing wrong."""
    return replace(true, body=true.body + b" " * OVERSIZE)


def _gzip_bomb(true: WireAnswer, dialect: Dialect) -> WireAnswer:
    small = gzip.compress(_huge(true, dialect).body, mtime=0)
    return replace(true, headers=(*true.headers, ("Content-Encoding", "gzip")), body=small)


FAULTS: tuple[Fault, ...] = (
    _refusal("429", Refusal.RATE, "too many requests a minute"),
    _refusal("usage", Refusal.USAGE, "the plan's requests are used up, with status 429"),
    _refusal("500", Refusal.INTERNAL, "an internal error"),
    Fault("503", "unavailable, with Retry-After", _unavailable),
    _refusal("401", Refusal.KEY, "the access key is refused"),
    _refusal("403", Refusal.PLAN, "the plan does not include the question"),
    Fault("slow", "no answer for 20 seconds", _delivered(Delivery.SLOW)),
    Fault("drip", "the body one byte at a time", _delivered(Delivery.DRIP)),
    Fault("malformed", "JSON cut off in the middle", _malformed),
    Fault("empty", "no rows, whatever is asked", _empty),
    Fault("html", "a web page with status 200", _html),
    _refusal("error200", Refusal.INTERNAL_WITH_200, "an error object with status 200"),
    Fault("redirect", "a redirect to another address", _redirect),
    Fault("huge", "a body of more than 8 MiB", _huge),
    Fault("gzipbomb", "a small body that unpacks to more than 8 MiB", _gzip_bomb),
    Fault("reset", "the connection closed without an answer", _delivered(Delivery.RESET)),
)
"""Every fault, in the order help texts list them."""

_BY_NAME = {fault.name: fault for fault in FAULTS}
