"""Manual proposals in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.domain.proposal import Decision, Proposal
from flightctl.domain.route import Route, direct
from flightctl.store import proposals, routes
from flightctl.store.engine import Database
from flightctl.store.routes import RememberedAbsence
from postgres import SERVICE
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TTL = timedelta(days=30)
KEY = "flight:NZ527"
TO_CHC = direct("NZ527", "NZ", "AKL", "CHC")
TO_WLG = direct("NZ527", "NZ", "AKL", "WLG")
QF1 = direct("QF1", "QF", "SYD", "SIN")


def add(db: Database, route: Route = TO_CHC, note: str = "", *, replaces: bool = False) -> Proposal:
    with db.writing() as session:
        return proposals.add(session, route, note, SERVICE, NOW, replaces=replaces)


def decide(db: Database, decision: Decision, *decided: Proposal, now: datetime = NOW) -> None:
    with db.writing() as session:
        proposals.decide(session, decided, decision, "bob", now)


def waiting(db: Database, *keys: str) -> list[Proposal]:
    with db.reading() as session:
        return proposals.waiting(session, keys or [KEY])


def test_a_proposal_is_read_as_it_was_made(db: Database) -> None:
    made = add(db, note="seen on the board; ' OR 1=1 --", replaces=True)
    assert (made.route, made.note, made.replaces) == (TO_CHC, "seen on the board; ' OR 1=1 --", True)
    assert (made.proposed_by, made.proposed_at) == (SERVICE, NOW)
    assert waiting(db) == [made]


def test_different_proposals_wait_side_by_side_oldest_first(db: Database) -> None:
    made = [add(db, TO_WLG), add(db, TO_CHC), add(db, QF1)]
    assert waiting(db) == made[:2]
    with db.reading() as session:
        assert proposals.all_waiting(session) == made


def propose(db: Database, route: Route = TO_CHC) -> Proposal | None:
    with db.writing() as session:
        return proposals.propose(session, route, "seen", SERVICE, NOW, replaces=False)


def test_what_is_proposed_waits_with_a_pending_row(db: Database, rows: Rows) -> None:
    made = propose(db)
    assert made is not None
    assert waiting(db) == [made]
    assert (made.route, made.note, made.proposed_by, made.proposed_at) == (TO_CHC, "seen", SERVICE, NOW)
    assert rows("SELECT status, provider, arrival_iata FROM aviationstack_cache") == [("pending", "manual", "CHC")]


def test_another_proposal_leaves_the_pending_row(db: Database, rows: Rows) -> None:
    made = [propose(db), propose(db, TO_WLG)]
    assert waiting(db) == made
    assert rows("SELECT arrival_iata FROM aviationstack_cache") == [("CHC",)]


def test_nothing_waits_for_keys_that_are_not_asked_for(db: Database) -> None:
    add(db)
    assert waiting(db, "flight:NZ52", "flight:NZ5%") == []


@pytest.mark.parametrize("decision", Decision)
def test_what_is_decided_no_longer_waits_but_stays_on_record(db: Database, rows: Rows, decision: Decision) -> None:
    decided, left = add(db, TO_CHC), add(db, TO_WLG)
    decide(db, decision, decided)
    assert waiting(db) == [left]
    found = rows("SELECT decision, decided_by, decided_at, proposed_by FROM proposals WHERE id = ?", decided.id)
    assert found == [(decision.value, "bob", "2026-11-20 10:00:00.000000", SERVICE)]


def test_deciding_nothing_decides_nothing(db: Database) -> None:
    made = add(db)
    decide(db, Decision.REJECTED)
    assert waiting(db) == [made]


def test_an_id_is_never_given_twice(db: Database, rows: Rows) -> None:
    first = add(db)
    rows("DELETE FROM proposals")
    assert add(db).id > first.id


def test_a_provider_settles_what_agrees_and_leaves_the_rest_to_staff(db: Database, rows: Rows) -> None:
    agreeing, other = add(db, TO_CHC), add(db, TO_WLG)
    with db.writing() as session:
        proposals.settle(session, TO_CHC, "aviationstack", NOW)
    assert waiting(db) == [other]
    assert rows("SELECT decision, decided_by FROM proposals WHERE id = ?", agreeing.id) == [
        ("settled", "aviationstack")
    ]


def test_a_provider_that_flies_the_same_ends_with_a_stop_agrees(db: Database) -> None:
    add(db, TO_CHC)
    with db.writing() as session:
        via = Route("NZ527", "NZ", "AKL", "CHC", (("AKL", "WLG"), ("WLG", "CHC")))
        proposals.settle(session, via, "aviationstack", NOW)
    assert waiting(db) == []


@pytest.mark.parametrize(
    "other",
    [direct("NZ527", "QF", "AKL", "CHC"), direct("NZ527", "NZ", "CHC", "AKL"), direct("NZ52", "NZ", "AKL", "CHC")],
)
def test_a_provider_settles_no_other_route(db: Database, other: Route) -> None:
    made = add(db, TO_CHC)
    with db.writing() as session:
        proposals.settle(session, other, "aviationstack", NOW)
    assert waiting(db) == [made]


def test_decisions_are_counted_by_kind_since_an_instant(db: Database) -> None:
    confirmed, rejected, old = add(db), add(db, TO_WLG), add(db, QF1)
    decide(db, Decision.CONFIRMED, confirmed)
    decide(db, Decision.REJECTED, rejected)
    decide(db, Decision.CONFIRMED, old, now=NOW - timedelta.resolution)
    add(db)
    with db.reading() as session:
        assert proposals.decisions_since(session, NOW) == {Decision.CONFIRMED: 1, Decision.REJECTED: 1}
        assert proposals.decisions_since(session, NOW - TTL) == {Decision.CONFIRMED: 2, Decision.REJECTED: 1}


def _entry(db: Database, route: Route, age: timedelta, provider: str, asked: timedelta | None) -> None:
    """A confirmed entry so old; upstream was asked so long ago and did not know it."""
    with db.writing() as session:
        routes.store(session, route, provider, None, NOW - age)
        if asked is not None:
            learned = NOW - asked
            absence = RememberedAbsence(route.cache_key, "aviationstack", learned, learned + timedelta(hours=1))
            routes.remember_absence(session, absence, fresh_since=NOW)


CONFIRM_AGAIN = {
    # age, provider, asked so long ago: whether staff are to confirm it again
    "stale and unknown upstream": (TTL, "manual", timedelta(), True),
    "stale and unknown since long": (TTL, "manual", timedelta(days=3), True),
    "stale and never asked": (TTL, "manual", None, False),
    "stale and last asked before it was confirmed": (TTL, "manual", TTL + timedelta.resolution, False),
    "fresh and unknown upstream": (TTL - timedelta.resolution, "manual", timedelta(), False),
    "a provider's": (TTL, "aviationstack", timedelta(), False),
}


@pytest.mark.parametrize(("age", "provider", "asked", "listed"), CONFIRM_AGAIN.values(), ids=CONFIRM_AGAIN)
def test_a_stale_manual_entry_that_upstream_does_not_know_is_to_be_confirmed_again(
    db: Database, age: timedelta, provider: str, asked: timedelta | None, listed: bool
) -> None:
    _entry(db, TO_CHC, age, provider, asked)
    with db.reading() as session:
        assert proposals.to_confirm_again(session, NOW - TTL) == ([KEY] if listed else [])
