"""Sharing: one winner, the same answer on repetition, and strangers are told nothing, however they guess."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from domain.sightings import LATER
from flightctl.domain.share import ShareStatus, token_hash
from flightctl.errors import BadFlightId, BadUser, FlightctlError, NotFound, ShareOver, TokenRefused
from flightctl.services.sharing import Claimed, NewShare
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from people import UNKNOWN, Person, flight_id, observe, person, unequal, watching
from running import Rows

DAY = timedelta(days=1)
NO_TOKEN = "A" * 43
Spoil = Callable[[Rows, Person, NewShare], None]


@pytest.fixture
def bob(db: Database) -> Person:
    return person(db, "bob")


@pytest.fixture
def shared(alice: Person) -> NewShare:
    return alice.sharing.share(flight_id(), DAY)


def refused(claimant: Person, token: str) -> tuple[type[FlightctlError], str, str, str, str]:
    """Everything that a refusal says."""
    with pytest.raises(TokenRefused) as found:
        claimant.sharing.claim(token)
    return type(found.value), found.value.message, found.value.hint, found.value.cause, str(found.value.__cause__)


def status(sharer: Person) -> list[str]:
    return [one.status.value for one in sharer.sharing.shares()]


def age(rows: Rows, minutes: int) -> None:
    """All failures so far were so many minutes earlier."""
    rows("UPDATE claim_failures SET failed_at = strftime('%Y-%m-%d %H:%M:%f', failed_at, ?)", f"-{minutes} minutes")


# Sharing


def test_no_two_tokens_are_alike_and_none_looks_like_an_option(alice: Person) -> None:
    """One of 64 texts in base64url begins with a dash."""
    tokens = [alice.sharing.share(flight_id(), DAY).token for _ in range(300)]
    assert len(set(tokens)) == 300
    assert [token for token in tokens if not token_hash(token) or token.startswith("-")] == []


def test_every_character_of_a_token_but_one_is_of_64(alice: Person) -> None:
    """Of 256 bits in base64url, 42 characters carry 6 and one carries 4."""
    tokens = [alice.sharing.share(flight_id(), DAY).token for _ in range(200)]
    variety = [len({token[place] for token in tokens}) for place in range(43)]
    assert variety[0] <= 16
    assert min(variety[1:]) > 40
    assert len(set("".join(tokens))) == 64


def test_the_secret_is_not_in_what_is_printed_of_a_share(shared: NewShare) -> None:
    assert shared.token not in repr(shared)


def test_a_share_lasts_as_long_as_was_said_by_the_database_s_clock(alice: Person) -> None:
    share = alice.sharing.share(flight_id(), timedelta(minutes=30)).share
    assert share.expires_at - share.created_at == timedelta(minutes=30)
    assert abs(datetime.now(UTC) - share.created_at) < timedelta(minutes=1)


def test_only_a_flight_of_one_s_own_list_can_be_shared(alice: Person, bob: Person) -> None:
    for sharer, flight in ((alice, flight_id(1)), (alice, UNKNOWN), (bob, flight_id())):
        with pytest.raises(NotFound) as found:
            sharer.sharing.share(flight, DAY)
        assert found.value.message == f"{flight}: not in your list"
    assert alice.sharing.shares() == bob.sharing.shares() == []


def test_what_was_shared_with_somebody_can_be_shared_on(db: Database, bob: Person, shared: NewShare) -> None:
    bob.sharing.claim(shared.token)
    carol = person(db, "carol")
    carol.sharing.claim(bob.sharing.share(flight_id(), DAY).token)
    assert watching(db) == ["alice", "bob", "carol"]


@pytest.mark.parametrize("user", ["", "a b", "a.b", "x" * 64])
def test_a_user_who_can_own_no_list_shares_and_claims_nothing(db: Database, shared: NewShare, user: str) -> None:
    nobody = person(db, user)
    for attempt in (
        lambda: nobody.sharing.share(flight_id(), DAY),
        lambda: nobody.sharing.claim(shared.token),
        lambda: nobody.sharing.shares(),
        lambda: nobody.sharing.revoke(shared.share.share_id),
        lambda: nobody.lists.track(flight_id()),
        lambda: nobody.lists.untrack(flight_id()),
        lambda: nobody.lists.listed(),
    ):
        with pytest.raises(BadUser):
            attempt()


def test_what_is_no_id_is_not_looked_for(alice: Person) -> None:
    for attempt in (alice.lists.track, alice.lists.untrack, alice.lists.watchers):
        with pytest.raises(BadFlightId):
            attempt("ANZ527.2026-13-03.0830.NZAA.NZCH")
    with pytest.raises(BadFlightId):
        alice.sharing.share("ANZ527", DAY)


# Claiming


def test_a_claim_brings_the_flight_as_it_was_when_it_was_shared(db: Database, bob: Person, shared: NewShare) -> None:
    observe(db, observed_at=LATER, departure_gate="24")
    claimed = bob.sharing.claim(shared.token)
    assert claimed == Claimed(shared.share.share_id, shared.share.snapshot)
    assert (claimed.flight["flight_id"], claimed.flight["departure_gate"]) == (flight_id(), None)
    [listed] = bob.lists.listed()
    assert listed.flight.departure_gate == "24"


def test_the_snapshot_stays_with_the_copy(bob: Person, shared: NewShare, rows: Rows) -> None:
    bob.sharing.claim(shared.token)
    assert rows("SELECT kind, snapshot -> 'flight_id' FROM user_flights WHERE user_id = 'bob'") == [
        ("shared", f'"{flight_id()}"')
    ]


def test_of_eight_claims_at_once_exactly_one_wins(database: Path, db: Database, alice: Person) -> None:
    tokens = [alice.sharing.share(flight_id(), DAY).token for _ in range(3)]
    assert [_winners(database, token) for token in tokens] == [1, 1, 1]
    assert status(alice) == ["claimed"] * 3
    assert unequal(db) == []


def _winners(database: Path, token: str) -> int:
    barrier = Barrier(8)
    with ThreadPoolExecutor(8) as crowd:
        return sum(crowd.map(lambda n: _wins(database, f"user{n}", token, barrier), range(8)))


def _wins(database: Path, user: str, token: str, barrier: Barrier) -> bool:
    with closing(LocalFile(database)) as own:
        claimant = person(own, user)
        barrier.wait(60)
        try:
            claimant.sharing.claim(token)
        except TokenRefused:
            return False
        return True


def test_ten_repetitions_give_the_same_answer_and_one_copy(db: Database, bob: Person, shared: NewShare) -> None:
    first = bob.sharing.claim(shared.token)
    assert [bob.sharing.claim(f" {shared.token}\n") for _ in range(10)] == [first] * 10
    assert bob.list() == [(flight_id(), "shared")]
    assert watching(db) == ["alice", "bob"]


def test_a_repetition_counts_as_no_failure(bob: Person, shared: NewShare, rows: Rows) -> None:
    for _ in range(12):
        bob.sharing.claim(shared.token)
    assert rows("SELECT count(*) FROM claim_failures") == [(0,)]


def test_a_repetition_after_the_expiry_gives_the_same_answer(bob: Person, shared: NewShare, rows: Rows) -> None:
    first = bob.sharing.claim(shared.token)
    rows("UPDATE shares SET expires_at = created_at")
    assert bob.sharing.claim(shared.token) == first


def test_a_repetition_does_not_bring_back_what_was_dropped(bob: Person, shared: NewShare) -> None:
    first = bob.sharing.claim(shared.token)
    bob.lists.untrack(flight_id())
    assert (bob.sharing.claim(shared.token), bob.list()) == (first, [])


def test_the_sharer_drops_the_flight_and_the_claimant_keeps_it(
    db: Database, alice: Person, bob: Person, shared: NewShare
) -> None:
    bob.sharing.claim(shared.token)
    alice.lists.untrack(flight_id())
    assert (alice.list(), bob.list(), watching(db)) == ([], [(flight_id(), "shared")], ["bob"])
    observe(db, observed_at=LATER, departure_gate="24")
    assert [one.changed for one in bob.lists.listed()] == [("departure_gate",)]


def test_a_share_is_good_after_its_sharer_has_dropped_the_flight(alice: Person, bob: Person, shared: NewShare) -> None:
    alice.lists.untrack(flight_id())
    bob.sharing.claim(shared.token)
    assert (bob.list(), status(alice)) == ([(flight_id(), "shared")], ["claimed"])


def test_the_sharer_may_claim_their_own(db: Database, alice: Person, shared: NewShare) -> None:
    alice.sharing.claim(shared.token)
    assert alice.list() == [(flight_id(), "owned"), (flight_id(), "shared")]
    assert (watching(db), status(alice)) == (["alice"], ["claimed"])


def test_two_shares_of_a_flight_to_one_user_are_one_copy(alice: Person, bob: Person) -> None:
    for _ in range(2):
        bob.sharing.claim(alice.sharing.share(flight_id(), DAY).token)
    assert (bob.list(), status(alice)) == ([(flight_id(), "shared")], ["claimed", "claimed"])


# Revoking


def test_a_revoked_share_is_over_and_may_be_revoked_again(alice: Person, bob: Person, shared: NewShare) -> None:
    for _ in range(2):
        assert alice.sharing.revoke(f" {shared.share.share_id.upper()} ").status is ShareStatus.REVOKED
    refused(bob, shared.token)
    assert (bob.list(), status(alice)) == ([], ["revoked"])


def test_a_claimed_share_cannot_be_taken_back(alice: Person, bob: Person, shared: NewShare) -> None:
    bob.sharing.claim(shared.token)
    with pytest.raises(ShareOver) as over:
        alice.sharing.revoke(shared.share.share_id)
    assert over.value.exit_code == 7
    assert (bob.list(), status(alice)) == ([(flight_id(), "shared")], ["claimed"])


def test_an_expired_share_stays_expired(alice: Person, shared: NewShare, rows: Rows) -> None:
    rows("UPDATE shares SET expires_at = created_at")
    assert alice.sharing.revoke(shared.share.share_id).status is ShareStatus.EXPIRED
    assert status(alice) == ["expired"]


def test_to_others_a_share_does_not_exist(alice: Person, bob: Person, shared: NewShare) -> None:
    said = []
    for share_id in (shared.share.share_id, "c08b9a15-c5f6-476d-b28a-db807a8be5eb"):
        with pytest.raises(NotFound) as found:
            bob.sharing.revoke(share_id)
        said.append(found.value.message.replace(share_id, "ID"))
    assert said[0] == said[1]
    assert status(alice) == ["pending"]


# Refusals


def _use(_rows: Rows, alice: Person, shared: NewShare) -> None:
    alice.sharing.claim(shared.token)


def _revoke(_rows: Rows, alice: Person, shared: NewShare) -> None:
    alice.sharing.revoke(shared.share.share_id)


def _expire(rows: Rows, _alice: Person, _shared: NewShare) -> None:
    rows("UPDATE shares SET expires_at = created_at")


def _forget(rows: Rows, _alice: Person, _shared: NewShare) -> None:
    rows("DELETE FROM shares")


@pytest.mark.parametrize("spoil", [_use, _revoke, _expire, _forget])
def test_used_revoked_expired_and_unknown_are_refused_alike(
    db: Database, alice: Person, bob: Person, shared: NewShare, rows: Rows, spoil: Spoil
) -> None:
    malformed = refused(person(db, "carol"), "nonsense")
    spoil(rows, alice, shared)
    assert refused(bob, shared.token) == malformed
    assert (bob.list(), unequal(db)) == ([], [])


@pytest.mark.parametrize("token", ["", "-", "A" * 42, "A" * 44, "é" * 43, "\0" * 43, "' OR 1=1 --", "x" * 100_000])
def test_what_is_no_token_is_refused_like_a_wrong_one_and_counted(
    db: Database, bob: Person, rows: Rows, token: str
) -> None:
    assert refused(bob, token) == refused(person(db, "carol"), NO_TOKEN)
    assert rows("SELECT user_id FROM claim_failures ORDER BY 1") == [("bob",), ("carol",)]


def test_the_hash_is_no_token(bob: Person, shared: NewShare) -> None:
    refused(bob, token_hash(shared.token))
    refused(bob, token_hash(shared.token)[:43])


def test_ten_failures_an_hour_and_then_the_right_token_is_refused_in_the_same_words(
    bob: Person, shared: NewShare
) -> None:
    said = {refused(bob, NO_TOKEN) for _ in range(10)}
    said |= {refused(bob, shared.token) for _ in range(3)}
    assert len(said) == 1
    assert bob.list() == []


def test_after_nine_failures_the_right_token_is_good(bob: Person, shared: NewShare) -> None:
    for _ in range(9):
        refused(bob, NO_TOKEN)
    assert bob.sharing.claim(shared.token).share_id == shared.share.share_id


def test_an_hour_later_the_failures_are_forgotten(bob: Person, shared: NewShare, rows: Rows) -> None:
    for _ in range(10):
        refused(bob, NO_TOKEN)
    age(rows, 59)
    refused(bob, shared.token)
    age(rows, 2)
    assert bob.sharing.claim(shared.token).share_id == shared.share.share_id


def test_who_waits_does_not_have_to_wait_longer_for_trying(bob: Person, rows: Rows) -> None:
    for _ in range(15):
        refused(bob, NO_TOKEN)
    assert rows("SELECT count(*) FROM claim_failures") == [(10,)]


def test_failures_are_each_user_s_own(db: Database, alice: Person, bob: Person, shared: NewShare) -> None:
    for _ in range(10):
        refused(bob, NO_TOKEN)
    assert person(db, "carol").sharing.claim(shared.token).share_id == shared.share.share_id


@pytest.mark.parametrize(("most", "failures"), [(0, 0), (1, 1), (3, 3)])
def test_the_setting_says_how_many_failures_there_may_be(
    db: Database, shared: NewShare, rows: Rows, most: int, failures: int
) -> None:
    bob = person(db, "bob", max_failed=most)
    for _ in range(5):
        refused(bob, NO_TOKEN)
    refused(bob, shared.token)
    assert rows("SELECT count(*) FROM claim_failures") == [(failures,)]


def test_a_refusal_is_counted_though_it_is_an_error(bob: Person, rows: Rows) -> None:
    refused(bob, NO_TOKEN)
    assert rows("SELECT user_id FROM claim_failures") == [("bob",)]
