"""What a refresh run may spend: never more, whatever fails, and first on what is asked for most."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.renewal import Renewal
from flightctl.errors import BudgetReached
from running import Rows
from services.refreshing import AWAY, FAILED, LIMITED, NO_PAGES, Fault, Runs, body, error, failing
from stale import fill, flights, flights_asked, fresh_in, pages_asked, rows_of
from upstream import Upstream

MONTH_S = 30 * 86_400
FAULTS = [
    FAILED,
    LIMITED,
    AWAY,
    NO_PAGES,
    body("<html>"),
    error(422, "validation_error"),
    error(429, "rate_limit_reached", Retry_After="300"),
    error(401, "invalid_access_key"),
]
HARD = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RUNS = pytest.mark.parametrize("count", [8, pytest.param(20, marks=pytest.mark.slow)])
CALLS = st.integers(0, 14)
TROUBLE = st.lists(st.sampled_from([None, None, *FAULTS]), max_size=12)
SIZES = st.fixed_dictionaries({"NZ": st.integers(1, 8), "QF": st.integers(0, 8)})
Trouble = Sequence[Fault | None]


@pytest.fixture
def runs() -> Runs:
    return Runs()


def begin(upstream: Upstream, database: Path, empty_cache: Path, sizes: dict[str, int], trouble: Trouble) -> None:
    """A new file with so many stale entries, of which upstream knows half, and these faults one after the other."""
    shutil.copy(empty_cache, database)
    due = flights("NZ", sizes["NZ"]) | flights("QF", sizes["QF"])
    fill(database, due)
    upstream.asked.clear()
    upstream.rows = rows_of(dict(list(due.items())[::2]) | flights("NZ", 250, "SYD-MEL", first=5000))
    failing(upstream, {number: fault for number, fault in enumerate(trouble, start=1) if fault})


@RUNS
def test_max_calls_is_never_exceeded(upstream: Upstream, database: Path, empty_cache: Path, count: int) -> None:
    @settings(HARD, max_examples=count)
    @given(max_calls=CALLS, sizes=SIZES, trouble=TROUBLE)
    def holds(max_calls: int, sizes: dict[str, int], trouble: Trouble) -> None:
        begin(upstream, database, empty_cache, sizes, trouble)
        report = Runs()(max_calls=max_calls)
        assert report.upstream_calls == len(upstream.asked) <= max_calls
        assert len(report.renewed) == report.selected == sum(sizes.values())

    holds()


@RUNS
def test_a_run_never_touches_what_the_budget_keeps_for_look_ups(
    upstream: Upstream, database: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("FLIGHTCTL_BUDGET_RESERVE_PERCENT", "25")

    @settings(HARD, max_examples=count)
    @given(cap=CALLS, sizes=SIZES, trouble=TROUBLE)
    def holds(cap: int, sizes: dict[str, int], trouble: Trouble) -> None:
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", str(cap))
        begin(upstream, database, empty_cache, sizes, trouble)
        report = Runs()()
        assert report.upstream_calls == len(upstream.asked) <= cap - -(-cap // 4)
        assert len(report.renewed) == report.selected

    holds()


def asked_for(rows: Rows, flight: str, times: int, seconds_ago: int = 0) -> None:
    """It was looked up so often, so long ago."""
    for _ in range(times):
        rows(
            "INSERT INTO lookup_history (cache_key, asked_at_s, kind) VALUES (?, unixepoch() - ?, 'found')",
            f"flight:{flight}",
            seconds_ago,
        )


def test_where_calls_do_not_suffice_what_is_asked_for_most_comes_first(
    runs: Runs, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 3))
    asked_for(rows, "NZ3", 2)
    asked_for(rows, "NZ2", 1)
    runs(max_calls=2)
    assert flights_asked(upstream) == ["NZ3", "NZ2"]


def test_where_calls_suffice_the_oldest_comes_first(runs: Runs, upstream: Upstream, database: Path, rows: Rows) -> None:
    fill(database, flights("NZ", 3))
    asked_for(rows, "NZ3", 2)
    runs(max_calls=3)
    assert flights_asked(upstream) == ["NZ1", "NZ2", "NZ3"]


@pytest.mark.parametrize(("seconds_ago", "first"), [(MONTH_S - 60, "NZ2"), (MONTH_S + 60, "NZ1")])
def test_look_ups_of_the_last_30_days_count(
    runs: Runs, upstream: Upstream, database: Path, rows: Rows, seconds_ago: int, first: str
) -> None:
    fill(database, flights("NZ", 2))
    asked_for(rows, "NZ2", 5, seconds_ago)
    runs(max_calls=1)
    assert flights_asked(upstream) == [first]


def test_look_ups_older_than_90_days_are_forgotten(runs: Runs, database: Path, rows: Rows) -> None:
    asked_for(rows, "NZ1", 1, 89 * 86_400)
    asked_for(rows, "NZ2", 1, 91 * 86_400)
    runs()
    assert rows("SELECT cache_key FROM lookup_history") == [("flight:NZ1",)]


@pytest.mark.parametrize(("asks", "first"), [(3, "page"), (30, "flight")])
def test_where_calls_do_not_suffice_a_page_is_worth_all_that_it_settles(
    runs: Runs, upstream: Upstream, database: Path, rows: Rows, asks: int, first: str
) -> None:
    fill(database, flights("QF", 1) | flights("NZ", 20))
    asked_for(rows, "QF1", asks)
    upstream.rows = rows_of(flights("QF", 1) | flights("NZ", 20))
    runs(max_calls=1)
    assert ("page" if pages_asked(upstream) else "flight") == first


def test_what_the_budget_leaves_is_spent_on_what_is_asked_for_most(
    runs: Runs, upstream: Upstream, database: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "2")
    monkeypatch.setenv("FLIGHTCTL_BUDGET_RESERVE_PERCENT", "0")
    fill(database, flights("NZ", 3))
    asked_for(rows, "NZ2", 1)
    upstream.rows = rows_of(flights("NZ", 3))
    report = runs()
    assert fresh_in(database) == {"NZ1", "NZ2"}
    assert isinstance(report.stopped_by, BudgetReached)
    assert (report.count(Renewal.UNCHANGED), report.exit_code) == (2, 6)
    assert flights_asked(upstream) == ["NZ2", "NZ1"]
