"""The one way to a paid call: what is counted, what is given back, and what is tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.billing import Price
from flightctl.errors import (
    BreakerOpen,
    BudgetReached,
    ConfigurationError,
    FlightctlError,
    IncompleteAnswer,
    KeyRefused,
    PlanRefused,
    QuotaUsedUp,
    RateLimited,
    TimedOut,
    Unavailable,
    Unreachable,
)
from running import Rows
from services.payers import COLD, FAILED, NOT_SENT, REFRESH, Payers

# What is counted


def test_a_call_is_reserved_and_on_record_before_it_is_made(payers: Payers, rows: Rows) -> None:
    with payers.run().call(replace(COLD, units=3)):
        assert payers.used() == 3
        assert rows("SELECT account, cause, units, cost_micros, result FROM upstream_calls") == [
            ("f1a2", "cold", 3, 30_000, "sent")
        ]


def test_an_answered_call_stays_used(payers: Payers, rows: Rows) -> None:
    spending = payers.run()
    payers.ask(None, by=spending)
    assert (payers.used(), spending.calls, spending.errors) == (1, 1, 0)
    assert rows("SELECT result FROM upstream_calls") == [("ok",)]


@pytest.mark.parametrize(
    "failure",
    [FAILED, TimedOut("too late"), Unreachable("hung up"), Unavailable("away"), RateLimited("slow down"),
     KeyRefused("no"), PlanRefused("no"), QuotaUsedUp("none left"), IncompleteAnswer("no codes")],
    ids=lambda failure: type(failure).__name__,
)  # fmt: skip
def test_a_call_that_failed_after_it_may_have_been_sent_stays_used(
    payers: Payers, rows: Rows, failure: FlightctlError
) -> None:
    spending = payers.run()
    payers.ask(failure, by=spending)
    assert (payers.used(), spending.calls, spending.errors) == (1, 1, 1)
    assert rows("SELECT result FROM upstream_calls") == [(getattr(failure, "kind", ""),)]


@pytest.mark.parametrize("failure", [NOT_SENT, TimedOut("no connection", was_sent=False), ConfigurationError("no URL")])
def test_what_certainly_was_not_sent_is_given_back(payers: Payers, rows: Rows, failure: FlightctlError) -> None:
    spending = payers.run()
    payers.ask(*[failure] * 3, by=spending)
    assert (payers.used(), spending.calls, spending.errors) == (0, 1, 1)
    assert rows("SELECT count(*) FROM upstream_calls") == [(1,)]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_call_stays_used_and_is_no_longer_under_way(
    payers: Payers, rows: Rows, end: type[BaseException]
) -> None:
    with pytest.raises(end), payers.run().call(COLD):
        raise end
    assert payers.used() == 1
    assert rows("SELECT result FROM upstream_calls") == [("interrupted",)]


def test_a_call_is_given_back_to_the_cycle_in_which_it_was_reserved(payers: Payers, rows: Rows) -> None:
    payers.now = datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC)
    payers.ask(NOT_SENT, NOT_SENT, NOT_SENT)
    assert payers.now >= datetime(2026, 12, 1, tzinfo=UTC)
    assert rows("SELECT cycle_start, used FROM budget_cycles") == [("2026-11-01", 0)]


# Further tries


@pytest.mark.parametrize(
    ("outcomes", "made"),
    [
        ([None], 1),
        ([NOT_SENT, None], 2),
        ([NOT_SENT, NOT_SENT, None], 3),
        ([NOT_SENT] * 9, 3),
        ([FAILED, None], 1),
        ([TimedOut("too late"), None], 1),
        ([NOT_SENT, FAILED, None], 2),
        ([RateLimited("slow down"), None], 1),
    ],
)
def test_only_a_connection_that_was_not_made_is_tried_again_and_twice_at_most(
    payers: Payers, outcomes: Sequence[FlightctlError | None], made: int
) -> None:
    assert payers.ask(*outcomes) == made


def test_all_tries_of_a_connection_are_one_call_and_one_failure(payers: Payers, rows: Rows) -> None:
    spending = payers.run()
    payers.ask(*[NOT_SENT] * 3, by=spending)
    assert (spending.calls, spending.errors) == (1, 1)
    assert rows("SELECT result FROM upstream_calls") == [("upstream_unreachable",)]


def test_a_call_that_was_sent_at_the_second_try_stays_used(payers: Payers) -> None:
    payers.ask(NOT_SENT, FAILED)
    assert payers.used() == 1


def test_tries_are_a_short_random_while_apart(payers: Payers) -> None:
    for _ in range(3):
        payers.ask(*[NOT_SENT] * 3)
    assert all(pause <= longest for pause, longest in zip(payers.sleeps, [0.5, 1.0] * 3, strict=True))
    assert len(set(payers.sleeps)) == 6


def _told_to_wait(payers: Payers) -> None:
    payers.meanwhile = lambda: None
    payers.ask(RateLimited("slow down"))


@pytest.mark.parametrize("event", [Payers.freeze, _told_to_wait])
def test_what_is_forbidden_meanwhile_is_not_tried_again(payers: Payers, event: Callable[[Payers], None]) -> None:
    payers.meanwhile = lambda: event(payers)
    assert payers.ask(*[NOT_SENT] * 3) == 1


# The budget


def test_a_refresh_stops_at_the_reserve_and_a_look_up_at_the_cap(payers: Payers) -> None:
    for _ in range(9):
        payers.ask(None, errand=REFRESH, by=payers.run(cap=10))
    assert "kept for look-ups" in payers.refused(REFRESH, by=payers.run(cap=10)).message
    payers.ask(None, by=payers.run(cap=10))
    assert "budget reached: 10 of 10" in payers.refused(by=payers.run(cap=10)).message


def test_with_the_next_cycle_the_budget_is_whole_again(payers: Payers) -> None:
    payers.ask(None, by=payers.run(cap=1))
    payers.now = datetime(2026, 12, 1, tzinfo=UTC) - timedelta.resolution
    assert type(payers.refused(by=payers.run(cap=1))) is BudgetReached
    payers.now += timedelta.resolution
    assert payers.ask(None, by=payers.run(cap=1)) == 1


def test_without_a_cap_calls_are_counted_and_nothing_is_told(payers: Payers) -> None:
    spending = payers.run(cap=None)
    payers.ask(None, by=spending)
    assert (payers.used(), spending.used, spending.warning) == (1, 1, "")


def test_who_pays_is_told_from_80_percent_on(payers: Payers) -> None:
    payers.ask(None, errand=replace(COLD, units=3), by=payers.run(cap=5))
    spending = payers.run(cap=5)
    assert spending.warning == ""
    payers.ask(None, by=spending)
    assert spending.warning == "4 of 5 AviationStack calls are used; the budget resets on 2026-12-01"


OUTCOMES = st.sampled_from(
    [None, FAILED, NOT_SENT, TimedOut("too late"), RateLimited("slow down"), IncompleteAnswer("")]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(OUTCOMES, st.booleans(), st.sampled_from([0, 1, 31, 61])), max_size=25))
def test_whatever_happens_what_was_sent_is_what_is_used_and_never_more_than_the_cap(
    payers: Payers, rows: Rows, story: Sequence[tuple[FlightctlError | None, bool, int]]
) -> None:
    for table in ("budget_cycles", "upstream_calls", "provider_accounts"):
        rows(f"DELETE FROM {table}")
    sent = 0
    for outcome, in_background, pause_s in story:
        with suppress(BudgetReached, BreakerOpen, RateLimited):
            payers.ask(*[outcome] * 3, errand=REFRESH if in_background else COLD, by=payers.run(cap=8))
            sent += getattr(outcome, "was_sent", True)
        assert payers.used() == sent <= 8
        payers.now += timedelta(seconds=pause_s)


# Result sets


def test_result_sets_are_reserved_together_at_the_price_of_their_endpoint(payers: Payers, rows: Rows) -> None:
    schedules = replace(COLD, units=3, price=Price(Decimal("0.020"), "USD"))
    with payers.run().call(schedules):
        pass
    assert rows("SELECT used FROM budget_cycles") == [(3,)]
    assert rows("SELECT units, cost_micros FROM upstream_calls") == [(3, 60_000)]


def test_result_sets_that_do_not_fit_are_not_asked_for_in_part(payers: Payers) -> None:
    cap = payers.run().account.budget.cap
    assert cap is not None
    with pytest.raises(BudgetReached), payers.run().call(replace(COLD, units=cap + 1)):
        pytest.fail("it was let through")
    assert payers.used() == 0
