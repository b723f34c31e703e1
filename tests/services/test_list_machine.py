"""Lists, shares and updates in any order do what a model in plain Python does, in a file and in a remote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from flightctl.domain.listing import Kind
from flightctl.errors import NotFound, ShareOver, TokenRefused
from flightctl.store import lists, shares
from flightctl.store.clock import database_now
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from people import Person, flight_id, observe, person
from postgres import ADMIN, BASIC, OTHER, SERVICE, SUBSCRIBER, Swept
from trouble import change

USERS = (BASIC, OTHER, SUBSCRIBER)
FLIGHTS = (0, 1)
OWNED, SHARED = Kind
START = datetime(2026, 12, 1, tzinfo=UTC)
MAX_FAILED = 3
EMPTIED = (
    "claim_failures",
    "share_claims",
    "shares",
    "flight_watcher_counts",
    "flight_watchers",
    "user_flights",
    "flight_changes",
    "flight_aliases",
    "flights",
)
NO_TOKEN = "A" * 43
users, numbers = st.sampled_from(USERS), st.sampled_from(FLIGHTS)
Entry = tuple[str, int, Kind]


@dataclass(frozen=True)
class Ground:
    """Where it happens: as service, as admin, and as each user has it."""

    service: Database
    admin: Database
    as_user: Callable[[str], Database]
    change: Callable[[str], object]
    empty: Callable[[], object]


@dataclass
class Shared:
    """A share as the model has it."""

    share_id: str
    token: str
    sharer: str
    number: int
    gate: str
    status: str = "pending"
    claimant: str = ""


@dataclass
class Model:
    """What should be."""

    unseen: dict[Entry, dict[str, None]] = field(default_factory=dict)
    """The list entries, with what changed of each since it was shown."""
    shares: list[Shared] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    gates: dict[int, str] = field(default_factory=lambda: dict.fromkeys(FLIGHTS, ""))

    def has(self, user: str, number: int) -> bool:
        return any(entry[:2] == (user, number) for entry in self.unseen)

    def of(self, user: str) -> dict[tuple[str, Kind], tuple[str, ...]]:
        return {(flight_id(n), kind): tuple(new) for (who, n, kind), new in self.unseen.items() if who == user}

    def claims(self, user: str, shared: Shared | None) -> bool:
        """Whether a claim of this succeeds, and what comes of it."""
        if self.failed[user] >= MAX_FAILED:
            return False
        if shared is not None and shared.status == "claimed" and shared.claimant == user:
            return True
        if shared is None or shared.status != "pending":
            self.failed[user] += 1
            return False
        shared.status, shared.claimant = "claimed", user
        self.unseen.setdefault((user, shared.number, SHARED), {})
        return True


class Machine(RuleBasedStateMachine):
    """Three users, two flights."""

    made = Bundle("made")

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.model = ground, Model()
        self.people = {user: person(ground.as_user(user), user, max_failed=MAX_FAILED) for user in USERS}
        ground.empty()
        self.moment = START
        for number in FLIGHTS:
            observe(ground.service, number, observed_at=START)

    @rule(user=users, number=numbers)
    def track(self, user: str, number: int) -> None:
        entry = (user, number, OWNED)
        listed, is_new = self.people[user].lists.track(flight_id(number))
        assert (listed.flight.flight_id, listed.kind, is_new) == (
            flight_id(number),
            OWNED,
            entry not in self.model.unseen,
        )
        self.model.unseen.setdefault(entry, {})

    @rule(user=users, number=numbers, kind=st.sampled_from([OWNED, SHARED, None]))
    def untrack(self, user: str, number: int, kind: Kind | None) -> None:
        gone = {one for one in self.model.unseen if one[:2] == (user, number) and kind in (None, one[2])}
        if gone:
            told = self.people[user].lists.untrack(flight_id(number), kind)
            assert {one.kind for one in told} == {one[2] for one in gone}
            self.model.unseen = {one: new for one, new in self.model.unseen.items() if one not in gone}
        else:
            with pytest.raises(NotFound):
                self.people[user].lists.untrack(flight_id(number), kind)

    @rule(user=users)
    def look(self, user: str) -> None:
        told = {(one.flight.flight_id, one.kind): one.changed for one in self.people[user].lists.listed()}
        assert told == self.model.of(user)
        self.model.unseen = {one: {} if one[0] == user else new for one, new in self.model.unseen.items()}

    @rule(target=made, user=users, number=numbers)
    def share(self, user: str, number: int) -> Any:
        if not self.model.has(user, number):
            with pytest.raises(NotFound):
                self.people[user].sharing.share(flight_id(number), timedelta(days=1))
            return multiple()
        new = self.people[user].sharing.share(flight_id(number), timedelta(days=1))
        shared = Shared(new.share.share_id, new.token, user, number, self.model.gates[number])
        self.model.shares.append(shared)
        return shared

    @rule(user=users, shared=made)
    def revoke(self, user: str, shared: Shared) -> None:
        sharing = self.people[user].sharing
        if user != shared.sharer:
            with pytest.raises(NotFound):
                sharing.revoke(shared.share_id)
        elif shared.status == "claimed":
            with pytest.raises(ShareOver):
                sharing.revoke(shared.share_id)
        else:
            shared.status = "revoked" if shared.status == "pending" else shared.status
            assert sharing.revoke(shared.share_id).status.value == shared.status

    @rule(user=users, shared=made)
    def claim(self, user: str, shared: Shared) -> None:
        if self.model.claims(user, shared):
            claimed = self.people[user].sharing.claim(shared.token)
            assert (claimed.share_id, claimed.flight["flight_id"]) == (shared.share_id, flight_id(shared.number))
            assert (claimed.flight["departure_gate"] or "") == shared.gate
        else:
            self._is_refused(self.people[user], shared.token)

    @rule(user=users)
    def guess(self, user: str) -> None:
        assert not self.model.claims(user, None)
        self._is_refused(self.people[user], NO_TOKEN)

    @rule(shared=made)
    def expire(self, shared: Shared) -> None:
        self.ground.change(f"UPDATE shares SET expires_at = created_at WHERE share_id = '{shared.share_id}'")
        shared.status = "expired" if shared.status == "pending" else shared.status

    @rule(number=numbers, gate=st.sampled_from(["24", "25"]))
    def update(self, number: int, gate: str) -> None:
        self.moment += timedelta(minutes=1)
        observe(self.ground.service, number, observed_at=self.moment, departure_gate=gate)
        if gate != self.model.gates[number]:
            self.model.gates[number] = gate
            for entry, new in self.model.unseen.items():
                new |= {"departure_gate": None} if entry[1] == number else {}

    @rule(number=numbers)
    def update_too_late(self, number: int) -> None:
        observe(self.ground.service, number, observed_at=START - timedelta(hours=1), departure_gate="99")

    @precondition(lambda self: self.model.failed)
    @rule()
    def an_hour_passes(self) -> None:
        self.ground.change("UPDATE claim_failures SET failed_at = '2026-01-01 00:00:00.000000'")
        self.model.failed.clear()

    @invariant()
    def everybody_s_list_is_the_model_s(self) -> None:
        for user in USERS:
            with self.ground.as_user(user).reading() as session:
                found = {(one.flight.flight_id, one.kind): one.changed for one in lists.of_user(session, user)}
            assert found == self.model.of(user)

    @invariant()
    def the_index_is_equal_to_the_lists(self) -> None:
        with self.ground.admin.reading() as session:
            assert (lists.differences(session), lists.miscounted(session)) == ([], [])
            for number in FLIGHTS:
                watching = sorted(user for user in USERS if self.model.has(user, number))
                assert lists.watchers(session, flight_id(number)) == watching

    @invariant()
    def sharers_see_what_became_of_their_shares(self) -> None:
        for user in USERS:
            with self.ground.as_user(user).reading() as session:
                found = {
                    one.share_id: (one.flight_id, one.status.value)
                    for one in shares.of_sharer(session, user, database_now(session))
                }
            mine = [one for one in self.model.shares if one.sharer == user]
            assert found == {one.share_id: (flight_id(one.number), one.status) for one in mine}

    @staticmethod
    def _is_refused(claimant: Person, token: str) -> None:
        with pytest.raises(TokenRefused) as refused:
            claimant.sharing.claim(token)
        assert refused.value.message == "this token cannot be claimed"


@pytest.fixture
def local(database: Path) -> Iterator[Ground]:
    with closing(LocalFile(database)) as db:
        empty = [f"DELETE FROM {table}" for table in EMPTIED]
        yield Ground(db, db, lambda _: db, lambda sql: change(database, sql), lambda: change(database, *empty))


@pytest.fixture
def remote(swept: Swept) -> Iterator[Ground]:
    opened = {user: Remote(swept.made.url(user)) for user in (SERVICE, ADMIN, *USERS)}

    def empty() -> None:
        swept.emptied().rows("UPDATE sharing_terms SET max_failed_claims = ?", MAX_FAILED)

    yield Ground(opened[SERVICE], opened[ADMIN], opened.__getitem__, swept.made.rows, empty)
    for one in opened.values():
        one.close()


@pytest.mark.parametrize(("place", "runs", "steps"), [("local", 10, 30), ("remote", 4, 25)])
def test_any_order_of_steps_does_what_the_model_does(
    place: str, runs: int, steps: int, request: pytest.FixtureRequest
) -> None:
    ground: Ground = request.getfixturevalue(place)
    moderate = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )

    class There(Machine):
        def __init__(self) -> None:
            super().__init__(ground)

    run_state_machine_as_test(There, settings=moderate)
