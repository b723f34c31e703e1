"""AeroAPI's airports: objects with a zone in ``/flights``, bare codes in ``/schedules`` (CONTRACT B3, B4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flightctl.domain.sighting import Place
from flightctl.domain.zones import UNKNOWN_ZONE, zone_named
from flightctl.providers.fields import AIRPORT_IATA, AIRPORT_ICAO, code, text
from flightctl.providers.reading import ZoneOf

_FOUR_LETTERS = re.compile(r"[A-Z]{4}")


def airport(row: Mapping[str, Any], end: str) -> Mapping[str, Any]:
    """The ``origin`` or ``destination`` of a row, as ``/flights`` has it."""
    given = row.get(end)
    if isinstance(given, dict):
        return given
    codes = {f"code_{kind}": row.get(f"{end}_{kind}") for kind in ("icao", "iata", "lid")}
    return {"code": given, **codes}


def place(airport: Mapping[str, Any], zone: str) -> Place:
    """Without a code where the airport has none, or only a local one; ``zone`` may be empty."""
    icao, iata = _codes(airport)
    return Place(iata, icao, zone or UNKNOWN_ZONE, text(airport, "name"))


def zone_name(airport: Mapping[str, Any], zone_of: ZoneOf) -> str:
    """AeroAPI's own zone where it names one that exists, else our table's; empty where neither does."""
    own = text(airport, "timezone")
    if zone_named(own):
        return own
    from_table = (zone_of(code) for code in _codes(airport) if code)
    return next((zone for zone in from_table if zone_named(zone)), "")


def _codes(airport: Mapping[str, Any]) -> tuple[str, str]:
    """ICAO and IATA. Older bodies have ``code`` only, which may be either, or a local one (LID)."""
    icao, iata = code(airport, "code_icao", AIRPORT_ICAO), code(airport, "code_iata", AIRPORT_IATA)
    if icao or iata or text(airport, "code").upper() == text(airport, "code_lid").upper():
        return icao, iata
    return code(airport, "code", _FOUR_LETTERS), code(airport, "code", AIRPORT_IATA)
