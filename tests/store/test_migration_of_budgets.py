"""Revision 0004, which added budgets: up, down and up again; what the cache holds stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightctl.store.migrate import downgrade, upgrade
from running import Cached, Rows
from store import engines
from trouble import column, intact

engine = engines.of_files

BUDGET_TABLES = {"budget_cycles", "provider_accounts", "freezes", "lookup_history", "feeds", "feed_pages"}
BUDGET_COLUMNS = {"account", "cause", "units", "cost_micros", "ended_at"}


def tables(database: Path) -> set[object]:
    return set(column(database, "SELECT name FROM sqlite_master WHERE type = 'table'"))


def call_columns(database: Path) -> set[object]:
    return set(column(database, "SELECT name FROM pragma_table_info('upstream_calls')"))


def test_the_fourth_revision_adds_budgets_and_what_a_call_cost_and_why(database: Path) -> None:
    assert tables(database) >= BUDGET_TABLES
    assert call_columns(database) >= BUDGET_COLUMNS


def test_a_downgrade_to_the_third_revision_forgets_budgets_only(database: Path) -> None:
    downgrade(database, "0004")
    before = tables(database)
    downgrade(database, "0003")
    assert tables(database) == before - BUDGET_TABLES
    assert call_columns(database) == {"id", "provider", "cache_key", "called_at", "result"}
    assert intact(database)


@pytest.fixture
def paid(database: Path, cached: Cached, rows: Rows) -> None:
    """An entry, a call, an absence and a counter, as the third revision knows them already."""
    cached("NZ527")
    at = "2026-11-20 10:00:00.000000"
    rows(
        "INSERT INTO upstream_calls VALUES (7, 'aviationstack', 'flight:NZ1', ?, 'ok', 'f1', 'cold', 2, 9, ?, 'bob')",
        *(at, at),
    )
    rows("INSERT INTO absences VALUES ('flight:NZ2', 'aviationstack', ?, ?)", at, at)
    rows("INSERT INTO lookup_counts VALUES ('2026-11-20 10', 'hits', 'local', 3)")


@pytest.mark.usefixtures("paid")
def test_down_from_the_fourth_revision_and_up_again_keeps_entries_calls_and_counters(database: Path) -> None:
    kept = (
        "SELECT cache_key || arrival_iata || refreshed_at || id FROM aviationstack_cache",
        "SELECT id || provider || cache_key || called_at || result FROM upstream_calls",
        "SELECT cache_key || expires_at FROM absences",
        "SELECT hour || bucket || source || n FROM lookup_counts",
        "SELECT seq FROM sqlite_sequence WHERE name = 'upstream_calls'",
    )
    before = [column(database, query) for query in kept]
    downgrade(database, "0003")
    upgrade(database)
    assert [column(database, query) for query in kept] == before
    assert all(before)


@pytest.mark.usefixtures("paid")
def test_a_call_of_before_the_fourth_revision_is_one_unit_of_unknown_cause_and_price(
    database: Path, rows: Rows
) -> None:
    downgrade(database, "0003")
    upgrade(database)
    assert rows("SELECT account, cause, units, cost_micros, ended_at FROM upstream_calls") == [("", "", 1, 0, None)]
