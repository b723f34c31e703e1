"""Lists in the file: the reverse index is equal to them at any moment, and they know what changed unseen."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from domain.sightings import LATER
from flightctl.domain.listing import Kind
from flightctl.store import claims, flights, lists, shares
from flightctl.store.engine import Database, Transaction
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from people import flight_id, observe, unequal, watching
from postgres import ADMIN, BASIC, OTHER, STAFF, SUBSCRIBER
from running import Rows
from store.engines import AsUser, locally, remotely

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
OWNED, SHARED = Kind
ALICE, BOB, CAROL = USERS = (BASIC, OTHER, SUBSCRIBER)
HOUR = timedelta(hours=1)
TABLES = ("user_flights", "flight_watchers", "flight_watcher_counts")


@pytest.fixture
def flown(db: Database) -> Database:
    """A file with three flights."""
    for number in range(3):
        observe(db, number, observed_at=NOW)
    return db


@pytest.fixture(scope="module")
def shared_file(empty_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same for all examples of a property, which leave no list behind."""
    path = tmp_path_factory.mktemp("lists") / "cache.db"
    shutil.copy(empty_cache, path)
    with closing(LocalFile(path)) as opened:
        for number in range(3):
            observe(opened, number, observed_at=NOW)
        yield opened


def add(as_user: AsUser, user: str, number: int = 0, kind: Kind = OWNED) -> bool:
    theirs = as_user(user)
    if kind is SHARED and isinstance(theirs, Remote):
        return claim(as_user, user, flight_id(number))
    with theirs.writing() as session:
        return lists.add(session, user, flight_id(number), kind, NOW)


def claim(as_user: AsUser, user: str, shared: str) -> bool:
    """In a remote what is shared comes with its claim only; who shared it lists it no more."""
    token = uuid4().hex * 2
    with as_user(STAFF).writing() as session:
        lists.add(session, STAFF, shared, OWNED, NOW)
        shares.add(session, STAFF, shared, token, {"flight_id": shared}, NOW, HOUR)
        lists.remove(session, STAFF, shared)
    with as_user(user).writing() as session:
        return claims.attempt(session, user, token, 1) is not None


def remove(as_user: AsUser, user: str, number: int = 0, kind: Kind | None = None) -> int:
    with as_user(user).writing() as session:
        return lists.remove(session, user, flight_id(number), kind)


def of_user(as_user: AsUser, user: str) -> list[tuple[str, Kind]]:
    with as_user(user).reading() as session:
        return sorted(((one.flight.flight_id, one.kind) for one in lists.of_user(session, user)), key=str)


def changed(as_user: AsUser, user: str) -> dict[Kind, tuple[str, ...]]:
    with as_user(user).reading() as session:
        return {one.kind: one.changed for one in lists.of_user(session, user)}


def seen(as_user: AsUser, user: str) -> None:
    with as_user(user).writing() as session:
        lists.mark_seen(session, user)


# The index


@pytest.mark.usefixtures("flown")
def test_a_flight_that_is_owned_and_shared_is_two_entries_and_one_watcher(db: Database, as_user: AsUser) -> None:
    assert (add(as_user, ALICE), add(as_user, ALICE, kind=SHARED)) == (True, True)
    assert of_user(as_user, ALICE) == [(flight_id(), OWNED), (flight_id(), SHARED)]
    assert watching(db) == [ALICE]
    assert unequal(as_user(ADMIN)) == []


@pytest.mark.usefixtures("flown")
def test_the_watcher_goes_with_the_last_of_the_entries(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE)
    add(as_user, ALICE, kind=SHARED)
    assert (remove(as_user, ALICE, kind=OWNED), watching(db)) == (1, [ALICE])
    assert (remove(as_user, ALICE, kind=OWNED), watching(db)) == (0, [ALICE])
    assert (remove(as_user, ALICE, kind=SHARED), watching(db)) == (1, [])


@pytest.mark.usefixtures("flown")
def test_both_entries_go_at_once(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE)
    add(as_user, ALICE, kind=SHARED)
    assert (remove(as_user, ALICE), watching(db), of_user(as_user, ALICE)) == (2, [], [])


@pytest.mark.usefixtures("flown")
def test_the_same_entry_again_is_no_other_entry_and_keeps_its_date(as_user: AsUser, rows: Rows) -> None:
    add(as_user, ALICE)
    before = rows("SELECT added_at FROM user_flights")
    with as_user(ALICE).writing() as session:
        assert not lists.add(session, ALICE, flight_id(), OWNED, NOW + HOUR)
    assert rows("SELECT added_at FROM user_flights") == before


@pytest.mark.usefixtures("flown")
@locally
def test_an_entry_has_the_date_it_was_made_at(as_user: AsUser, rows: Rows) -> None:
    add(as_user, ALICE)
    assert rows("SELECT added_at FROM user_flights") == [("2026-12-01 03:00:00.000000",)]


