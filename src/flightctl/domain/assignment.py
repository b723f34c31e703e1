"""Points on a line assigned to points on a line, in order, so that all moves together are smallest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_Cost = tuple[int, timedelta]
"""Points that are left over, then the sum of all moves."""
_NOTHING: _Cost = (0, timedelta())


def assigned(
    ones: Sequence[datetime], others: Sequence[datetime], may_be: Callable[[int, int], bool], furthest: timedelta
) -> list[tuple[int, int]]:
    """Pairs of indexes into ``ones`` and ``others``, both of which are in ascending order.

    No two pairs cross, and none is further apart than ``furthest``. As many of ``ones`` as can be are in a pair; of all
    ways to do that, the one with the smallest sum of moves. ``may_be`` says which pairs are possible at all.
    """
    return [pair for part in _parts(ones, others, furthest) for pair in _pairs(part, may_be, furthest)]


@dataclass(frozen=True, slots=True)
class _Part:
    """Points from ``first_one`` and ``first_other`` on."""

    ones: Sequence[datetime]
    others: Sequence[datetime]
    first_one: int
    first_other: int


def _parts(ones: Sequence[datetime], others: Sequence[datetime], furthest: timedelta) -> Iterator[_Part]:
    """The points in parts between which there is a gap that no pair can bridge."""
    moments = sorted([*((time, 0) for time in ones), *((time, 1) for time in others)])
    first, after = [0, 0], [0, 0]
    for i, (time, which) in enumerate(moments):
        if i and time - moments[i - 1][0] > furthest:
            yield _Part(ones[first[0] : after[0]], others[first[1] : after[1]], first[0], first[1])
            first = after[:]
        after[which] += 1
    yield _Part(ones[first[0] :], others[first[1] :], first[0], first[1])


def _pairs(part: _Part, may_be: Callable[[int, int], bool], furthest: timedelta) -> Iterator[tuple[int, int]]:
    costs, i, j = _costs(part, may_be, furthest), 0, 0
    while i < len(part.ones) and j < len(part.others):
        if costs[i][j] == costs[i][j + 1]:
            j += 1
        elif costs[i][j] == _one_more(costs[i + 1][j]):
            i += 1
        else:
            yield part.first_one + i, part.first_other + j
            i, j = i + 1, j + 1


def _costs(part: _Part, may_be: Callable[[int, int], bool], furthest: timedelta) -> list[list[_Cost]]:
    """Of assigning ``ones[i:]`` to ``others[j:]``, by i and j."""
    ones, others = part.ones, part.others
    costs = [[_NOTHING] * (len(others) + 1)]
    for i in range(len(ones) - 1, -1, -1):
        after, row = costs[-1], [(len(ones) - i, timedelta())] * (len(others) + 1)
        for j in range(len(others) - 1, -1, -1):
            row[j], move = min(_one_more(after[j]), row[j + 1]), abs(ones[i] - others[j])
            if move <= furthest and may_be(part.first_one + i, part.first_other + j):
                row[j] = min(row[j], _moved(after[j + 1], move))
        costs.append(row)
    return costs[::-1]


def _one_more(cost: _Cost) -> _Cost:
    return cost[0] + 1, cost[1]


def _moved(cost: _Cost, move: timedelta) -> _Cost:
    return cost[0], cost[1] + move
