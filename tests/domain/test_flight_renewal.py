"""Which tracked flights are renewed, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl.domain.flight import FlightStatus
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.flight_renewal import DueDay, Tracked, due_days
from flights import flight, utc

NOW = utc("2026-12-01 12:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIFETIMES = FlightLifetimes(near=10 * MINUTE, week=3 * HOUR, far=24 * HOUR)


def tracked(number: int, away: timedelta, users: int = 1, age: timedelta = 5 * DAY, **more: Any) -> Tracked:
    """A flight that leaves so far from now, and was seen so long ago."""
    out = NOW + away
    ident = f"ANZ{number}"
    values = {
        "ident": ident,
        "flight_iata": f"NZ{number}",
        "flight_id": f"{ident}.{out.date()}.{out:%H%M}.NZAA.NZCH",
        "departure_date": out.date(),
        "local_date": out.date(),
        "scheduled_out": out,
        "scheduled_in": out + HOUR,
        "observed_at": NOW - age,
    }
    return Tracked(flight(**{**values, **more}), users)


def due(*some: Tracked, ahead: timedelta = timedelta(), lifetimes: FlightLifetimes = LIFETIMES) -> list[DueDay]:
    return due_days(some, lifetimes, NOW, ahead)


def names(days: list[DueDay]) -> list[str]:
    return [day.designator for day in days]


# What is due


@pytest.mark.parametrize(
    ("away", "age", "is_due"),
    [
        (1 * HOUR, 9 * MINUTE, False),
        (1 * HOUR, 10 * MINUTE, True),
        (47 * HOUR, 10 * MINUTE, True),
        (48 * HOUR, 10 * MINUTE, False),
        (48 * HOUR, 3 * HOUR, True),
        (6 * DAY, 3 * HOUR - MINUTE, False),
        (7 * DAY, 3 * HOUR, False),
        (7 * DAY, 24 * HOUR, True),
        (90 * DAY, 24 * HOUR - MINUTE, False),
        (-1 * HOUR, 10 * MINUTE, True),
        (-1 * HOUR, 9 * MINUTE, False),
        (-30 * DAY, 40 * DAY, True),
        (-30 * DAY, 10 * DAY, False),
    ],
)
def test_what_is_stale_is_due_the_nearer_the_sooner(away: timedelta, age: timedelta, is_due: bool) -> None:
    """What was last seen long after its arrival has no more news."""
    assert bool(due(tracked(1, away, age=age))) == is_due


@pytest.mark.parametrize("status", [FlightStatus.ARRIVED, FlightStatus.CANCELLED, FlightStatus.DIVERTED])
def test_what_has_ended_is_not_due(status: FlightStatus) -> None:
    assert due(tracked(1, HOUR, status=status)) == []


def test_ahead_takes_in_what_will_be_stale_until_then() -> None:
    fresh = tracked(1, 30 * DAY, age=20 * HOUR)
    assert [names(due(fresh, ahead=span)) for span in (timedelta(), 3 * HOUR, 4 * HOUR, DAY)] == [
        [],
        [],
        ["NZ1"],
        ["NZ1"],
    ]


def test_flights_of_a_number_on_a_day_are_one_question() -> None:
    some = [tracked(1, 30 * HOUR), tracked(1, 33 * HOUR), tracked(1, 54 * HOUR), tracked(2, 30 * HOUR)]
    days = {(day.designator, day.day): {one.flight.flight_id for one in day.tracked} for day in due(*some)}
    by_day = [(some[0], some[1]), (some[2],), (some[3],)]
    assert days == {
        (first.flight.flight_iata, first.flight.local_date): {one.flight.flight_id for one in (first, *rest)}
        for first, *rest in by_day
    }


def test_of_a_day_only_what_is_stale_is_in_the_question() -> None:
    [day] = due(tracked(1, 30 * HOUR), tracked(1, 33 * HOUR, age=MINUTE))
    assert len(day.tracked) == 1


def test_the_day_is_the_one_on_which_it_leaves_now() -> None:
    """A flight that was put off past midnight is asked for on its new day."""
    late = tracked(1, 30 * HOUR, local_date=(NOW + 3 * DAY).date())
    assert due(late)[0].day == (NOW + 3 * DAY).date()


def test_a_flight_without_iata_designator_is_asked_for_by_its_ident() -> None:
    assert names(due(tracked(1, HOUR, flight_iata=""))) == ["ANZ1"]


def test_nothing_is_due_of_nothing() -> None:
    assert due() == []


# The order


NEAR, WEEK, FAR = 30 * HOUR, 4 * DAY, 30 * DAY


def test_the_nearest_are_first_however_many_track_the_others() -> None:
    assert names(due(tracked(1, FAR, 10_000), tracked(2, WEEK, 100), tracked(3, NEAR))) == ["NZ3", "NZ2", "NZ1"]


@pytest.mark.parametrize("away", [NEAR, WEEK, FAR])
def test_of_those_equally_near_what_most_people_track_is_first(away: timedelta) -> None:
    some = [tracked(1, away, 2), tracked(2, away + 5 * HOUR, 30), tracked(3, away - 5 * HOUR, 7)]
    assert names(due(*some)) == ["NZ2", "NZ3", "NZ1"]


def test_the_users_of_all_flights_of_the_question_count() -> None:
    some = [tracked(1, NEAR, 3), tracked(2, NEAR, 2), tracked(2, NEAR + HOUR, 2)]
    assert names(due(*some)) == ["NZ2", "NZ1"]


def test_of_those_with_as_many_users_the_next_departure_is_first() -> None:
    assert names(due(tracked(1, 30 * HOUR), tracked(2, 20 * HOUR), tracked(3, -2 * HOUR))) == ["NZ3", "NZ2", "NZ1"]


def test_then_the_names_decide() -> None:
    assert names(due(tracked(3, NEAR), tracked(1, NEAR), tracked(2, NEAR))) == ["NZ1", "NZ2", "NZ3"]


@pytest.mark.parametrize(
    "lifetimes",
    [FlightLifetimes(HOUR, HOUR, HOUR), FlightLifetimes(24 * HOUR, 3 * HOUR, HOUR)],
    ids=["all alike", "the far ones shorter"],
)
def test_nearness_does_not_depend_on_how_long_flights_are_fresh(lifetimes: FlightLifetimes) -> None:
    some = tracked(1, FAR, 10_000), tracked(2, WEEK, 100), tracked(3, NEAR)
    assert names(due(*some, lifetimes=lifetimes)) == ["NZ3", "NZ2", "NZ1"]


flights_ = st.builds(
    tracked,
    number=st.integers(1, 3),
    away=st.sampled_from([-12 * HOUR, 12 * HOUR, 13 * HOUR, 36 * HOUR, 60 * HOUR, -60 * HOUR, 10 * DAY, 11 * DAY]),
    users=st.integers(1, 2),
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_order_is_total_and_does_not_depend_on_how_flights_were_read(data: st.DataObject) -> None:
    some = data.draw(st.lists(flights_, max_size=8, unique_by=lambda one: one.flight.flight_id))
    shuffled = data.draw(st.permutations(some))
    assert due(*some) == due(*shuffled)


@settings(max_examples=100, deadline=None)
@given(st.lists(flights_, max_size=8, unique_by=lambda one: one.flight.flight_id))
def test_every_due_flight_is_in_one_question_of_its_number_and_day(some: list[Tracked]) -> None:
    days = due(*some)
    assert sorted(one for day in days for one in day.tracked) == sorted(one for one in some if due(one))
    assert len({(day.designator, day.day) for day in days}) == len(days)
    assert all(
        (one.flight.flight_iata, one.flight.local_date) == (day.designator, day.day)
        for day in days
        for one in day.tracked
    )
