"""What goes over the wire: an answer's bytes, and how they are delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

JSON_HEADERS = (("Content-Type", "application/json"),)


class Delivery(Enum):
    """How a transport hands an answer over."""

    AT_ONCE = auto()
    SLOW = auto()
    """Nothing at all until `Pace.slow_seconds` have passed."""
    DRIP = auto()
    """The headers at once, then the body one byte at a time."""
    RESET = auto()
    """Nothing: the connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the slow deliveries take."""

    slow_seconds: float = 20.0
    drip_seconds: float = 0.05
    """Pause before each byte."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """One HTTP answer; the length header is left to the transport."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delivery: Delivery = Delivery.AT_ONCE


def json_answer(status: int, value: Mapping[str, Any]) -> WireAnswer:
    """`value` as ASCII JSON with escaped slashes, as the real service's PHP writes it."""
    text = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    return WireAnswer(status, JSON_HEADERS, text.encode("ascii"))


def error_answer(status: int, code: str, message: str, **more: object) -> WireAnswer:
    """An `error` object; `more` is added inside it (`context` of a validation error)."""
    return json_answer(status, {"error": {"code": code, "message": message, **more}})
