"""The history of look-ups: written beside the counters, counted, read in pages and pruned."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.answer import Bucket, LookupKind
from flightctl.errors import LocalFileError
from flightctl.store import history
from flightctl.store.chunks import AT_ONCE
from flightctl.store.engine import Database
from flightctl.store.hits import open_reader
from running import Rows
from store.engines import locally

NOW = datetime(2026, 11, 20, 10, 0, 0, 900_000, tzinfo=UTC)
NOW_S = 1_795_168_800
HIT = {(Bucket.HITS, "local"): 1}


def write(rows: Rows, *asked: tuple[str, int]) -> None:
    for key, asked_at_s in asked:
        rows("INSERT INTO lookup_history (cache_key, asked_at_s, kind) VALUES (?, ?, 'found')", key, asked_at_s)


def counted(db: Database, keys: list[str], since_s: int = 0) -> dict[str, int]:
    with db.reading() as session:
        return history.asks(session, keys, since_s)


@locally
def test_the_reader_of_hits_writes_look_ups_with_the_second_they_were_made(database: Path, rows: Rows) -> None:
    reader = open_reader(database)
    reader.count(HIT, NOW, [("flight:NZ527", "found"), ("flight:NZ1", "absent"), ("flight:NZ527", "found")])
    reader.close()
    assert rows("SELECT cache_key, asked_at_s, kind FROM lookup_history ORDER BY id") == [
        ("flight:NZ527", NOW_S, "found"),
        ("flight:NZ1", NOW_S, "absent"),
        ("flight:NZ527", NOW_S, "found"),
    ]


@locally
def test_counters_and_history_are_written_together_or_not_at_all(database: Path, rows: Rows) -> None:
    rows("CREATE TRIGGER full BEFORE INSERT ON lookup_history BEGIN SELECT RAISE(ABORT, 'full'); END")
    reader = open_reader(database)
    with pytest.raises((LocalFileError, sqlite3.Error)):
        reader.count(HIT, NOW, [("flight:NZ527", "found")])
    reader.close()
    assert rows("SELECT count(*) FROM lookup_counts") == [(0,)]


def test_asks_are_counted_by_key(db: Database, rows: Rows) -> None:
    write(rows, ("flight:NZ1", 10), ("flight:NZ2", 10), ("flight:NZ1", 20), ("flight:NZ3", 20))
    assert counted(db, ["flight:NZ1", "flight:NZ2", "flight:NZ4"]) == {"flight:NZ1": 2, "flight:NZ2": 1}


def test_asks_before_the_given_second_do_not_count(db: Database, rows: Rows) -> None:
    write(rows, ("flight:NZ1", 9), ("flight:NZ1", 10), ("flight:NZ2", 9))
    assert counted(db, ["flight:NZ1", "flight:NZ2"], since_s=10) == {"flight:NZ1": 1}


def test_asks_of_nothing_are_none(db: Database) -> None:
    assert counted(db, []) == {}


def test_more_keys_than_one_statement_holds_are_all_counted(db: Database, rows: Rows) -> None:
    keys = [f"flight:NZ{n}" for n in range(1, 2 * AT_ONCE + 2)]
    many = ", ".join(f"('{key}', {NOW_S}, 'found')" for key in keys)
    rows(f"INSERT INTO lookup_history (cache_key, asked_at_s, kind) VALUES {many}")
    assert counted(db, keys, NOW_S) == dict.fromkeys(keys, 1)


def test_a_wildcard_in_a_key_is_no_wildcard(db: Database, rows: Rows) -> None:
    write(rows, ("flight:NZ1", 1))
    assert counted(db, ["flight:NZ%", "flight:NZ_"]) == {}


@pytest.mark.parametrize(("before_s", "left"), [(0, 3), (10, 3), (11, 2), (20, 2), (21, 0)])
def test_pruning_forgets_what_is_older(db: Database, rows: Rows, before_s: int, left: int) -> None:
    write(rows, ("flight:NZ1", 10), ("flight:NZ1", 20), ("flight:NZ2", 20))
    with db.writing() as session:
        history.prune(session, before_s)
    assert rows("SELECT count(*) FROM lookup_history") == [(left,)]


def test_a_page_goes_on_behind_the_one_before(db: Database, rows: Rows) -> None:
    write(rows, ("flight:NZ3", 30), ("flight:NZ2", 20), ("flight:NZ1", 10))
    with db.reading() as session:
        first = history.page(session, 0, 2)
        rest = history.page(session, first[-1].id, 2)
    assert [(ask.cache_key, ask.asked_at_s, ask.kind) for ask in (*first, *rest)] == [
        ("flight:NZ3", 30, LookupKind.FOUND),
        ("flight:NZ2", 20, LookupKind.FOUND),
        ("flight:NZ1", 10, LookupKind.FOUND),
    ]


ASKED = st.lists(st.tuples(st.sampled_from(["flight:NZ1", "flight:NZ2"]), st.integers(0, 5)), max_size=8)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED, since_s=st.integers(0, 6))
def test_what_is_pruned_did_not_count_since_then(
    db: Database, rows: Rows, asked: list[tuple[str, int]], since_s: int
) -> None:
    rows("DELETE FROM lookup_history")
    write(rows, *asked)
    before = counted(db, ["flight:NZ1", "flight:NZ2"], since_s)
    with db.writing() as session:
        history.prune(session, since_s)
    assert counted(db, ["flight:NZ1", "flight:NZ2"]) == before
