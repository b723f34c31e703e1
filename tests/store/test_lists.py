"""Lists in the file: the reverse index is equal to them at any moment, and they know what changed unseen."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from domain.sightings import LATER
from flightctl.domain.listing import Kind
from flightctl.store import flights, lists
from flightctl.store.engine import Database, Transaction
from people import flight_id, observe, unequal, watching
from running import Rows

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
OWNED, SHARED = Kind
USERS = ("alice", "bob", "carol")
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
    with closing(Database(path)) as opened:
        for number in range(3):
            observe(opened, number, observed_at=NOW)
        yield opened


def add(db: Database, user: str, number: int = 0, kind: Kind = OWNED) -> bool:
    with db.writing() as session:
        return lists.add(session, user, flight_id(number), kind, NOW)


def remove(db: Database, user: str, number: int = 0, kind: Kind | None = None) -> int:
    with db.writing() as session:
        return lists.remove(session, user, flight_id(number), kind)


def of_user(db: Database, user: str) -> list[tuple[str, Kind]]:
    with db.reading() as session:
        return sorted(((one.flight.flight_id, one.kind) for one in lists.of_user(session, user)), key=str)


def changed(db: Database, user: str) -> dict[Kind, tuple[str, ...]]:
    with db.reading() as session:
        return {one.kind: one.changed for one in lists.of_user(session, user)}


def seen(db: Database, user: str) -> None:
    with db.writing() as session:
        lists.mark_seen(session, user)


# The index


@pytest.mark.usefixtures("flown")
def test_a_flight_that_is_owned_and_shared_is_two_entries_and_one_watcher(db: Database) -> None:
    assert (add(db, "alice"), add(db, "alice", kind=SHARED)) == (True, True)
    assert of_user(db, "alice") == [(flight_id(), OWNED), (flight_id(), SHARED)]
    assert watching(db) == ["alice"]
    assert unequal(db) == []


@pytest.mark.usefixtures("flown")
def test_the_watcher_goes_with_the_last_of_the_entries(db: Database) -> None:
    add(db, "alice")
    add(db, "alice", kind=SHARED)
    assert (remove(db, "alice", kind=OWNED), watching(db)) == (1, ["alice"])
    assert (remove(db, "alice", kind=OWNED), watching(db)) == (0, ["alice"])
    assert (remove(db, "alice", kind=SHARED), watching(db)) == (1, [])


@pytest.mark.usefixtures("flown")
def test_both_entries_go_at_once(db: Database) -> None:
    add(db, "alice")
    add(db, "alice", kind=SHARED)
    assert (remove(db, "alice"), watching(db), of_user(db, "alice")) == (2, [], [])


@pytest.mark.usefixtures("flown")
def test_the_same_entry_again_is_no_other_entry_and_keeps_its_date(db: Database, rows: Rows) -> None:
    add(db, "alice")
    with db.writing() as session:
        assert not lists.add(session, "alice", flight_id(), OWNED, NOW + HOUR)
    assert rows("SELECT added_at FROM user_flights") == [("2026-12-01 03:00:00.000000",)]


@pytest.mark.usefixtures("flown")
def test_watchers_stand_in_the_order_of_their_names_and_are_counted(db: Database) -> None:
    for user, number in (("carol", 0), ("alice", 0), ("bob", 1), ("bob", 0)):
        add(db, user, number)
    remove(db, "carol")
    assert [watching(db, number) for number in range(3)] == [["alice", "bob"], ["bob"], []]
    with db.reading() as session:
        counts = lists.watcher_counts(session, [flight_id(number) for number in range(3)])
    assert counts == {flight_id(0): 2, flight_id(1): 1}


@pytest.mark.usefixtures("flown")
def test_nobody_counts_no_flights_and_many_flights_are_counted_at_once(db: Database) -> None:
    add(db, "alice", 2)
    with db.reading() as session:
        assert lists.watcher_counts(session, []) == {}
        assert lists.watcher_counts(session, [flight_id(n) for n in range(2500)]) == {flight_id(2): 1}


@pytest.mark.usefixtures("flown")
def test_what_is_undone_leaves_neither_entry_nor_watcher(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as session:  # noqa: PT012 - all within the transaction
        lists.add(session, "alice", flight_id(), OWNED, NOW)
        raise ZeroDivisionError
    assert (of_user(db, "alice"), watching(db), unequal(db)) == ([], [], [])


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
        ("DELETE FROM flight_watchers", [(flight_id(), "alice"), flight_id()]),
        ("DELETE FROM user_flights", [(flight_id(), "alice")]),
        ("UPDATE flight_watchers SET user_id = 'bob'", [(flight_id(), "alice"), (flight_id(), "bob")]),
        ("UPDATE flight_watcher_counts SET users = 2", [flight_id()]),
        ("DELETE FROM flight_watcher_counts", [flight_id()]),
    ],
)
def test_the_check_finds_whatever_differs(db: Database, rows: Rows, spoilt: str, found: list[object]) -> None:
    add(db, "alice")
    rows(spoilt)
    assert unequal(db) == found


@pytest.mark.usefixtures("flown")
def test_the_watchers_of_a_flight_are_one_read_of_the_index(rows: Rows) -> None:
    [(*_, plan)] = rows("EXPLAIN QUERY PLAN SELECT user_id FROM flight_watchers WHERE flight_id = 'x' ORDER BY user_id")
    assert plan == "SEARCH flight_watchers USING PRIMARY KEY (flight_id=?)"


# Flights and their lists


@pytest.mark.usefixtures("flown")
def test_a_flight_that_is_not_stored_cannot_be_listed(db: Database) -> None:
    with pytest.raises(IntegrityError):
        add(db, "alice", 9)
    assert unequal(db) == []


@pytest.mark.usefixtures("flown")
@pytest.mark.parametrize("kind", [OWNED, SHARED])
def test_a_flight_is_not_deleted_while_anybody_lists_it(db: Database, kind: Kind) -> None:
    add(db, "alice", kind=kind)
    with pytest.raises(IntegrityError), db.writing() as session:
        flights.remove(session, flight_id())
    assert of_user(db, "alice") == [(flight_id(), kind)]


@pytest.mark.usefixtures("flown")
def test_users_see_their_own_lists_only(db: Database) -> None:
    add(db, "alice", 0)
    add(db, "bob", 1)
    assert (of_user(db, "alice"), of_user(db, "carol")) == ([(flight_id(0), OWNED)], [])


@pytest.mark.usefixtures("flown")
def test_one_flight_of_a_list_can_be_read_alone(db: Database) -> None:
    for number in range(2):
        add(db, "alice", number)
    with db.reading() as session:
        assert [one.flight.flight_id for one in lists.of_user(session, "alice", flight_id(1))] == [flight_id(1)]
        assert lists.of_user(session, "alice", flight_id(2)) == []


def test_two_users_of_different_case_are_two(flown: Database) -> None:
    add(flown, "alice")
    add(flown, "Alice")
    assert watching(flown) == ["Alice", "alice"]


# What changed


@pytest.mark.usefixtures("flown")
def test_what_changed_before_a_flight_was_listed_is_no_news(db: Database) -> None:
    add(db, "alice")
    assert changed(db, "alice") == {OWNED: ()}


@pytest.mark.usefixtures("flown")
def test_every_field_that_changed_since_is_named_once_in_the_order_of_its_change(db: Database) -> None:
    add(db, "alice")
    for hours, gate, terminal in ((1, "24", ""), (2, "25", "1"), (3, "26", "1")):
        observe(db, observed_at=NOW + hours * HOUR, departure_gate=gate, departure_terminal=terminal)
    observe(db, 1, observed_at=LATER, departure_gate="99")
    assert changed(db, "alice") == {OWNED: ("departure_gate", "departure_terminal")}


@pytest.mark.usefixtures("flown")
def test_what_one_user_has_seen_is_still_new_to_another(db: Database) -> None:
    add(db, "alice")
    add(db, "bob")
    observe(db, observed_at=LATER, departure_gate="24")
    seen(db, "alice")
    assert (changed(db, "alice"), changed(db, "bob")) == ({OWNED: ()}, {OWNED: ("departure_gate",)})
    observe(db, observed_at=LATER + HOUR, arrival_gate="7")
    assert changed(db, "alice") == {OWNED: ("arrival_gate",)}
    assert changed(db, "bob") == {OWNED: ("departure_gate", "arrival_gate")}


@pytest.mark.usefixtures("flown")
def test_each_entry_knows_what_changed_since_it_was_made(db: Database) -> None:
    add(db, "alice")
    observe(db, observed_at=LATER, departure_gate="24")
    add(db, "alice", kind=SHARED)
    observe(db, observed_at=LATER + HOUR, arrival_gate="7")
    assert changed(db, "alice") == {OWNED: ("departure_gate", "arrival_gate"), SHARED: ("arrival_gate",)}


@pytest.mark.usefixtures("flown")
def test_an_update_of_a_flight_writes_nothing_into_lists(db: Database, rows: Rows) -> None:
    add(db, "alice")
    before = [rows(f"SELECT * FROM {table}") for table in TABLES]
    observe(db, observed_at=LATER, departure_gate="24")
    assert [rows(f"SELECT * FROM {table}") for table in TABLES] == before
