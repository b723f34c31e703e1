"""What all processes know of a provider account: units used, holds, the breaker, the freeze."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.billing import Account, Budget, Cause, Price
from flightctl.domain.permit import AccountState, Hold
from flightctl.errors import BREAKING_KINDS
from flightctl.store import accounts, ledger, reservations
from flightctl.store.accounts import Use
from flightctl.store.engine import Database
from flightctl.store.reservations import Reserved
from postgres import SERVICE, RemoteDatabase
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ACCOUNT = Account("aviationstack", "f1a2", Budget(100, 10, 1), Price(Decimal("0.01"), "USD"))
OTHERS = [replace(ACCOUNT, fingerprint="0000"), replace(ACCOUNT, provider="aeroapi")]
NEXT_CYCLE = datetime(2026, 12, 1, tzinfo=UTC)
SERVER_ERROR = "upstream_server_error"


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def reserved(
    db: Database, units: int = 1, limit: int | None = 100, now: datetime = NOW, account: Account = ACCOUNT
) -> Reserved | None:
    paid = ledger.PaidCall(account.provider, account.fingerprint, "flight:NZ1", Cause.COLD, units, 0, now)
    with db.writing() as session:
        return reservations.reserve(session, account, paid, limit)


def reserve(
    db: Database, units: int = 1, limit: int | None = 100, now: datetime = NOW, account: Account = ACCOUNT
) -> int | None:
    return used_then(reserved(db, units, limit, now, account))


def used_then(taken: Reserved | None) -> int | None:
    return None if taken is None else taken.used


def give_back(db: Database, taken: Reserved | None, units: int = 1, account: Account = ACCOUNT) -> None:
    """What was reserved now."""
    assert taken is not None
    with db.writing() as session:
        reservations.waive(session, account, taken.number, units, NOW)


def used(db: Database, now: datetime = NOW, account: Account = ACCOUNT) -> int:
    with db.reading() as session:
        return accounts.used(session, account, now)


def state(db: Database, now: datetime = NOW, account: Account = ACCOUNT) -> AccountState:
    with db.reading() as session:
        return accounts.state(session, account, now)


def call(db: Database, result: str = "", ended: datetime = NOW, account: Account = ACCOUNT) -> None:
    """A call of a second's length that ended like this, and was told of; without ``result`` it is under way."""
    made = reserved(db, limit=None, now=ended - seconds(1), account=account)
    assert made is not None
    with db.writing() as session:
        if result:
            ledger.settle_call(session, made.number, result, ended)
        if result in BREAKING_KINDS:
            accounts.count_failure(session, account, ended)
        elif result == ledger.OK:
            accounts.count_success(session, account, ended)


# The budget


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(st.tuples(st.integers(1, 7), st.sampled_from([0, 3, 10, 20, 25, None])), max_size=14),
    back=st.sets(st.integers(0, 13)),
)
def test_whatever_is_reserved_in_whatever_order_no_limit_is_passed(
    db: Database, rows: Rows, wanted: Sequence[tuple[int, int | None]], back: set[int]
) -> None:
    """``back``: which of the reservations are given back at once."""
    rows("DELETE FROM budget_cycles")
    taken = 0
    for number, (units, limit) in enumerate(wanted):
        fits = limit is None or taken + units <= limit
        taken += units if fits else 0
        now_taken = reserved(db, units, limit)
        assert used_then(now_taken) == (taken if fits else None)
        if fits and number in back:
            give_back(db, now_taken, units)
            taken -= units
        assert used(db) == taken


def test_the_first_call_of_a_cycle_is_counted_from_nothing(db: Database) -> None:
    assert (used(db), reserve(db), used(db)) == (0, 1, 1)


def test_a_limit_of_nothing_lets_nothing_through_and_leaves_no_trace(db: Database, rows: Rows) -> None:
    assert reserve(db, limit=0) is None
    assert rows("SELECT * FROM budget_cycles") == []


def test_units_that_do_not_all_fit_are_refused_as_a_whole(db: Database) -> None:
    assert (reserve(db, 3, limit=5), reserve(db, 3, limit=5), reserve(db, 2, limit=5)) == (3, None, 5)


def test_without_a_limit_calls_are_counted_all_the_same(db: Database) -> None:
    assert [reserve(db, limit=None) for _ in range(3)] == [1, 2, 3]


def test_cycles_are_apart(db: Database) -> None:
    last = NEXT_CYCLE - timedelta.resolution
    assert [reserve(db, limit=1, now=now) for now in (NOW, last, NEXT_CYCLE, NEXT_CYCLE)] == [1, None, 1, None]
    assert (used(db, last), used(db, NEXT_CYCLE)) == (1, 1)


def test_what_is_given_back_goes_to_the_cycle_it_was_taken_from(db: Database) -> None:
    taken = reserved(db)
    reserve(db, now=NEXT_CYCLE)
    give_back(db, taken)
    assert (used(db), used(db, NEXT_CYCLE)) == (0, 1)


