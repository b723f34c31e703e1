"""A list as its watcher sees it: what is new, and what keeps from seeing it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flightctl.domain.caller import Caller, Role, Tier
from flightctl.errors import BadUser
from flightctl.services.watching import Look, Watching
from flightctl.store.file_watch import FileWatch
from flightctl.store.local_engine import LocalFile
from people import FIRST, flight_id, observe, person
from trouble import change, held, make_foreign, spoil_header, truncate

NOW = datetime.combine(FIRST, datetime.min.time(), UTC) - timedelta(days=1)
WAIT_S = 0.05
LOCKED = "is locked by another process"


@pytest.fixture
def db(database: Path) -> Iterator[LocalFile]:
    """Three flights, of which alice tracks two and bob one."""
    with closing(LocalFile(database)) as opened:
        for number in range(3):
            observe(opened, number, observed_at=NOW)
        for user, number in (("alice", 1), ("alice", 0), ("bob", 2)):
            person(opened, user).lists.track(flight_id(number))
        yield opened


@contextmanager
def watching_of(path: Path, user: str = "alice") -> Iterator[Watching]:
    caller = Caller(user, Tier.BASIC, Role.USER, "a test")
    with (
        closing(LocalFile(path, wait_s=WAIT_S)) as opened,
        closing(Watching(opened, FileWatch(path), caller, lambda: NOW)) as watching,
    ):
        yield watching


@pytest.fixture
def watching(db: LocalFile) -> Iterator[Watching]:
    """Alice's, who has looked once."""
    with watching_of(db.path) as opened:
        opened.look()
        yield opened


def update(db: LocalFile, number: int = 0, minutes: int = 1, **more: Any) -> None:
    """News of a flight, so many minutes later."""
    observe(db, number, observed_at=NOW + timedelta(minutes=minutes), **more)


def news(look: Look) -> list[tuple[str, str, str | None]]:
    return [(change.flight_id, change.field, change.new) for change in look.changes]


def gates(look: Look) -> list[str]:
    return [one.flight.departure_gate for one in look.listed]


def flights(look: Look) -> list[str]:
    return [one.flight.flight_id for one in look.listed]


def replace(path: Path, by: Path) -> None:
    """A copy of another file takes its name, as a restored backup does."""
    copy = path.with_name("copy.db")
    shutil.copy(by, copy)
    copy.rename(path)


def test_the_first_look_has_the_list_in_order_and_no_news(db: LocalFile) -> None:
    update(db, 0, departure_gate="7")
    with watching_of(db.path) as watching:
        look = watching.look()
    assert (flights(look), news(look), look.trouble) == ([flight_id(0), flight_id(1)], [], "")


def test_an_update_is_told_once(watching: Watching, db: LocalFile) -> None:
    update(db, departure_gate="24")
    look = watching.look()
    assert (news(look), gates(look)) == ([(flight_id(0), "departure_gate", "24")], ["24", ""])
    again = watching.look()
    assert (news(again), gates(again)) == ([], ["24", ""])


def test_updates_between_two_looks_are_told_in_the_order_of_their_commits(watching: Watching, db: LocalFile) -> None:
    update(db, 1, 1, departure_gate="1")
    update(db, 0, 2, departure_gate="2")
    update(db, 1, 3, departure_gate="3")
    assert [(flight, new) for flight, _, new in news(watching.look())] == [
        (flight_id(1), "1"),
        (flight_id(0), "2"),
        (flight_id(1), "3"),
    ]


def test_updates_of_other_people_s_flights_are_not_told(watching: Watching, db: LocalFile) -> None:
    update(db, 2, departure_gate="24")
    assert news(watching.look()) == []


def test_an_update_that_changes_nothing_is_no_news(watching: Watching, db: LocalFile) -> None:
    update(db)
    assert news(watching.look()) == []


def test_where_nothing_was_committed_the_list_is_not_read_again(watching: Watching, db: LocalFile) -> None:
    first = watching.look()
    assert watching.look().listed is first.listed
    update(db, departure_gate="24")
    assert watching.look().listed is not first.listed


def test_what_joins_and_leaves_the_list_is_seen(watching: Watching, db: LocalFile) -> None:
    alice = person(db, "alice").lists
    alice.track(flight_id(2))
    assert flights(watching.look()) == [flight_id(0), flight_id(1), flight_id(2)]
    alice.untrack(flight_id(0))
    assert flights(watching.look()) == [flight_id(1), flight_id(2)]


def test_to_be_watched_is_not_to_be_seen(watching: Watching, db: LocalFile) -> None:
    """A window that nobody looks at does not take from ``flights`` what is new."""
    update(db, departure_gate="24")
    watching.look()
    assert {one.changed for one in person(db, "alice").lists.listed()} == {("departure_gate",), ()}


def test_a_list_that_is_empty_is_watched_like_any_other(db: LocalFile) -> None:
    with watching_of(db.path, "carol") as watching:
        look = watching.look()
        assert (look.listed, look.changes, look.trouble, look.notice) == ([], [], "", "")
        person(db, "carol").lists.track(flight_id(2))
        assert flights(watching.look()) == [flight_id(2)]


