"""Facts about the timetable that is shipped."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

import pytest

from flightctl.providers.sandbox.reference import Airport, airlines
from flightctl.providers.sandbox.schedule import Leg, legs

DAY = date(2026, 11, 20)
SLOW = {"AT75": 450, "AT76": 450, "DH8B": 450, "DH8D": 550, "BN2P": 200}


def _kilometres(one: Airport, other: Airport) -> float:
    north, south = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    chord = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * 6371 * asin(sqrt(chord))


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _routes(flight: str) -> list[tuple[str, str]]:
    return [(leg.departure.iata, leg.arrival.iata) for leg in legs() if leg.flight == flight]


def _by_flight() -> dict[str, list[Leg]]:
    found: dict[str, list[Leg]] = defaultdict(list)
    for leg in legs():
        found[leg.flight].append(leg)
    return found


def test_there_are_a_few_hundred_flights_of_many_airlines() -> None:
    assert 300 <= len(_by_flight()) <= 350
    assert len({flight[:2] for flight in _by_flight()}) >= 120


def test_every_continent_has_departures() -> None:
    regions = Counter(leg.departure.zone_name.split("/")[0] for leg in legs())
    assert all(regions[region] >= 10 for region in ("Africa", "America", "Asia", "Australia", "Europe", "Pacific"))
    south_american = {leg.departure.iata for leg in legs()} & {"BOG", "EZE", "GRU", "LIM", "SCL", "VCP"}
    assert len(south_american) >= 4


def test_every_designator_is_well_formed() -> None:
    for leg in legs():
        for designator in (leg.flight, *leg.codeshares):
            assert re.fullmatch(r"(?=.?[A-Z])[A-Z0-9]{2}[1-9][0-9]{0,3}", designator), designator
        assert re.fullmatch(r"[A-Z][A-Z0-9]{2,3}", leg.aircraft)


def test_every_airline_is_in_the_package_table() -> None:
    flown = {designator[:2] for leg in legs() for designator in (leg.flight, *leg.codeshares)}
    assert flown <= airlines().keys()


def test_marketing_numbers_stand_for_one_flight_only() -> None:
    operated: dict[str, set[str]] = defaultdict(set)
    for leg in legs():
        for designator in leg.codeshares:
            operated[designator].add(leg.flight)
            assert designator[:2] != leg.flight[:2]
    assert all(len(flights) == 1 for flights in operated.values())
    assert not operated.keys() & _by_flight().keys()


def test_many_flights_are_sold_under_other_numbers_too() -> None:
    assert len({leg.flight for leg in legs() if leg.codeshares}) >= 60


def test_block_times_fit_the_distance() -> None:
    for leg in legs():
        block = _hours(leg.scheduled_in(DAY) - leg.scheduled_out(DAY))
        flying = _kilometres(leg.departure, leg.arrival) / SLOW.get(leg.aircraft, 850)
        assert 0.8 * flying < block < 1.25 * flying + 1.0, leg


@pytest.mark.parametrize("flight", [name for name, parts in _by_flight().items() if len(parts) > 1])
def test_the_legs_of_a_flight_follow_each_other(flight: str) -> None:
    parts = _by_flight()[flight]
    for before, after in pairwise(parts):
        assert before.arrival == after.departure
        ground = after.scheduled_out(DAY) - before.scheduled_in(DAY)
        assert timedelta(minutes=3) <= ground % timedelta(days=1) <= timedelta(hours=3)


@pytest.mark.parametrize("flight", ["PW494", "QF1", "BR67", "TK15", "EK413", "SQ12", "LM711", "AS65"])
def test_the_legs_of_these_chain_within_one_local_date(flight: str) -> None:
    parts = _by_flight()[flight]
    for before, after in pairwise(parts):
        assert before.scheduled_in(DAY) < after.scheduled_out(DAY)


@pytest.mark.parametrize("flight", ["SQ26", "KL835", "QF2", "UA154"])
def test_these_carry_on_under_another_local_date(flight: str) -> None:
    first, second, *_ = _by_flight()[flight]
    assert second.scheduled_out(DAY) < first.scheduled_in(DAY)


def test_the_flights_everybody_tries_are_there() -> None:
    assert _routes("NZ527") == [("AKL", "CHC")]
    assert _routes("QF1") == [("SYD", "SIN"), ("SIN", "LHR")]
    assert _routes("PW494") == [("BKZ", "MWZ"), ("MWZ", "DAR")]
    assert _routes("LM711") == [("KOI", "WRY"), ("WRY", "PPW"), ("PPW", "KOI")]


def test_there_is_enough_for_a_search_by_airline_and_by_prefix() -> None:
    flights = _by_flight()
    assert sum(name.startswith("DL") for name in flights) >= 12
    assert sum(name.startswith("NZ5") for name in flights) >= 10


def test_digits_in_an_airline_designator_occur_on_either_side() -> None:
    codes = {flight[:2] for flight in _by_flight()}
    assert {"U2", "3U", "9C", "7C", "G3", "S7", "6E", "5J", "B6"} <= codes


def test_the_date_line_is_crossed_both_ways() -> None:
    shifts = {(leg.flight, leg.departure.iata): leg.days_later for leg in legs()}
    assert shifts["NZ946", "AKL"] == -1
    assert shifts["DL40", "LAX"] == 2
    assert shifts["NZ6", "AKL"] == 0


def test_some_flights_leave_just_after_midnight() -> None:
    night = [leg.flight for leg in legs() if leg.out < datetime(2026, 1, 1, 0, 45).time()]
    assert len(night) >= 5
