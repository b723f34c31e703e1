"""``stats``: what was looked up, paid and decided, since when, and for whom to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest

from exposition import parsed
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400


@pytest.fixture
def a_day(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    """Two hits, one miss, one unknown flight, one rate limit, one stale answer, one used-up quota."""
    cached("NZ1")
    cached("NZ2", age_s=STALE_S)
    upstream.rows = [row("NZ3")]
    flightctl("lookup", "NZ1", "NZ1", "NZ3", "NZ4")
    upstream.fails(429, "rate_limit_reached")
    flightctl("lookup", "NZ5")
    flightctl("budget", "thaw")
    upstream.fails(429, "usage_limit_reached")
    flightctl("lookup", "NZ2", "--stale-if-error")


def test_stats_of_nothing(flightctl: Flightctl) -> None:
    done = flightctl("stats", "--json")
    assert (done.code, done.json["lookups"]["hit_ratio"], done.json["lookups"]["by_source"]) == (0, None, {})


def test_look_ups_are_counted_by_source(flightctl: Flightctl, a_day: None) -> None:
    lookups = flightctl("stats", "--json").json["lookups"]
    assert {name: lookups[name] for name in ("hits", "misses", "stale", "coalesced")} == {
        "hits": 2,
        "misses": 3,
        "stale": 1,
        "coalesced": 0,
    }
    assert lookups["hit_ratio"] == 2 / 6
    assert lookups["by_source"] == {
        "aviationstack": {"hits": 0, "misses": 3, "stale": 0, "coalesced": 0},
        "local": {"hits": 2, "misses": 0, "stale": 1, "coalesced": 0},
    }


def test_calls_and_their_errors_are_counted_by_kind(flightctl: Flightctl, a_day: None) -> None:
    assert flightctl("stats", "--json").json["upstream"] == {
        "calls": 4,
        "errors": {"upstream_rate_limited": 1, "usage_limit_reached": 1},
        "budget": ANY,
    }


def test_entries_are_counted_as_they_stand(flightctl: Flightctl, a_day: None, cached: Cached) -> None:
    cached("NZ9", status="pending")
    assert flightctl("stats", "--json").json["entries"] == {"confirmed": 3, "pending": 1, "stale": 1}


def test_since_leaves_out_what_is_older(flightctl: Flightctl, a_day: None, rows: Rows) -> None:
    flightctl("add-manual", "NZ8", "--from", "AKL", "--to", "CHC")
    flightctl("confirm", "NZ8")
    long_ago = datetime.now(UTC) - timedelta(days=8)
    rows("UPDATE lookup_counts SET hour = ? WHERE bucket = 'hits'", f"{long_ago:%Y-%m-%d %H}")
    rows("UPDATE upstream_calls SET called_at = ? WHERE result = 'ok'", f"{long_ago:%Y-%m-%d %H:%M:%S.%f}")
    rows("UPDATE proposals SET decided_at = ?", f"{long_ago:%Y-%m-%d %H:%M:%S.%f}")
    week, ever = (flightctl("stats", "--json", *options).json for options in (("--since", "7d"), ()))
    assert [(said["lookups"]["hits"], said["upstream"]["calls"], said["confirmations"]) for said in (week, ever)] == [
        (0, 3, 0),
        (2, 4, 1),
    ]
    assert ever["since"] is None
    since = datetime.fromisoformat(week["since"])
    assert timedelta(days=7) <= datetime.now(UTC) - since < timedelta(days=7, hours=1, minutes=1)


@pytest.mark.parametrize("span", ["", "7", "d", "7y", "-7d", "7 days", "９d", "999999d"])
def test_a_span_that_is_none_is_a_usage_error(flightctl: Flightctl, span: str) -> None:
    done = flightctl("stats", f"--since={span}", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize("span", ["54000w", "99999w"])
def test_a_span_of_a_thousand_years_takes_in_everything(flightctl: Flightctl, a_day: None, span: str) -> None:
    said = flightctl("stats", "--since", span, "--json").json
    assert (said["lookups"]["hits"], said["upstream"]["calls"]) == (2, 4)


def test_the_table_names_everything_that_is_counted(flightctl: Flightctl, a_day: None) -> None:
    done = flightctl("stats")
    for text in ("local", "aviationstack", "33.3%", "upstream_rate_limited", "confirmations", "rejections", "█"):
        assert text in done.out
    assert done.out.splitlines()[-1] == "since the beginning"


def test_the_sparkline_has_a_character_a_day(flightctl: Flightctl, rows: Rows) -> None:
    for days, n in ((0, 7), (2, 1)):
        day = datetime.now(UTC) - timedelta(days=days)
        rows("INSERT INTO lookup_counts VALUES (?, 'hits', 'local', ?)", f"{day:%Y-%m-%d} 00", n)
    line = next(line for line in flightctl("stats").out.splitlines() if "█" in line)
    assert line.endswith(": ▂▁█")


def test_prometheus_output_is_well_formed_and_says_the_same(flightctl: Flightctl, a_day: None) -> None:
    done = flightctl("stats", "--format", "prometheus")
    samples, kinds = parsed(done.out)
    assert kinds == {
        "flightctl_lookups_total": "counter",
        "flightctl_upstream_calls_total": "counter",
        "flightctl_upstream_errors_total": "counter",
        "flightctl_entries": "gauge",
        "flightctl_decisions_total": "counter",
        "flightctl_budget_used": "gauge",
        "flightctl_budget_cap": "gauge",
        "flightctl_calls_avoided_total": "counter",
        "flightctl_spent_total": "counter",
    }
    assert samples["flightctl_lookups_total", 'bucket="hits",source="local"'] == 2
    assert samples["flightctl_lookups_total", 'bucket="misses",source="aviationstack"'] == 3
    assert samples["flightctl_upstream_calls_total", 'provider="aviationstack"'] == 4
    assert samples["flightctl_upstream_errors_total", 'provider="aviationstack",kind="usage_limit_reached"'] == 1
    assert samples["flightctl_entries", 'state="stale"'] == 1


def test_prometheus_output_of_nothing_is_well_formed(flightctl: Flightctl) -> None:
    samples, _ = parsed(flightctl("stats", "--format", "prometheus").out)
    assert samples["flightctl_upstream_calls_total", 'provider="aviationstack"'] == 0


def test_the_sandbox_counts_for_itself(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ1")
    flightctl("lookup", "NZ1")
    assert flightctl("--sandbox", "stats", "--json").json["lookups"]["hits"] == 0
