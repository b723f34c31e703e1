"""The sentences of ``--explain``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.legs import NOW, TTL, entry
from flightctl.domain.explanation import age, of_move, of_tiers
from flightctl.domain.strategy import Move, Strategy

PLAIN = Strategy(TTL, may_ask=True)


def test_a_fresh_entry_says_its_age_and_how_long_it_lasts() -> None:
    said = of_tiers(entry(age=timedelta(days=3, hours=4)), None, PLAIN, NOW)
    assert said == ["local: confirmed entry, 3 d 4 h old, fresh until 2026-12-17 08:00 UTC"]


def test_a_stale_entry_says_since_when() -> None:
    said = of_tiers(entry(age=TTL), None, PLAIN, NOW)
    assert said == ["local: confirmed entry, 30 d 0 h old, stale since 2026-11-20 12:00 UTC"]


def test_no_entry_is_said_so() -> None:
    assert of_tiers(None, None, PLAIN, NOW) == ["local: no confirmed entry"]


def test_a_remembered_absence_says_until_when() -> None:
    said = of_tiers(None, NOW + timedelta(minutes=50), PLAIN, NOW)
    assert said[1:] == ["local: upstream did not know it; remembered until 2026-11-20 12:50 UTC"]


def test_a_refresh_says_that_the_cache_is_passed_over() -> None:
    said = of_tiers(entry(), None, PLAIN._replace(refresh=True), NOW)
    assert said[-1] == "local: passed over, because of --refresh"


def test_a_cache_that_is_switched_off_is_not_described() -> None:
    assert of_tiers(entry(), NOW, PLAIN._replace(cache_enabled=False, refresh=True), NOW) == [
        "local: not read, cache.enabled is false"
    ]


@pytest.mark.parametrize(
    ("move", "reason"),
    [
        (Move.ANSWER, "not asked, the entry is fresh"),
        (Move.ANSWER_ABSENT, "not asked, it did not know the flight lately"),
        (Move.ASK, "asked, one paid call"),
        (Move.REFUSE_OFFLINE, "not asked, because of --offline"),
        (Move.REFUSE_DENIED, "not asked, it is open to subscribers only"),
    ],
)
def test_every_move_says_why_a_call_was_or_was_not_made(move: Move, reason: str) -> None:
    assert of_move(move, "aviationstack").startswith(f"aviationstack: {reason}")


def test_no_move_is_left_unexplained() -> None:
    assert len({of_move(move, "aviationstack") for move in Move}) == len(Move)


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [
        (timedelta(), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=1), "1 d 0 h"),
        (timedelta(days=30, hours=23, minutes=59), "30 d 23 h"),
        (timedelta(days=-2), "0 min"),
    ],
)
def test_an_age_is_told_in_the_two_units_that_matter(elapsed: timedelta, shown: str) -> None:
    assert age(NOW - elapsed, NOW) == shown
