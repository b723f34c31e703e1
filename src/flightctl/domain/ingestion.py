"""Lines of flight updates, as ``ingest`` reads them, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flightctl.errors import MalformedRow

PROVIDERS = ("aviationstack", "aeroapi", "flightctl")
LONGEST_LINE = 1_000_000
_MOST_AHEAD = timedelta(minutes=5)
"""Clocks differ; what was observed later than that was not observed."""


class Line(NamedTuple):
    """One update that can be read."""

    number: int
    provider: str
    observed_at: datetime
    row: Mapping[str, Any]


class Malformed(NamedTuple):
    """One that cannot."""

    line: int
    message: str


@dataclass(slots=True)
class Ingested:
    """What came of all lines."""

    lines: int = 0
    applied: int = 0
    """Lines that changed a flight, or brought one."""
    unchanged: int = 0
    outdated: int = 0
    flights_created: int = 0
    fanned_out: int = 0
    """Entries of lists that show something new: for each change of a flight, everybody who lists it."""
    malformed: list[Malformed] = field(default_factory=list)


class Lines:
    """Cuts a stream of bytes into lines; of one that is too long only so much is kept that it can be told."""

    def __init__(self) -> None:
        self._begun = b""

    def cut(self, piece: bytes) -> list[str]:
        """The lines that end in this piece."""
        *ended, begun = piece.split(b"\n")
        if not ended:
            self._begun = (self._begun + begun)[: LONGEST_LINE + 1]
            return []
        lines = [self._begun + ended[0], *ended[1:]]
        self._begun = begun[: LONGEST_LINE + 1]
        return [_text(line) for line in lines]

    def rest(self) -> list[str]:
        """The last line, where it does not end."""
        return [_text(self._begun)] if self._begun else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def read_line(number: int, text: str, now: datetime) -> Line:
    """Read ``{"provider": ..., "observed_at": "...Z", "row": {...}}``. Raises MalformedRow."""
    if len(text) > LONGEST_LINE:
        raise MalformedRow("longer than a million characters")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedRow("no JSON") from None
    if not isinstance(told, dict):
        raise MalformedRow("no JSON object")
    provider, row = told.get("provider"), told.get("row")
    if provider not in PROVIDERS:
        raise MalformedRow(f"provider is none of {', '.join(PROVIDERS)}")
    if not isinstance(row, dict):
        raise MalformedRow("row is no object")
    return Line(number, provider, _observed_at(told.get("observed_at"), now), row)


def _observed_at(value: object, now: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise MalformedRow("observed_at is no instant such as 2026-12-02T19:30:00Z")
    if instant > now + _MOST_AHEAD:
        raise MalformedRow("observed_at lies in the future")
    return instant.astimezone(UTC)
