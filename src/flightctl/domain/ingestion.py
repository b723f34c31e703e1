"""Lines of flight updates, as ``ingest`` reads them, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flightctl.errors import MalformedRow

PROVIDERS = ("aviationstack", "aeroapi", "flightctl")
LONGEST_LINE = 1_000_000
_KEPT_BYTES = 4 * LONGEST_LINE + 1
"""More than the longest line can have, so that one that was cut is too long, too."""
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
    """For each line that changed a flight, how many users list it."""
    malformed: list[Malformed] = field(default_factory=list)


class Lines:
    """Cuts a stream of bytes into lines; of one that is too long only so much is kept that it can be told."""

    def __init__(self) -> None:
        self._begun = b""

    def cut(self, piece: bytes) -> list[str]:
        """The lines that end in this piece."""
        first, *more = piece.split(b"\n")
        lines = [(self._begun + first)[:_KEPT_BYTES], *(line[:_KEPT_BYTES] for line in more)]
        self._begun = lines.pop()
        return [_text(line) for line in lines]

    def rest(self) -> list[str]:
        """The last line, where it does not end."""
        return [_text(self._begun)] if self._begun else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def ready(answers: Sequence[Hashable], most: int, *, is_all: bool) -> int:
    """How many of the lines that wait can be taken up together, ``most`` at the most, without dividing an answer.

    ``answers`` says of each line which one it belongs to, none for a line by itself; the last answer may go on, unless
    these are all lines. One that is too long for a transaction is divided.
    """
    count = min(len(answers), most)
    last = next((answer for answer in reversed(answers[:count]) if answer is not None), None)
    goes_on = not is_all if count == len(answers) else last in answers[count:]
    if last is None or not goes_on:
        return count
    return answers.index(last) or (count if count == most else 0)


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
        if instant is None or instant.tzinfo is None:
            raise ValueError(value)
        if instant > now + _MOST_AHEAD:
            raise MalformedRow("observed_at lies in the future")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedRow("observed_at is no instant such as 2026-12-02T19:30:00Z") from None