@pytest.mark.parametrize("other", OTHERS, ids=["another key", "another provider"])
def test_accounts_are_apart(db: Database, other: Account) -> None:
    taken = [reserved(db, limit=1, account=one) for one in (ACCOUNT, other, ACCOUNT)]
    assert [used_then(one) for one in taken] == [1, 1, None]
    give_back(db, taken[1], account=other)
    assert (used(db), used(db, account=other)) == (1, 0)


def test_uses_are_listed_from_a_day_on(db: Database) -> None:
    for account, now in ((ACCOUNT, NOW), (OTHERS[0], NEXT_CYCLE), (ACCOUNT, NEXT_CYCLE)):
        reserve(db, 2, now=now, account=account)
    with db.reading() as session:
        late, all_of_them = accounts.uses_since(session, "2026-12-01"), accounts.uses_since(session, "2026-11-01")
    assert set(late) == {Use("aviationstack", name, "2026-12-01", 2) for name in ("f1a2", "0000")}
    assert set(all_of_them) - set(late) == {Use("aviationstack", "f1a2", "2026-11-01", 2)}


_RESERVER = """
import sys, json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from flightctl.domain.billing import Account, Budget, Cause, Price
from flightctl.store import ledger, reservations
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote

where, wanted, limit = sys.argv[1:]
account = Account("aviationstack", "f1a2", Budget(100, 10, 1), Price(Decimal(), "USD"))
paid = ledger.PaidCall("aviationstack", "f1a2", "flight:NZ1", Cause.COLD, 1, 0, datetime(2026, 11, 20, tzinfo=UTC))
database = Remote(where) if where.startswith("postgresql:") else LocalFile(Path(where))
sys.stdin.read()
taken = []
for _ in range(int(wanted)):
    with database.writing() as session:
        reserved = reservations.reserve(session, account, paid, int(limit))
    taken.append(reserved and reserved.used)
print(json.dumps(taken))
"""


