"""AeroAPI's rows as sightings (CONTRACT B3 to B5); any field may be missing or of a wrong type.

Times are true UTC. ``status`` is free text: it is kept and never read. A ``fa_flight_id`` is opaque.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flightctl.domain.designator import AirlineCode, Designator, parse_or_none
from flightctl.domain.plausibility import contradiction
from flightctl.domain.sighting import TIMES, FlightStatus, Place, Sighting, Times
from flightctl.domain.sighting_page import Rejected
from flightctl.domain.zones import zone_named
from flightctl.providers.aeroapi_places import airport, place, zone_name
from flightctl.providers.fields import text
from flightctl.providers.reading import Reading

_INSTANT = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PROVIDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_HARMLESS = re.compile(r"[A-Z0-9]{2,8}")


def sighting(row: Mapping[str, Any], reading: Reading) -> Sighting | Rejected:
    """Read one row, of ``/flights`` or of ``/schedules``, which has a few of the same fields.

    Kept out are rows of positions only, without a designator, an airport or a scheduled departure, with an origin in
    no known zone, and with times that cannot be true together. A codeshare's row in ``/schedules`` goes by its own
    name and says by whom it is operated.
    """
    names, times = _designators(row, "ident"), _times(row)
    own, departs_from, goes_to = _canonical(names), airport(row, "origin"), airport(row, "destination")
    zone = zone_name(departs_from, reading.zone_of)
    origin, destination = place(departs_from, zone), place(goes_to, zone_name(goes_to, reading.zone_of))
    reason = _reason_against(row, names, origin, destination, times)
    if reason or not zone:
        return Rejected(text(row, "ident"), reason or "the time zone of its origin is not known")
    return Sighting(
        provider=reading.provider,
        provider_id=provider_id(row),
        ident=str(names[0]),
        designators=own,
        codeshares=_codeshares(row) - own,
        operated_as=_operated_as(row, own),
        origin=origin,
        destination=destination,
        scheduled_local=_scheduled_local(times, zone),
        times=times,
        status=_status(row, times),
        provider_status=text(row, "status"),
        observed_at=reading.observed_at,
        departure_gate=text(row, "gate_origin"),
        departure_terminal=text(row, "terminal_origin"),
        arrival_gate=text(row, "gate_destination"),
        arrival_terminal=text(row, "terminal_destination"),
        aircraft_type=text(row, "aircraft_type"),
        raw=row,
    )


def provider_id(row: Mapping[str, Any]) -> str:
    """``fa_flight_id``; empty where there is none yet. Never cut: two could become one."""
    given = row.get("fa_flight_id")
    return given if isinstance(given, str) and _PROVIDER_ID.fullmatch(given) else ""


def _reason_against(
    row: Mapping[str, Any], names: Sequence[Designator], origin: Place, destination: Place, times: Times
) -> str:
    """Why the row is kept out; empty where nothing speaks against it."""
    faults = {
        "positions only, no flight plan": row.get("position_only") is True,
        "no flight designator": not names,
        "no origin airport": not origin.code,
        "no destination airport": not destination.code,
        "no scheduled departure": times.scheduled_departure is None,
    }
    return next((fault for fault, holds in faults.items() if holds), "") or contradiction(times)


def _status(row: Mapping[str, Any], times: Times) -> FlightStatus:
    """The first that holds: cancelled, diverted, at the gate, on the ground, under way; else scheduled."""
    if row.get("cancelled") is True:
        return FlightStatus.CANCELLED
    if row.get("diverted") is True:
        return FlightStatus.DIVERTED
    if times.actual_in:
        return FlightStatus.ARRIVED
    if times.actual_on:
        return FlightStatus.LANDED
    return FlightStatus.ACTIVE if times.actual_off or times.actual_out else FlightStatus.SCHEDULED


def _designators(row: Mapping[str, Any], name: str) -> list[Designator]:
    """The designators of ``ident`` or ``actual_ident``, the ICAO one first."""
    fields = (f"{name}_icao", name, f"{name}_iata")
    given = [one for field in fields if row.get(field) and (one := parse_or_none(text(row, field)))]
    return sorted(given, key=lambda one: one.airline_code is not AirlineCode.ICAO)


def _operated_as(row: Mapping[str, Any], own: frozenset[str]) -> str:
    operator = _designators(row, "actual_ident")
    return str(operator[0]) if operator and own.isdisjoint(_canonical(operator)) else ""


def _canonical(names: Iterable[Designator]) -> frozenset[str]:
    return frozenset(map(str, names))


def _codeshares(row: Mapping[str, Any]) -> frozenset[str]:
    lists = (row.get(name) for name in ("codeshares", "codeshares_iata"))
    given = [one for many in lists if isinstance(many, list) for one in many if isinstance(one, str)]
    return frozenset(filter(None, map(_codeshare, given)))


def _codeshare(given: str) -> str:
    """Canonical, or as given where it is no designator but does no harm as an alias."""
    designator = parse_or_none(given)
    if designator is not None:
        return str(designator)
    return given if _HARMLESS.fullmatch(given) else ""


def _times(row: Mapping[str, Any]) -> Times:
    return Times._make([_instant(row.get(name)) for name in TIMES])


def _instant(value: object) -> datetime | None:
    """An instant of this century in UTC; a stamp that names no offset is none."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def _scheduled_local(times: Times, zone: str) -> datetime:
    departure, where = times.scheduled_departure, zone_named(zone)
    assert departure is not None  # else the row was kept out
    assert where is not None
    return departure.astimezone(where).replace(tzinfo=None)
