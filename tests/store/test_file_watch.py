"""Noticing that the local file has changed, without a transaction and whatever befalls the file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.store.file_watch import FileWatch
from trouble import change, held, make_foreign, spoil_header, truncate

COMMIT = "INSERT INTO leases (key, holder, fence, expires_at) VALUES (hex(randomblob(8)), 'x', 1, '2026-01-01')"


@pytest.fixture
def watch(database: Path) -> Iterator[FileWatch]:
    """A watch that has looked once."""
    with closing(FileWatch(database)) as opened:
        assert opened.has_changed()
        yield opened


@contextmanager
def locked(path: Path, *statements: str, commit: bool) -> Iterator[None]:
    """Somebody writes, and nobody can read meanwhile; committed in the end, or undone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        for statement in statements:
            connection.execute(statement)
        yield
        connection.execute("COMMIT" if commit else "ROLLBACK")


def replace(path: Path) -> None:
    """Another file of the same content takes its name."""
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.rename(path)


def open_files(path: Path) -> int:
    """How often this process has the file open, under whatever name it has now."""
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - names suffice
    return sum(str(link.readlink()).split(" (deleted)")[0] == str(path) for link in links if link.is_symlink())


def test_the_first_look_finds_something_and_the_next_ones_nothing(database: Path) -> None:
    with closing(FileWatch(database)) as watch:
        assert [watch.has_changed() for _ in range(4)] == [True, False, False, False]


def test_a_commit_of_somebody_else_is_noticed_once(watch: FileWatch, database: Path) -> None:
    for _ in range(3):
        change(database, COMMIT)
        assert [watch.has_changed() for _ in range(3)] == [True, False, False]


def test_several_commits_between_two_looks_are_one_change(watch: FileWatch, database: Path) -> None:
    for _ in range(3):
        change(database, COMMIT)
    assert [watch.has_changed() for _ in range(2)] == [True, False]


def test_what_was_undone_is_no_change(watch: FileWatch, database: Path) -> None:
    with locked(database, COMMIT, commit=False):
        pass
    assert not watch.has_changed()


def test_what_is_not_yet_committed_is_no_change(watch: FileWatch, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(COMMIT)
        assert not watch.has_changed()
        writer.execute("COMMIT")
        assert watch.has_changed()


@pytest.mark.parametrize("looks", [0, 1, 5])
def test_a_commit_is_noticed_although_the_file_was_locked_at_a_look(
    watch: FileWatch, database: Path, looks: int
) -> None:
    with locked(database, COMMIT, commit=True):
        for _ in range(looks):
            watch.has_changed()
    assert [watch.has_changed() for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("before", [1, 2, 3])
def test_so_is_one_after_any_number_of_others(watch: FileWatch, database: Path, before: int) -> None:
    for _ in range(before):
        change(database, COMMIT)
        assert watch.has_changed()
    with locked(database, COMMIT, commit=True):
        watch.has_changed()
    assert watch.has_changed()


def test_a_look_fails_for_no_lock_and_waits_for_none(watch: FileWatch, database: Path) -> None:
    with held(database, "BEGIN EXCLUSIVE"):
        watch.has_changed()


def test_a_look_keeps_nobody_from_writing(watch: FileWatch, database: Path) -> None:
    watch.has_changed()
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")


def test_a_file_in_its_place_is_noticed_though_it_has_the_same_content(watch: FileWatch, database: Path) -> None:
    before = watch.file
    replace(database)
    assert [watch.has_changed() for _ in range(3)] == [True, False, False]
    assert watch.file != before


def test_a_commit_to_the_file_in_its_place_is_noticed(watch: FileWatch, database: Path) -> None:
    replace(database)
    watch.has_changed()
    change(database, COMMIT)
    assert [watch.has_changed() for _ in range(2)] == [True, False]


def test_a_file_that_was_replaced_is_let_go_of(watch: FileWatch, database: Path) -> None:
    for _ in range(5):
        replace(database)
        watch.has_changed()
    assert open_files(database) == 1


def test_a_file_that_is_gone_is_no_failure_and_is_not_made(watch: FileWatch, database: Path) -> None:
    database.unlink()
    watch.has_changed()
    assert (watch.file, database.exists()) == (0, False)


def test_a_file_that_has_come_back_is_noticed(watch: FileWatch, database: Path) -> None:
    aside = database.with_name("aside.db")
    database.rename(aside)
    watch.has_changed()
    aside.rename(database)
    assert watch.has_changed()


def test_where_there_is_no_file_yet_one_is_noticed_as_it_comes(home: Path, empty_cache: Path) -> None:
    path = home / "later.db"
    with closing(FileWatch(path)) as watch:
        watch.has_changed()
        assert not path.exists()
        shutil.copy(empty_cache, path)
        assert watch.has_changed()


@pytest.mark.parametrize("befall", [spoil_header, truncate, make_foreign])
def test_a_broken_file_is_no_failure_and_what_comes_in_its_place_is_noticed(
    watch: FileWatch, database: Path, empty_cache: Path, befall: Callable[[Path], None]
) -> None:
    befall(database)
    watch.has_changed()
    good = database.with_name("good.db")
    shutil.copy(empty_cache, good)
    good.rename(database)
    assert watch.has_changed()


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "#1.db", "%41.db", "é.db", "mode=rw&x.db"])
def test_a_path_may_have_any_characters(home: Path, empty_cache: Path, name: str) -> None:
    path = home / name
    shutil.copy(empty_cache, path)
    with closing(FileWatch(path)) as watch:
        assert [watch.has_changed() for _ in range(2)] == [True, False]
        change(path, COMMIT)
        assert watch.has_changed()


def test_closing_lets_go_of_the_file(database: Path) -> None:
    watch = FileWatch(database)
    watch.has_changed()
    assert open_files(database) == 1
    watch.close()
    watch.close()
    assert open_files(database) == 0


STEPS = st.lists(st.sampled_from(["commit", "look", "look while it is written", "undo", "replace"]), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_commit_is_ever_missed(database: Path, steps: list[str]) -> None:
    with closing(FileWatch(database)) as watch:
        watch.has_changed()
        is_new = False
        for step in steps:
            if step == "look":
                found, is_new, expected = watch.has_changed(), False, is_new
                assert found or not expected
            else:
                _befall(watch, database, step)
                is_new = is_new or step != "undo"
        assert watch.has_changed() or not is_new


def _befall(watch: FileWatch, database: Path, step: str) -> None:
    if step == "commit":
        change(database, COMMIT)
    elif step == "replace":
        replace(database)
    else:
        with locked(database, COMMIT, commit=step != "undo"):
            watch.has_changed()
