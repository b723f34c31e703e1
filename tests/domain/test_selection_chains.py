"""How the legs of one day chain: by time and place, whatever their order in the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.legs import NOW, NZ527, TODAY, leg
from flightctl.domain.observed import ObservedLeg
from flightctl.domain.selection import ChosenFlight, choose_flight

PLACES = ["AKL", "BKZ", "CHC", "DAR", "EWR", "FRA", "GRU", "HND"]


def chosen(legs: Sequence[ObservedLeg]) -> ChosenFlight:
    found = choose_flight(legs, NZ527, NOW)
    assert found is not None
    return found


def ends(legs: Sequence[ObservedLeg]) -> tuple[str, str]:
    return chosen(legs).departure.iata, chosen(legs).arrival.iata


def way(legs: Sequence[ObservedLeg]) -> str:
    """The chained legs as AKL-CHC-DUD."""
    found = chosen(legs)
    return "-".join([found.departure.iata, *(one.arrival.iata for one in found.legs)])


def through(*places: str, first_hour: int = 6, timed: bool = True, zone: str = "UTC") -> list[ObservedLeg]:
    """Legs through these places, two hours apart, 80 minutes long."""
    return [
        leg(one, other, f"{hour:02}:00" if timed else "", f"{hour + 1:02}:20" if timed else "", zone=zone)
        for hour, (one, other) in zip(range(first_hour, 24, 2), pairwise(places), strict=False)
    ]


@settings(deadline=None)
@given(st.data(), st.lists(st.sampled_from(PLACES), min_size=3, max_size=5, unique=True), st.booleans())
def test_two_to_four_legs_chain_in_whatever_order_they_come(
    data: st.DataObject, places: list[str], timed: bool
) -> None:
    legs = through(*places, timed=timed)
    assert way(data.draw(st.permutations(legs))) == "-".join(places)


@settings(deadline=None)
@given(st.data(), st.lists(st.sampled_from(PLACES), min_size=3, max_size=4, unique=True))
def test_a_chain_that_returns_to_its_origin_ends_at_its_last_other_stop(data: st.DataObject, places: list[str]) -> None:
    legs = data.draw(st.permutations(through(*places, places[0])))
    assert ends(legs) == (places[0], places[-1])
    assert way(legs) == "-".join([*places, places[0]])


@settings(deadline=None)
@given(st.data(), st.sets(st.integers(0, 2)))
def test_legs_without_times_take_their_place_in_the_chain(data: st.DataObject, untimed: set[int]) -> None:
    timed, bare = through("HND", "GRU", "FRA", "AKL"), through("HND", "GRU", "FRA", "AKL", timed=False)
    legs = [bare[i] if i in untimed else timed[i] for i in range(3)]
    assert way(data.draw(st.permutations(legs))) == "HND-GRU-FRA-AKL"


@settings(deadline=None)
@given(st.data(), st.sets(st.integers(0, 2)))
def test_a_missing_zone_does_not_break_a_chain(data: st.DataObject, unknown: set[int]) -> None:
    known, bare = (through("HND", "GRU", "FRA", "AKL", zone=zone) for zone in ("Pacific/Auckland", ""))
    legs = [bare[i] if i in unknown else known[i] for i in range(3)]
    assert way(data.draw(st.permutations(legs))) == "HND-GRU-FRA-AKL"


def test_two_legs_of_one_number_are_one_route_from_end_to_end() -> None:
    legs = [leg("MWZ", "DAR", "09:30", "10:10"), leg("BKZ", "MWZ", "08:15", "09:00")]
    assert ends(legs) == ("BKZ", "DAR")
    assert way(legs) == "BKZ-MWZ-DAR"


def test_a_leg_that_leaves_the_minute_another_arrives_goes_on_from_it() -> None:
    assert way([leg("AKL", "CHC", "08:00", "09:20"), leg("CHC", "DUD", "09:20", "10:00")]) == "AKL-CHC-DUD"


def test_a_leg_that_leaves_before_the_other_arrives_does_not_go_on_from_it() -> None:
    assert way([leg("AKL", "CHC", "08:00", "09:20"), leg("CHC", "DUD", "09:19", "10:00")]) == "AKL-CHC"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_two_rotations_that_do_not_chain_give_the_first(order: tuple[int, ...]) -> None:
    legs = [*through("AKL", "CHC", "DUD", first_hour=6), *through("AKL", "CHC", "DUD", first_hour=16)]
    assert way([legs[i] for i in order]) == "AKL-CHC-DUD"
    assert chosen([legs[i] for i in order]).legs[0] == legs[0]


def test_legs_that_do_not_chain_give_the_first_by_time() -> None:
    legs = [leg("WLG", "NSN", "11:00", "12:00"), leg("AKL", "CHC", "07:00", "08:20")]
    assert ends(legs) == ends(legs[::-1]) == ("AKL", "CHC")


def test_the_first_by_time_is_found_across_zones() -> None:
    later_in_utc = leg("HNL", "LAX", "01:00", "06:00", zone="Pacific/Honolulu")
    sooner_in_utc = leg("AKL", "CHC", "23:00", "23:59", zone="Pacific/Auckland")
    assert ends([later_in_utc, sooner_in_utc]) == ends([sooner_in_utc, later_in_utc]) == ("AKL", "CHC")


def test_two_there_and_back_rotations_end_at_the_other_stop() -> None:
    assert ends(through("AKL", "CHC", "AKL", "CHC", "AKL")) == ("AKL", "CHC")


def test_a_flight_that_lands_where_it_took_off_ends_there() -> None:
    for out, in_ in (("10:00", "11:00"), ("", "")):
        assert ends([leg("AKL", "AKL", out, in_)]) == ("AKL", "AKL")


def test_a_circle_without_any_times_is_the_same_in_every_order() -> None:
    legs = through("CHC", "DUD", "AKL", "CHC", timed=False)
    assert len({way(some) for some in permutations(legs)}) == 1


def test_a_chain_goes_on_across_the_date_line() -> None:
    """AKL 20:00 on the 20th is before HNL 06:30 on the 20th; the second leg leaves on the clock it arrives by."""
    legs = [
        leg("HNL", "LAX", "08:30", "16:30", zone="Pacific/Honolulu", arrival_zone="America/Los_Angeles"),
        leg("AKL", "HNL", "20:00", "06:30", zone="Pacific/Auckland", arrival_zone="Pacific/Honolulu"),
    ]
    assert way(legs) == way(legs[::-1]) == "AKL-HNL-LAX"


def test_a_leg_that_arrives_the_day_before_it_left_is_a_leg_like_others() -> None:
    legs = [
        leg("PPT", "LAX", "07:00", "16:00", zone="Pacific/Tahiti", arrival_zone="America/Los_Angeles"),
        leg("AKL", "PPT", "08:00", "15:00", days_later=-1, zone="Pacific/Auckland", arrival_zone="Pacific/Tahiti"),
    ]
    assert way(legs) == "AKL-PPT-LAX"


def test_legs_of_another_day_are_not_chained() -> None:
    onward = leg("CHC", "DUD", "10:00", "11:00", day=TODAY + timedelta(days=1))
    assert way([onward, leg("AKL", "CHC")]) == "AKL-CHC"


def test_a_leg_that_carries_on_the_next_day_is_the_next_days_row() -> None:
    """Rows of one date: yesterday's second leg and today's first do not chain, so the first by time counts."""
    legs = [
        leg("LHR", "SIN", "20:30", "17:25", days_later=1, zone="Europe/London", arrival_zone="Asia/Singapore"),
        leg("SIN", "SYD", "19:30", "06:10", days_later=1, zone="Asia/Singapore", arrival_zone="Australia/Sydney"),
    ]
    assert way(legs) == way(legs[::-1]) == "SIN-SYD"


@pytest.mark.parametrize(
    ("arrival", "departure", "chains"),
    [
        ("CHC", "CHC", True),
        ("CHC/NZCH", "CHC", True),
        ("CHC/NZCH", "NZCH", True),
        ("NZCH", "NZCH", True),
        ("NZCH", "CHC/NZCH", True),
        ("CHC", "NZCH", False),
        ("CHC/NZCH", "DUD/NZCH", False),
        ("NZCH", "NZDN", False),
        ("", "", False),
    ],
)
def test_places_are_the_same_by_iata_or_where_one_is_missing_by_icao(
    arrival: str, departure: str, chains: bool
) -> None:
    legs = [leg("AKL", arrival, "08:00", "09:20"), leg(departure, "ZQN", "10:00", "11:00")]
    assert len(chosen(legs).legs) == (2 if chains else 1)


def test_a_return_to_the_origin_is_known_by_icao() -> None:
    legs = [leg("AKL/NZAA", "CHC", "08:00", "09:20"), leg("CHC", "NZAA", "10:00", "11:20")]
    assert ends(legs) == ("AKL", "CHC")


def test_a_row_that_comes_twice_is_one_leg_even_without_times() -> None:
    legs = through("AKL", "CHC", "AKL", timed=False)
    assert len(chosen([*legs, *legs]).legs) == 2


def test_two_rows_of_one_leg_at_different_times_are_not_both_flown() -> None:
    legs = [
        leg("AKL", "CHC", "08:00", "09:20"),
        leg("AKL", "CHC", "08:30", "09:50"),
        leg("CHC", "DUD", "11:00", "12:00"),
    ]
    assert way(legs) == way(legs[::-1]) == "AKL-CHC-DUD"


def test_thousands_of_rows_of_one_day_are_no_endless_flight() -> None:
    legs = [leg(*places, "", "") for places in (("AKL", "CHC"), ("CHC", "AKL"))]
    shuttles = [
        leg(*places, f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}")
        for hour in range(24)
        for minute in range(60)
        for places in (("AKL", "CHC"), ("CHC", "AKL"))
    ]
    assert len(chosen([*legs, *shuttles]).legs) <= 24
