"""However many processes claim at once, and wherever they are killed: one winner, wholly or not at all."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from claiming import Attempt, claims
from flightctl.store.engine import Database
from people import Person, flight_id, unequal
from running import Rows

DAY = timedelta(days=1)
TOKENS, CLAIMERS, WORKERS = 24, 8, 16


@pytest.fixture
def attempts(alice: Person) -> list[Attempt]:
    """Each token claimed by as many users, all in no order."""
    tokens = [alice.sharing.share(flight_id(), DAY).token for _ in range(TOKENS)]
    attempts = [Attempt(f"user{n}-{place}", token) for place, token in enumerate(tokens) for n in range(CLAIMERS)]
    random.Random(527).shuffle(attempts)
    return attempts


def winners(rows: Rows) -> list[tuple[str, str]]:
    """(share, user), as the file has them."""
    return [tuple(row) for row in rows("SELECT share_id, user_id FROM share_claims ORDER BY 1")]


def test_each_token_has_one_winner(database: Path, db: Database, attempts: list[Attempt], rows: Rows) -> None:
    ended = claims(database, attempts, workers=WORKERS)
    assert len(ended) == TOKENS * CLAIMERS
    assert Counter(one.token for one in ended if one.won) == dict.fromkeys({one.token for one in attempts}, 1)
    won = sorted(one.user for one in ended if one.won)
    assert sorted(user for _, user in winners(rows)) == won
    assert [row[0] for row in rows("SELECT user_id FROM user_flights WHERE kind = 'shared' ORDER BY 1")] == won
    assert rows("SELECT DISTINCT status FROM shares") == [("claimed",)]
    assert unequal(db) == []


@pytest.mark.parametrize("within_s", [0.2, 0.6])
def test_a_claim_that_is_killed_is_there_wholly_or_not_at_all_and_may_be_repeated(
    database: Path, db: Database, attempts: list[Attempt], rows: Rows, within_s: float
) -> None:
    told = {
        (one.user, one.token)
        for one in claims(database, attempts, workers=WORKERS, killed_within_s=within_s)
        if one.won
    }
    claimed = winners(rows)
    assert rows("SELECT count(*) FROM shares WHERE status = 'claimed' AND claimed_at IS NOT NULL") == [(len(claimed),)]
    assert rows("SELECT count(*) FROM user_flights WHERE kind = 'shared'") == [(len(claimed),)]
    assert unequal(db) == []
    ended = claims(database, attempts, workers=WORKERS)
    again = {(one.user, one.token) for one in ended if one.won}
    assert told <= again
    assert {user for _, user in claimed} <= {user for user, _ in again}
    assert len(again) == TOKENS
    assert unequal(db) == []


def test_the_failures_of_a_user_are_counted_across_processes(database: Path, alice: Person, rows: Rows) -> None:
    guesses = [Attempt("mallory", f"{n:043}") for n in range(64)]
    assert not any(one.won for one in claims(database, guesses, workers=WORKERS, max_failed=10))
    assert rows("SELECT count(*) FROM claim_failures") == [(10,)]
    right = Attempt("mallory", alice.sharing.share(flight_id(), DAY).token)
    assert [one.won for one in claims(database, [right], workers=1, max_failed=10)] == [False]
