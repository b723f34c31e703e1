"""The one thing to do next: the whole table of what is cached and what the caller may do."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from domain.legs import NOW, TTL, entry
from flightctl.domain.strategy import Move, Strategy, next_move

FOUND = {"none": None, "fresh": entry(), "stale": entry(age=TTL)}

# What the two ways of passing the cache over leave of a question: (offline, may ask) -> move.
PASSED_OVER = {
    (False, True): Move.ASK,
    (False, False): Move.REFUSE_DENIED,
    (True, True): Move.REFUSE_OFFLINE,
    (True, False): Move.REFUSE_OFFLINE,
}
# With the cache: (found, absence remembered, offline, may ask) -> move.
WITH_CACHE = {
    ("none", False, False, False): Move.REFUSE_DENIED,
    ("none", False, False, True): Move.ASK,
    ("none", False, True, False): Move.REFUSE_OFFLINE,
    ("none", False, True, True): Move.REFUSE_OFFLINE,
    ("none", True, False, False): Move.ANSWER_ABSENT,
    ("none", True, False, True): Move.ANSWER_ABSENT,
    ("none", True, True, False): Move.REFUSE_OFFLINE,
    ("none", True, True, True): Move.REFUSE_OFFLINE,
    ("fresh", False, False, False): Move.ANSWER,
    ("fresh", False, False, True): Move.ANSWER,
    ("fresh", False, True, False): Move.ANSWER,
    ("fresh", False, True, True): Move.ANSWER,
    ("fresh", True, False, False): Move.ANSWER,
    ("fresh", True, False, True): Move.ANSWER,
    ("fresh", True, True, False): Move.ANSWER,
    ("fresh", True, True, True): Move.ANSWER,
    ("stale", False, False, False): Move.REFUSE_DENIED,
    ("stale", False, False, True): Move.ASK,
    ("stale", False, True, False): Move.REFUSE_OFFLINE,
    ("stale", False, True, True): Move.REFUSE_OFFLINE,
    ("stale", True, False, False): Move.ANSWER_ABSENT,
    ("stale", True, False, True): Move.ANSWER_ABSENT,
    ("stale", True, True, False): Move.REFUSE_OFFLINE,
    ("stale", True, True, True): Move.REFUSE_OFFLINE,
}
YES_OR_NO = (False, True)


@pytest.mark.parametrize(("found", "absent", "offline", "may_ask"), WITH_CACHE)
def test_with_the_cache(found: str, absent: bool, offline: bool, may_ask: bool) -> None:
    strategy = Strategy(TTL, may_ask, offline=offline)
    assert next_move(FOUND[found], absent, strategy, NOW) is WITH_CACHE[found, absent, offline, may_ask]


@pytest.mark.parametrize(("refresh", "cache_enabled"), [(True, True), (False, False), (True, False)])
@pytest.mark.parametrize(
    ("found", "absent", "offline", "may_ask"), list(product(FOUND, YES_OR_NO, YES_OR_NO, YES_OR_NO))
)
def test_with_the_cache_passed_over(
    found: str, absent: bool, offline: bool, may_ask: bool, refresh: bool, cache_enabled: bool
) -> None:
    strategy = Strategy(TTL, may_ask, offline, refresh, cache_enabled)
    assert next_move(FOUND[found], absent, strategy, NOW) is PASSED_OVER[offline, may_ask]


@pytest.mark.parametrize(("found", "absent", "offline", "may_ask"), WITH_CACHE)
def test_stale_if_error_changes_nothing_before_an_error(found: str, absent: bool, offline: bool, may_ask: bool) -> None:
    strategy = Strategy(TTL, may_ask, offline=offline, stale_if_error=True)
    assert next_move(FOUND[found], absent, strategy, NOW) is WITH_CACHE[found, absent, offline, may_ask]


def test_the_configured_lifetime_decides_what_is_stale() -> None:
    found = entry(age=timedelta(days=10))
    assert next_move(found, False, Strategy(timedelta(days=11), may_ask=True), NOW) is Move.ANSWER
    assert next_move(found, False, Strategy(timedelta(days=10), may_ask=True), NOW) is Move.ASK
