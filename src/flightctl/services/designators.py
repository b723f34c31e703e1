"""A designator as typed, turned into the one that the cache is keyed by."""

from __future__ import annotations

from flightctl.domain.airline import iata_of, resolve
from flightctl.domain.designator import AirlineCode, Designator, parse_designator
from flightctl.store import references
from flightctl.store.engine import Transaction


def resolved(session: Transaction, text: str) -> Designator:
    """The flight that is meant, its ICAO designator converted where that is unambiguous. Raises BadDesignator."""
    typed = parse_designator(text)
    holders = references.holders(session, typed.airline)
    by_icao = typed.airline_code is AirlineCode.ICAO and bool(holders)
    sharers = references.holders(session, iata_of(holders)) if by_icao else []
    return resolve(typed, holders, sharers).designator