@pytest.mark.parametrize("user", ["", "a b", "é", "x" * 64])
def test_who_cannot_own_a_list_has_none_to_watch(db: LocalFile, user: str) -> None:
    with pytest.raises(BadUser), watching_of(db.path, user):
        pass


def test_a_locked_file_is_told_of_and_the_list_stays_as_it_was(watching: Watching, db: LocalFile) -> None:
    with held(db.path, "BEGIN EXCLUSIVE"):
        looks = [watching.look() for _ in range(2)]
    assert [(flights(look), news(look)) for look in looks] == [([flight_id(0), flight_id(1)], [])] * 2
    assert [look.trouble.endswith(LOCKED) for look in looks] == [True, True]


def test_after_a_lock_all_is_well_again(watching: Watching, db: LocalFile) -> None:
    with held(db.path, "BEGIN EXCLUSIVE"):
        watching.look()
    look = watching.look()
    assert (flights(look), news(look), look.trouble) == ([flight_id(0), flight_id(1)], [], "")


@pytest.mark.parametrize("looks", [1, 3])
def test_what_was_committed_before_and_after_a_lock_is_told_after_it(
    watching: Watching, db: LocalFile, looks: int
) -> None:
    update(db, departure_gate="1")
    with held(db.path, "BEGIN EXCLUSIVE"):
        for _ in range(looks):
            assert news(watching.look()) == []
    update(db, minutes=2, departure_gate="2")
    assert [new for *_, new in news(watching.look())] == ["1", "2"]


def test_a_file_in_its_place_is_shown_and_its_past_is_no_news(
    watching: Watching, db: LocalFile, database: Path, empty_cache: Path
) -> None:
    other = database.with_name("other.db")
    shutil.copy(empty_cache, other)
    with closing(LocalFile(other)) as opened:
        for number, gate in ((1, "8"), (2, "9")):
            observe(opened, number, observed_at=NOW)
            person(opened, "alice").lists.track(flight_id(number))
            update(opened, number, departure_gate=gate)
    other.rename(database)
    look = watching.look()
    assert (flights(look), gates(look), news(look)) == ([flight_id(1), flight_id(2)], ["8", "9"], [])


def test_updates_of_the_file_in_its_place_are_told(watching: Watching, database: Path) -> None:
    replace(database, by=database)
    watching.look()
    with closing(LocalFile(database)) as opened:
        update(opened, departure_gate="24")
    assert news(watching.look()) == [(flight_id(0), "departure_gate", "24")]


def test_an_update_right_after_the_file_was_replaced_is_shown(watching: Watching, database: Path) -> None:
    replace(database, by=database)
    with closing(LocalFile(database)) as opened:
        update(opened, departure_gate="24")
    assert gates(watching.look()) == ["24", ""]


@pytest.mark.parametrize("befall", [spoil_header, truncate, make_foreign])
def test_a_broken_file_is_told_of_and_a_good_one_in_its_place_ends_that(
    watching: Watching, database: Path, befall: Callable[[Path], None]
) -> None:
    good = database.with_name("good.db")
    shutil.copy(database, good)
    befall(database)
    os.utime(database)
    broken = Path(shutil.copy(database, database.with_name("broken.db")))
    replace(database, by=broken)
    looks = [watching.look() for _ in range(2)]
    assert [flights(look) for look in looks] == [[flight_id(0), flight_id(1)]] * 2
    assert all(look.trouble.startswith(str(database)) for look in looks)
    replace(database, by=good)
    look = watching.look()
    assert (flights(look), look.trouble) == ([flight_id(0), flight_id(1)], "")


def test_a_file_that_is_gone_is_told_of_and_not_made(watching: Watching, database: Path) -> None:
    database.unlink()
    looks = [watching.look() for _ in range(2)]
    assert [flights(look) for look in looks] == [[flight_id(0), flight_id(1)]] * 2
    assert not database.exists()
    assert all(look.trouble for look in looks)


def test_a_broken_file_that_goes_is_not_made_again(watching: Watching, database: Path) -> None:
    make_foreign(database)
    assert watching.look().trouble
    database.unlink()
    watching.look()
    assert not database.exists()


def test_a_file_that_has_come_back_is_read_again(watching: Watching, database: Path) -> None:
    aside = database.with_name("aside.db")
    database.rename(aside)
    watching.look()
    with closing(LocalFile(aside)) as opened:
        update(opened, departure_gate="24")
    aside.rename(database)
    look = watching.look()
    assert (gates(look), look.trouble) == (["24", ""], "")


def test_watching_keeps_nobody_from_writing(watching: Watching, database: Path) -> None:
    watching.look()
    with held(database, "PRAGMA busy_timeout = 0", "BEGIN EXCLUSIVE"):
        pass
    change(database, "DELETE FROM user_flights")
    assert flights(watching.look()) == []
