"""AeroAPI's bodies: pages of rows, errors of four members, and the words of an outage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .dialect import Dialect, Refusal
from .wire import WireAnswer

_HEADERS = (("Content-Type", "application/json; charset=UTF-8"),)
_INVALID_KEY = "INVALID_API_KEY"
_TITLES = MappingProxyType(
    {
        400: "Bad request",
        401: "Unauthorised",
        404: "Not found",
        429: "Too many requests",
        500: "Internal error",
        503: "Unavailable",
    }
)
_REFUSALS = MappingProxyType(
    {
        Refusal.RATE: (429, "RATE_LIMIT_ERROR"),
        # Nothing counts the calls of a month there: the nearest is the one refusal that comes for asking too much.
        Refusal.USAGE: (429, "RATE_LIMIT_ERROR"),
        Refusal.INTERNAL: (500, "INTERNAL_ERROR"),
        Refusal.INTERNAL_WITH_200: (500, "INTERNAL_ERROR"),
        Refusal.KEY: (401, _INVALID_KEY),
        # A good key above its tier is answered as a bad one is; only the detail differs.
        Refusal.PLAN: (401, _INVALID_KEY),
    }
)


def page_answer(name: str, rows: Sequence[Mapping[str, Any]], next_link: str | None, num_pages: int) -> WireAnswer:
    """One answer of rows, under `name`; `next_link` is a relative reference, None on the last page."""
    links = {"next": next_link} if next_link else None
    return _json_answer(200, {"links": links, "num_pages": num_pages, name: rows})


def refusal_answer(status: int, reason: str, detail: str, http_status: int | None = None) -> WireAnswer:
    """An error; `http_status` is that of the answer where it is not the body's own."""
    body = {"title": _TITLES[status], "reason": reason, "detail": detail, "status": status}
    return _json_answer(http_status or status, body)


def key_refused(detail: str) -> WireAnswer:
    """The answer to a key that is missing or unknown."""
    return refusal_answer(401, _INVALID_KEY, detail)


def dialect_of(name: str) -> Dialect:
    """The words of an endpoint that sends its rows under `name`."""
    return Dialect(
        refused=_refused,
        unavailable=refusal_answer(503, "UNAVAILABLE", "Service unavailable"),
        empty=page_answer(name, [], None, 1),
    )


def _refused(refusal: Refusal, message: str) -> WireAnswer:
    http_status = 200 if refusal is Refusal.INTERNAL_WITH_200 else None
    return refusal_answer(*_REFUSALS[refusal], message, http_status=http_status)


def _json_answer(status: int, value: Mapping[str, Any]) -> WireAnswer:
    """Unlike AviationStack's, the slashes are not escaped."""
    return WireAnswer(status, _HEADERS, json.dumps(value, separators=(",", ":")).encode("ascii"))
