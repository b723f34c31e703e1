from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from aeroapi_bodies import NOW
from hypothesis import given
from hypothesis import strategies as st

from flightctl.providers.aeroapi_terms import FLIGHTS, SCHEDULES, Reach

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)).map(lambda moment: moment.replace(tzinfo=NOW.tzinfo))


def test_a_window_within_reach_stays_as_it_is() -> None:
    assert FLIGHTS.clamped(NOW - DAY, NOW + DAY, NOW) == (NOW - DAY, NOW + DAY)


def test_a_window_that_reaches_too_far_is_cut_a_minute_inside_the_bounds() -> None:
    assert FLIGHTS.clamped(NOW - 30 * DAY, NOW + 30 * DAY, NOW) == (NOW - 10 * DAY + MINUTE, NOW + 2 * DAY - MINUTE)


def test_a_window_that_is_too_long_is_cut_from_its_start_on() -> None:
    assert SCHEDULES.clamped(NOW, NOW + 60 * DAY, NOW) == (NOW, NOW + 21 * DAY)


@pytest.mark.parametrize(
    ("start", "end"), [(NOW + 3 * DAY, NOW + 4 * DAY), (NOW - 12 * DAY, NOW - 11 * DAY), (NOW, NOW), (NOW + DAY, NOW)]
)
def test_a_window_out_of_reach_has_no_part_that_may_be_asked_for(start: datetime, end: datetime) -> None:
    assert FLIGHTS.clamped(start, end, NOW) is None


@given(st.sampled_from([FLIGHTS, SCHEDULES]), MOMENTS, MOMENTS, st.integers(0, 59))
def test_whatever_is_clamped_may_be_asked_for_also_a_little_later(
    reach: Reach, start: datetime, end: datetime, seconds: int
) -> None:
    window = reach.clamped(start, end, NOW)
    if window is not None:
        assert reach.fault(*window, NOW + timedelta(seconds=seconds)) == ""
        assert start <= window[0] < window[1] <= end


@given(st.sampled_from([FLIGHTS, SCHEDULES]), MOMENTS, MOMENTS)
def test_what_cannot_be_clamped_would_be_refused(reach: Reach, start: datetime, end: datetime) -> None:
    if reach.clamped(start, end, NOW) is None:
        assert reach.fault(start, end, NOW) or end - start < 2 * MINUTE
