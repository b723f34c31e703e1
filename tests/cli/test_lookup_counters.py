"""What a look-up counts, in its own metrics and in the local file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
Arrange = Callable[[Upstream, Cached, pytest.MonkeyPatch], None]


def _knows(upstream: Upstream, _cached: Cached, _monkeypatch: pytest.MonkeyPatch) -> None:
    upstream.rows = [row("NZ527")]


def _knows_and_is_stale(upstream: Upstream, cached: Cached, _monkeypatch: pytest.MonkeyPatch) -> None:
    upstream.rows = [row("NZ527")]
    cached("NZ527", age_s=STALE_S)


def _is_fresh(_upstream: Upstream, cached: Cached, _monkeypatch: pytest.MonkeyPatch) -> None:
    cached("NZ527")


def _knows_nothing(_upstream: Upstream, _cached: Cached, _monkeypatch: pytest.MonkeyPatch) -> None:
    """As a new upstream is."""


def _fails(upstream: Upstream, cached: Cached, _monkeypatch: pytest.MonkeyPatch) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")


def _is_closed_to_basic(_upstream: Upstream, _cached: Cached, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")


CASES: dict[str, tuple[Arrange, tuple[str, ...], dict[str, int], list[tuple[str, str, int]]]] = {
    "hit": (_is_fresh, (), {"hits": 1}, [("hits", "local", 1)]),
    "miss": (_knows, (), {"misses": 1, "upstream_calls": 1}, [("misses", "aviationstack", 1)]),
    "refreshed": (_knows_and_is_stale, (), {"misses": 1, "upstream_calls": 1}, [("misses", "aviationstack", 1)]),
    "not found": (_knows_nothing, (), {"misses": 1, "upstream_calls": 1}, [("misses", "aviationstack", 1)]),
    "error": (
        _fails,
        (),
        {"misses": 1, "upstream_calls": 1, "upstream_errors": 1},
        [("misses", "aviationstack", 1)],
    ),
    "stale": (
        _fails,
        ("--stale-if-error",),
        {"stale": 1, "upstream_calls": 1, "upstream_errors": 1},
        [("stale", "local", 1)],
    ),
    "denied": (_is_closed_to_basic, (), {}, []),
    "offline": (_knows, ("--offline",), {}, []),
}
NOTHING = dict.fromkeys(("hits", "misses", "stale", "coalesced", "upstream_calls", "upstream_errors"), 0)


@pytest.mark.parametrize(("arrange", "options", "metrics", "counted"), list(CASES.values()), ids=list(CASES))
def test_each_outcome_is_counted_where_it_belongs(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Arrange,
    options: tuple[str, ...],
    metrics: dict[str, int],
    counted: list[Any],
) -> None:
    arrange(upstream, cached, monkeypatch)
    done = flightctl("lookup", "NZ527", "--json", *options)
    assert done.json["metrics"] == {**NOTHING, **metrics}
    assert list(done.json["metrics"]) == list(NOTHING)
    assert rows("SELECT bucket, source, n FROM lookup_counts") == counted


def test_a_remembered_absence_is_a_hit(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    flightctl("lookup", "NZ527")
    assert flightctl("lookup", "NZ527", "--json").json["metrics"] == {**NOTHING, "hits": 1}
    assert rows("SELECT bucket, source, n FROM lookup_counts ORDER BY bucket") == [
        ("hits", "local", 1),
        ("misses", "aviationstack", 1),
    ]


def test_counters_add_up_over_runs(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    for _ in range(3):
        flightctl("lookup", "NZ527", "NZ527")
    assert rows("SELECT sum(n) FROM lookup_counts WHERE bucket = 'hits'") == [(6,)]


def test_the_metrics_agree_with_what_stats_say(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1")
    upstream.rows = [row("NZ2")]
    metrics = flightctl("lookup", "NZ1", "NZ2", "NZ3", "NZ2", "--json").json["metrics"]
    stats = flightctl("stats", "--json").json
    assert {name: stats["lookups"][name] for name in ("hits", "misses", "stale", "coalesced")} == {
        name: metrics[name] for name in ("hits", "misses", "stale", "coalesced")
    }
    assert stats["upstream"]["calls"] == metrics["upstream_calls"] == len(upstream.asked) == 2


def test_every_paid_call_is_written_down_with_how_it_ended(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("NZ1")]
    flightctl("lookup", "NZ1", "NZ2")
    upstream.fails(429, "rate_limit_reached")
    flightctl("lookup", "NZ3")
    assert rows("SELECT cache_key, result, provider FROM upstream_calls ORDER BY id") == [
        ("flight:NZ1", "ok", "aviationstack"),
        ("flight:NZ2", "not_found", "aviationstack"),
        ("flight:NZ3", "upstream_rate_limited", "aviationstack"),
    ]


def test_a_bad_designator_is_counted_as_an_error(flightctl: Flightctl, rows: Rows) -> None:
    assert flightctl("lookup", "NZ0", "--json").json["metrics"] == {**NOTHING, "misses": 1}
    assert rows("SELECT bucket, source, n FROM lookup_counts") == [("misses", "none", 1)]
