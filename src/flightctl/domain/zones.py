"""Time zones by the names that providers and tables give them, some of which are none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")
UNKNOWN_ZONE = "UTC"
"""What stands for the zone of an airport that nobody knows it of."""
_NO_PLACE = "Factory"
"""Stands in the database for a clock that nobody has set."""


@lru_cache(maxsize=2048)
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone of this name; ``None`` for a missing or other name (``+8``), and for a path or a file beside it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # many an answer is given without

    if not _NAME.fullmatch(name) or name == _NO_PLACE:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
