"""Points on a line assigned to points on a line, held against all ways to do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.assignment import assigned

START = datetime(2026, 12, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FURTHEST = 720

Pairs = Sequence[tuple[int, int]]

# Some lie on a coarse grid, so that ties and equal points come up.
MINUTES = st.one_of(st.integers(0, 4000), st.integers(0, 12).map(lambda n: n * 360))
POINTS = st.lists(MINUTES, max_size=5).map(sorted)
FORBIDDEN = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)


def times(minutes: Sequence[int]) -> list[datetime]:
    return [START + minute * MINUTE for minute in minutes]


def in_order(ones: int, others: int) -> Iterator[Pairs]:
    """Every set of pairs of which no two cross or share a point."""
    for size in range(min(ones, others) + 1):
        for left in combinations(range(ones), size):
            for right in combinations(range(others), size):
                yield list(zip(left, right, strict=True))


def moved(pairs: Pairs, ones: Sequence[int], others: Sequence[int]) -> int:
    return sum(abs(ones[i] - others[j]) for i, j in pairs)


def best(ones: Sequence[int], others: Sequence[int], may_be: Callable[[int, int], bool]) -> tuple[int, int]:
    """The most pairs that there can be, and the smallest sum of moves with so many, by trying everything."""
    possible = (
        pairs
        for pairs in in_order(len(ones), len(others))
        if all(abs(ones[i] - others[j]) <= FURTHEST and may_be(i, j) for i, j in pairs)
    )
    pairs, moves = min((-len(pairs), moved(pairs, ones, others)) for pairs in possible)
    return -pairs, moves


@given(POINTS, POINTS, FORBIDDEN)
def test_as_many_are_paired_as_can_be_and_none_of_all_ways_moves_less(
    ones: list[int], others: list[int], forbidden: set[tuple[int, int]]
) -> None:
    def may_be(i: int, j: int) -> bool:
        return (i, j) not in forbidden

    pairs = assigned(times(ones), times(others), may_be, FURTHEST * MINUTE)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(pairs))
    assert all(may_be(i, j) and abs(ones[i] - others[j]) <= FURTHEST for i, j in pairs)
    assert (len(pairs), moved(pairs, ones, others)) == best(ones, others, may_be)


@given(st.lists(MINUTES, max_size=40, unique=True).map(sorted))
def test_what_did_not_move_stays_where_it_was(minutes: list[int]) -> None:
    pairs = assigned(times(minutes), times(minutes), lambda _i, _j: True, FURTHEST * MINUTE)
    assert pairs == [(i, i) for i in range(len(minutes))]


def test_nothing_is_paired_with_nothing() -> None:
    assert assigned([], [], lambda _i, _j: True, MINUTE) == []
    assert assigned(times([0]), [], lambda _i, _j: True, MINUTE) == []
    assert assigned([], times([0]), lambda _i, _j: True, MINUTE) == []


def test_only_pairs_that_are_near_enough_are_asked_about() -> None:
    asked: list[tuple[int, int]] = []

    def may_be(i: int, j: int) -> bool:
        asked.append((i, j))
        return True

    assigned(times([0, 1000]), times([5, 1005]), may_be, 10 * MINUTE)
    assert sorted(asked) == [(0, 0), (1, 1)]
