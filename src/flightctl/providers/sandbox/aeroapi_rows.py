"""The rows of AeroAPI's /flights: the same legs at the same moment as AviationStack's, in true UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .aeroapi_idents import fa_flight_id, ident_of
from .chance import one_in, roll
from .diversions import diverted_to
from .halls import Hall, arrival_hall, baggage_belt, departure_hall
from .position import statute_miles
from .progress import Progress, Status, progress
from .reference import Airport, airline_of
from .schedule import Leg

Row = dict[str, Any]

_LATE = timedelta(minutes=15)
_NOWHERE = Hall(None, None)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class _Flight:
    """One leg of one local date at one moment, on its way to `destination`."""

    leg: Leg
    day: date
    state: Progress
    now: datetime
    destination: Airport
    is_diverted: bool = False
    """It goes to another place than this destination."""

    @property
    def goes_elsewhere(self) -> bool:
        """Whether this is the part of a diversion that leads to the other airport."""
        return self.destination != self.leg.arrival


def flight_rows(leg: Leg, day: date, now: datetime) -> Iterator[Row]:
    """The row of one leg on one local date; two with one id where it is diverted, the planned one first."""
    flight = _Flight(leg, day, progress(leg, day, now), now, leg.arrival)
    elsewhere = diverted_to(leg, day, flight.state, now)
    yield _row(replace(flight, is_diverted=elsewhere is not None))
    if elsewhere:
        yield _row(replace(flight, destination=elsewhere))


def stamp(moment: datetime) -> str:
    """`2026-11-20T19:30:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seats(leg: Leg) -> Mapping[str, int]:
    """Seats by cabin, as both endpoints name them."""
    business, coach = 8 * roll(5, "business", leg.flight), 60 + 6 * roll(30, "coach", leg.flight)
    return {"seats_cabin_business": business, "seats_cabin_coach": coach, "seats_cabin_first": 0}


def _row(flight: _Flight) -> Row:
    leg, day = flight.leg, flight.day
    return {
        **_names(flight),
        **_flags(flight),
        "origin": _airport(leg.departure),
        "destination": _airport(flight.destination),
        **_times(flight),
        **_way(flight),
        "status": _status(flight),
        "aircraft_type": leg.aircraft + (" " if one_in(8, "blank", leg.flight, day) else ""),
        **_ends(flight),
        **seats(leg),
        "type": "Airline",
    }


def _names(flight: _Flight) -> Row:
    leg = flight.leg
    ident, airline = ident_of(leg.flight), airline_of(leg.flight)
    return {
        "ident": ident,
        "ident_icao": ident if airline.icao else None,
        "ident_iata": leg.flight,
        "fa_flight_id": fa_flight_id(leg, flight.day, flight.now),
        "operator": airline.icao or airline.iata,
        "operator_icao": airline.icao,
        "operator_iata": airline.iata,
        "flight_number": leg.flight[2:],
        "registration": _registration(leg, flight.day),
        "atc_ident": None,
        "inbound_fa_flight_id": None,
        "codeshares": list(map(ident_of, leg.codeshares)),
        "codeshares_iata": list(leg.codeshares),
    }


def _registration(leg: Leg, day: date) -> str | None:
    words = (leg.flight, day)
    if one_in(3, "no registration", *words):
        return None
    letters = "".join(_LETTERS[roll(len(_LETTERS), "registration", place, *words)] for place in "12")
    return f"N{100 + roll(900, 'registration', *words)}{letters}"


def _flags(flight: _Flight) -> Row:
    return {
        "blocked": False,
        "diverted": flight.is_diverted,
        "cancelled": flight.state.status is Status.CANCELLED,
        "position_only": False,
        "foresight_predictions_available": False,
    }


def _airport(airport: Airport) -> Row:
    return {
        "code": airport.code,
        "code_icao": airport.icao,
        "code_iata": airport.iata,
        "code_lid": airport.lid,
        "timezone": airport.zone_name,
        "name": airport.name,
        "city": airport.city,
        "airport_info_url": f"/airports/{airport.code}",
    }


def _times(flight: _Flight) -> Row:
    """The twelve, and the delays that follow from them. What is diverted does not arrive where it was to."""
    departure, arrival = flight.state.departure, flight.state.arrival
    points = {
        "out": (departure.scheduled, departure.expected),
        "off": (departure.scheduled_runway, departure.runway),
        "on": (arrival.scheduled_runway, arrival.runway),
        "in": (arrival.scheduled, arrival.expected),
    }
    times = {name: value for point, pair in points.items() for name, value in _point(flight, point, *pair).items()}
    if flight.is_diverted:
        times |= dict.fromkeys(("estimated_on", "actual_on", "estimated_in", "actual_in"))
    return {
        "departure_delay": _seconds(departure.expected - departure.scheduled),
        "arrival_delay": None if flight.is_diverted else _seconds(arrival.expected - arrival.scheduled),
        "filed_ete": _seconds(arrival.scheduled_runway - departure.scheduled_runway),
        **times,
    }


def _point(flight: _Flight, point: str, scheduled: datetime, expected: datetime) -> dict[str, str | None]:
    return {
        f"scheduled_{point}": stamp(scheduled),
        f"estimated_{point}": stamp(expected),
        f"actual_{point}": stamp(expected) if _has_passed(flight, expected) else None,
    }


def _has_passed(flight: _Flight, expected: datetime) -> bool:
    return flight.state.status is not Status.CANCELLED and expected <= flight.now


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def _way(flight: _Flight) -> Row:
    return {
        "progress_percent": _percent(flight),
        "route_distance": round(statute_miles(flight.leg.departure, flight.destination)),
        "filed_airspeed": None,
        "filed_altitude": None,
        "route": None,
    }


def _percent(flight: _Flight) -> int | None:
    if flight.state.status is Status.CANCELLED:
        return None
    return int(100 * min(1.0, max(0.0, flight.state.share_flown(flight.now))))


def _status(flight: _Flight) -> str:
    """Words for people, as the real service has them."""
    state, now = flight.state, flight.now
    if state.status is Status.CANCELLED or flight.is_diverted:
        return "Diverted" if flight.is_diverted else "Cancelled"
    if state.status is Status.LANDED:
        return "Arrived / Gate Arrival" if state.arrival.expected <= now else "Landed / Taxiing"
    if state.status is Status.ACTIVE:
        return f"En Route / {'Delayed' if _is_late(state) else 'On Time'}"
    if state.departure.expected <= now:
        return "Taxiing / Left Gate"
    return "Scheduled / Delayed" if _is_late(state) else "Scheduled"


def _is_late(state: Progress) -> bool:
    return state.arrival.expected - state.arrival.scheduled >= _LATE


def _ends(flight: _Flight) -> Row:
    """Runways once they have been used, gates, terminals and the belt: those that AviationStack's rows show too."""
    leg, day, state = flight.leg, flight.day, flight.state
    origin = departure_hall(leg, day)
    destination = _NOWHERE if flight.goes_elsewhere else arrival_hall(leg, day)
    has_come_in = state.arrival.happened and not flight.is_diverted
    return {
        "actual_runway_off": _runway("off", flight) if state.departure.happened else None,
        "actual_runway_on": _runway("on", flight) if has_come_in else None,
        "baggage_claim": None if flight.goes_elsewhere else baggage_belt(leg, day),
        "gate_origin": origin.gate,
        "gate_destination": destination.gate,
        "terminal_origin": origin.terminal,
        "terminal_destination": destination.terminal,
    }


def _runway(end: str, flight: _Flight) -> str:
    return f"{1 + roll(36, 'runway', end, flight.leg.flight, flight.day):02}"
