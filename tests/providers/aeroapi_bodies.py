"""Rows and bodies as AeroAPI sends them (CONTRACT B3, B4), of flights made up for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flightctl.providers.reading import Reading

Row = dict[str, Any]

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

_TABLE = {"NZAA": "Pacific/Auckland", "AKL": "Pacific/Auckland", "NZCH": "Pacific/Auckland"}


def zone_of(code: str) -> str:
    """Two airports are in our table."""
    return _TABLE.get(code, "")


READING = Reading("aeroapi", NOW, zone_of)


def airport(icao: str, iata: str, timezone: str | None = "Pacific/Auckland", **changes: object) -> Row:
    return {
        "code": icao,
        "code_icao": icao,
        "code_iata": iata,
        "code_lid": None,
        "timezone": timezone,
        "name": f"{iata} International",
        "city": "Somewhere",
        "airport_info_url": f"/airports/{icao}",
        **changes,
    }


AKL = airport("NZAA", "AKL")
CHC = airport("NZCH", "CHC")
WLG = airport("NZWN", "WLG")


def flight(**changes: object) -> Row:
    """One row of ``/flights``: ANZ527 from Auckland, 08:30 on 21 November there, to Christchurch."""
    return {
        "ident": "ANZ527",
        "ident_icao": "ANZ527",
        "ident_iata": "NZ527",
        "fa_flight_id": "ANZ527-1763500000-airline-0117",
        "operator": "ANZ",
        "operator_icao": "ANZ",
        "operator_iata": "NZ",
        "flight_number": "527",
        "registration": "ZK-OXA",
        "atc_ident": None,
        "inbound_fa_flight_id": None,
        "codeshares": ["SIA4321"],
        "codeshares_iata": ["SQ4321"],
        "blocked": False,
        "diverted": False,
        "cancelled": False,
        "position_only": False,
        "origin": AKL,
        "destination": CHC,
        "departure_delay": 0,
        "arrival_delay": -120,
        "filed_ete": 3900,
        **_no_times(),
        "scheduled_out": "2026-11-20T19:30:00Z",
        "scheduled_off": "2026-11-20T19:40:00Z",
        "scheduled_on": "2026-11-20T20:45:00Z",
        "scheduled_in": "2026-11-20T20:55:00Z",
        "status": "Scheduled",
        "aircraft_type": "A320 ",
        "gate_origin": "28",
        "gate_destination": None,
        "terminal_origin": "D",
        "terminal_destination": None,
        "type": "Airline",
        **changes,
    }


def _no_times() -> Row:
    return {f"{kind}_{point}": None for kind in ("estimated", "actual") for point in ("out", "off", "on", "in")}


def schedule(**changes: object) -> Row:
    """One row of ``/schedules``: the same flight, two weeks later."""
    return {
        "ident": "ANZ527",
        "ident_icao": "ANZ527",
        "ident_iata": "NZ527",
        "actual_ident": None,
        "actual_ident_icao": None,
        "actual_ident_iata": None,
        "aircraft_type": "A320",
        "scheduled_out": "2026-12-03T19:30:00Z",
        "scheduled_in": "2026-12-03T20:55:00Z",
        "origin": "NZAA",
        "origin_icao": "NZAA",
        "origin_iata": "AKL",
        "origin_lid": None,
        "destination": "NZCH",
        "destination_icao": "NZCH",
        "destination_iata": "CHC",
        "destination_lid": None,
        "fa_flight_id": None,
        "meal_service": "",
        "seats_cabin_business": 0,
        "seats_cabin_coach": 168,
        "seats_cabin_first": 0,
        **changes,
    }


def flights(*rows: object, **changes: object) -> Row:
    return {"flights": list(rows), "links": None, "num_pages": 1, **changes}


def schedules(*rows: object, **changes: object) -> Row:
    return {"scheduled": list(rows), "links": None, "num_pages": 1, **changes}


def refused(status: int, reason: str, detail: str, title: str = "Refused") -> Row:
    return {"title": title, "reason": reason, "detail": detail, "status": status}


def diverted(row: Mapping[str, Any], **changes: object) -> Row:
    return {**row, "diverted": True, "status": "Diverted", **changes}
