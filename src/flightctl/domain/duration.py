"""Spans of time as people type them: ``30m``, ``12h``, ``7d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta

from flightctl.errors import UsageError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str) -> timedelta:
    """Read a span; raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no span of time", hint="write 30m, 12h, 7d or 2w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_lifetime(text: str) -> timedelta:
    """Read how long something is to last, which is longer than no time at all; raises UsageError."""
    lifetime = parse_duration(text)
    if not lifetime:
        raise UsageError(f"{text!r} is no lifetime", hint="write 12h, 7d or 2w")
    return lifetime
