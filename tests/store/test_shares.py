"""Shares in the file: one claim wins, time is the database's, and of the secret there is a hash only."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from flightctl.domain.listing import Kind
from flightctl.domain.share import Share, ShareStatus
from flightctl.store import claims, flights, lists, shares
from flightctl.store.claims import Won
from flightctl.store.clock import database_now
from flightctl.store.engine import Database
from flightctl.store.models import sqlite_text
from flightctl.store.remote_engine import Remote
from people import flight_id, observe
from postgres import BASIC, OTHER, SUBSCRIBER
from running import Rows
from store.engines import NOT_LET_IN, AsUser, locally, remotely

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
HASH = "ab" * 32
DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(milliseconds=1)
LONG_AFTER = datetime(2126, 12, 1, tzinfo=UTC)
ALICE, BOB, CAROL = BASIC, OTHER, SUBSCRIBER
Lasting = Callable[[timedelta], object]
MOST_FAILURES = 10
"""The remote's own limit, too."""
SNAPSHOT: dict[str, Any] = {"flight_id": flight_id(), "status": "scheduled", "version": 1, "kind": None}


@pytest.fixture(autouse=True)
def a_flight(db: Database) -> None:
    observe(db, observed_at=NOW)


def share(as_user: AsUser, sharer: str = ALICE, token_sha256: str = HASH, now: datetime = NOW) -> Share:
    """In a remote only a flight of one's own list can be shared, and it is the remote that says when."""
    with as_user(sharer).writing() as session:
        if isinstance(as_user(sharer), Remote):
            lists.add(session, sharer, flight_id(), Kind.OWNED, now)
        made = shares.add(session, sharer, flight_id(), token_sha256, SNAPSHOT, now, DAY)
        lists.remove(session, sharer, flight_id())
    return made


def by_token(as_user: AsUser, token_sha256: str = HASH, now: datetime = NOW) -> Share | None:
    """As its sharer finds it."""
    with as_user(ALICE).reading() as session:
        return shares.by_token(session, token_sha256, now)


def claim(db: Database, made: Share, user: str, now: datetime = NOW) -> bool:
    with db.writing() as session:
        return shares.claim(session, made.share_id, user, now)


def attempt(as_user: AsUser, user: str, token_sha256: str = HASH) -> Won | None:
    with as_user(user).writing() as session:
        return claims.attempt(session, user, token_sha256, MOST_FAILURES)


def revoke(as_user: AsUser, made: Share) -> None:
    with as_user(ALICE).writing() as session:
        shares.revoke(session, made.share_id)


def of_sharer(as_user: AsUser, sharer: str, now: datetime = NOW) -> list[Share]:
    with as_user(sharer).reading() as session:
        return shares.of_sharer(session, sharer, now)


def failures(db: Database, user: str, now: datetime) -> int:
    with db.reading() as session:
        return shares.failures_of_the_hour(session, user, now)


def fail(db: Database, user: str, now: datetime) -> None:
    with db.writing() as session:
        shares.count_failure(session, user, now)


def test_a_share_is_read_back_as_it_was_made(as_user: AsUser) -> None:
    made = share(as_user)
    begin = made.created_at
    assert made == Share(made.share_id, flight_id(), ShareStatus.PENDING, SNAPSHOT, begin, begin + DAY, None)
    assert by_token(as_user, now=begin) == made
    assert of_sharer(as_user, ALICE, begin) == [made]
    assert str(uuid.UUID(made.share_id)) == made.share_id


@locally
def test_a_share_begins_when_its_sharer_says(as_user: AsUser) -> None:
    assert share(as_user).created_at == NOW


@remotely
def test_a_share_in_a_remote_begins_by_the_remote_s_clock(as_user: AsUser) -> None:
    assert abs(datetime.now(UTC) - share(as_user).created_at) < HOUR


def test_the_snapshot_is_json_for_who_reads_the_table(as_user: AsUser, rows: Rows) -> None:
    share(as_user)
    [(snapshot, token_sha256, sharer)] = rows("SELECT CAST(snapshot AS TEXT), token_sha256, sharer_id FROM shares")
    assert (json.loads(snapshot), token_sha256, sharer) == (SNAPSHOT, HASH, ALICE)


def test_two_shares_of_one_sharer_never_have_one_token(as_user: AsUser) -> None:
    share(as_user)
    with pytest.raises(IntegrityError):
        share(as_user)


