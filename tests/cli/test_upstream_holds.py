"""An upstream that does not want to be asked for a while is not asked, by nobody, and everybody is told until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crowd import crowd
from running import Cached, Flightctl, Result, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
TOLD_TO_WAIT = {"429": (429, "rate_limit_reached"), "503": (503, "internal_error")}
CODES = {"429": "upstream_rate_limited", "503": "upstream_server_error"}

HELD_FOR_S = """
    SELECT CAST(round((julianday(not_before) - julianday(ended_at)) * 86400) AS INTEGER)
    FROM provider_accounts, upstream_calls
"""

Over = Callable[[], object]


@pytest.fixture(params=list(TOLD_TO_WAIT))
def told(request: pytest.FixtureRequest, upstream: Upstream, flightctl: Flightctl) -> str:
    """NZ1 was asked for, and upstream, which knows NZ1 to NZ9, wants to be left alone; since then it works."""
    upstream.rows = [row(f"NZ{number}") for number in range(1, 10)]
    upstream.fails(*TOLD_TO_WAIT[request.param])
    assert flightctl("lookup", "NZ1", "--json").answers[0]["error"]["code"] == CODES[request.param]
    upstream.works()
    return str(request.param)


@pytest.fixture
def over(rows: Rows) -> Over:
    """Let the hold be over."""
    past = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 second') || '000'"
    return lambda: rows(f"UPDATE provider_accounts SET not_before = {past} WHERE not_before IS NOT NULL")


def seconds_told(done: Result) -> int:
    said = re.search(r"at \d\d:\d\d:\d\d UTC, in (\d+) s", done.err)
    assert said, done.err
    return int(said[1])


def test_the_next_look_up_fails_at_once_without_a_request_and_says_when(
    flightctl: Flightctl, upstream: Upstream, told: str
) -> None:
    done = flightctl("lookup", "NZ2", "--json")
    assert (done.code, done.answers[0]["error"]["code"], len(upstream.asked)) == (5, CODES[told], 1)
    assert 1 <= seconds_told(done) <= 60


def test_where_it_does_not_say_how_long_it_is_left_alone_for_a_minute(told: str, rows: Rows) -> None:
    assert rows(HELD_FOR_S) == [(60,)]


def test_another_process_fails_at_once_too(process: Flightctl, upstream: Upstream, told: str) -> None:
    done = process("lookup", "NZ2", "--json")
    assert (done.code, done.answers[0]["error"]["code"], len(upstream.asked)) == (5, CODES[told], 1)


def test_a_refusal_costs_nothing(flightctl: Flightctl, told: str, rows: Rows) -> None:
    done = flightctl("lookup", "NZ2", "NZ3", "--json")
    assert (done.json["metrics"]["upstream_calls"], rows("SELECT used FROM budget_cycles")) == (0, [(1,)])
    assert rows("SELECT count(*) FROM upstream_calls") == [(1,)]


def test_the_same_flight_is_not_asked_for_again_either(flightctl: Flightctl, upstream: Upstream, told: str) -> None:
    assert (flightctl("lookup", "NZ1").code, len(upstream.asked)) == (5, 1)


def test_meanwhile_the_cache_answers(flightctl: Flightctl, upstream: Upstream, cached: Cached, told: str) -> None:
    cached("NZ2")
    cached("NZ3", age_s=STALE_S)
    done = flightctl("lookup", "NZ2", "NZ3", "--stale-if-error", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (0, ["hit", "stale"])
    assert "shown although it expired, because AviationStack" in done.answers[1]["warning"]
    assert len(upstream.asked) == 1


def test_without_leave_to_show_it_a_stale_entry_is_not_shown(flightctl: Flightctl, cached: Cached, told: str) -> None:
    cached("NZ2", age_s=STALE_S)
    done = flightctl("lookup", "NZ2", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (5, "error")


def test_nobody_has_to_wait_for_the_key_that_was_being_asked_for(told: str, rows: Rows) -> None:
    assert rows("SELECT expires_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') FROM leases") == [(1,)]


def test_afterwards_upstream_is_asked_again(flightctl: Flightctl, upstream: Upstream, told: str, over: Over) -> None:
    over()
    assert flightctl("lookup", "NZ1", "--json").answers[0]["outcome"] == "miss"
    assert len(upstream.asked) == 2


def test_another_key_may_ask(
    flightctl: Flightctl, upstream: Upstream, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "another0key")
    assert (flightctl("lookup", "NZ1").code, len(upstream.asked)) == (0, 2)


@pytest.mark.parametrize("answer", list(TOLD_TO_WAIT))
@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7), ("600", 600), ("100000", 3600)])
def test_it_is_left_alone_for_as_long_as_it_says_and_an_hour_at_most(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, answer: str, retry_after: str, seconds: int
) -> None:
    upstream.fails(*TOLD_TO_WAIT[answer], Retry_After=retry_after)
    flightctl("lookup", "NZ1")
    assert rows(HELD_FOR_S) == [(seconds,)]


@pytest.mark.parametrize("answer", list(TOLD_TO_WAIT))
def test_of_a_batch_only_the_first_is_asked_for(flightctl: Flightctl, upstream: Upstream, answer: str) -> None:
    upstream.fails(*TOLD_TO_WAIT[answer])
    done = flightctl("lookup", "NZ1", "NZ2", "NZ3", "--json")
    assert (done.code, {one["error"]["code"] for one in done.answers}) == (5, {CODES[answer]})
    assert len(upstream.asked) == done.json["metrics"]["upstream_calls"] == 1


@pytest.mark.parametrize("processes", [12, pytest.param(24, marks=pytest.mark.slow)])
def test_many_processes_at_once_make_no_more_calls_than_would_open_the_breaker(
    upstream: Upstream, processes: int
) -> None:
    upstream.fails(429, "rate_limit_reached")
    upstream.delay_s = 0.5
    ended = crowd([["lookup", f"NZ{n}", "--json"] for n in range(1, processes + 1)], at_once=processes)
    assert {one.result.answers[0]["error"]["code"] for one in ended} == {"upstream_rate_limited"}
    assert len(upstream.asked) <= 5


# A used up quota


@pytest.fixture
def used_up(database: Path, upstream: Upstream, flightctl: Flightctl) -> None:
    """Upstream says that the key's quota is used up."""
    upstream.fails(429, "usage_limit_reached", Retry_After="1")
    assert flightctl("lookup", "NZ1").code == 6
    upstream.rows = [row("NZ2")]
    upstream.works()


