"""Replaying look-ups with another lifetime."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.answer import LookupKind
from flightctl.domain.lifetime import calls

FOUND, ABSENT, FAILED, BYPASSED = LookupKind
Events = list[tuple[int, LookupKind]]
HOUR_S = 3600
DAY_S = 24 * HOUR_S
NEGATIVE = timedelta(hours=1)
TINY = timedelta(microseconds=1)
EVER = timedelta(days=100_000)


def histories(*kinds: LookupKind, gap: int = 1) -> st.SearchStrategy[Events]:
    """Look-ups of one key in the order of time, at least ``gap`` seconds apart."""
    gaps = st.lists(st.tuples(st.integers(gap, 40 * DAY_S), st.sampled_from(kinds)), max_size=30)
    return gaps.map(lambda drawn: [(sum(g for g, _ in drawn[: n + 1]), kind) for n, (_, kind) in enumerate(drawn)])


TTLS = st.integers(1, 90 * DAY_S).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("events", "paid"),
    [
        ([], 0),
        ([(0, FOUND)], 1),
        ([(0, ABSENT)], 1),
        ([(0, FAILED)], 1),
        ([(0, BYPASSED)], 1),
        ([(0, FOUND), (0, FOUND)], 1),
        ([(0, FOUND), (10 * DAY_S - 1, FOUND)], 1),
        ([(0, FOUND), (10 * DAY_S, FOUND)], 2),
        ([(0, FOUND), (9 * DAY_S, FOUND), (18 * DAY_S, FOUND)], 2),
        ([(0, FOUND), (5 * DAY_S, ABSENT)], 1),
        ([(0, FOUND), (5 * DAY_S, FAILED)], 1),
        ([(0, ABSENT), (HOUR_S - 1, ABSENT)], 1),
        ([(0, ABSENT), (HOUR_S, ABSENT)], 2),
        ([(0, ABSENT), (HOUR_S - 1, FOUND)], 1),
        ([(0, ABSENT), (HOUR_S, FOUND), (HOUR_S + 1, FOUND)], 2),
        ([(0, FAILED), (0, FAILED), (1, FOUND), (2, FAILED)], 3),
        ([(0, FOUND), (1, BYPASSED), (2, BYPASSED), (3, FOUND)], 3),
        ([(0, FOUND), (9 * DAY_S, BYPASSED), (18 * DAY_S, FOUND)], 2),
        ([(0, ABSENT), (1, BYPASSED), (2 * HOUR_S, ABSENT)], 2),
    ],
)
def test_a_look_up_is_free_while_the_answer_is_fresh_or_the_absence_known(events: Events, paid: int) -> None:
    assert calls(events, timedelta(days=10), NEGATIVE) == paid


@pytest.mark.parametrize("kind", LookupKind)
@given(ttl=TTLS, negative=TTLS)
def test_the_first_look_up_is_always_a_call(kind: LookupKind, ttl: timedelta, negative: timedelta) -> None:
    assert calls([(0, kind)], ttl, negative) == 1


@given(histories(FOUND, BYPASSED), TTLS, TTLS)
def test_a_longer_lifetime_never_costs_more(events: Events, one: timedelta, other: timedelta) -> None:
    assert calls(events, max(one, other), NEGATIVE) <= calls(events, min(one, other), NEGATIVE)


def test_a_longer_lifetime_may_end_in_an_outage_that_a_shorter_one_has_behind_it() -> None:
    outage = [(5 + n, FAILED) for n in range(2)]
    events = [(0, FOUND), (4, FOUND), *outage]
    assert [calls(events, timedelta(seconds=ttl), NEGATIVE) for ttl in (3, 5)] == [2, 3]


@given(histories(FOUND, BYPASSED))
def test_with_hardly_any_lifetime_everything_is_a_call(events: Events) -> None:
    assert calls(events, TINY, TINY) == len(events)


@given(histories(*LookupKind))
def test_with_hardly_any_lifetime_only_a_known_absence_is_free(events: Events) -> None:
    free = len(events) - calls(events, TINY, NEGATIVE)
    assert free <= sum(kind is not BYPASSED for _, kind in events[1:])
    if not any(kind is ABSENT for _, kind in events):
        assert free == 0


@given(histories(FOUND, FAILED, ABSENT))
def test_what_was_found_is_never_paid_again_if_it_is_kept_for_ever(events: Events) -> None:
    found = next((n for n, (_, kind) in enumerate(events) if kind is FOUND), len(events))
    assert calls(events, EVER, TINY) == len(events[: found + 1])


@given(histories(*LookupKind), TTLS, TTLS)
def test_what_passes_over_the_cache_is_always_paid(events: Events, ttl: timedelta, negative: timedelta) -> None:
    bypassed = sum(kind is BYPASSED for _, kind in events)
    assert bypassed <= calls(events, ttl, negative) <= len(events)


@given(histories(*LookupKind, gap=0), TTLS, TTLS)
def test_a_replay_agrees_with_the_rule_read_backwards(events: Events, ttl: timedelta, negative: timedelta) -> None:
    paid: Events = []
    for now_s, kind in events:
        if kind is BYPASSED or not _known(paid, now_s, ttl, negative):
            paid.append((now_s, kind))
    assert calls(events, ttl, negative) == len(paid)


def _known(paid: Events, now_s: int, ttl: timedelta, negative: timedelta) -> bool:
    """Whether the calls so far have left something that answers now; the newest that learned anything decides."""
    learned = [(timedelta(seconds=now_s - at_s), kind) for at_s, kind in paid if kind is not FAILED]
    newest_age, newest = learned[-1] if learned else (EVER, FAILED)
    if newest is ABSENT:
        return newest_age < negative
    return newest is not FAILED and newest_age < ttl
