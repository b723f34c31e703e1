"""How each provider words what it refuses: the same outage, in the shape of whoever is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from .wire import WireAnswer, error_answer, json_answer

INVALID_KEY = "invalid"
"""The one key that both providers refuse."""


class Refusal(Enum):
    """Why a provider does not answer."""

    RATE = auto()
    USAGE = auto()
    INTERNAL = auto()
    INTERNAL_WITH_200 = auto()
    """An error whose HTTP status says that all is well."""
    KEY = auto()
    PLAN = auto()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's words."""

    refused: Callable[[Refusal, str], WireAnswer]
    """From the reason and a sentence for people."""
    unavailable: WireAnswer
    empty: WireAnswer
    """No rows."""


_AVIATIONSTACK = MappingProxyType(
    {
        Refusal.RATE: (429, "rate_limit_reached"),
        Refusal.USAGE: (429, "usage_limit_reached"),
        Refusal.INTERNAL: (500, "internal_error"),
        Refusal.INTERNAL_WITH_200: (200, "internal_error"),
        Refusal.KEY: (401, "invalid_access_key"),
        Refusal.PLAN: (403, "function_access_restricted"),
    }
)

AVIATIONSTACK = Dialect(
    refused=lambda refusal, message: error_answer(*_AVIATIONSTACK[refusal], message),
    unavailable=json_answer(503, {"message": "Service unavailable"}),
    empty=json_answer(200, {"pagination": {"limit": 100, "offset": 0, "count": 0, "total": 0}, "data": []}),
)