@pytest.mark.usefixtures("flown")
@remotely
def test_the_date_of_an_entry_is_the_remote_s_own(as_user: AsUser) -> None:
    add(as_user, ALICE)
    with as_user(ALICE).reading() as session:
        [entry] = lists.of_user(session, ALICE)
    assert abs(datetime.now(UTC) - entry.added_at) < HOUR


@pytest.mark.usefixtures("flown")
def test_watchers_stand_in_the_order_of_their_names_and_are_counted(db: Database, as_user: AsUser) -> None:
    for user, number in ((CAROL, 0), (ALICE, 0), (BOB, 1), (BOB, 0)):
        add(as_user, user, number)
    remove(as_user, CAROL)
    assert [watching(db, number) for number in range(3)] == [[ALICE, BOB], [BOB], []]
    with db.reading() as session:
        counts = lists.watcher_counts(session, [flight_id(number) for number in range(3)])
    assert counts == {flight_id(0): 2, flight_id(1): 1}


@pytest.mark.usefixtures("flown")
def test_nobody_counts_no_flights_and_many_flights_are_counted_at_once(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE, 2)
    with db.reading() as session:
        assert lists.watcher_counts(session, []) == {}
        assert lists.watcher_counts(session, [flight_id(n) for n in range(2500)]) == {flight_id(2): 1}


@pytest.mark.usefixtures("flown")
def test_what_is_undone_leaves_neither_entry_nor_watcher(db: Database, as_user: AsUser) -> None:
    with pytest.raises(ZeroDivisionError), as_user(ALICE).writing() as session:  # noqa: PT012 - within the transaction
        lists.add(session, ALICE, flight_id(), OWNED, NOW)
        raise ZeroDivisionError
    assert (of_user(as_user, ALICE), watching(db), unequal(as_user(ADMIN))) == ([], [], [])


steps = st.tuples(
    st.sampled_from(["add", "remove"]),
    st.sampled_from(USERS),
    st.integers(0, 2),
    st.sampled_from([OWNED, SHARED, None]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=15))
def test_index_and_counts_equal_the_lists_after_every_step(
    shared_file: Database, steps: list[tuple[str, str, int, Kind | None]]
) -> None:
    model: set[tuple[str, int, Kind]] = set()
    with pytest.raises(ZeroDivisionError), shared_file.writing() as session:  # noqa: PT012 - undone in the end
        for step in steps:
            _take(session, model, *step)
            assert (lists.differences(session), lists.miscounted(session)) == ([], [])
            _compare(session, model)
        raise ZeroDivisionError


def _take(
    session: Transaction, model: set[tuple[str, int, Kind]], what: str, user: str, number: int, kind: Kind | None
) -> None:
    if what == "remove":
        gone = {one for one in model if one[:2] == (user, number) and kind in (None, one[2])}
        assert lists.remove(session, user, flight_id(number), kind) == len(gone)
        model -= gone
    else:
        entry = (user, number, kind or OWNED)
        assert lists.add(session, user, flight_id(number), entry[2], NOW) == (entry not in model)
        model.add(entry)


def _compare(session: Transaction, model: set[tuple[str, int, Kind]]) -> None:
    listed = {(u, one.flight.flight_id, one.kind) for u in USERS for one in lists.of_user(session, u)}
    assert listed == {(user, flight_id(number), kind) for user, number, kind in model}
    users = {number: {user for user, n, _ in model if n == number} for number in range(3)}
    assert {n: set(lists.watchers(session, flight_id(n))) for n in range(3)} == users
    counts = Counter(lists.watcher_counts(session, [flight_id(n) for n in range(3)]))
    assert {n: counts[flight_id(n)] for n in range(3)} == {n: len(users[n]) for n in range(3)}


@pytest.mark.usefixtures("flown")
@pytest.mark.parametrize(
    ("spoilt", "found"),
    [
        ("DELETE FROM flight_watchers", [(flight_id(), ALICE), flight_id()]),
        ("DELETE FROM user_flights", [(flight_id(), ALICE)]),
        (f"UPDATE flight_watchers SET user_id = '{BOB}'", [(flight_id(), ALICE), (flight_id(), BOB)]),
        ("UPDATE flight_watcher_counts SET users = 2", [flight_id()]),
        ("DELETE FROM flight_watcher_counts", [flight_id()]),
    ],
)
def test_the_check_finds_whatever_differs(as_user: AsUser, rows: Rows, spoilt: str, found: list[object]) -> None:
    add(as_user, ALICE)
    rows(spoilt)
    assert unequal(as_user(ADMIN)) == found


@pytest.mark.usefixtures("flown")
@locally
def test_the_watchers_of_a_flight_are_one_read_of_the_index(rows: Rows) -> None:
    [(*_, plan)] = rows("EXPLAIN QUERY PLAN SELECT user_id FROM flight_watchers WHERE flight_id = 'x' ORDER BY user_id")
    assert plan == "SEARCH flight_watchers USING PRIMARY KEY (flight_id=?)"


