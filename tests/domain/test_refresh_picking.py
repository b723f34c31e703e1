"""When a run takes what will expire soon: early enough, and not all of it on one day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.due import AIRLINES
from domain.legs import NOW, TTL, entry
from flightctl.domain.freshness import is_fresh
from flightctl.domain.refresh_plan import picked
from flightctl.domain.route import RouteEntry, direct


def aged(count: int, age: timedelta) -> list[RouteEntry]:
    """Entries of several airlines that were renewed at one instant."""
    return [
        entry(direct(f"{AIRLINES[number % 12]}{number // 12 + 1}", "NZ", "AKL", "CHC"), age=age)
        for number in range(count)
    ]


THREE_DAYS = timedelta(days=3)


def test_a_hundred_fresh_entries_are_all_picked() -> None:
    soon = aged(100, TTL - timedelta(days=2, hours=23))
    assert picked(soon, NOW, TTL, THREE_DAYS) == soon


def test_more_than_a_hundred_fresh_entries_are_picked_one_after_the_other() -> None:
    soon = aged(101, TTL - timedelta(days=2))
    assert 0 < len(picked(soon, NOW, TTL, THREE_DAYS)) < 101


def test_stale_entries_are_always_picked() -> None:
    stale = aged(500, TTL)
    mixed = stale + aged(500, TTL - timedelta(days=2, hours=23))
    assert [one for one in picked(mixed, NOW, TTL, THREE_DAYS) if not is_fresh(one.refreshed_at, NOW, TTL)] == stale


HOURS = st.integers(0, 24 * 40).map(lambda hours: timedelta(hours=hours))


@settings(deadline=None)
@given(HOURS, st.integers(1, 20).map(lambda days: timedelta(days=days)))
def test_every_entry_is_picked_between_ahead_and_a_third_of_it_before_its_expiry(
    age: timedelta, ahead: timedelta
) -> None:
    due = aged(150, age)
    taken = picked(due, NOW, TTL, ahead)
    if age >= TTL - ahead / 3:
        assert taken == due
    elif age <= TTL - ahead and age < TTL:
        assert taken == []


@settings(deadline=None)
@given(st.integers(0, 72), st.integers(0, 72))
def test_what_was_picked_once_is_picked_until_it_is_renewed(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    due = aged(300, TTL - THREE_DAYS)
    runs = [set(picked(due, NOW + timedelta(hours=hours), TTL, THREE_DAYS)) for hours in (earlier, later)]
    assert runs[0] <= runs[1]


@pytest.mark.parametrize("ahead", [THREE_DAYS, timedelta(days=7)])
@pytest.mark.parametrize("seconds", range(0, 86_400, 11_000))
def test_two_thousand_entries_that_were_renewed_at_once_are_not_renewed_on_one_day(
    ahead: timedelta, seconds: int
) -> None:
    """A daily run, whatever the hour, renews what it picks."""
    left, taken = aged(2_000, timedelta(seconds=seconds)), []
    for day in range(31):
        now = NOW + timedelta(days=day)
        due = [one for one in left if not is_fresh(one.refreshed_at, now + ahead, TTL)]
        done = set(picked(due, now, TTL, ahead))
        taken.append(len(done))
        left = [one for one in left if one not in done]
    assert left == []
    assert max(taken) <= 1_200
