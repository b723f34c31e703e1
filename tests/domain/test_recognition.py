"""Which stored flight a provider is speaking of: never two taken for one, never one for two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.recognition import LARGEST_RETIME, Known, Recognised, recognise, reported
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times

AKL, CHC, WLG = (
    Place("AKL", "NZAA", "Pacific/Auckland"),
    Place("CHC", "NZCH", "Pacific/Auckland"),
    Place("WLG", "NZWN", "Pacific/Auckland"),
)
DAY = datetime(2026, 12, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def sighting(departs_at: datetime, provider_id: str = "", **more: Any) -> Sighting:
    """NZ527 of AviationStack from Auckland to Christchurch, unless said otherwise."""
    one = Sighting(
        provider="aviationstack",
        provider_id=provider_id,
        ident="ANZ527",
        designators=frozenset({"NZ527", "ANZ527"}),
        codeshares=frozenset(),
        operated_as="",
        origin=AKL,
        destination=CHC,
        scheduled_local=(departs_at + hours(13)).replace(tzinfo=None),
        times=Times(scheduled_out=departs_at),
        status=FlightStatus.SCHEDULED,
        provider_status="scheduled",
        observed_at=DAY,
    )
    return replace(one, **more)


def known(name: str, departs_at: datetime, *provider_ids: str, **more: Any) -> Known:
    """A stored NZ527."""
    ids = frozenset(("aviationstack", one) for one in provider_ids)
    one = Known(name, frozenset({"NZ527", "ANZ527"}), ids, AKL, CHC, departs_at)
    return one._replace(**more)


def ids(answer: list[Sighting], stored: list[Known]) -> list[str]:
    """What each flight of the answer is recognised as, in its order."""
    return [one.flight_id for one in recognise(reported(answer), stored)]


@pytest.mark.parametrize("retime", [hours(0), hours(12), hours(-12), hours(11.9), MINUTE])
def test_a_retime_of_up_to_twelve_hours_is_the_same_flight(retime: timedelta) -> None:
    assert ids([sighting(DAY + retime)], [known("a", DAY)]) == ["a"]


SUMMER_TIME_ENDS = datetime(2026, 4, 4, 14, tzinfo=UTC)
"""In Auckland, whose clocks then show 03:00 for the first time."""
SUMMER_TIME_BEGINS = datetime(2026, 9, 26, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "hours_apart"), [(SUMMER_TIME_ENDS, 13), (SUMMER_TIME_ENDS, -13), (SUMMER_TIME_BEGINS, 12)]
)
def test_twelve_hours_on_the_clock_are_enough_in_a_night_when_it_is_put_back(
    change: datetime, hours_apart: int
) -> None:
    before = change - hours(hours_apart / 2)
    assert ids([sighting(before + hours(hours_apart))], [known("a", before)]) == ["a"]
    further = hours(hours_apart) + (MINUTE if hours_apart > 0 else -MINUTE)
    assert ids([sighting(before + further)], [known("a", before)]) == [""]


@pytest.mark.parametrize("retime", [hours(12) + MINUTE, hours(-12) - MINUTE, hours(24)])
def test_beyond_twelve_hours_only_the_provider_s_id_tells(retime: timedelta) -> None:
    assert ids([sighting(DAY + retime)], [known("a", DAY)]) == [""]
    assert ids([sighting(DAY + retime, "x1")], [known("a", DAY, "x1")]) == ["a"]


def test_the_next_day_s_flight_is_another_one() -> None:
    assert ids([sighting(DAY), sighting(DAY + hours(24))], [known("a", DAY)]) == ["a", ""]


def test_what_has_left_is_not_put_off_any_more() -> None:
    gone = known("a", DAY, has_left=True)
    assert ids([sighting(DAY + hours(9))], [gone]) == [""]
    assert ids([sighting(DAY + hours(1))], [gone]) == ["a"]


@pytest.mark.parametrize(
    "more",
    [
        {"designators": frozenset({"NZ528", "ANZ528"}), "ident": "ANZ528"},
        {"destination": WLG},
        {"origin": WLG},
    ],
)
def test_another_number_or_place_is_another_flight(more: dict[str, Any]) -> None:
    assert ids([sighting(DAY, **more)], [known("a", DAY)]) == [""]


def test_airports_are_the_same_by_iata_whatever_their_icao_codes() -> None:
    assert ids([sighting(DAY, origin=AKL._replace(icao="NZZZ"))], [known("a", DAY)]) == ["a"]
    assert ids([sighting(DAY, origin=AKL._replace(iata=""))], [known("a", DAY)]) == ["a"]
    assert ids([sighting(DAY, origin=AKL._replace(iata="", icao=""))], [known("a", DAY)]) == [""]


def test_a_provider_id_that_was_replaced_is_still_the_flight_at_its_time() -> None:
    assert ids([sighting(DAY + hours(1), "new")], [known("a", DAY, "old")]) == ["a"]


def test_the_provider_s_id_goes_before_the_nearest_schedule() -> None:
    stored = [known("a", DAY, "x1"), known("b", DAY + hours(6), "x2")]
    answer = [sighting(DAY + hours(5), "x1"), sighting(DAY + hours(1), "x2")]
    assert ids(answer, stored) == ["a", "b"]


def test_a_diversion_is_two_rows_of_one_flight() -> None:
    answer = [sighting(DAY, "x1"), sighting(DAY, "x1", destination=WLG)]
    assert [len(one.sightings) for one in reported(answer)] == [2]
    assert ids(answer, [known("a", DAY, "x1")]) == ["a"]


def test_a_codeshare_row_and_the_operating_row_are_one_flight() -> None:
    jazz = sighting(DAY, ident="JZA8428", designators=frozenset({"JZA8428", "QK8428"}))
    canada = sighting(DAY, ident="ACA8428", designators=frozenset({"AC8428", "ACA8428"}), operated_as="QK8428")
    one, *others = reported([canada, jazz])
    assert not others
    assert one.sightings[0].ident == "JZA8428"
    assert {"AC8428", "JZA8428"} <= one.names


def test_a_codeshare_row_that_comes_alone_finds_the_stored_flight_by_its_partner() -> None:
    stored = known("a", DAY, names=frozenset({"JZA8428", "QK8428"}))
    canada = sighting(DAY, ident="ACA8428", designators=frozenset({"AC8428", "ACA8428"}), operated_as="QK8428")
    assert ids([canada], [stored]) == ["a"]


@st.composite
def rotations(draw: st.DrawFn) -> tuple[list[datetime], list[datetime]]:
    """The times of several flights of one number, at least 90 minutes apart, before and after a retime of each.

    No retime is so large that a flight overtakes another, or that it lies nearer to where another was.
    """
    before = [DAY]
    for gap in draw(st.lists(st.integers(90, 3000), min_size=0, max_size=5)):
        before.append(before[-1] + gap * MINUTE)
    gaps = [(later - earlier) / 2 for earlier, later in pairwise(before)]
    room = [min(left, right) for left, right in zip([LARGEST_RETIME, *gaps], [*gaps, LARGEST_RETIME], strict=True)]
    shifts = [draw(st.floats(-0.99, 0.99)) * min(one, LARGEST_RETIME) for one in room]
    return before, [time + shift for time, shift in zip(before, shifts, strict=True)]


@given(rotations(), st.randoms())
def test_rotations_that_are_all_retimed_never_swap_or_merge(
    times: tuple[list[datetime], list[datetime]], chance: Random
) -> None:
    before, after = times
    stored = [known(f"f{number}", time) for number, time in enumerate(before)]
    answer = [sighting(time) for time in after]
    expected = {time: f"f{number}" for number, time in enumerate(after)}
    chance.shuffle(answer)
    chance.shuffle(stored)
    assert ids(answer, stored) == [expected[one.times.scheduled_out] for one in answer if one.times.scheduled_out]


@given(
    st.lists(st.integers(0, 6000), max_size=6, unique=True),
    st.lists(st.integers(0, 6000), max_size=6, unique=True),
)
def test_no_stored_flight_is_given_to_two_and_order_is_kept(stored_at: list[int], seen_at: list[int]) -> None:
    stored = [known(f"{minute:05}", DAY + minute * MINUTE) for minute in stored_at]
    found = recognise(reported([sighting(DAY + minute * MINUTE) for minute in sorted(seen_at)]), stored)
    given_out = [one.flight_id for one in found if one.flight_id]
    assert given_out == sorted(set(given_out))
    assert all(_retime(one) <= LARGEST_RETIME for one in found if one.flight_id)


def _retime(one: Recognised) -> timedelta:
    return abs(one.reported.departs_at - (DAY + int(one.flight_id) * MINUTE))


@given(st.lists(st.integers(0, 6000), min_size=1, max_size=6, unique=True))
def test_an_answer_that_says_the_same_again_is_recognised_wholly(minutes: list[int]) -> None:
    stored = [known(f"{minute:05}", DAY + minute * MINUTE) for minute in minutes]
    assert ids([sighting(DAY + minute * MINUTE) for minute in minutes], stored) == [f"{m:05}" for m in minutes]


@given(st.integers(2, 40), st.integers(-700, 700))
def test_a_daily_flight_over_many_days_stays_as_many_flights(days: int, minutes: int) -> None:
    """Each day's flight is retimed by as much; the answer holds all of them."""
    stored = [known(f"{day:02}", DAY + timedelta(days=day)) for day in range(days)]
    answer = [sighting(DAY + timedelta(days=day, minutes=minutes)) for day in range(days)]
    assert ids(answer, stored) == [f"{day:02}" for day in range(days)]


@given(st.permutations(range(4)))
def test_flights_that_hang_together_through_a_third_one_are_still_in_order(order: list[int]) -> None:
    """Each stored one is near enough to two of the reported ones, not to all."""
    stored = [known(f"f{number}", DAY + hours(11 * number)) for number in range(4)]
    answer = [sighting(DAY + hours(11 * number + 5)) for number in order]
    assert ids(answer, stored) == [f"f{number}" for number in order]
