"""Shares in the file: one claim wins, time is the database's, and of the secret there is a hash only."""

from __future__ import annotations

import json
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from flightctl.domain.share import Share, ShareStatus
from flightctl.store import flights, shares
from flightctl.store.clock import database_now
from flightctl.store.engine import Database
from people import flight_id, observe
from running import Rows

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
HASH = "ab" * 32
DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(milliseconds=1)
SNAPSHOT: dict[str, Any] = {"flight_id": flight_id(), "status": "scheduled", "version": 1, "kind": None}


@pytest.fixture(autouse=True)
def a_flight(db: Database) -> None:
    observe(db, observed_at=NOW)


def share(db: Database, sharer: str = "alice", token_sha256: str = HASH, now: datetime = NOW) -> Share:
    with db.writing() as session:
        return shares.add(session, sharer, flight_id(), token_sha256, SNAPSHOT, now, DAY)


def by_token(db: Database, token_sha256: str = HASH, now: datetime = NOW) -> Share | None:
    with db.reading() as session:
        return shares.by_token(session, token_sha256, now)


def claim(db: Database, made: Share, user: str, now: datetime = NOW) -> bool:
    with db.writing() as session:
        return shares.claim(session, made.share_id, user, now)


def of_sharer(db: Database, sharer: str, now: datetime = NOW) -> list[Share]:
    with db.reading() as session:
        return shares.of_sharer(session, sharer, now)


def failures(db: Database, user: str, now: datetime) -> int:
    with db.reading() as session:
        return shares.failures_of_the_hour(session, user, now)


def fail(db: Database, user: str, now: datetime) -> None:
    with db.writing() as session:
        shares.count_failure(session, user, now)


def test_a_share_is_read_back_as_it_was_made(db: Database) -> None:
    made = share(db)
    assert made == Share(made.share_id, flight_id(), ShareStatus.PENDING, SNAPSHOT, NOW, NOW + DAY, None)
    assert by_token(db) == made
    assert of_sharer(db, "alice") == [made]
    assert str(uuid.UUID(made.share_id)) == made.share_id


def test_the_snapshot_is_json_for_who_reads_the_table(db: Database, rows: Rows) -> None:
    share(db)
    [(snapshot, token_sha256, sharer)] = rows("SELECT snapshot, token_sha256, sharer_id FROM shares")
    assert (json.loads(snapshot), token_sha256, sharer) == (SNAPSHOT, HASH, "alice")


def test_two_shares_never_have_one_token(db: Database) -> None:
    share(db)
    with pytest.raises(IntegrityError):
        share(db, "bob")


@pytest.mark.parametrize("status", ["open", "", "PENDING"])
def test_no_other_status_is_let_in(db: Database, rows: Rows, status: str) -> None:
    share(db)
    with pytest.raises(sqlite3.IntegrityError):
        rows("UPDATE shares SET status = ?", status)


def test_a_share_is_found_by_its_sharer_only(db: Database) -> None:
    made = share(db)
    with db.reading() as session:
        assert shares.find(session, "alice", made.share_id, NOW) == made
        assert shares.find(session, "bob", made.share_id, NOW) is None
    assert of_sharer(db, "bob") == []


def test_the_latest_share_is_first(db: Database) -> None:
    made = [share(db, token_sha256=f"{n:064x}", now=NOW + n * HOUR) for n in (1, 3, 2)]
    assert of_sharer(db, "alice") == [made[1], made[2], made[0]]


@pytest.mark.parametrize(
    ("later", "status"),
    [(-DAY, "pending"), (DAY - TICK, "pending"), (DAY, "expired"), (10_000 * DAY, "expired")],
)
def test_a_share_expires_at_its_moment(db: Database, later: timedelta, status: str) -> None:
    made = share(db)
    assert [one.status.value for one in of_sharer(db, "alice", NOW + later)] == [status]
    assert claim(db, made, "bob", NOW + later) == (status == "pending")


def test_the_first_claim_wins_and_no_other_does(db: Database) -> None:
    made = share(db)
    assert [claim(db, made, user) for user in ("bob", "carol", "bob")] == [True, False, False]
    with db.reading() as session:
        assert shares.claimed_by(session, made.share_id) == "bob"
    assert by_token(db) == made._replace(status=ShareStatus.CLAIMED, claimed_at=NOW)


def test_what_was_claimed_does_not_expire(db: Database) -> None:
    claim(db, share(db), "bob")
    assert [one.status for one in of_sharer(db, "alice", NOW + 2 * DAY)] == [ShareStatus.CLAIMED]


def test_nobody_has_claimed_what_waits(db: Database) -> None:
    made = share(db)
    with db.reading() as session:
        assert shares.claimed_by(session, made.share_id) == ""


def test_what_was_revoked_cannot_be_claimed_and_does_not_expire(db: Database) -> None:
    made = share(db)
    with db.writing() as session:
        shares.revoke(session, made.share_id)
    assert not claim(db, made, "bob")
    assert [one.status for one in of_sharer(db, "alice", NOW + 2 * DAY)] == [ShareStatus.REVOKED]


def test_what_was_claimed_cannot_be_revoked(db: Database) -> None:
    made = share(db)
    claim(db, made, "bob")
    with db.writing() as session:
        shares.revoke(session, made.share_id)
    assert [one.status for one in of_sharer(db, "alice")] == [ShareStatus.CLAIMED]


def test_who_claimed_stands_in_no_column_of_the_shares(db: Database, rows: Rows) -> None:
    claim(db, share(db), "bob-who-claimed")
    assert "bob-who-claimed" not in str(rows("SELECT * FROM shares"))
    assert rows("SELECT user_id FROM share_claims") == [("bob-who-claimed",)]


def test_a_flight_is_not_deleted_while_it_is_shared(db: Database) -> None:
    share(db)
    with pytest.raises(IntegrityError), db.writing() as session:
        flights.remove(session, flight_id())


def test_failures_count_for_an_hour_and_for_each_user(db: Database) -> None:
    for minutes in (0, 10, 59):
        fail(db, "bob", NOW + timedelta(minutes=minutes))
    assert failures(db, "carol", NOW) == 0
    assert [failures(db, "bob", NOW + one) for one in (HOUR - TICK, HOUR, HOUR + timedelta(minutes=10))] == [3, 2, 1]


def test_failures_that_are_long_over_are_dropped_with_the_next(db: Database, rows: Rows) -> None:
    for user in ("bob", "carol"):
        fail(db, user, NOW)
    fail(db, "bob", NOW + HOUR)
    assert rows("SELECT user_id, failed_at FROM claim_failures ORDER BY 1") == [
        ("bob", "2026-12-01 04:00:00.000000"),
        ("carol", "2026-12-01 03:00:00.000000"),
    ]


def test_the_clock_of_the_database_is_in_utc(db: Database) -> None:
    with db.reading() as session:
        told = database_now(session)
    assert told.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
