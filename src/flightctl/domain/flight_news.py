"""What a provider's report makes of a flight: its new values, and each change with when and from whom it is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from flightctl.domain.designator import AirlineCode, parse_or_none
from flightctl.domain.flight import CONFIRMED, TIMES, Flight, FlightStatus
from flightctl.domain.recognition import Reported, is_same_place
from flightctl.domain.sighting import Place, Sighting
from flightctl.domain.zones import zone_named

SCHEDULED = tuple(name for name in TIMES if name.startswith("scheduled"))
_ARRIVAL = tuple(name for name in TIMES if name.endswith(("_on", "_in")) and not name.startswith("scheduled"))
_DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type")
_DEPARTURE = tuple(name for name in (*TIMES, *_DETAILS) if name.endswith(("_out", "_off")) or "departure" in name)
_OF_A_SCHEDULE = {
    "scheduled_out": ("estimated_out", "scheduled_off", "estimated_off"),
    "scheduled_in": ("estimated_in", "scheduled_on", "estimated_on"),
}
"""What was planned or expected around a time at the gate holds for as long as that time does."""
_STAGES = (FlightStatus.SCHEDULED, FlightStatus.ACTIVE, FlightStatus.LANDED, FlightStatus.ARRIVED)

_TIMES = frozenset(TIMES)
_OF_THE_DAY = frozenset(("scheduled_out", "scheduled_off"))
"""What the local day of the departure follows from."""
_TO_THE_SECOND = len("YYYY-MM-DDTHH:MM:SS")

Value = str | datetime | FlightStatus | None


class Change(NamedTuple):
    """One field that changed. Instants are written ``2026-12-02T19:30:00Z``; none where nothing was known."""

    flight_id: str
    field: str
    old: str | None
    new: str | None
    observed_at: datetime
    provider: str


class Applied(NamedTuple):
    """A flight after a report; ``outdated`` where the report is older than what is known, and changed nothing."""

    flight: Flight
    changes: tuple[Change, ...]
    outdated: bool = False
    rows: int = 1
    """How many rows the report had: several for a codeshare or a diversion."""


def first_seen(report: Reported, review: str = CONFIRMED) -> Applied:
    """A flight that nobody has seen before; its first schedule is its first change."""
    first, flight_id = report.sightings[0], report.minted_id
    values: dict[str, Any] = {
        "flight_id": str(flight_id),
        **flight_id._asdict(),
        "local_date": first.departure_date,
        "flight_iata": _iata_of(report),
        **_ends(first),
        "status": FlightStatus.UNKNOWN,
        "provider_status": _word(report),
        **dict.fromkeys(TIMES),
        **dict.fromkeys(_DETAILS, ""),
        "diverted_to": "",
        "provider": first.provider,
        "observed_at": first.observed_at,
        "updated_at": first.observed_at,
        "version": 1,
        "review": review,
    }
    blank = Flight(**values)
    flight = blank._replace(**_news(blank, report))
    changes = (_change(blank, flight, name, first.provider) for name in SCHEDULED if getattr(flight, name) is not None)
    return Applied(flight, tuple(changes))


def applied(flight: Flight, report: Reported, told: Collection[str] = ()) -> Applied:
    """The flight after a later report of it. The id never changes, and what the report does not say stays.

    ``told`` are the fields that changed at the moment of the last report.
    """
    first = report.sightings[0]
    if first.observed_at < flight.observed_at:
        return Applied(flight, (), outdated=True)
    heard = flight._replace(
        flight_iata=flight.flight_iata or _iata_of(report),
        observed_at=first.observed_at,
        **_teller(flight, report),
        **_codes(flight, first),
    )
    return changed(flight, heard, _news(flight, report), first.provider, told)


def changed(
    flight: Flight, heard: Flight, values: Mapping[str, Value], provider: str, told: Collection[str] = ()
) -> Applied:
    """The flight with these values of its fields, of which each that is new is a change; ``heard`` says when.

    At one moment, the first word counts: fields that were ``told`` at the same moment stay.
    """
    settled = told if heard.observed_at == flight.observed_at else ()
    news: dict[str, Any] = {
        name: value for name, value in values.items() if value != getattr(flight, name) and name not in settled
    }
    if not news:
        return Applied(heard, ())
    after = heard._replace(**news, updated_at=heard.observed_at, version=flight.version + 1)
    if not _OF_THE_DAY.isdisjoint(news):
        after = after._replace(local_date=_local_date(after))
    return Applied(after, tuple(_change(flight, after, name, provider) for name in news))


def _news(flight: Flight, report: Reported) -> dict[str, Any]:
    """The values that the report gives to fields, changed or not."""
    news = _diversion(flight, report) | _told_by(_of_this_leg(flight, report), (*TIMES, *_DETAILS))
    if diverted_to := _diverted_to(flight, report):
        news["diverted_to"] = diverted_to
    news |= _outlived(flight, news)
    if flight.review != CONFIRMED and report.sightings[0].provider != "manual":
        news["review"] = CONFIRMED
    return news | {"status": _status(flight, report)}


def _of_this_leg(flight: Flight, report: Reported) -> list[Sighting]:
    """The rows between the flight's own airports, without those of a diversion to or from another one."""
    ends = _ends_of(flight)
    return [
        row
        for row in report.sightings
        if is_same_place(row.origin, ends[0]) and is_same_place(row.destination, ends[1])
    ]


