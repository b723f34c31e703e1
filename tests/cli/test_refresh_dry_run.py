"""``refresh-stale --dry-run``: what a run would ask for, and the price."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import Flightctl, Rows
from services.refreshing import NO_PAGES, Runs, failing
from stale import fill, flights, rows_of
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def many(upstream: Upstream, database: Path) -> Upstream:
    """250 stale entries of NZ and two of QF."""
    due = flights("NZ", 250) | flights("QF", 2)
    fill(database, due)
    upstream.rows = rows_of(due)
    return upstream


def test_the_plan_says_what_would_be_asked_for_and_its_price(
    flightctl: Flightctl, many: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known: ten rows are expected for every entry."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", "0.015")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_CURRENCY", "EUR")
    done = flightctl("refresh-stale", "--dry-run", "--json")
    assert done.json["plan"] == {
        "upstream_calls": 27,
        "price": "0.405 EUR",
        "asks": [
            {"airline": "NZ", "entries": 250, "pages": 25, "lookups": 0},
            {"airline": "QF", "entries": 2, "pages": 0, "lookups": 2},
        ],
    }
    assert many.asked == []


def test_the_plan_of_a_known_feed_is_what_the_run_does(flightctl: Flightctl, many: Upstream, rows: Rows) -> None:
    rows("INSERT INTO feeds VALUES ('aviationstack', 'airline:NZ', 250, datetime('now'))")
    plan = flightctl("refresh-stale", "--dry-run", "--json").json["plan"]
    done = flightctl("refresh-stale", "--json")
    assert plan["upstream_calls"] == done.json["upstream_calls"] == len(many.asked)


def test_the_plan_is_only_there_in_a_dry_run(flightctl: Flightctl, many: Upstream) -> None:
    assert flightctl("refresh-stale", "--limit", "1", "--json").json["plan"] is None


def test_the_plan_promises_no_more_calls_than_are_allowed(flightctl: Flightctl, many: Upstream) -> None:
    plan = flightctl("refresh-stale", "--dry-run", "--max-calls", "5", "--json").json["plan"]
    assert (plan["upstream_calls"], plan["price"]) == (5, "0.05 USD")


def test_the_plan_has_no_pages_where_the_account_has_none(flightctl: Flightctl, many: Upstream) -> None:
    failing(many, {1: NO_PAGES})
    Runs()(max_calls=1)
    plan = flightctl("refresh-stale", "--dry-run", "--json").json["plan"]
    assert [ask["pages"] for ask in plan["asks"]] == [0, 0]
    assert plan["upstream_calls"] == 252


def test_a_plan_of_nothing_costs_nothing(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("refresh-stale", "--dry-run", "--json")
    assert done.json["plan"] == {"upstream_calls": 0, "price": "0.00 USD", "asks": []}


def test_the_sandbox_plans_at_no_price(flightctl: Flightctl) -> None:
    assert flightctl("--sandbox", "refresh-stale", "--dry-run", "--json").json["plan"]["price"] == "0.00 USD"


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_table_has_a_line_for_each_airline_and_the_sum(
    flightctl: Flightctl, many: Upstream, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = [line.split() for line in flightctl("refresh-stale", "--dry-run").out.splitlines()]
    assert ["AIRLINE", "ENTRIES", "PAGES", "LOOK-UPS", "CALLS"] in lines
    assert ["NZ", "250", "25", "0", "25"] in lines
    assert ["QF", "2", "0", "2", "2"] in lines
    assert " ".join(lines[-1]) == "252 selected · about 27 upstream calls, 0.27 USD · nothing was done"


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_table_of_a_run_keeps_flights_and_airports_whole(
    flightctl: Flightctl, many: Upstream, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = flightctl("refresh-stale", "--limit", "250").out
    assert ["NZ250", "AKL-CHC", "AKL-CHC", "unchanged"] in [
        [*line.split()[:3], line.split()[-1]] for line in out.splitlines() if line
    ]
    assert out.splitlines()[-1] == "250 selected · 250 unchanged · 3 upstream calls"
