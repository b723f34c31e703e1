"""Leases on keys: one holder, and a fence that tells an old holder from the new one."""

from __future__ import annotations

from datetime import UTC, datetime

from flightctl.domain.turn import LEASE, Lease
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
    with db.reading() as session:
        return leases.holds(session, lease)


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


def test_giving_back_what_is_not_there_is_nothing(db: Database, rows: Rows) -> None:
    release(db, Lease(KEY, "a", 1, NOW))
    assert rows("SELECT count(*) FROM leases") == [(0,)]
