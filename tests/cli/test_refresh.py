"""``refresh-stale``: renew what has expired, oldest first, for no more than was allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from failures import LASTING, PASSING
from running import Cached, Flightctl, Result, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

DAY_S = 86_400
STALE_S = 31 * DAY_S
_COUNTS = ("selected", "refreshed", "changed", "unchanged", "not_found", "failed", "skipped", "upstream_calls")


def _counts(done: Result) -> dict[str, int]:
    """The counts of ``flightctl.refresh/1`` that are not 0."""
    return {name: done.json[name] for name in _COUNTS if done.json[name]}


def _outcomes(done: Result) -> dict[str, str]:
    return {entry["flight_iata"]: entry["outcome"] for entry in done.json["entries"]}


@pytest.fixture
def three_stale(cached: Cached, upstream: Upstream) -> None:
    """NZ3 is the oldest, NZ1 the youngest of three stale entries; NZ4 is fresh; upstream knows all, AKL to CHC."""
    for age, flight in enumerate(("NZ4", "NZ1", "NZ2", "NZ3"), start=30):
        cached(flight, age_s=age * DAY_S - 60 if flight == "NZ4" else age * DAY_S)
    upstream.rows = [row(f"NZ{number}") for number in range(1, 5)]


def test_stale_entries_are_renewed_oldest_first(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    done = flightctl("refresh-stale", "--json")
    assert (done.code, _counts(done)) == (0, {"selected": 3, "refreshed": 3, "unchanged": 3, "upstream_calls": 3})
    assert [query["flight_iata"] for query in upstream.asked] == ["NZ3", "NZ2", "NZ1"]
    assert _counts(flightctl("refresh-stale", "--json")) == {}


def test_ahead_takes_in_what_expires_soon(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1", age_s=28 * DAY_S)
    cached("NZ2", age_s=26 * DAY_S)
    upstream.rows = [row("NZ1"), row("NZ2")]
    assert _counts(flightctl("refresh-stale", "--json")) == {}
    assert _outcomes(flightctl("refresh-stale", "--ahead", "3d", "--json")) == {"NZ1": "unchanged"}


def test_limit_selects_the_oldest(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    done = flightctl("refresh-stale", "--limit", "2", "--json")
    assert _counts(done) == {"selected": 2, "refreshed": 2, "unchanged": 2, "upstream_calls": 2}
    assert [query["flight_iata"] for query in upstream.asked] == ["NZ3", "NZ2"]


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_max_calls_is_never_exceeded_and_the_rest_is_skipped(
    flightctl: Flightctl, upstream: Upstream, three_stale: None, calls: int
) -> None:
    done = flightctl("refresh-stale", "--max-calls", str(calls), "--json")
    assert (done.json["upstream_calls"], done.json["skipped"], done.code) == (calls, 3 - calls, 0)
    assert len(upstream.asked) == calls


def test_failed_calls_count_against_max_calls(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    upstream.fails(500, "internal_error")
    flightctl("refresh-stale", "--max-calls", "2")
    assert len(upstream.asked) == 2


def test_a_dry_run_calls_nothing_and_changes_nothing(
    flightctl: Flightctl, upstream: Upstream, three_stale: None, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    before = rows("SELECT * FROM aviationstack_cache")
    done = flightctl("refresh-stale", "--dry-run", "--json")
    assert (done.code, done.json["dry_run"], done.json["selected"], done.json["upstream_calls"]) == (0, True, 3, 0)
    assert list(_outcomes(done)) == ["NZ3", "NZ2", "NZ1"]
    assert rows("SELECT * FROM aviationstack_cache") == before
    assert upstream.asked == []


def test_a_dry_run_is_open_to_a_basic_caller(flightctl: Flightctl, three_stale: None, basic: None) -> None:
    assert flightctl("refresh-stale", "--dry-run", "--json").json["selected"] == 3


def test_a_basic_caller_is_refused(flightctl: Flightctl, upstream: Upstream, three_stale: None, basic: None) -> None:
    done = flightctl("refresh-stale", "--json")
    assert (done.code, done.json["error"]["code"]) == (4, "denied")
    assert upstream.asked == []


def test_each_entry_says_what_came_of_it(flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows) -> None:
    for age, flight in enumerate(("NZ1", "NZ2", "NZ3", "NZ4"), start=40):
        cached(flight, "AKL", "CHC", age_s=age * DAY_S)
    broken = row("NZ4")
    broken["arrival"]["iata"] = None
    upstream.rows = [row("NZ1", "AKL", "CHC"), row("NZ2", "AKL", "WLG"), broken]
    done = flightctl("refresh-stale", "--json")
    # A page of the airline, which has them all, and the one that cannot be read from it.
    assert _outcomes(done) == {"NZ4": "failed", "NZ3": "not_found", "NZ2": "changed", "NZ1": "unchanged"}
    assert _counts(done) == {
        "selected": 4,
        "refreshed": 2,
        "changed": 1,
        "unchanged": 1,
        "not_found": 1,
        "failed": 1,
        "upstream_calls": 2,
    }
    assert done.code == 9
    assert rows("SELECT arrival_iata FROM aviationstack_cache ORDER BY cache_key") == [
        ("CHC",),
        ("WLG",),
        ("CHC",),
        ("CHC",),
    ]


WAITED_FOR = {"429 rate_limit_reached", "503 without JSON"}
"""A run waits a minute for these to pass; see ``test_refresh_waiting``."""


@pytest.mark.parametrize("kind", [kind for kind in PASSING if kind not in WAITED_FOR])
def test_an_entry_that_fails_stays_as_it_was(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cached("NZ527", age_s=STALE_S)
    before = rows("SELECT * FROM aviationstack_cache")
    fault, code, _ = PASSING[kind]
    fault(upstream, monkeypatch)
    done = flightctl("refresh-stale", "--json")
    assert (done.code, _outcomes(done)) == (code, {"NZ527": "failed"})
    assert rows("SELECT * FROM aviationstack_cache") == before


def test_after_a_failure_the_run_goes_on(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    """Each is asked for once more, until five failures have opened the breaker."""
    upstream.fails(500, "internal_error")
    done = flightctl("refresh-stale", "--json")
    assert (done.code, _counts(done)) == (5, {"selected": 3, "failed": 3, "upstream_calls": 5})
    assert [query["flight_iata"] for query in upstream.asked] == ["NZ3", "NZ3", "NZ2", "NZ2", "NZ1"]


@pytest.mark.parametrize("kind", list(LASTING)[:2])
def test_a_refused_key_or_plan_stops_the_run(
    flightctl: Flightctl, upstream: Upstream, three_stale: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    LASTING[kind][0](upstream, monkeypatch)
    done = flightctl("refresh-stale", "--json")
    assert (done.code, _counts(done)) == (5, {"selected": 3, "failed": 1, "skipped": 2, "upstream_calls": 1})


def test_a_used_up_quota_stops_the_run_with_6(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    upstream.fails(429, "usage_limit_reached")
    assert flightctl("refresh-stale").code == 6
    assert len(upstream.asked) == 1


def test_without_a_key_the_run_ends_with_10_but_only_if_something_is_due(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    assert flightctl("refresh-stale").code == 0
    cached("NZ527", age_s=STALE_S)
    assert flightctl("refresh-stale", "--json").code == 10


def test_a_quiet_success_prints_nothing(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    done = flightctl("refresh-stale", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_quiet_failure_prints_one_line_on_stderr(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    upstream.fails(500, "internal_error")
    done = flightctl("refresh-stale", "--quiet")
    assert (done.code, done.out, len(done.err.splitlines())) == (5, "", 1)


def test_a_remembered_absence_is_not_paid_for_again(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ527", age_s=STALE_S)
    assert _outcomes(flightctl("refresh-stale", "--json")) == {"NZ527": "not_found"}
    assert _counts(flightctl("refresh-stale", "--json")) == {}
    assert len(upstream.asked) == 1


def test_pending_entries_are_not_renewed(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ527", status="pending", age_s=STALE_S)
    assert _counts(flightctl("refresh-stale", "--json")) == {}


NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
RENEWED = f"UPDATE aviationstack_cache SET refreshed_at = {NOW} WHERE flight_iata = 'NZ1'"
FOUND_ABSENT = f"INSERT INTO absences VALUES ('flight:NZ1', 'aviationstack', {NOW}, '2199-01-01 00:00:00.000000')"


@pytest.mark.parametrize("statement", [RENEWED, FOUND_ABSENT])
def test_what_another_run_has_done_meanwhile_is_not_done_again(
    flightctl: Flightctl,
    upstream: Upstream,
    three_stale: None,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    answer = upstream.answer

    def answer_while_another_run_works(query: dict[str, str]) -> tuple[int, str]:
        rows(statement.replace("INSERT", "INSERT OR IGNORE"))
        return answer(query)

    monkeypatch.setattr(upstream, "answer", answer_while_another_run_works)
    done = flightctl("refresh-stale", "--json")
    assert _outcomes(done) == {"NZ3": "unchanged", "NZ2": "unchanged", "NZ1": "skipped"}
    assert len(upstream.asked) == 2


def _lease(until: timedelta) -> tuple[Any, ...]:
    return "flight:NZ527", "another run", 1, f"{datetime.now(UTC) + until:%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize(("seconds", "outcome", "calls"), [(15, "skipped", 0), (-1, "unchanged", 1)])
def test_what_another_run_holds_is_skipped_until_its_lease_is_over(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows, seconds: int, outcome: str, calls: int
) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.rows = [row("NZ527")]
    rows("INSERT INTO leases (key, holder, fence, expires_at) VALUES (?, ?, ?, ?)", *_lease(timedelta(seconds=seconds)))
    assert _outcomes(flightctl("refresh-stale", "--json")) == {"NZ527": outcome}
    assert len(upstream.asked) == calls


@pytest.mark.parametrize("options", [("--ahead", "3x"), ("--ahead", "-1d"), ("--limit", "-1"), ("--max-calls", "x")])
def test_bad_options_are_usage_errors(
    flightctl: Flightctl, upstream: Upstream, three_stale: None, options: tuple[str, ...]
) -> None:
    assert flightctl("refresh-stale", *options).code == 2
    assert upstream.asked == []


def test_a_refresh_counts_calls_but_no_look_ups(flightctl: Flightctl, upstream: Upstream, three_stale: None) -> None:
    flightctl("refresh-stale")
    stats = flightctl("stats", "--json").json
    assert (stats["upstream"]["calls"], stats["lookups"]["misses"]) == (3, 0)
