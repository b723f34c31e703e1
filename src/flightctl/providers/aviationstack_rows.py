"""AviationStack's rows as ``ObservedLeg`` (CONTRACT A4-A6); any field may be missing or of a wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flightctl.domain.designator import Designator, parse_or_none
from flightctl.domain.observed import Carrier, FlightsPage, ObservedLeg, Stop
from flightctl.errors import Unreadable
from flightctl.providers.fields import AIRPORT_IATA, AIRPORT_ICAO, code, member, text

_AIRLINE_IATA = re.compile(r"(?=.?[A-Z])[A-Z0-9]{2}")
_AIRLINE_ICAO = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WALL_CLOCK = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NO_RECORD = "no record found"
_MOST_ROWS = 2**31 - 1
"""What a database's integer holds; a service that says more than that says nothing."""


def flights_page(document: object, asked_offset: int = 0) -> FlightsPage:
    """Read the body of an answer that is no refusal: ``{"pagination": {...}, "data": [row, ...]}``.

    Rows are counted here: ``pagination.count`` says the same or is wrong. Raises Unreadable where the body
    has another shape, or where no row is one of ``/flights``.
    """
    rows = flight_rows(document)
    paging = member(document, "pagination")
    return FlightsPage(
        legs=tuple(leg for leg in map(observed_leg, rows) if leg is not None),
        offset=_number(paging, "offset", asked_offset),
        count=len(rows),
        total=_number(paging, "total", -1),
    )


def says_more(document: object) -> bool:
    """Whether its pagination says that there is a page after this one; an empty page is always the last."""
    count, paging = len(flight_rows(document)), member(document, "pagination")
    return 0 < count < _number(paging, "total", -1) - _number(paging, "offset", 0)


def observed_leg(row: Mapping[str, Any]) -> ObservedLeg | None:
    """Read one row; ``None`` where it has no readable flight designator or no date."""
    flight = member(row, "flight")
    flight_iata, flight_icao = designator(flight, "iata"), designator(flight, "icao")
    flight_date = day(row.get("flight_date"))
    if flight_date is None or (flight_iata is None and flight_icao is None):
        return None
    return ObservedLeg(
        flight_iata=flight_iata,
        flight_icao=flight_icao,
        flight_date=flight_date,
        cancelled=text(row, "flight_status").lower() == "cancelled",
        carrier=carrier(member(row, "airline")),
        departure=stop(member(row, "departure")),
        arrival=stop(member(row, "arrival")),
        raw=row,
    )


def flight_rows(document: object) -> list[dict[str, Any]]:
    """The rows of an answer that is no refusal, readable or not; raises Unreadable as ``flights_page``."""
    if not isinstance(document, dict) or "data" not in document:
        raise Unreadable("AviationStack's answer has no data")
    data = document["data"]
    if _says_no_record(data):
        return []
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Unreadable("AviationStack's data is no list of flights")
    if data and not any(map(_is_flight, data)):
        raise Unreadable("AviationStack's data has no row with flight, departure and arrival")
    return data


def _says_no_record(data: object) -> bool:
    """``/timetable`` answers like this, with status 200 (CONTRACT A7); no other text means an empty page."""
    if not isinstance(data, dict) or data.get("success") is not False:
        return False
    return text(data, "error").lower() == _NO_RECORD


def _is_flight(row: Mapping[str, Any]) -> bool:
    return all(isinstance(row.get(name), dict) for name in ("flight", "departure", "arrival"))


def carrier(airline: Mapping[str, Any]) -> Carrier:
    """Read a row's ``airline``."""
    return Carrier(
        iata=code(airline, "iata", _AIRLINE_IATA),
        icao=code(airline, "icao", _AIRLINE_ICAO),
        name=_name(airline, "name"),
    )


def stop(end: Mapping[str, Any]) -> Stop:
    """Read a row's ``departure`` or ``arrival``."""
    return Stop(
        iata=code(end, "iata", AIRPORT_IATA),
        icao=code(end, "icao", AIRPORT_ICAO),
        name=_name(end, "airport"),
        zone=text(end, "timezone"),
        scheduled_local=wall_clock(end.get("scheduled")),
    )


def _name(parent: Mapping[str, Any], name: str) -> str:
    given = text(parent, name)
    return "" if given.lower() == "empty" else given  # a literal "empty" stands in recorded rows (CONTRACT A4)


def designator(flight: Mapping[str, Any], name: str) -> Designator | None:
    """The designator of this name, canonical; ``None`` for what is none (``NJE``)."""
    value = flight.get(name)
    return parse_or_none(value) if isinstance(value, str) else None


def day(value: object) -> date | None:
    """A ``flight_date``; ``None`` for what is no date."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def wall_clock(value: object) -> datetime | None:
    """The local time without its offset, which says +00:00 in every zone and is wrong (CONTRACT A5)."""
    match = _WALL_CLOCK.fullmatch(value) if isinstance(value, str) else None
    try:
        return datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _number(paging: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = paging.get(name)
    return value if type(value) is int and 0 <= value <= _MOST_ROWS else otherwise