@pytest.mark.usefixtures("used_up")
def test_after_its_quota_was_used_up_a_key_is_not_asked_with_before_the_cycle_turns(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    done = flightctl("lookup", "NZ2", "--json")
    turns = (datetime.now(UTC).date().replace(day=1) + timedelta(days=32)).replace(day=1)
    assert (done.code, done.answers[0]["error"]["code"], len(upstream.asked)) == (6, "usage_limit_reached", 1)
    assert f"up until {turns}" in done.err
    assert rows("SELECT not_before FROM provider_accounts") == [(f"{turns} 00:00:00.000000",)]


@pytest.mark.usefixtures("used_up")
def test_when_the_cycle_has_turned_a_used_up_key_is_asked_with_again(
    flightctl: Flightctl, upstream: Upstream, over: Over
) -> None:
    over()
    assert (flightctl("lookup", "NZ2").code, len(upstream.asked)) == (0, 2)


@pytest.mark.usefixtures("used_up")
def test_a_used_up_quota_lets_the_stale_entry_serve(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ2", age_s=STALE_S)
    answer = flightctl("lookup", "NZ2", "--stale-if-error", "--json").answers[0]
    assert (answer["outcome"], len(upstream.asked)) == ("stale", 1)


# What is never asked twice


def test_a_refused_key_is_asked_with_once_in_a_batch(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(401, "invalid_access_key")
    done = flightctl("lookup", "NZ1", "NZ2", "NZ", "NZ3", "--json")
    assert (done.code, {answer["error"]["code"] for answer in done.answers}) == (5, {"key_refused"})
    assert len(upstream.asked) == done.json["metrics"]["upstream_calls"] == 1


def test_a_refused_key_is_tried_again_by_the_next_run(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(401, "inactive_user")
    flightctl("lookup", "NZ1")
    upstream.works()
    upstream.rows = [row("NZ1")]
    assert (flightctl("lookup", "NZ1").code, len(upstream.asked)) == (0, 2)


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (403, "function_access_restricted")])
def test_what_failed_is_not_tried_again_within_a_look_up(
    flightctl: Flightctl, upstream: Upstream, status: int, code: str
) -> None:
    upstream.fails(status, code)
    done = flightctl("lookup", "NZ1", "NZ1", "--json")
    assert (done.code, len(upstream.asked), done.json["metrics"]["upstream_errors"]) == (5, 1, 1)


def test_what_failed_is_tried_again_by_the_next_run(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(500, "internal_error")
    assert [flightctl("lookup", "NZ1").code for _ in range(2)] == [5, 5]
    assert len(upstream.asked) == 2
