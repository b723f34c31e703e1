"""A body as JSON, with whatever it echoes of the key masked."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from flightctl.providers.redaction import redacted

_SHORTEST_MASKED_KEY = 6
"""A shorter key would be found by chance in the data; in messages it is masked all the same."""


@dataclass(frozen=True, slots=True)
class NotJson:
    """Stands for a document where the body was none; ``reason`` is a few words of ours."""

    reason: str


EMPTY = NotJson("empty")
_TOO_DEEP = NotJson("nested too deeply")


def json_document(body: bytes, key: str) -> object:
    """The JSON value with ``key`` masked in every text, or NotJson."""
    document = _decoded(body)
    if isinstance(document, NotJson) or len(key) < _SHORTEST_MASKED_KEY:
        return document
    try:
        return _masked(document, key)
    except RecursionError:
        return _TOO_DEEP


def _decoded(body: bytes) -> object:
    """NotJson instead of an exception, which would carry the body, and what it echoes, as its context."""
    if not body.strip():
        return EMPTY
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except UnicodeDecodeError:
        return NotJson("not UTF-8")
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        return NotJson("HTML" if text.lstrip()[:1] == "<" else "broken off or malformed")


def _finite(literal: str) -> float | None:
    """NaN and infinities, which JSON does not know and PostgreSQL refuses to store, count as absent."""
    number = float(literal)
    return number if math.isfinite(number) else None


def _masked(value: object, key: str) -> object:
    """``value`` with the key masked in every string, should upstream echo it."""
    if isinstance(value, str):
        return redacted(value, (key,)) if len(value) >= len(key) else value
    if isinstance(value, list):
        return [_masked(item, key) for item in value]
    if isinstance(value, dict):
        return {redacted(name, (key,)): _masked(item, key) for name, item in value.items()}
    return value
