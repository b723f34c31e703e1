"""When an entry may be answered with: exactly, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.legs import NOW, TTL
from flightctl.domain.freshness import absence_lifetime, expires_at, is_fresh, is_soon_stale

TICK = timedelta(microseconds=1)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
lifetimes = st.timedeltas(TICK, timedelta(days=5000))
spans = st.timedeltas(timedelta(), timedelta(days=5000))


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(), True),
        (TTL - timedelta(minutes=1), True),
        (TTL - TICK, True),
        (TTL, False),
        (TTL + TICK, False),
        (TTL + timedelta(minutes=1), False),
        (timedelta(days=4000), False),
        (-TICK, True),
        (-timedelta(days=365), True),
    ],
)
def test_an_entry_is_fresh_until_its_ttl_has_passed(age: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - age, NOW, TTL) is fresh


def test_thirty_days_are_thirty_times_24_hours_across_a_change_of_summer_time() -> None:
    refreshed_at = datetime(2026, 10, 20, 12, tzinfo=UTC)
    assert is_fresh(refreshed_at, datetime(2026, 11, 19, 11, 59, 59, 999_999, tzinfo=UTC), TTL)
    assert not is_fresh(refreshed_at, datetime(2026, 11, 19, 12, tzinfo=UTC), TTL)


@settings(deadline=None)
@given(instants, instants, lifetimes)
def test_fresh_is_what_the_rule_says(refreshed_at: datetime, now: datetime, ttl: timedelta) -> None:
    age = max(now - refreshed_at, timedelta())
    assert is_fresh(refreshed_at, now, ttl) is (age < ttl)


@settings(deadline=None)
@given(instants, lifetimes)
def test_an_entry_expires_at_the_first_instant_at_which_it_is_stale(refreshed_at: datetime, ttl: timedelta) -> None:
    expiry = expires_at(refreshed_at, ttl)
    assert is_fresh(refreshed_at, expiry - TICK, ttl)
    assert not is_fresh(refreshed_at, expiry, ttl)


@settings(deadline=None)
@given(instants, instants, lifetimes, spans)
def test_what_is_stale_never_becomes_fresh_by_waiting(
    refreshed_at: datetime, now: datetime, ttl: timedelta, wait: timedelta
) -> None:
    assert is_fresh(refreshed_at, now, ttl) or not is_fresh(refreshed_at, now + wait, ttl)


def test_an_entry_of_the_end_of_time_expires_no_later() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert expires_at(end, TTL) == expires_at(end - timedelta(days=1), TTL) == end


@pytest.mark.parametrize(
    ("left", "soon"),
    [
        (timedelta(days=3) + TICK, False),
        (timedelta(days=3), True),
        (timedelta(days=1), True),
        (-timedelta(days=1), True),
    ],
)
def test_soon_stale_is_stale_within_the_time_ahead(left: timedelta, soon: bool) -> None:
    assert is_soon_stale(NOW - TTL + left, NOW, TTL, timedelta(days=3)) is soon


@settings(deadline=None)
@given(instants, instants, lifetimes)
def test_with_nothing_ahead_soon_stale_is_stale(refreshed_at: datetime, now: datetime, ttl: timedelta) -> None:
    assert is_soon_stale(refreshed_at, now, ttl, timedelta()) is not is_fresh(refreshed_at, now, ttl)


@pytest.mark.parametrize(("draw", "minutes"), [(0.0, 48), (0.5, 60), (0.999_999_999, 72)])
def test_an_absence_lives_a_fifth_shorter_or_longer(draw: float, minutes: int) -> None:
    assert abs(absence_lifetime(timedelta(hours=1), draw) - timedelta(minutes=minutes)) < timedelta(seconds=1)


@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(seconds=1), timedelta(days=1000)))
def test_an_absence_never_lives_beyond_its_fifth(draw: float, base: timedelta) -> None:
    assert base * 0.8 - TICK <= absence_lifetime(base, draw) <= base * 1.2 + TICK
