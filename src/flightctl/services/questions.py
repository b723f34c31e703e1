"""What is typed, as the flight that is asked for."""

from __future__ import annotations

from flightctl.domain.airline import iata_of, resolve
from flightctl.domain.designator import AirlineCode, Designator, parse_designator
from flightctl.domain.question import Question
from flightctl.services.local_tier import LocalTier


def read_question(local: LocalTier, text: str) -> Question:
    """Read one flight designator. Raises BadDesignator."""
    return question_of(local, text, parse_designator(text))


def question_of(local: LocalTier, text: str, typed: Designator) -> Question:
    """The flight by the designator that it is kept under, and by the one that was typed."""
    holders = local.holders(typed.airline)
    sharers = local.holders(iata_of(holders)) if typed.airline_code is AirlineCode.ICAO and holders else []
    resolved = resolve(typed, holders, sharers)
    asked = resolved.designator
    # An ICAO designator may have been kept under itself before its airline was known.
    keys = (asked.cache_key,) if asked == typed else (asked.cache_key, typed.cache_key)
    return Question(text, asked, keys, resolved.warning)
