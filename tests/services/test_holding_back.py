"""What keeps all runs of the program from asking a provider that does not want to be asked, or fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.errors import (
    BreakerOpen,
    BudgetReached,
    FlightctlError,
    Frozen,
    KeyRefused,
    QuotaUsedUp,
    RateLimited,
    TimedOut,
    Unavailable,
)
from running import Rows
from services.payers import COLD, FAILED, NOT_SENT, NOW, REFRESH, Payers


def test_who_is_told_to_wait_tells_all_runs_until_it_is_over(payers: Payers) -> None:
    payers.ask(RateLimited("slow down", retry_after_seconds=42))
    refusal = payers.refused()
    assert (type(refusal), "in 42 s" in refusal.message) == (RateLimited, True)
    payers.now += timedelta(seconds=42)
    assert payers.ask(None) == 1


def test_until_when_nobody_is_to_ask_can_be_read(payers: Payers) -> None:
    assert payers.run().held_until() is None
    payers.ask(Unavailable("away", retry_after_seconds=42))
    assert payers.run().held_until() == NOW + timedelta(seconds=42)
    payers.now += timedelta(seconds=42)
    assert payers.run().held_until() is None


def test_a_used_up_quota_holds_until_the_cycle_turns(payers: Payers) -> None:
    payers.ask(QuotaUsedUp("none left"))
    payers.now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    assert type(payers.refused()) is QuotaUsedUp
    payers.now += timedelta(seconds=1)
    assert payers.ask(None) == 1


def test_a_refusal_uses_nothing_and_leaves_no_record(payers: Payers, rows: Rows) -> None:
    payers.freeze()
    spending = payers.run()
    assert type(payers.refused(by=spending)) is Frozen
    assert (payers.used(), spending.calls, spending.errors) == (0, 0, 0)
    assert rows("SELECT * FROM upstream_calls") == []


def test_a_refused_key_is_not_asked_with_again_in_a_run(payers: Payers) -> None:
    spending = payers.run()
    no = KeyRefused("no")
    payers.ask(no, by=spending)
    assert payers.refused(by=spending) is no
    assert (payers.used(), spending.calls, spending.errors) == (1, 1, 1)
    assert payers.ask(None) == 1


def test_five_failures_keep_everybody_from_asking_for_half_a_minute(payers: Payers) -> None:
    for _ in range(5):
        payers.ask(FAILED)
    refusal = payers.refused()
    assert (type(refusal), "in 30 s" in refusal.message) == (BreakerOpen, True)
    assert payers.used() == 5


def test_connections_that_are_not_made_open_the_breaker_although_they_are_free(payers: Payers) -> None:
    for _ in range(5):
        payers.ask(*[NOT_SENT] * 3)
    assert type(payers.refused()) is BreakerOpen
    assert payers.used() == 0


def test_after_half_a_minute_one_run_may_try(payers: Payers) -> None:
    for _ in range(5):
        payers.ask(FAILED)
    payers.now += timedelta(seconds=30)
    with payers.run().call(COLD):
        assert type(payers.refused()) is BreakerOpen


@pytest.mark.parametrize(("outcome", "next_time"), [(None, 1), (FAILED, 0)])
def test_how_the_one_try_ends_decides_for_all(payers: Payers, outcome: FlightctlError | None, next_time: int) -> None:
    for _ in range(5):
        payers.ask(FAILED)
    payers.now += timedelta(seconds=30)
    payers.ask(outcome)
    if next_time:
        assert payers.ask(None) == 1
    else:
        assert type(payers.refused()) is BreakerOpen


def test_a_try_that_the_budget_has_no_room_for_is_left_to_who_may(payers: Payers) -> None:
    """A refresh may not touch the reserve; a look-up half a second later may make the probe."""
    for _ in range(5):
        payers.ask(FAILED, by=payers.run(cap=6))
    payers.now += timedelta(seconds=30)
    assert type(payers.refused(REFRESH, by=payers.run(cap=6))) is BudgetReached
    assert payers.ask(None, by=payers.run(cap=6)) == 1


# Waiting for room


def test_while_five_calls_are_under_way_that_could_all_fail_the_next_waits(payers: Payers) -> None:
    """They never end; after the time that a call may take they are taken for dead."""
    payers.others_have_under_way(5)
    assert payers.ask(None) == 1
    assert 20 <= sum(payers.sleeps) < 21


def test_nobody_waits_longer_than_a_minute_and_a_half(payers: Payers) -> None:
    """As soon as calls are taken for dead, after twenty seconds, others are under way."""

    def others_come() -> None:
        if sum(payers.sleeps) // 10 > (sum(payers.sleeps) - payers.sleeps[-1]) // 10:
            payers.others_have_under_way(5)

    payers.meanwhile = others_come
    payers.others_have_under_way(5)
    refusal = payers.refused()
    assert (type(refusal), 90 < sum(payers.sleeps) < 91) == (TimedOut, True)
    assert payers.used() == 0


def test_who_waits_for_room_hears_of_a_freeze(payers: Payers) -> None:
    payers.meanwhile = lambda: payers.freeze()
    payers.others_have_under_way(5)
    assert type(payers.refused()) is Frozen