# Flights and their lists


@pytest.mark.usefixtures("flown")
@remotely
def test_a_flight_that_a_remote_has_not_is_not_listed(as_user: AsUser) -> None:
    assert not add(as_user, ALICE, 9)
    assert (of_user(as_user, ALICE), unequal(as_user(ADMIN))) == ([], [])


@pytest.mark.usefixtures("flown")
@locally
def test_a_flight_that_is_not_stored_cannot_be_listed(as_user: AsUser) -> None:
    with pytest.raises(IntegrityError):
        add(as_user, ALICE, 9)
    assert unequal(as_user(ADMIN)) == []


@pytest.mark.usefixtures("flown")
@pytest.mark.parametrize("kind", [OWNED, SHARED])
def test_a_flight_is_not_deleted_while_anybody_lists_it(db: Database, as_user: AsUser, kind: Kind) -> None:
    add(as_user, ALICE, kind=kind)
    with pytest.raises(IntegrityError), db.writing() as session:
        flights.remove(session, flight_id())
    assert of_user(as_user, ALICE) == [(flight_id(), kind)]


@pytest.mark.usefixtures("flown")
def test_users_see_their_own_lists_only(as_user: AsUser) -> None:
    add(as_user, ALICE, 0)
    add(as_user, BOB, 1)
    assert (of_user(as_user, ALICE), of_user(as_user, CAROL)) == ([(flight_id(0), OWNED)], [])


@pytest.mark.usefixtures("flown")
def test_one_flight_of_a_list_can_be_read_alone(as_user: AsUser) -> None:
    for number in range(2):
        add(as_user, ALICE, number)
    with as_user(ALICE).reading() as session:
        assert [one.flight.flight_id for one in lists.of_user(session, ALICE, flight_id(1))] == [flight_id(1)]
        assert lists.of_user(session, ALICE, flight_id(2)) == []


@locally
def test_two_users_of_different_case_are_two(flown: Database, as_user: AsUser) -> None:
    add(as_user, "alice")
    add(as_user, "Alice")
    assert watching(flown) == ["Alice", "alice"]


def test_the_order_of_watchers_is_that_of_their_letters_and_no_language_s(flown: Database, rows: Rows) -> None:
    for user in ("b", "a-c", "A", "ab", "a", "B", "a_d"):
        rows("INSERT INTO flight_watchers (flight_id, user_id) VALUES (?, ?)", flight_id(), user)
    assert watching(flown) == ["A", "B", "a", "a-c", "a_d", "ab", "b"]


# What changed


@pytest.mark.usefixtures("flown")
def test_what_changed_before_a_flight_was_listed_is_no_news(as_user: AsUser) -> None:
    add(as_user, ALICE)
    assert changed(as_user, ALICE) == {OWNED: ()}


@pytest.mark.usefixtures("flown")
def test_every_field_that_changed_since_is_named_once_in_the_order_of_its_change(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE)
    for hours, gate, terminal in ((1, "24", ""), (2, "25", "1"), (3, "26", "1")):
        observe(db, observed_at=NOW + hours * HOUR, departure_gate=gate, departure_terminal=terminal)
    observe(db, 1, observed_at=LATER, departure_gate="99")
    assert changed(as_user, ALICE) == {OWNED: ("departure_gate", "departure_terminal")}


@pytest.mark.usefixtures("flown")
def test_what_one_user_has_seen_is_still_new_to_another(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE)
    add(as_user, BOB)
    observe(db, observed_at=LATER, departure_gate="24")
    seen(as_user, ALICE)
    assert (changed(as_user, ALICE), changed(as_user, BOB)) == ({OWNED: ()}, {OWNED: ("departure_gate",)})
    observe(db, observed_at=LATER + HOUR, arrival_gate="7")
    assert changed(as_user, ALICE) == {OWNED: ("arrival_gate",)}
    assert changed(as_user, BOB) == {OWNED: ("departure_gate", "arrival_gate")}


@pytest.mark.usefixtures("flown")
def test_each_entry_knows_what_changed_since_it_was_made(db: Database, as_user: AsUser) -> None:
    add(as_user, ALICE)
    observe(db, observed_at=LATER, departure_gate="24")
    add(as_user, ALICE, kind=SHARED)
    observe(db, observed_at=LATER + HOUR, arrival_gate="7")
    assert changed(as_user, ALICE) == {OWNED: ("departure_gate", "arrival_gate"), SHARED: ("arrival_gate",)}


@pytest.mark.usefixtures("flown")
def test_an_update_of_a_flight_writes_nothing_into_lists(db: Database, as_user: AsUser, rows: Rows) -> None:
    add(as_user, ALICE)
    before = [rows(f"SELECT * FROM {table}") for table in TABLES]
    observe(db, observed_at=LATER, departure_gate="24")
    assert [rows(f"SELECT * FROM {table}") for table in TABLES] == before
