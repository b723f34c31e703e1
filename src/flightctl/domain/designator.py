"""Flight designators: what was typed, read strictly; ASCII only, never guessed.

Grammar (DESIGN section 2): airline designator (two characters, at least one a letter, or three letters),
at most one separator (spaces or one hyphen), number 1-9999 in at most four digits, at most one suffix letter.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, NoReturn

from flightctl.errors import BadDesignator

_AIRLINE = r"[A-Z]{2,3}|[A-Z][0-9]|[0-9][A-Z]"
_SEPARATOR = r"(?: +|-)?"
_FLIGHT = re.compile(rf"({_AIRLINE}){_SEPARATOR}([0-9]{{1,4}})([A-Z]?)")
_PREFIX = rf"({_AIRLINE}){_SEPARATOR}((?:[1-9][0-9]{{0,3}}[A-Z]?)?)\*"
_WHITE_SPACE = " \t\r\n\v\f"


class AirlineCode(Enum):
    """Who gave the airline designator."""

    IATA = "iata"
    ICAO = "icao"


class Designator(NamedTuple):
    """A flight designator; the field order is the natural order (NZ5 before NZ10)."""

    airline: str
    number: int
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.airline}{self.number}{self.suffix}"

    @property
    def airline_code(self) -> AirlineCode:
        """IATA for two characters, ICAO for three."""
        return AirlineCode.ICAO if len(self.airline) == 3 else AirlineCode.IATA

    @property
    def cache_key(self) -> str:
        """Key of the flight in the cache: ``flight:NZ527``."""
        return f"flight:{self}"


class AirlineQuery(NamedTuple):
    """A bare airline designator: every flight of it."""

    airline: str


class PrefixQuery(NamedTuple):
    """Every designator that starts with ``airline`` + ``rest`` (``NZ5*``: NZ, 5)."""

    airline: str
    rest: str

    @property
    def text(self) -> str:
        """The prefix in canonical form, without the star."""
        return self.airline + self.rest


Query = Designator | AirlineQuery | PrefixQuery


def parse_designator(text: str) -> Designator:
    """Read one flight designator.

    Raises BadDesignator, whose message names what is wrong.
    """
    canonical = _ascii_upper(text)
    return _flight(canonical) or _refuse(text, canonical)


def parse_query(text: str) -> Query:
    """Read what ``lookup`` accepts: a designator, a bare airline (``DL``) or a prefix (``NZ5*``).

    Raises BadDesignator.
    """
    canonical = _ascii_upper(text)
    flight = _flight(canonical)
    if flight is not None:
        return flight
    if re.fullmatch(_AIRLINE, canonical):
        return AirlineQuery(canonical)
    return _parse_prefix(text, canonical) if "*" in canonical else _refuse(text, canonical)


@lru_cache(maxsize=4096)
def parse_or_none(text: str) -> Designator | None:
    """Read a designator that a provider sent; what is none is simply another flight.

    Remembered, as a row has the same one in several places.
    """
    return _flight(text.strip(_WHITE_SPACE).upper()) if text.isascii() else None


def natural_order(flight_iata: str) -> tuple[str, int, str]:
    """Sort key of a canonical designator: airline, number as a number, suffix."""
    match = _FLIGHT.fullmatch(flight_iata)
    return (match[1], int(match[2]), match[3]) if match else (flight_iata, 0, "")


def _flight(canonical: str) -> Designator | None:
    match = _FLIGHT.fullmatch(canonical)
    return Designator(match[1], number, match[3]) if match and (number := int(match[2])) else None


def _refuse(text: str, canonical: str) -> NoReturn:
    raise BadDesignator(f"{_shown(text)}: {_fault(canonical)}")


def _parse_prefix(text: str, canonical: str) -> PrefixQuery:
    match = re.fullmatch(_PREFIX, canonical)
    if match is None:
        hint = "a prefix has two characters or more before one final star, such as 'NZ5*'"
        raise BadDesignator(f"{_shown(text)}: no flight designator starts like this", hint=hint)
    return PrefixQuery(match[1], match[2])


def _ascii_upper(text: str) -> str:
    """Upper case, outer white space off; anything beyond ASCII is refused before case folding can hide it."""
    trimmed = text.strip(_WHITE_SPACE)
    if not trimmed.isascii():
        raise BadDesignator(f"{_shown(text)}: {_foreign_character(trimmed)}")
    return trimmed.upper()


def _foreign_character(text: str) -> str:
    import unicodedata

    character = next(c for c in text if not c.isascii())
    name = unicodedata.name(character, "")
    return f"the character U+{ord(character):04X}{' ' + name if name else ''} is not plain ASCII"


def _shown(text: str) -> str:
    short = text if len(text) <= 40 else text[:39] + "…"
    return ascii(short) if not short.isprintable() or not short.strip() else f"'{short}'"


def _fault(text: str) -> str:
    """Say why ``text`` (ASCII, upper case, trimmed) is no designator."""
    for pattern, fault in _FAULTS:
        if re.fullmatch(pattern, text):
            return fault
    return _FAULT_OTHERWISE


_FAULT_OTHERWISE = "not an airline designator followed by a flight number"
# Compiled when something is wrong, not on the way to a hit.
_FAULTS = (
    ("", "nothing was given"),
    (r".*[^A-Z0-9 \-].*", "only letters, digits, one space or one hyphen are allowed"),
    (_AIRLINE, "an airline without a flight number"),
    (r"[0-9]+", "digits only; an airline designator has at least one letter"),
    (rf"({_AIRLINE}){_SEPARATOR}0{{1,4}}[A-Z]?", "flight numbers start at 1"),
    (rf"({_AIRLINE}){_SEPARATOR}[0-9]{{5,}}[A-Z]?", "a flight number has at most four digits"),
    (rf"({_AIRLINE}){_SEPARATOR}[0-9]{{1,4}}[A-Z]{{2,}}", "at most one letter may follow the number"),
    (rf"({_AIRLINE})[ \-]{{2,}}[0-9]+[A-Z]?", "only one separator may stand between airline and number"),
    (r"[A-Z]{4,}[ \-]?[0-9]+[A-Z]?", "an airline designator has two characters or three letters"),
    (r"[A-Z][ \-]?[0-9]{1,4}[A-Z]?", "an airline designator has two characters or three letters"),
)