@locally
def test_two_shares_never_have_one_token(as_user: AsUser) -> None:
    share(as_user)
    with pytest.raises(IntegrityError):
        share(as_user, BOB)


@remotely
def test_of_two_sharers_with_one_token_in_a_remote_the_first_one_s_share_is_claimed(as_user: AsUser) -> None:
    first, second = share(as_user), share(as_user, BOB)
    assert attempt(as_user, CAROL) == Won(first.share_id, SNAPSHOT)
    assert [one.share_id for one in of_sharer(as_user, BOB, second.created_at)] == [second.share_id]
    assert [one.status for one in of_sharer(as_user, BOB, second.created_at)] == [ShareStatus.PENDING]


@pytest.mark.parametrize("status", ["open", "", "PENDING"])
def test_no_other_status_is_let_in(as_user: AsUser, rows: Rows, status: str) -> None:
    share(as_user)
    with pytest.raises(NOT_LET_IN):
        rows("UPDATE shares SET status = ?", status)


def test_a_share_is_found_by_its_sharer_only(as_user: AsUser) -> None:
    made = share(as_user)
    for reader in (ALICE, BOB):
        with as_user(reader).reading() as session:
            assert shares.find(session, reader, made.share_id, made.created_at) == (made if reader == ALICE else None)
    assert of_sharer(as_user, BOB) == []


def test_the_latest_share_is_first(as_user: AsUser, rows: Rows) -> None:
    made = [share(as_user, token_sha256=f"{n:064x}") for n in (1, 3, 2)]
    for one, hours in zip(made, (1, 3, 2), strict=True):
        rows("UPDATE shares SET created_at = ? WHERE share_id = ?", sqlite_text(NOW + hours * HOUR), one.share_id)
    assert [one.share_id for one in of_sharer(as_user, ALICE)] == [made[n].share_id for n in (1, 2, 0)]


MOMENTS = [(-DAY, "pending"), (DAY - TICK, "pending"), (DAY, "expired"), (10_000 * DAY, "expired")]


@pytest.mark.parametrize(("later", "status"), MOMENTS)
def test_a_share_expires_at_its_moment(as_user: AsUser, later: timedelta, status: str) -> None:
    made = share(as_user)
    assert [one.status.value for one in of_sharer(as_user, ALICE, made.created_at + later)] == [status]


@locally
@pytest.mark.parametrize(("later", "status"), MOMENTS)
def test_a_share_can_be_claimed_until_its_moment(db: Database, as_user: AsUser, later: timedelta, status: str) -> None:
    assert claim(db, share(as_user), BOB, NOW + later) == (status == "pending")


@locally
def test_of_two_who_found_a_share_pending_one_wins(db: Database, as_user: AsUser) -> None:
    made = share(as_user)
    assert [claim(db, made, user) for user in (BOB, CAROL, BOB)] == [True, False, False]
    with db.reading() as session:
        assert shares.claimed_by(session, made.share_id) == BOB
    assert by_token(as_user) == made._replace(status=ShareStatus.CLAIMED, claimed_at=NOW)


@locally
def test_nobody_has_claimed_what_waits(db: Database, as_user: AsUser) -> None:
    made = share(as_user)
    with db.reading() as session:
        assert shares.claimed_by(session, made.share_id) == ""


# Claims


@pytest.fixture
def lasting(rows: Rows) -> Lasting:
    """Let every share run out so long after now, or before it."""
    return lambda span: rows("UPDATE shares SET expires_at = ?", sqlite_text(datetime.now(UTC) + span))


def test_the_first_claim_wins_and_no_other_does(as_user: AsUser, lasting: Lasting) -> None:
    made = share(as_user)
    lasting(HOUR)
    won = Won(made.share_id, SNAPSHOT)
    assert [attempt(as_user, user) for user in (BOB, CAROL)] == [won, None]
    [known] = of_sharer(as_user, ALICE)
    assert known.status is ShareStatus.CLAIMED
    assert known.claimed_at is not None
    assert abs(datetime.now(UTC) - known.claimed_at) < HOUR


def test_who_has_claimed_gets_the_same_again(as_user: AsUser, lasting: Lasting) -> None:
    share(as_user)
    lasting(HOUR)
    first = attempt(as_user, BOB)
    lasting(-HOUR)
    assert first is not None
    assert attempt(as_user, BOB) == first


