"""The rows of the flights table, shaped as the real service shapes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from .chance import one_in, roll
from .halls import Hall, arrival_hall, baggage_belt, departure_hall
from .position import live_object
from .progress import Movement, Progress, Status, progress
from .reference import Airport, airline_of, icao_designator
from .schedule import Leg, legs_under

Row = dict[str, Any]

DAY = timedelta(days=1)
HISTORY = timedelta(days=90)
"""How far back a question for one date reaches."""


def rows_at(now: datetime, designator: str | None = None) -> tuple[Row, ...]:
    """The real-time set at `now`: yesterday, today and tomorrow at each leg's origin.

    A `designator` narrows it to the legs flown under it. Treat the rows as read-only: they are kept for
    the next question of the same minute.
    """
    return _rows_at(_minute(now), designator)


def rows_on(day: date, now: datetime, designator: str | None = None) -> tuple[Row, ...]:
    """The rows of one local date, from `HISTORY` ago to tomorrow; outside that, none."""
    wanted = legs_under(designator)
    return _shuffled(((leg, day) for leg in wanted if _is_published(day, _today(leg, now))), _minute(now))


@lru_cache(maxsize=8)
def _rows_at(now: datetime, designator: str | None) -> tuple[Row, ...]:
    wanted = legs_under(designator)
    dated = ((leg, _today(leg, now) + shift * DAY) for leg in wanted for shift in (-1, 0, 1))
    return _shuffled(dated, now)


def _minute(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(second=0, microsecond=0)


def _today(leg: Leg, now: datetime) -> date:
    return now.astimezone(leg.departure.zone).date()


def _is_published(day: date, today: date) -> bool:
    return today - HISTORY <= day <= today + DAY


def _shuffled(dated: Iterable[tuple[Leg, date]], now: datetime) -> tuple[Row, ...]:
    """In an order that means nothing and stays: nobody may rely on the first row."""
    rows = [row for leg, day in dated for row in rows_of(leg, day, now)]
    return tuple(sorted(rows, key=_lot))


def _lot(row: Row) -> int:
    return roll(2**63, "order", row["flight"]["iata"], row["flight_date"], row["departure"]["iata"])


def rows_of(leg: Leg, day: date, now: datetime) -> Iterator[Row]:
    """The operating row of one leg on one local date, then a row for each marketing number."""
    seen = _seen(leg, day, now)
    operated = _flight_object(leg.flight)
    yield seen | {"airline": _airline_object(leg.flight), "flight": operated | {"codeshared": None}}
    for designator in leg.codeshares:
        flight = _flight_object(designator) | {"codeshared": _codeshared(leg.flight)}
        yield seen | {"airline": _airline_object(designator), "flight": flight}


def _seen(leg: Leg, day: date, now: datetime) -> Row:
    """All of a row, in the wire's order; the airline and the flight are filled in per number."""
    state = progress(leg, day, now)
    return {
        "flight_date": day.isoformat(),
        "flight_status": state.status.value,
        "departure": _departure(leg, day, state),
        "arrival": _arrival(leg, day, state),
        "airline": None,
        "flight": None,
        "aircraft": _aircraft(leg, day),
        "live": _live(leg, day, state, now),
    }


def _departure(leg: Leg, day: date, state: Progress) -> Row:
    return {
        **_place(leg.departure, "departure", leg),
        **_hall(departure_hall(leg, day)),
        "delay": state.departure.delay_minutes,
        **_times(state.departure, leg.departure),
    }


def _arrival(leg: Leg, day: date, state: Progress) -> Row:
    words = (leg.flight, leg.arrival.iata, day)
    times = _times(state.arrival, leg.arrival)
    if one_in(12, "estimated", *words) and not state.arrival.happened:
        times["estimated"] = None
    return {
        **_place(leg.arrival, "arrival", leg),
        **_hall(arrival_hall(leg, day)),
        "baggage": baggage_belt(leg, day),
        "scheduled": times["scheduled"],
        "delay": state.arrival.delay_minutes,
        **times,
    }


def _place(airport: Airport, end: str, leg: Leg) -> Row:
    """An airport; here and there a zone or an ICAO code is missing, as upstream."""
    words = (end, leg.flight, airport.iata)
    return {
        "airport": airport.name,
        "timezone": None if one_in(75, "zone", *words) else airport.zone_name,
        "iata": airport.iata,
        "icao": None if one_in(300, "icao", *words) else airport.icao,
    }


def _hall(hall: Hall) -> Row:
    return {"terminal": hall.terminal, "gate": hall.gate}


def _times(movement: Movement, airport: Airport) -> dict[str, str | None]:
    """What upstream calls "actual" is a runway time: both columns are alike. The others are of the gate."""
    expected = _stamp(movement.expected, airport)
    actual = _stamp(movement.runway, airport) if movement.happened else None
    return {
        "scheduled": _stamp(movement.scheduled, airport),
        "estimated": expected,
        "actual": actual,
        "estimated_runway": actual,
        "actual_runway": actual,
    }


def _stamp(moment: datetime, airport: Airport) -> str:
    """The airport's wall clock, wrongly labelled UTC: the trap the real service sets."""
    return moment.astimezone(airport.zone).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _airline_object(designator: str) -> Row:
    airline = airline_of(designator)
    return {"name": airline.name, "iata": airline.iata, "icao": airline.icao}


def _flight_object(designator: str) -> Row:
    icao = None if one_in(200, "flight icao", designator) else icao_designator(designator)
    return {"number": designator[2:], "iata": designator, "icao": icao}


def _codeshared(operating: str) -> Row:
    """The operating flight; upstream writes every member in lower case."""
    airline = airline_of(operating)
    members = {
        "airline_name": airline.name,
        "airline_iata": airline.iata,
        "airline_icao": airline.icao,
        "flight_number": operating[2:],
        "flight_iata": operating,
        "flight_icao": icao_designator(operating),
    }
    return {name: value and value.lower() for name, value in members.items()}


def _aircraft(leg: Leg, day: date) -> Row | None:
    if one_in(3, "aircraft", leg.flight, day):
        return None
    return {"registration": None, "iata": leg.aircraft, "icao": leg.aircraft, "icao24": None}


def _live(leg: Leg, day: date, state: Progress, now: datetime) -> Row | None:
    if state.status is not Status.ACTIVE or roll(4, "live", leg.flight, day):
        return None
    return live_object(leg, state.share_flown(now), now)
