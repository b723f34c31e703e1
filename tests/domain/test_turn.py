"""What somebody who wants a key does next, as a truth table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.domain.turn import LEASE, Lease, Turn, next_turn

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(seconds=5)
SOON, OVER = NOW + timedelta(microseconds=1), NOW


def lease(expires_at: datetime, failed_at: datetime | None = None) -> Lease:
    return Lease("flight:NZ527", "a", 1, expires_at, "no luck" if failed_at else "", failed_at)


@pytest.mark.parametrize(
    ("held", "gone", "turn"),
    [
        (None, False, Turn.LEAD),
        (lease(SOON), False, Turn.WAIT),
        (lease(SOON), True, Turn.LEAD),
        (lease(OVER), False, Turn.LEAD),
        (lease(OVER, failed_at=BEGAN), False, Turn.SHARE_FAILURE),
        (lease(OVER, failed_at=BEGAN - timedelta(microseconds=1)), False, Turn.LEAD),
        (lease(SOON, failed_at=BEGAN), False, Turn.WAIT),
    ],
)
def test_without_a_stored_answer_the_lease_decides(held: Lease | None, gone: bool, turn: Turn) -> None:
    assert next_turn(False, held, BEGAN, NOW, holder_gone=gone) is turn


@pytest.mark.parametrize("held", [None, lease(SOON), lease(OVER), lease(OVER, failed_at=NOW)])
@pytest.mark.parametrize("gone", [False, True])
def test_a_stored_answer_is_taken_whoever_is_at_work(held: Lease | None, gone: bool) -> None:
    assert next_turn(True, held, BEGAN, NOW, holder_gone=gone) is Turn.TAKE


def test_a_lease_outlives_the_deadline_of_a_call() -> None:
    assert timedelta(seconds=15) < LEASE
