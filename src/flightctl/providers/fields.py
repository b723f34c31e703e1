"""Members of a provider's rows, where any may be missing or of a wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flightctl.domain.text import cleaned

AIRPORT_IATA: Final = re.compile(r"[A-Z]{3}")
AIRPORT_ICAO: Final = re.compile(r"[A-Z0-9]{4}")

_TEXT_LENGTH = 200


def member(parent: object, name: str) -> Mapping[str, Any]:
    """The object of this name; empty where there is none."""
    value = parent.get(name) if isinstance(parent, Mapping) else None
    return value if isinstance(value, dict) else {}


def text(parent: Mapping[str, Any], name: str) -> str:
    """The text of this name, trimmed, safe to show and at most 200 characters long; empty where there is none."""
    value = parent.get(name)
    return cleaned(value.strip())[:_TEXT_LENGTH] if isinstance(value, str) else ""


def code(parent: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    """The code of this name in upper case; empty where it has not this shape."""
    given = text(parent, name)
    upper = given.upper() if given.isascii() else ""  # beyond ASCII, upper() makes letters out of other letters
    return upper if shape.fullmatch(upper) else ""