def _diversion(flight: Flight, report: Reported) -> dict[str, Any]:
    """What rows to another airport tell of a diverted flight: how it leaves, and when it comes down there."""
    origin, destination = _ends_of(flight)
    rows = [row for row in report.sightings if not is_same_place(row.destination, destination)]
    if not rows:
        return {}
    leaving = [row for row in rows if is_same_place(row.origin, origin)]
    return _told_by(leaving, _DEPARTURE) | _told_by(rows, _ARRIVAL)


def _told_by(rows: Sequence[Sighting], names: Sequence[str]) -> dict[str, Any]:
    """What the rows say of these fields, the first row that says anything of one."""
    told: dict[str, Any] = {}
    for row in reversed(rows):
        told |= {name: value for name in names if (value := getattr(row.times if name in _TIMES else row, name))}
    return told


def _diverted_to(flight: Flight, report: Reported) -> str:
    told = _first(row.diverted_to for row in report.sightings)
    if told:
        return str(told)
    origin, destination = _ends_of(flight)
    others = [row.destination for row in report.sightings if is_same_place(row.origin, origin)]
    return next((place.code for place in others if not is_same_place(place, destination)), "")


def _teller(flight: Flight, report: Reported) -> dict[str, Any]:
    """Whose word the status is, and that word."""
    if _is_behind(flight, report):
        return {}
    return {"provider": report.sightings[0].provider, "provider_status": _word(report) or flight.provider_status}


def _status(flight: Flight, report: Reported) -> FlightStatus:
    status = _told(report)
    if report.sightings[0].from_timetable and flight.status is not FlightStatus.UNKNOWN:
        return flight.status
    return flight.status if status is FlightStatus.UNKNOWN or _is_behind(flight, report) else status


def _told(report: Reported) -> FlightStatus:
    told = [row.status for row in report.sightings]
    if FlightStatus.DIVERTED in told:
        return FlightStatus.DIVERTED
    return next((one for one in told if one is not FlightStatus.UNKNOWN), FlightStatus.UNKNOWN)


def _is_behind(flight: Flight, report: Reported) -> bool:
    """Whether what is told has been overtaken.

    Another provider that has not heard of it yet takes nothing back that has happened, and a cancellation only where it
    sees the flight fly.
    """
    status = _told(report)
    if report.sightings[0].provider == flight.provider:
        return False
    if flight.status is FlightStatus.CANCELLED:
        return status is FlightStatus.SCHEDULED
    return _stage(status) < _stage(flight.status)


def _stage(status: FlightStatus) -> int:
    return _STAGES.index(status) if status in _STAGES else len(_STAGES) if status is FlightStatus.DIVERTED else 0


def _outlived(flight: Flight, news: dict[str, Any]) -> dict[str, Any]:
    """What belonged to a schedule that no longer holds, where there is none of it for the new one."""
    moved = [name for name in _OF_A_SCHEDULE if name in news and getattr(flight, name) not in (None, news[name])]
    outlived = [one for name in moved for one in _OF_A_SCHEDULE[name]]
    return {name: None for name in outlived if name not in news and getattr(flight, name) is not None}


def _ends(first: Sighting) -> dict[str, Any]:
    places = {"origin": first.origin, "destination": first.destination}
    return {f"{end}_{name}": getattr(place, name) for end, place in places.items() for name in ("iata", "icao", "zone")}


def _ends_of(flight: Flight) -> tuple[Place, Place]:
    return (
        Place(flight.origin_iata, flight.origin_icao, flight.origin_zone),
        Place(flight.destination_iata, flight.destination_icao, flight.destination_zone),
    )


def _codes(flight: Flight, first: Sighting) -> dict[str, Any]:
    """Codes of its airports that were not known before."""
    origin, destination = _ends_of(flight)
    if not (is_same_place(first.origin, origin) and is_same_place(first.destination, destination)):
        return {}
    return {name: code for name, code in _ends(first).items() if code and not getattr(flight, name)}


def _iata_of(report: Reported) -> str:
    """The operating flight's IATA designator; empty where only its ICAO one is known."""
    first = report.sightings[0]
    names = {first.operated_as} if first.operated_as else first.designators
    return next((name for name in sorted(names) if _is_iata(name)), "")


def _is_iata(name: str) -> bool:
    designator = parse_or_none(name)
    return designator is not None and designator.airline_code is AirlineCode.IATA


def _word(report: Reported) -> str:
    return str(_first(row.provider_status for row in report.sightings) or "")


def _first(values: Iterable[Value]) -> Value:
    return next((value for value in values if value), None)


def _local_date(flight: Flight) -> date:
    zone = zone_named(flight.origin_zone)
    return flight.departs_at.astimezone(zone or UTC).date()


def _change(before: Flight, after: Flight, name: str, provider: str) -> Change:
    old, new = _text(getattr(before, name)), _text(getattr(after, name))
    return Change(after.flight_id, name, old, new, after.observed_at, provider)


def _text(value: Value) -> str | None:
    if isinstance(value, datetime):
        # The same as strftime writes, in a fifth of its time.
        return f"{value.astimezone(UTC).isoformat()[:_TO_THE_SECOND]}Z"
    return value.value if isinstance(value, FlightStatus) else value or None
