"""An upstream that keeps failing is left alone, but for one try every half minute; all processes know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from crowd import crowd
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
PROBE_AFTER_S = """
    SELECT CAST(round((julianday(next_probe_at) - julianday(max(called_at))) * 86400) AS INTEGER)
    FROM provider_accounts, upstream_calls
"""

Due = Callable[[], object]


@pytest.fixture
def broken(upstream: Upstream, flightctl: Flightctl) -> Upstream:
    """An upstream that knows NZ1 to NZ99 and has just failed five times; it fails still."""
    upstream.rows = [row(f"NZ{number}") for number in range(1, 100)]
    upstream.fails(500, "internal_error")
    codes = [flightctl("lookup", f"NZ{n}", "--json").answers[0]["error"]["code"] for n in range(1, 6)]
    assert codes == ["upstream_server_error"] * 5
    upstream.asked.clear()
    return upstream


@pytest.fixture
def due(rows: Rows) -> Due:
    """Let the half minute be over."""
    past = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 second') || '000'"
    return lambda: rows(f"UPDATE provider_accounts SET next_probe_at = {past}")


def test_after_five_failures_upstream_is_not_asked_and_the_next_try_is_told(
    flightctl: Flightctl, broken: Upstream
) -> None:
    done = flightctl("lookup", "NZ6", "--json")
    assert (done.code, done.answers[0]["error"]["code"], broken.asked) == (5, "upstream_breaker_open", [])
    assert "the next try is at " in done.err
    assert done.json["metrics"]["upstream_calls"] == 0


def test_another_process_knows(process: Flightctl, broken: Upstream) -> None:
    done = process("lookup", "NZ6", "--json")
    assert (done.code, done.answers[0]["error"]["code"], broken.asked) == (5, "upstream_breaker_open", [])


def test_a_batch_makes_no_more_calls_than_open_the_breaker(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(500, "internal_error")
    done = flightctl("lookup", *(f"NZ{n}" for n in range(1, 21)), "--json")
    codes = Counter(answer["error"]["code"] for answer in done.answers)
    assert (done.code, codes) == (5, {"upstream_server_error": 5, "upstream_breaker_open": 15})
    assert len(upstream.asked) == 5


def test_with_the_breaker_open_the_cache_answers(flightctl: Flightctl, broken: Upstream, cached: Cached) -> None:
    cached("NZ6")
    cached("NZ7", age_s=STALE_S)
    done = flightctl("lookup", "NZ6", "NZ7", "--stale-if-error", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (0, ["hit", "stale"])


@pytest.mark.parametrize("command", [("confirm", "--verify"), ("refresh-stale",), ("lookup", "QF")])
def test_with_the_breaker_open_no_command_pays(
    flightctl: Flightctl, broken: Upstream, cached: Cached, command: tuple[str, ...]
) -> None:
    flightctl("add-manual", "NZ6", "--from", "AKL", "--to", "CHC")
    cached("NZ7", age_s=STALE_S)
    assert (flightctl(*command).code, broken.asked) == (5, [])


def test_a_try_that_succeeds_closes_the_breaker(flightctl: Flightctl, broken: Upstream, rows: Rows, due: Due) -> None:
    broken.works()
    due()
    assert flightctl("lookup", "NZ6", "NZ7", "NZ8").code == 0
    assert rows("SELECT next_probe_at FROM provider_accounts") == [(None,)]


def test_a_flight_that_upstream_does_not_know_is_a_success_of_its_own(
    flightctl: Flightctl, broken: Upstream, due: Due
) -> None:
    broken.works()
    due()
    assert flightctl("lookup", "QF1").code == 3
    assert flightctl("lookup", "NZ6").code == 0


def test_once_closed_the_breaker_takes_five_failures_to_open_again(
    flightctl: Flightctl, broken: Upstream, due: Due
) -> None:
    broken.works()
    due()
    flightctl("lookup", "NZ6")
    broken.fails(500, "internal_error")
    done = flightctl("lookup", *(f"NZ{n}" for n in range(10, 20)), "--json")
    assert [answer["error"]["code"] for answer in done.answers].count("upstream_server_error") == 5


def test_a_try_that_fails_keeps_it_open_for_another_half_minute(
    flightctl: Flightctl, broken: Upstream, rows: Rows, due: Due
) -> None:
    due()
    done = flightctl("lookup", "NZ6", "NZ7", "NZ8", "--json")
    codes = [answer["error"]["code"] for answer in done.answers]
    assert codes == ["upstream_server_error", "upstream_breaker_open", "upstream_breaker_open"]
    assert (len(broken.asked), rows(PROBE_AFTER_S)) == (1, [(30,)])


def test_of_many_processes_one_makes_the_try(broken: Upstream, due: Due) -> None:
    broken.delay_s = 0.5
    due()
    ended = crowd([["lookup", f"NZ{n}", "--json"] for n in range(10, 18)])
    codes = Counter(one.result.answers[0]["error"]["code"] for one in ended)
    assert (len(broken.asked), codes) == (1, {"upstream_server_error": 1, "upstream_breaker_open": 7})


@pytest.mark.parametrize("processes", [16, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("delay_s", [0.0, 1.0])
def test_many_processes_at_once_make_no_more_calls_than_open_the_breaker(
    upstream: Upstream, delay_s: float, processes: int
) -> None:
    upstream.fails(500, "internal_error")
    upstream.delay_s = delay_s
    ended = crowd([["lookup", f"NZ{n}", "--json"] for n in range(1, processes + 1)], at_once=processes)
    assert {one.result.code for one in ended} == {5}
    tries_meanwhile = int((max(upstream.asked_at) - min(upstream.asked_at)) // 29)
    assert len(upstream.asked) <= 5 + tries_meanwhile


def test_answers_that_do_not_blame_the_provider_leave_the_breaker_closed(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    for status, code in ((403, "function_access_restricted"), (422, "validation_error")) * 4:
        upstream.fails(status, code)
        flightctl("lookup", "NZ1")
    assert len(upstream.asked) == 8
    assert rows("SELECT next_probe_at FROM provider_accounts WHERE next_probe_at IS NOT NULL") == []
