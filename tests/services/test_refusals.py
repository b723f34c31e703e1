"""What a run was refused is not asked for again flight by flight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.errors import (
    BreakerOpen,
    BudgetReached,
    FlightctlError,
    Frozen,
    KeyRefused,
    PlanRefused,
    RateLimited,
    ServerError,
    TimedOut,
)
from flightctl.services.refusals import Refusals
from running import Flightctl
from upstream import Upstream

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Run:
    """A run whose clock stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW
        self.refusals = Refusals(lambda: self.now)

    def refuses(self, key: str) -> bool:
        try:
            self.refusals.check(key)
        except FlightctlError:
            return True
        return False


def test_a_refused_key_is_refused_for_everything() -> None:
    run = Run()
    run.refusals.answered("flight:NZ1", KeyRefused("no"))
    run.now += timedelta(days=1)
    assert run.refuses("flight:NZ2")
    assert run.refuses("airline:NZ")


def test_a_question_that_the_plan_lacks_is_refused_for_all_of_its_kind() -> None:
    run = Run()
    run.refusals.answered("airline:NZ row:0", PlanRefused("no"))
    run.now += timedelta(days=1)
    assert run.refuses("airline:QF")
    assert not run.refuses("flight:NZ1")


@pytest.mark.parametrize("kind", [BudgetReached, Frozen, RateLimited, BreakerOpen])
def test_a_refusal_of_the_moment_holds_for_a_second(kind: type[FlightctlError]) -> None:
    run = Run()
    run.refusals.forbidden(kind("not now"))
    run.now += timedelta(seconds=0.9)
    assert run.refuses("flight:NZ1")
    run.now += timedelta(seconds=0.2)
    assert not run.refuses("flight:NZ1")


def test_a_hold_is_not_remembered_beyond_its_end() -> None:
    run = Run()
    run.refusals.forbidden(RateLimited("not now", retry_after_seconds=0.4))
    run.now += timedelta(seconds=0.4)
    assert not run.refuses("flight:NZ1")


@pytest.mark.parametrize("error", [ServerError("failed"), TimedOut("late")])
def test_a_failure_is_no_refusal(error: FlightctlError) -> None:
    run = Run()
    run.refusals.answered("flight:NZ1", error)
    run.refusals.forbidden(error)
    assert not run.refuses("flight:NZ1")


@pytest.mark.usefixtures("database")
def test_a_plan_that_has_no_look_up_by_number_is_asked_once_in_a_batch(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    upstream.fails(403, "function_access_restricted")
    done = flightctl("lookup", "NZ1", "NZ2", "NZ3", "--json")
    assert {answer["error"]["code"] for answer in done.answers} == {"plan_refused"}
    assert (done.code, len(upstream.asked)) == (5, 1)