def test_of_many_processes_at_once_exactly_as_many_are_let_through_as_there_is_room_for(
    db: Database, engine: Path | RemoteDatabase
) -> None:
    """6 processes want 20 each, and 50 is the limit; each waits at a barrier, a pipe that is closed for all at once."""
    barrier, opener = os.pipe()
    where = str(engine) if isinstance(engine, Path) else engine.url(SERVICE)
    command = [sys.executable, "-c", _RESERVER, where, "20", "50"]
    processes = [subprocess.Popen(command, stdin=barrier, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    os.close(barrier)
    os.close(opener)
    taken = [one for process in processes for one in json.loads(process.communicate(timeout=120)[0])]
    assert sorted(one for one in taken if one is not None) == list(range(1, 51))
    assert (len(taken), used(db)) == (120, 50)


# Holds


def hold(db: Database, kind: Hold, until: datetime, account: Account = ACCOUNT) -> None:
    with db.writing() as session:
        accounts.put_on_hold(session, account, kind, until)


def test_an_account_that_nobody_has_used_may_be_asked(db: Database) -> None:
    assert state(db) == AccountState()


def test_a_hold_is_there_until_its_end(db: Database) -> None:
    hold(db, Hold.RATE, NOW + seconds(60))
    assert (state(db).hold, state(db).held_until(NOW)) == (Hold.RATE, NOW + seconds(60))
    assert state(db).held_until(NOW + seconds(60)) is None


@pytest.mark.parametrize("later", [59, 60])
def test_a_hold_is_not_shortened_by_a_later_one_that_ends_before_it(db: Database, later: float) -> None:
    hold(db, Hold.QUOTA, NOW + seconds(60))
    hold(db, Hold.RATE, NOW + seconds(later))
    assert (state(db).hold, state(db).not_before) == (Hold.QUOTA, NOW + seconds(60))


def test_a_hold_is_made_longer_by_one_that_ends_after_it(db: Database) -> None:
    hold(db, Hold.RATE, NOW + seconds(60))
    hold(db, Hold.QUOTA, NEXT_CYCLE)
    assert (state(db).hold, state(db).not_before) == (Hold.QUOTA, NEXT_CYCLE)


@pytest.mark.parametrize("other", OTHERS, ids=["another key", "another provider"])
def test_a_hold_is_the_account_s_own(db: Database, other: Account) -> None:
    hold(db, Hold.RATE, NOW + seconds(60))
    assert state(db, account=other) == AccountState()


# The breaker


def fail(db: Database, times: int, apart: float = 1.0, kind: str = SERVER_ERROR) -> datetime:
    """So many failures, so many seconds apart; returns when the last one ended."""
    for number in range(times):
        call(db, kind, NOW + seconds(number * apart))
    return NOW + seconds((times - 1) * apart)


@pytest.mark.parametrize("kind", BREAKING_KINDS)
def test_the_fifth_failure_opens_the_breaker_for_half_a_minute(db: Database, kind: str) -> None:
    fourth = fail(db, 4, kind=kind)
    assert state(db, fourth).next_probe_at is None
    call(db, kind, fourth + seconds(1))
    assert state(db, fourth + seconds(1)).next_probe_at == fourth + seconds(31)


@pytest.mark.parametrize(("apart", "opened"), [(14.99, True), (15.0, False), (40.0, False)])
def test_five_failures_count_only_within_a_minute(db: Database, apart: float, opened: bool) -> None:
    last = fail(db, 5, apart)
    assert (state(db, last).next_probe_at is not None) is opened


@pytest.mark.parametrize(
    "kind", ["upstream_rate_limited", "key_refused", "plan_refused", "request_refused", "incomplete_answer",
             "usage_limit_reached", "not_found", "ok", "configuration"]
)  # fmt: skip
def test_an_answer_that_is_no_failure_of_the_provider_does_not_count(db: Database, kind: str) -> None:
    last = fail(db, 9, 0.5, kind)
    trusted = 9 if kind in (ledger.OK, ledger.NOT_FOUND) else 0
    assert (state(db, last).failures, state(db, last).successes, state(db, last).next_probe_at) == (0, trusted, None)


def test_successes_count_since_the_last_failure(db: Database) -> None:
    for number, result in enumerate((ledger.OK, ledger.OK, SERVER_ERROR, ledger.OK, ledger.NOT_FOUND, ledger.OK)):
        call(db, result, NOW + seconds(number))
    now = state(db, NOW + seconds(6))
    assert (now.failures, now.successes) == (1, 3)


def test_successes_between_do_not_keep_the_breaker_closed(db: Database) -> None:
    for number in range(5):
        call(db, ledger.OK, NOW + seconds(number))
        call(db, SERVER_ERROR, NOW + seconds(number))
    assert state(db, NOW + seconds(4)).next_probe_at is not None


@pytest.mark.parametrize("other", OTHERS, ids=["another key", "another provider"])
def test_failures_are_the_account_s_own(db: Database, other: Account) -> None:
    last = fail(db, 5)
    call(db)
    assert state(db, last, other) == AccountState()


def test_calls_under_way_are_known_for_as_long_as_a_call_may_take(db: Database) -> None:
    call(db, ended=NOW)
    assert [state(db, NOW + seconds(later)).in_flight for later in (0, 18.9, 19)] == [1, 1, 0]


def test_a_success_closes_the_breaker_and_what_failed_before_counts_no_more(db: Database) -> None:
    last = fail(db, 5)
    call(db, ledger.OK, last + seconds(30))
    closed = state(db, last + seconds(30))
    assert (closed.next_probe_at, closed.failures) == (None, 0)
    call(db, SERVER_ERROR, last + seconds(31))
    assert state(db, last + seconds(31)).failures == 1


def test_a_failure_while_the_breaker_is_open_does_not_put_off_the_probe(db: Database) -> None:
    last = fail(db, 5)
    call(db, SERVER_ERROR, last + seconds(10))
    assert state(db, last + seconds(10)).next_probe_at == last + seconds(30)


def test_a_probe_puts_off_the_next_by_half_a_minute(db: Database) -> None:
    last = fail(db, 5)
    with db.writing() as session:
        accounts.begin_probe(session, ACCOUNT, last + seconds(35))
    assert state(db, last + seconds(36)).next_probe_at == last + seconds(65)


# The freeze


def test_a_freeze_stops_every_account_until_it_thaws(db: Database) -> None:
    with db.writing() as session:
        accounts.stop_all(session, SERVICE, NOW)
    assert [state(db, account=one).frozen for one in (ACCOUNT, *OTHERS)] == [True] * 3
    with db.writing() as session:
        accounts.allow_again(session, NOW)
    assert [state(db, account=one) for one in (ACCOUNT, *OTHERS)] == [AccountState()] * 3


def test_who_froze_first_stands(db: Database) -> None:
    for user, now in ((SERVICE, NOW), ("bob", NOW + seconds(9))):
        with db.writing() as session:
            accounts.stop_all(session, user, now)
    with db.reading() as session:
        assert accounts.freeze(session) == accounts.FreezeNote(NOW, SERVICE)


def test_a_thaw_lifts_holds_and_closes_the_breaker_and_keeps_what_is_used(db: Database) -> None:
    last = fail(db, 5)
    hold(db, Hold.QUOTA, NEXT_CYCLE)
    reserve(db, 7)
    with db.writing() as session:
        accounts.allow_again(session, last)
    thawed = state(db, last)
    assert (thawed.hold, thawed.not_before, thawed.next_probe_at, thawed.failures) == (Hold.NONE, None, None, 0)
    assert used(db) == 5 + 7
