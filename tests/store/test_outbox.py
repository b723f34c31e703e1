"""The outbox: every change of what is mirrored is noted in the transaction that makes it, and in no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from flightctl.domain.flight import CONFIRMED, PENDING
from flightctl.domain.flight_news import Change
from flightctl.domain.listing import Kind
from flightctl.domain.mirrored import Noted, Topic
from flightctl.store import claims, flights, lists, outbox, shares
from flightctl.store.engine import Database
from flightctl.store.remote_engine import Remote
from flightctl.store.schema import MANUAL
from people import flight_id, observe
from postgres import BASIC, OTHER, SERVICE, STAFF, RemoteDatabase
from running import Rows
from store.engines import AsUser, locally, remotely

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLIGHT = flight_id()


@pytest.fixture
def on(db: Database) -> Database:
    """Two flights, and from now on what changes is noted."""
    for number in range(2):
        observe(db, number, observed_at=NOW)
    with db.writing() as session:
        outbox.begin(session)
    return db


def noted(db: Database) -> list[Noted]:
    """What was noted; it stays."""
    with pytest.raises(ZeroDivisionError), outbox.Outbox(db).taken(1000) as found:
        raise ZeroDivisionError
    return found.noted


def track(as_user: AsUser, user: str, number: int = 0) -> None:
    with as_user(user).writing() as session:
        lists.add(session, user, flight_id(number), Kind.OWNED, NOW)


def share(as_user: AsUser, user: str, lasts: timedelta = HOUR) -> tuple[str, str]:
    """The share's id and its token's hash."""
    token = uuid4().hex * 2
    with as_user(user).writing() as session:
        made = shares.add(session, user, FLIGHT, token, {"flight_id": FLIGHT}, datetime.now(UTC), lasts)
    return made.share_id, token


def entry(user: str, flight: str = FLIGHT) -> Noted:
    return Noted(Topic.ENTRY, flight, user)


def test_nothing_is_noted_where_nobody_mirrors(db: Database, as_user: AsUser) -> None:
    observe(db, observed_at=NOW)
    track(as_user, BASIC)
    assert noted(db) == []


def test_a_new_flight_and_a_changed_one_are_noted_and_one_that_was_only_seen_is_not(on: Database) -> None:
    observe(on, 2, observed_at=NOW)
    observe(on, 0, observed_at=NOW + HOUR)
    observe(on, 1, observed_at=NOW + HOUR, departure_gate="24")
    assert noted(on) == [Noted(Topic.FLIGHT, flight_id(number)) for number in (2, 1)]


def test_tracking_and_untracking_are_noted_with_the_index(on: Database, as_user: AsUser) -> None:
    track(as_user, BASIC)
    assert set(noted(on)) == {entry(BASIC), Noted(Topic.INDEX, FLIGHT)}
    with as_user(BASIC).writing() as session:
        lists.remove(session, BASIC, FLIGHT)
    assert sorted(noted(on), key=str) == sorted(2 * [entry(BASIC), Noted(Topic.INDEX, FLIGHT)], key=str)


def test_seeing_one_s_list_is_no_change_of_it(on: Database, as_user: AsUser) -> None:
    track(as_user, BASIC)
    before = noted(on)
    with as_user(BASIC).writing() as session:
        lists.mark_seen(session, BASIC)
    assert noted(on) == before


def test_a_share_is_noted_when_it_is_made_and_when_it_is_revoked(on: Database, as_user: AsUser) -> None:
    track(as_user, BASIC)
    known = len(noted(on))
    share_id, _ = share(as_user, BASIC)
    with as_user(BASIC).writing() as session:
        shares.revoke(session, share_id)
    assert noted(on)[known:] == 2 * [Noted(Topic.SHARE, share_id, BASIC)]


def test_a_claim_is_noted_with_the_entry_and_the_index_that_it_makes(on: Database, as_user: AsUser) -> None:
    track(as_user, BASIC)
    share_id, token = share(as_user, BASIC)
    known = len(noted(on))
    with as_user(OTHER).writing() as session:
        assert claims.attempt(session, OTHER, token, 10) is not None
    assert set(noted(on)[known:]) == {Noted(Topic.SHARE, share_id, BASIC), entry(OTHER), Noted(Topic.INDEX, FLIGHT)}


def test_what_is_taken_back_was_never_noted(on: Database, as_user: AsUser) -> None:
    with as_user(BASIC).writing() as session:
        lists.add(session, BASIC, FLIGHT, Kind.OWNED, NOW)
        session.rollback()
    assert noted(on) == []


def test_what_was_taken_is_gone_and_what_came_meanwhile_is_not(on: Database, as_user: AsUser) -> None:
    track(as_user, BASIC)
    with outbox.Outbox(on).taken(1000) as found:
        track(as_user, OTHER)
    assert entry(BASIC) in found.noted
    assert set(noted(on)) == {entry(OTHER), Noted(Topic.INDEX, FLIGHT)}


def test_only_so_much_is_taken_at_once_the_oldest_first(on: Database, as_user: AsUser) -> None:
    for number in range(2):
        track(as_user, BASIC, number)
    with outbox.Outbox(on).taken(2) as first:
        pass
    assert {one.subject for one in first.noted} == {FLIGHT}
    assert {one.subject for one in noted(on)} == {flight_id(1)}


@locally
def test_a_number_in_the_outbox_is_never_used_again(on: Database, as_user: AsUser, rows: Rows) -> None:
    track(as_user, BASIC)
    [(last,)] = rows("SELECT max(id) FROM outbox")
    with outbox.Outbox(on).taken(1000):
        pass
    track(as_user, OTHER)
    assert rows("SELECT min(id) > ? FROM outbox", last) == [(1,)]


@remotely
def test_two_mirrors_take_different_rows(on: Database, as_user: AsUser, shared_remote: RemoteDatabase) -> None:
    for number in range(2):
        track(as_user, BASIC, number)
    second = Remote(shared_remote.url(SERVICE))
    with outbox.Outbox(on).taken(2) as mine, outbox.Outbox(second).taken(1000) as theirs:
        pass
    second.close()
    assert not {one.subject for one in mine.noted} & {one.subject for one in theirs.noted}
    assert len(mine.noted) + len(theirs.noted) == 4


def test_a_version_is_above_all_that_were_given_and_above_what_the_bucket_has(db: Database) -> None:
    given = []
    for above in (0, 0, 5000, 17, 0):
        with db.writing() as session:
            given.append(outbox.next_version(session, above))
    assert given == sorted(set(given))
    assert given[2] > 5000


def test_how_much_waits_and_since_when_is_told(on: Database, as_user: AsUser) -> None:
    with on.reading() as session:
        assert outbox.waiting(session) == (0, None)
    before = datetime.now(UTC) - timedelta(seconds=5)
    track(as_user, BASIC)
    with on.reading() as session:
        found = outbox.waiting(session)
    assert found.rows == 2
    assert found.oldest is not None
    assert before < found.oldest < datetime.now(UTC) + timedelta(seconds=5)


def test_shares_that_have_run_out_are_found_once(on: Database, as_user: AsUser, rows: Rows) -> None:
    track(as_user, BASIC)
    share_id, _ = share(as_user, BASIC)
    share(as_user, BASIC, 3 * HOUR)
    later = datetime.now(UTC) + 2 * HOUR
    with on.writing() as session:
        assert outbox.expired(session, later - 3 * HOUR, later) == [Noted(Topic.SHARE, share_id, BASIC)]
        outbox.expired_are_mirrored(session, later)
        assert outbox.expired(session, outbox.state(session).expired_until, later + HOUR / 2) == []


@remotely
def test_what_one_says_of_a_flight_that_waits_is_noted_for_one_s_list(
    on: Database, shared_remote: RemoteDatabase
) -> None:
    waiting = "ANZ1.2026-12-03.0830.NZAA.NZCH"
    ident, day, hhmm, origin, destination = waiting.split(".")
    names = ("flight_id", "ident", "departure_date", "departure_hhmm", "origin", "destination", "local_date")
    told = dict(zip(names, (waiting, ident, day, hhmm, origin, destination, day), strict=True)) | {
        "status": "scheduled",
        "scheduled_out": "2026-12-02T19:30:00Z",
        **dict.fromkeys(_EMPTY, ""),
    }
    for user in (BASIC, OTHER):
        shared_remote.rows("SELECT flightctl.propose_flight(?, '[]', '[]')", json.dumps(told), user=user)
    assert noted(on) == [Noted(Topic.FLIGHT, waiting), entry(BASIC, waiting), entry(OTHER, waiting)]


_EMPTY = (
    *("flight_iata", "origin_iata", "origin_icao", "origin_zone", "destination_iata", "destination_icao"),
    *("destination_zone", "provider_status", "departure_gate", "departure_terminal", "arrival_gate"),
    *("arrival_terminal", "aircraft_type", "diverted_to", "note"),
)


@remotely
def test_a_decision_of_staff_is_noted(on: Database, as_user: AsUser, rows: Rows) -> None:
    rows("UPDATE flights SET review = 'pending', version = 1 WHERE flight_id = ?", FLIGHT)
    known = len(noted(on))
    with as_user(STAFF).writing() as session:
        flight = flights.find(session, FLIGHT)
        assert flight is not None
        change = Change(FLIGHT, "review", PENDING, CONFIRMED, NOW, MANUAL)
        flights.review(session, flight, CONFIRMED, change, NOW)
    assert noted(on)[known:] == [Noted(Topic.FLIGHT, FLIGHT)]


@remotely
def test_who_is_changing_something_is_waited_for_before_the_noting_begins(
    db: Database, as_user: AsUser, shared_remote: RemoteDatabase
) -> None:
    observe(db, observed_at=NOW)
    with as_user(BASIC).writing() as session:
        lists.add(session, BASIC, FLIGHT, Kind.OWNED, NOW)
        waiting = "SET lock_timeout = '100ms'; SELECT flightctl.begin_mirror()"
        with pytest.raises(Exception, match="lock timeout"):
            shared_remote.rows(waiting, user=SERVICE)
