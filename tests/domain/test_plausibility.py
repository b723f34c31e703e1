from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.plausibility import contradiction
from flightctl.domain.sighting import TIMES, Times

OUT = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


def said(**hours: float) -> str:
    """What is said of times given in hours from the scheduled departure."""
    named: dict[str, Any] = {name: OUT + timedelta(hours=after) for name, after in hours.items()}
    return contradiction(Times(**({"scheduled_out": OUT} | named)))


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"scheduled_in": 0},
        {"scheduled_in": 24},
        {"scheduled_off": 0.2, "scheduled_on": 1.2, "scheduled_in": 1.1},
        {"estimated_out": 9, "estimated_in": 1.5},
        {"actual_off": 0.1, "actual_on": 1.3, "actual_in": 1.2},
        {"actual_out": -0.2, "actual_in": 1},
        {"actual_out": -12},
        {"actual_out": 50, "actual_in": 52},
        {"actual_in": 1},
    ],
)
def test_times_that_can_be_true_together_are_left_alone(hours: dict[str, float]) -> None:
    assert said(**hours) == ""


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({"scheduled_in": -0.1}, "scheduled to arrive before it departs"),
        ({"scheduled_on": -20}, "scheduled to arrive before it departs"),
        ({"scheduled_in": 24.1}, "scheduled to fly for more than a day"),
        ({"estimated_out": 30, "estimated_in": 5}, "expected to arrive a day before it departs"),
        ({"actual_off": 30, "actual_on": 5}, "arrived a day before it departed"),
        ({"actual_out": -23.7, "actual_in": -22.5}, "flown half a day before its scheduled departure"),
        ({"actual_out": -12.1, "actual_in": -11}, "flown half a day before its scheduled departure"),
        ({"actual_on": -12.1}, "flown half a day before its scheduled departure"),
    ],
)
def test_a_contradiction_is_named(hours: dict[str, float], expected: str) -> None:
    assert said(**hours) == expected


def test_the_take_off_stands_in_for_a_missing_gate_departure() -> None:
    assert contradiction(Times(scheduled_off=OUT, scheduled_in=OUT - timedelta(hours=1)))


def test_without_a_scheduled_departure_nothing_is_held_against_it() -> None:
    assert contradiction(Times(scheduled_in=OUT, actual_out=OUT - timedelta(days=9))) == ""


MOMENTS = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1)).map(lambda day: day.replace(tzinfo=UTC))


@given(st.fixed_dictionaries(dict.fromkeys(TIMES, MOMENTS)), st.timedeltas(timedelta(-999), timedelta(999)))
def test_what_is_said_does_not_depend_on_the_day(times: dict[str, Any], later: timedelta) -> None:
    moved = {name: moment and moment + later for name, moment in times.items()}
    assert contradiction(Times(**times)) == contradiction(Times(**moved))
