"""Whether a paid call may be made now: a truth table, in the order in which the reasons count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.billing import Account, Budget, Cause, Price
from flightctl.domain.permit import (
    FAILURES_TO_OPEN,
    LONGEST_WAIT,
    AccountState,
    Hold,
    Permission,
    budget_reached,
    opens,
    permission,
    waits,
)
from flightctl.errors import BreakerOpen, BudgetReached, FlightctlError, Frozen, QuotaUsedUp, RateLimited, Unavailable

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SOON, EARLIER = NOW + timedelta(seconds=42), NOW - timedelta(seconds=1)
ACCOUNT = Account("aviationstack", "f1a2", Budget(100, 10, 1), Price(Decimal("0.01"), "USD"))

FROZEN = AccountState(frozen=True)
RATE = AccountState(hold=Hold.RATE, not_before=SOON)
UNAVAILABLE = AccountState(hold=Hold.UNAVAILABLE, not_before=SOON)
QUOTA = AccountState(hold=Hold.QUOTA, not_before=datetime(2026, 12, 1, tzinfo=UTC))
OPEN = AccountState(next_probe_at=SOON)
FULL = AccountState(in_flight=FAILURES_TO_OPEN)
HOLDS = [RATE, UNAVAILABLE, QUOTA]


def decided(state: AccountState) -> Permission | type[FlightctlError]:
    """What is allowed, or the kind of refusal."""
    try:
        return permission(state, ACCOUNT, NOW)
    except FlightctlError as refusal:
        return type(refusal)


def refusal(state: AccountState) -> FlightctlError:
    with pytest.raises(FlightctlError) as refused:
        permission(state, ACCOUNT, NOW)
    return refused.value


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (AccountState(), Permission.GO),
        (FROZEN, Frozen),
        (RATE, RateLimited),
        (UNAVAILABLE, Unavailable),
        (QUOTA, QuotaUsedUp),
        (OPEN, BreakerOpen),
        (FULL, Permission.WAIT),
        # At its instant a hold is over, and a probe is due.
        (replace(RATE, not_before=NOW), Permission.GO),
        (replace(QUOTA, not_before=EARLIER), Permission.GO),
        (replace(OPEN, next_probe_at=NOW), Permission.PROBE),
        (replace(OPEN, next_probe_at=EARLIER), Permission.PROBE),
        (replace(FULL, in_flight=FAILURES_TO_OPEN - 1), Permission.GO),
    ],
)
def test_each_reason_by_itself(state: AccountState, expected: object) -> None:
    assert decided(state) is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        *((replace(hold, frozen=True), Frozen) for hold in HOLDS),
        (replace(OPEN, frozen=True, in_flight=99), Frozen),
        (replace(RATE, next_probe_at=SOON, in_flight=99), RateLimited),
        (replace(UNAVAILABLE, next_probe_at=SOON, failures=9), Unavailable),
        (replace(QUOTA, next_probe_at=SOON), QuotaUsedUp),
        (replace(RATE, next_probe_at=EARLIER), RateLimited),
        (replace(OPEN, in_flight=99, failures=9), BreakerOpen),
        (replace(RATE, not_before=EARLIER, next_probe_at=SOON), BreakerOpen),
        (replace(RATE, not_before=EARLIER, in_flight=99), Permission.WAIT),
        # The probe goes out whatever else is under way: it is one, and the only one.
        (replace(OPEN, next_probe_at=NOW, in_flight=99, failures=9), Permission.PROBE),
    ],
)
def test_of_several_reasons_the_first_counts(state: AccountState, expected: object) -> None:
    """Frozen, then held, then failing, then crowded."""
    assert decided(state) is expected


@pytest.mark.parametrize(
    ("failures", "successes", "in_flight", "expected"),
    [
        (0, 0, 4, Permission.GO),
        (0, 0, 5, Permission.WAIT),
        (1, 0, 3, Permission.GO),
        (1, 0, 4, Permission.WAIT),
        (4, 0, 0, Permission.GO),
        (4, 0, 1, Permission.WAIT),
        (0, 3, 7, Permission.GO),
        (0, 3, 8, Permission.WAIT),
        (0, 200, 24, Permission.GO),
        (0, 200, 25, Permission.WAIT),
        (1, 3, 6, Permission.GO),
        (1, 3, 7, Permission.WAIT),
    ],
)
def test_no_more_calls_are_under_way_than_may_fail_before_the_breaker_opens(
    failures: int, successes: int, in_flight: int, expected: Permission
) -> None:
    """Each success since the last failure makes room for one more, up to twenty."""
    assert decided(AccountState(failures=failures, successes=successes, in_flight=in_flight)) is expected


@given(failures=st.integers(0, 4), successes=st.just(0), in_flight=st.integers(0, 60))
def test_while_nothing_succeeds_all_that_is_let_out_can_fail_without_more_failures_than_open_the_breaker(
    failures: int, successes: int, in_flight: int
) -> None:
    state = AccountState(failures=failures, successes=successes, in_flight=in_flight)
    if decided(state) is Permission.GO:
        assert failures + in_flight + 1 <= FAILURES_TO_OPEN


@pytest.mark.parametrize("failures", range(5))
def test_somebody_can_always_go_where_nothing_is_under_way(failures: int) -> None:
    assert decided(AccountState(failures=failures)) is Permission.GO


@pytest.mark.parametrize(("failures", "opened"), [(0, False), (4, False), (5, True), (6, True)])
def test_five_failures_open_the_breaker(failures: int, opened: bool) -> None:
    assert opens(AccountState(failures=failures)) is opened


@pytest.mark.parametrize("state", [RATE, UNAVAILABLE, OPEN])
def test_a_refusal_for_a_while_is_5_and_says_until_when(state: AccountState) -> None:
    refused = refusal(state)
    assert refused.exit_code == 5
    assert "10:00:42 UTC, in 42 s" in refused.message


@pytest.mark.parametrize("state", [RATE, UNAVAILABLE])
def test_a_refusal_knows_how_long_the_rest_of_the_hold_is(state: AccountState) -> None:
    assert getattr(refusal(state), "retry_after_seconds", None) == 42


def test_the_last_moment_of_a_wait_is_a_second() -> None:
    assert "in 1 s" in refusal(replace(RATE, not_before=NOW + timedelta(milliseconds=1))).message


def test_a_used_up_quota_is_6_and_says_on_which_day_it_comes_back() -> None:
    refused = refusal(QUOTA)
    assert (refused.exit_code, refused.code) == (6, "usage_limit_reached")
    assert "2026-12-01" in refused.message


def test_a_freeze_is_6_and_says_how_it_ends() -> None:
    refused = refusal(FROZEN)
    assert (refused.exit_code, refused.code) == (6, "budget_frozen")
    assert "flightctl budget thaw" in refused.hint


@pytest.mark.parametrize("state", [FROZEN, RATE, UNAVAILABLE, QUOTA, OPEN])
def test_every_refusal_lets_a_stale_entry_serve_and_says_that_cached_flights_still_answer(state: AccountState) -> None:
    assert refusal(state).serves_stale
    assert "--stale-if-error" in refusal(state).hint or "cached flights still answer" in refusal(state).hint


def test_no_refusal_names_the_account_s_fingerprint() -> None:
    told = [refusal(state) for state in (FROZEN, RATE, UNAVAILABLE, QUOTA, OPEN)]
    assert not any(ACCOUNT.fingerprint in text for one in told for text in (one.message, one.hint, one.cause))


def test_a_look_up_at_the_cap_is_told_what_is_used_when_it_resets_and_what_still_works() -> None:
    refused = budget_reached(ACCOUNT, Cause.COLD, 100, NOW)
    assert type(refused) is BudgetReached
    assert (refused.exit_code, refused.code) == (6, "budget")
    assert refused.message == (
        "paid-call budget reached: 100 of 100 AviationStack calls of this cycle are used; it resets on 2026-12-01"
    )
    assert refused.hint == "cached flights still answer; aviationstack.monthly_budget raises it"


def test_a_cap_that_was_lowered_below_what_is_used_is_told_as_it_is() -> None:
    lowered = replace(ACCOUNT, budget=Budget(10, 10, 1))
    assert "40 of 10 AviationStack calls" in budget_reached(lowered, Cause.COLD, 40, NOW).message


@pytest.mark.parametrize("cause", [Cause.REFRESH, Cause.VERIFY])
def test_the_background_at_the_reserve_is_told_for_whom_the_rest_is(cause: Cause) -> None:
    refused = budget_reached(ACCOUNT, cause, 90, NOW)
    assert (refused.exit_code, refused.code) == (6, "budget")
    assert "90 of 100" in refused.message
    assert "the rest is kept for look-ups; it resets on 2026-12-01" in refused.message
    assert "budget.reserve_percent" in refused.hint


@pytest.mark.parametrize("cause", [Cause.REFRESH, Cause.VERIFY])
def test_the_background_at_the_cap_is_told_that_nothing_is_left(cause: Cause) -> None:
    refused = budget_reached(ACCOUNT, cause, 100, NOW)
    assert "budget reached: 100 of 100" in refused.message
    assert "kept for look-ups" not in refused.message


@pytest.mark.parametrize(("start_day", "day"), [(1, "2026-12-01"), (20, "2026-12-20"), (21, "2026-11-21")])
def test_when_it_resets_depends_on_the_day_on_which_cycles_start(start_day: int, day: str) -> None:
    account = replace(ACCOUNT, budget=Budget(100, 10, start_day))
    assert f"it resets on {day}" in budget_reached(account, Cause.COLD, 100, NOW).message


@pytest.mark.parametrize(("seconds", "waited"), [(0, True), (60, True), (60.001, False), (3600, False)])
def test_a_refresh_waits_for_a_minute_and_no_longer(seconds: float, waited: bool) -> None:
    assert timedelta(seconds=60) == LONGEST_WAIT
    assert waits(NOW + timedelta(seconds=seconds), NOW) is waited
