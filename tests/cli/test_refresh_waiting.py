"""``refresh-stale`` and a provider that fails: what is tried again, waited for, done without, and what ends a run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flightctl.domain.renewal import Renewal
from flightctl.errors import BreakerOpen, KeyRefused, QuotaUsedUp, RateLimited
from running import Flightctl, Rows
from services.refreshing import AWAY, FAILED, LIMITED, NO_PAGES, Fault, Runs, body, error, failing
from stale import counts, fill, flights, flights_asked, pages_asked, rows_of
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

UNREADABLE = body("<html>")


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def three(upstream: Upstream, database: Path) -> Upstream:
    """Three stale entries, which are asked for one by one."""
    fill(database, flights("NZ", 3))
    upstream.rows = rows_of(flights("NZ", 3))
    return upstream


@pytest.fixture
def six(upstream: Upstream, database: Path) -> Upstream:
    """Six stale entries of one airline: a page."""
    fill(database, flights("NZ", 6))
    upstream.rows = rows_of(flights("NZ", 6))
    return upstream


# The provider's own failure


def test_a_flight_that_failed_upstream_is_asked_for_once_more(runs: Runs, three: Upstream) -> None:
    failing(three, {2: FAILED})
    assert runs().count(Renewal.UNCHANGED) == 3
    assert flights_asked(three) == ["NZ1", "NZ2", "NZ2", "NZ3"]
    assert [0.2 <= pause <= 1 for pause in runs.waits] == [True]


def test_a_flight_that_failed_twice_is_left_to_the_next_run(runs: Runs, three: Upstream) -> None:
    failing(three, {1: FAILED, 2: FAILED})
    report = runs()
    assert (report.count(Renewal.FAILED), report.count(Renewal.UNCHANGED), report.exit_code) == (1, 2, 9)


def test_a_page_that_failed_upstream_is_asked_for_once_more(runs: Runs, six: Upstream) -> None:
    failing(six, {1: FAILED})
    assert runs().count(Renewal.UNCHANGED) == 6
    assert pages_asked(six) == [("NZ", 0)] * 2


@pytest.mark.parametrize("max_calls", [1, 2, 3])
def test_what_is_asked_for_once_more_counts_against_max_calls(runs: Runs, three: Upstream, max_calls: int) -> None:
    failing(three, {1: FAILED, 2: FAILED, 3: FAILED})
    assert runs(max_calls=max_calls).upstream_calls == len(three.asked) == max_calls


@pytest.mark.parametrize(
    "fault",
    [UNREADABLE, error(422, "validation_error"), error(200, "something_else"), body('{"data": [1]}')],
    ids=["HTML", "422", "another error", "no rows"],
)
def test_flights_of_a_page_that_cannot_be_read_are_asked_for_one_by_one(
    runs: Runs, six: Upstream, fault: Fault
) -> None:
    failing(six, {1: fault})
    report = runs()
    assert (report.count(Renewal.UNCHANGED), report.exit_code) == (6, 0)
    assert (len(pages_asked(six)), len(flights_asked(six))) == (1, 6)


def test_after_two_failures_of_a_page_its_flights_are_asked_for_one_by_one(runs: Runs, six: Upstream) -> None:
    failing(six, {1: FAILED, 2: FAILED})
    assert runs().count(Renewal.UNCHANGED) == 6
    assert (len(pages_asked(six)), len(flights_asked(six))) == (2, 6)


def test_a_page_that_fails_does_not_keep_from_reading_another_airline(
    runs: Runs, six: Upstream, database: Path
) -> None:
    fill(database, flights("QF", 5))
    six.rows += rows_of(flights("QF", 5))
    failing(six, {1: UNREADABLE})
    assert runs().count(Renewal.UNCHANGED) == 11
    assert pages_asked(six) == [("NZ", 0), ("QF", 0)]


@pytest.mark.parametrize("count", [3, 6])
def test_five_failures_open_the_breaker_and_end_the_run(
    runs: Runs, upstream: Upstream, database: Path, count: int
) -> None:
    """Of six entries, one page and two flights were asked for twice, and another flight not again."""
    fill(database, flights("NZ", count))
    upstream.fails(500, "internal_error")
    report = runs()
    assert len(upstream.asked) == 5
    assert (report.exit_code, report.count(Renewal.UNCHANGED)) == (5, 0)
    assert runs().upstream_calls == 0


def test_an_open_breaker_ends_a_run_that_would_read_a_page(runs: Runs, six: Upstream, rows: Rows) -> None:
    failing(six, {1: FAILED})
    runs(max_calls=1)
    rows("UPDATE provider_accounts SET next_probe_at = '2199-01-01 00:00:00.000000'")
    rows("INSERT INTO provider_accounts (provider, account, next_probe_at) SELECT provider, account, "
         "'2199-01-01 00:00:00.000000' FROM budget_cycles WHERE true ON CONFLICT DO NOTHING")  # fmt: skip
    report = runs()
    assert isinstance(report.stopped_by, BreakerOpen)
    assert (report.upstream_calls, report.count(Renewal.SKIPPED), report.exit_code) == (0, 6, 5)


# Told to wait


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (LIMITED, 60),
        (AWAY, 60),
        (error(429, "rate_limit_reached", Retry_After="7"), 7),
        (error(503, "internal_error", Retry_After="60"), 60),
    ],
    ids=["429", "503", "429 for 7 s", "503 for 60 s"],
)
@pytest.mark.parametrize("entries", ["three", "six"])
def test_a_run_waits_as_long_as_it_is_told_and_asks_once_more(
    runs: Runs, request: pytest.FixtureRequest, entries: str, fault: Fault, seconds: int
) -> None:
    upstream: Upstream = request.getfixturevalue(entries)
    failing(upstream, {1: fault})
    report = runs()
    assert report.count(Renewal.UNCHANGED) == report.selected
    assert upstream.asked[0] == upstream.asked[1]
    (waited,) = runs.waits
    assert seconds <= waited <= seconds + 0.5
    assert [text.startswith(f"waiting {seconds} s: AviationStack ") for text in runs.told] == [True]


def test_a_run_that_is_told_to_wait_again_ends(runs: Runs, three: Upstream) -> None:
    failing(three, {1: LIMITED, 2: LIMITED})
    report = runs()
    assert (len(three.asked), len(runs.waits), report.exit_code) == (2, 1, 5)
    assert (report.count(Renewal.FAILED), report.count(Renewal.SKIPPED)) == (1, 2)


@pytest.mark.parametrize("entries", ["three", "six"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_longer_hold_ends_the_run_and_says_when(
    runs: Runs, request: pytest.FixtureRequest, entries: str, status: int
) -> None:
    upstream: Upstream = request.getfixturevalue(entries)
    code = "rate_limit_reached" if status == 429 else "internal_error"
    failing(upstream, {1: error(status, code, Retry_After="300")})
    report = runs()
    assert (len(upstream.asked), runs.waits, report.exit_code) == (1, [], 5)
    assert report.failure is not None
    until = runs.now + timedelta(seconds=300)
    assert f"at {until:%H:%M:%S} UTC, in 300 s" in report.failure.message


def test_the_hold_that_another_process_was_told_of_is_waited_for(runs: Runs, three: Upstream) -> None:
    failing(three, {1: error(429, "rate_limit_reached", Retry_After="20")})
    runs(max_calls=1)
    runs.now += timedelta(seconds=5)
    assert runs().count(Renewal.UNCHANGED) == 3
    assert [15 <= waited <= 15.5 for waited in runs.waits] == [True]
    assert len(three.asked) == 4


def test_a_run_that_may_make_no_more_calls_does_not_wait(runs: Runs, three: Upstream) -> None:
    failing(three, {1: LIMITED})
    assert runs(max_calls=1).exit_code == 5
    assert (runs.waits, len(three.asked)) == ([], 1)


def test_a_wait_is_told_on_stderr(flightctl: Flightctl, three: Upstream) -> None:
    failing(three, {1: error(429, "rate_limit_reached", Retry_After="1")})
    done = flightctl("refresh-stale")
    assert (done.code, len(three.asked)) == (0, 4)
    assert done.err.startswith("flightctl: waiting 1 s: AviationStack wants fewer requests a minute")
    assert "waiting" not in done.out


def test_a_hold_that_ends_the_run_is_told_on_stderr(flightctl: Flightctl, three: Upstream) -> None:
    three.fails(429, "rate_limit_reached", Retry_After="300")
    done = flightctl("refresh-stale", "--json")
    assert (done.code, done.json["upstream_calls"], counts(done)) == (5, 1, {"failed": 1, "skipped": 2})
    assert "the next may be made at " in done.err
    assert "waiting" not in done.err


# Refused


def test_where_the_plan_has_no_pages_flights_are_asked_for_one_by_one(runs: Runs, six: Upstream) -> None:
    failing(six, {1: NO_PAGES})
    report = runs()
    assert (report.count(Renewal.UNCHANGED), report.exit_code) == (6, 0)
    assert (len(pages_asked(six)), len(flights_asked(six))) == (1, 6)


@pytest.mark.parametrize(("days", "pages"), [(29, 1), (31, 2)])
def test_pages_that_were_refused_are_not_asked_for_again_for_30_days(
    runs: Runs, six: Upstream, rows: Rows, days: int, pages: int
) -> None:
    failing(six, {1: NO_PAGES})
    runs(max_calls=1)
    runs.now += timedelta(days=days)
    assert runs().count(Renewal.UNCHANGED) == 6
    assert len(pages_asked(six)) == pages


def test_a_thaw_lets_pages_be_asked_for_again(runs: Runs, flightctl: Flightctl, six: Upstream) -> None:
    failing(six, {1: NO_PAGES})
    runs(max_calls=1)
    assert flightctl("budget", "thaw").code == 0
    runs()
    assert len(pages_asked(six)) == 2


def test_a_plan_without_pages_is_known_of_its_key_only(
    runs: Runs, six: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(six, {1: NO_PAGES})
    runs(max_calls=1)
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "another-key-of-another-plan")
    runs()
    assert len(pages_asked(six)) == 2


@pytest.mark.parametrize("entries", ["three", "six"])
def test_a_refused_key_ends_the_run(runs: Runs, request: pytest.FixtureRequest, entries: str) -> None:
    upstream: Upstream = request.getfixturevalue(entries)
    upstream.fails(401, "invalid_access_key")
    report = runs()
    assert isinstance(report.stopped_by, KeyRefused)
    assert (len(upstream.asked), report.exit_code) == (1, 5)


def test_a_quota_that_is_used_up_ends_the_run_at_a_page_and_is_not_waited_for(runs: Runs, six: Upstream) -> None:
    failing(six, {1: error(429, "usage_limit_reached", Retry_After="1")})
    report = runs()
    assert isinstance(report.stopped_by, QuotaUsedUp)
    assert (len(six.asked), runs.waits, report.exit_code) == (1, [], 6)


def test_what_ended_the_run_is_what_is_told(runs: Runs, six: Upstream) -> None:
    failing(six, {1: UNREADABLE, 2: FAILED, 3: FAILED, 4: error(429, "rate_limit_reached", Retry_After="300")})
    report = runs()
    assert isinstance(report.failure, RateLimited)
    assert report.count(Renewal.FAILED) == 2
