"""Airports as people type them."""

from __future__ import annotations

from flightctl.domain.references import Airport
from flightctl.errors import BadAirport
from flightctl.store import references
from flightctl.store.engine import Transaction


def typed_airport(session: Transaction, typed: str, option: str) -> Airport:
    """The airport with this IATA or ICAO code, given with ``option``. Raises BadAirport."""
    code = typed.strip().upper()
    known = references.airport(session, code) if code.isascii() and code.isalnum() else None
    if known is None:
        raise BadAirport(f"{option} {typed!r}: no airport has this code", hint="an IATA code such as AKL, or NZAA")
    return known