def test_what_was_claimed_is_in_the_list_with_its_snapshot(as_user: AsUser, rows: Rows, lasting: Lasting) -> None:
    share(as_user)
    lasting(HOUR)
    attempt(as_user, BOB)
    [(user, kind, snapshot)] = rows("SELECT user_id, kind, CAST(snapshot AS TEXT) FROM user_flights")
    assert (user, kind, json.loads(snapshot)) == (BOB, "shared", SNAPSHOT)


def test_what_has_run_out_cannot_be_claimed(as_user: AsUser, lasting: Lasting) -> None:
    share(as_user)
    lasting(-TICK)
    assert attempt(as_user, BOB) is None


def test_what_was_claimed_does_not_expire(as_user: AsUser, lasting: Lasting) -> None:
    share(as_user)
    lasting(HOUR)
    attempt(as_user, BOB)
    assert [one.status for one in of_sharer(as_user, ALICE, LONG_AFTER)] == [ShareStatus.CLAIMED]


def test_what_was_revoked_cannot_be_claimed_and_does_not_expire(as_user: AsUser, lasting: Lasting) -> None:
    made = share(as_user)
    lasting(HOUR)
    revoke(as_user, made)
    assert attempt(as_user, BOB) is None
    assert [one.status for one in of_sharer(as_user, ALICE, LONG_AFTER)] == [ShareStatus.REVOKED]


def test_what_was_claimed_cannot_be_revoked(as_user: AsUser, lasting: Lasting) -> None:
    made = share(as_user)
    lasting(HOUR)
    attempt(as_user, BOB)
    revoke(as_user, made)
    assert [one.status for one in of_sharer(as_user, ALICE)] == [ShareStatus.CLAIMED]


def test_who_claimed_stands_in_no_column_of_the_shares(as_user: AsUser, rows: Rows, lasting: Lasting) -> None:
    share(as_user)
    lasting(HOUR)
    attempt(as_user, BOB)
    assert BOB not in str(rows("SELECT * FROM shares"))
    assert rows("SELECT user_id FROM share_claims") == [(BOB,)]


def test_who_was_refused_too_often_is_refused_what_is_right(as_user: AsUser, lasting: Lasting) -> None:
    made = share(as_user)
    lasting(HOUR)
    assert [attempt(as_user, BOB, f"{n:064x}") for n in range(MOST_FAILURES)] == [None] * MOST_FAILURES
    assert attempt(as_user, BOB) is None
    assert attempt(as_user, CAROL) == Won(made.share_id, SNAPSHOT)


def test_refusals_of_more_than_an_hour_ago_are_over(as_user: AsUser, rows: Rows, lasting: Lasting) -> None:
    share(as_user)
    lasting(HOUR)
    for n in range(MOST_FAILURES):
        attempt(as_user, BOB, f"{n:064x}")
    rows("UPDATE claim_failures SET failed_at = ?", sqlite_text(datetime.now(UTC) - HOUR - TICK))
    assert attempt(as_user, BOB, "cd" * 32) is None
    assert rows("SELECT user_id FROM claim_failures") == [(BOB,)]
    assert attempt(as_user, BOB) is not None


def test_a_flight_is_not_deleted_while_it_is_shared(db: Database, as_user: AsUser) -> None:
    share(as_user)
    with pytest.raises(IntegrityError), db.writing() as session:
        flights.remove(session, flight_id())


@locally
def test_failures_count_for_an_hour_and_for_each_user(db: Database) -> None:
    for minutes in (0, 10, 59):
        fail(db, BOB, NOW + timedelta(minutes=minutes))
    assert failures(db, CAROL, NOW) == 0
    assert [failures(db, BOB, NOW + one) for one in (HOUR - TICK, HOUR, HOUR + timedelta(minutes=10))] == [3, 2, 1]


@locally
def test_failures_that_are_long_over_are_dropped_with_the_next(db: Database, rows: Rows) -> None:
    for user in (BOB, CAROL):
        fail(db, user, NOW)
    fail(db, BOB, NOW + HOUR)
    assert rows("SELECT user_id, failed_at FROM claim_failures ORDER BY 1") == [
        (BOB, "2026-12-01 04:00:00.000000"),
        (CAROL, "2026-12-01 03:00:00.000000"),
    ]


def test_the_clock_of_the_database_is_in_utc(db: Database) -> None:
    with db.reading() as session:
        told = database_now(session)
    assert told.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
