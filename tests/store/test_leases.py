"""Leases on keys: one holder, and a fence that tells an old holder from the new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flightctl.domain.turn import LEASE, Lease, LeaseLost
from flightctl.store import leases
from flightctl.store.engine import Database
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEY = "flight:NZ527"


def take(db: Database, holder: str, now: datetime = NOW, key: str = KEY) -> Lease:
    with db.writing() as session:
        return leases.take(session, key, holder, now)


def release(db: Database, lease: Lease, failure: str = "") -> None:
    with db.writing() as session:
        leases.release(session, lease, NOW, failure)


def found(db: Database, key: str = KEY) -> Lease | None:
    with db.reading() as session:
        return leases.find(session, key)


def holds(db: Database, lease: Lease) -> bool:
    with db.writing() as session:
        return leases.holds(session, lease)


def keep(db: Database, lease: Lease, now: datetime) -> None:
    with db.writing() as session:
        leases.keep(session, lease, now)


def is_due(db: Database, lease: Lease, now: datetime) -> bool:
    with db.reading() as session:
        return leases.is_due(session, lease, now)


def test_what_was_taken_is_found_by_everybody(db: Database) -> None:
    lease = take(db, "a")
    assert found(db) == lease == Lease(KEY, "a", 1, NOW + LEASE)


def test_a_lease_on_one_flight_is_none_on_another(db: Database) -> None:
    take(db, "a")
    assert found(db, "flight:NZ528") is None


def test_the_fence_grows_with_each_holder(db: Database) -> None:
    assert [take(db, holder).fence for holder in "abc"] == [1, 2, 3]


def test_who_lost_a_lease_holds_it_no_more(db: Database) -> None:
    first, second = take(db, "a"), take(db, "b")
    assert (holds(db, first), holds(db, second)) == (False, True)


def test_what_is_given_back_has_run_out(db: Database) -> None:
    release(db, take(db, "a"))
    lease = found(db)
    assert lease is not None
    assert (lease.expires_at, lease.failed_at) == (NOW, None)


def test_a_failure_stays_until_the_next_holder(db: Database) -> None:
    release(db, take(db, "a"), "no luck")
    lease = found(db)
    assert lease is not None
    assert (lease.failure, lease.failed_at) == ("no luck", NOW)
    assert take(db, "b").failed_at is None


def test_who_lost_a_lease_does_not_end_the_next_ones(db: Database) -> None:
    first, second = take(db, "a"), take(db, "b")
    release(db, first, "too late")
    assert found(db) == second


def test_a_lease_that_is_kept_lasts_longer_and_has_the_same_fence(db: Database) -> None:
    lease, later = take(db, "a"), NOW + LEASE / 2
    keep(db, lease, later)
    assert found(db) == replace(lease, expires_at=later + LEASE)


def test_who_lost_a_lease_cannot_keep_it(db: Database) -> None:
    first, second = take(db, "a"), take(db, "b")
    with pytest.raises(LeaseLost):
        keep(db, first, NOW)
    assert found(db) == second


def test_a_lease_is_to_be_kept_when_little_is_left_of_it_or_it_is_lost(db: Database) -> None:
    lease = take(db, "a")
    assert [is_due(db, lease, NOW + past) for past in (timedelta(), LEASE)] == [False, True]
    take(db, "b")
    assert is_due(db, lease, NOW)


def test_a_key_that_nobody_has_worked_on_has_no_lease_although_somebody_held_it(db: Database) -> None:
    with db.writing() as session:
        leases.hold(session, KEY)
    assert found(db) is None


def test_giving_back_what_is_not_there_is_nothing(db: Database, rows: Rows) -> None:
    release(db, Lease(KEY, "a", 1, NOW))
    assert rows("SELECT count(*) FROM leases") == [(0,)]
