"""Refresh runs that are interrupted, killed, limited or several at once: nothing is paid for twice."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Container, Iterable
from pathlib import Path

import pytest

import nursery
from crowd import crowd
from flightctl.domain.renewal import Renewal
from running import Cached, Rows
from services.refreshing import Runs, error, failing
from stale import STALE_S, counts, fill, flights, fresh_in, pages_asked, rows_of
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

PATIENCE_S = 60.0
SINGLE = ["BA1", "LH1", "AF1"]
DUE = flights("NZ", 250) | flights("QF", 30) | dict.fromkeys(SINGLE, "AKL-CHC")
UNKNOWN = ["NZ17", "NZ133", "QF5", "LH1"]
ALL_CALLS = 7
"""Three pages of NZ, one of QF and three flights."""


@pytest.fixture
def upstream(upstream: Upstream, database: Path) -> Upstream:
    """It takes a while to answer, and does not know all that is stale; some of what it knows has changed."""
    fill(database, DUE)
    known = {flight: way for flight, way in DUE.items() if flight not in UNKNOWN}
    upstream.rows = rows_of(known | {"NZ40": "AKL-WLG", "NZ250": "AKL-WLG-DUD"})
    upstream.delay_s = 0.15
    return upstream


def often(values: Iterable[object], *, also: Container[object]) -> list[object]:
    """All values in a campaign, and these also in the suite: each takes a few processes."""
    return [value if value in also else pytest.param(value, marks=pytest.mark.slow) for value in values]


def started() -> nursery.Child:
    return nursery.flightctl("refresh-stale", "--json")


def run_and_send(upstream: Upstream, number: int, call: int) -> int:
    """Run, and send this signal while so many calls were made and the last one is under way; the exit code."""
    with started() as child:
        upstream.while_asked = lambda: child.send_signal(number) if len(upstream.asked) == call else None
        child.communicate(timeout=PATIENCE_S)
    upstream.while_asked = lambda: None
    return child.wait(PATIENCE_S)


def run_to_the_end() -> Counter[str]:
    """The outcomes of one more run, which ends well."""
    (one,) = crowd([["refresh-stale", "--json"]])
    assert one.result.code == 0, one.result
    return counts(one.result)


def repeated(upstream: Upstream) -> list[str]:
    """Questions that were asked more than once."""
    asked = Counter(json.dumps(query, sort_keys=True) for query in upstream.asked)
    return [question for question, times in asked.items() if times > 1]


def all_is_done(database: Path) -> bool:
    return fresh_in(database) == DUE.keys() - set(UNKNOWN)


def test_a_run_that_nobody_interrupts(upstream: Upstream, database: Path) -> None:
    assert run_to_the_end() == {"unchanged": 277, "changed": 2, "not_found": 4}
    assert (len(upstream.asked), all_is_done(database)) == (ALL_CALLS, True)


@pytest.mark.parametrize("call", often(range(1, ALL_CALLS + 1), also=(2, 4, 7)))
def test_an_interrupted_run_and_the_next_one_cost_as_much_as_one_run(
    upstream: Upstream, database: Path, call: int
) -> None:
    """However inconvenient the moment: the answer that is under way is kept."""
    number, code = [(signal.SIGINT, 130), (signal.SIGTERM, 143)][call % 2]
    assert run_and_send(upstream, number, call) == code
    assert len(upstream.asked) == call
    run_to_the_end()
    assert (len(upstream.asked), repeated(upstream), all_is_done(database)) == (ALL_CALLS, [], True)


def test_a_run_may_be_interrupted_at_every_call(upstream: Upstream, database: Path) -> None:
    for call in range(1, ALL_CALLS + 1):
        assert run_and_send(upstream, signal.SIGINT, call) == 130
    assert (len(upstream.asked), repeated(upstream), all_is_done(database)) == (ALL_CALLS, [], True)


@pytest.mark.parametrize("call", often(range(1, ALL_CALLS + 1), also=(3, 6)))
def test_a_killed_run_and_the_next_one_cost_one_call_more(upstream: Upstream, database: Path, call: int) -> None:
    assert run_and_send(upstream, signal.SIGKILL, call) == -signal.SIGKILL
    run_to_the_end()
    assert (len(upstream.asked), len(repeated(upstream))) == (ALL_CALLS + 1, 1)
    assert all_is_done(database)


@pytest.mark.parametrize("wait_s", often((0.9, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8), also=(1.0, 1.6)))
def test_a_run_that_is_killed_at_any_time_costs_at_most_one_call_more(
    upstream: Upstream, database: Path, wait_s: float
) -> None:
    crowd([["refresh-stale", "--json"]], kill_within_s=[wait_s])
    run_to_the_end()
    assert len(upstream.asked) <= ALL_CALLS + 1
    assert all_is_done(database)


@pytest.mark.parametrize("runs", often((2, 3, 4), also=(3,)))
def test_runs_at_once_ask_for_no_page_and_no_flight_twice(upstream: Upstream, database: Path, runs: int) -> None:
    ended = [one.result for one in crowd([["refresh-stale", "--json"]] * runs)]
    assert [one.code for one in ended] == [0] * runs
    assert repeated(upstream) == []
    assert sum(one.json["upstream_calls"] for one in ended) == len(upstream.asked)
    run_to_the_end()
    assert (len(upstream.asked), repeated(upstream), all_is_done(database)) == (ALL_CALLS, [], True)


def test_of_runs_at_once_one_may_be_killed(upstream: Upstream, database: Path) -> None:
    crowd([["refresh-stale", "--json"]] * 3, kill_within_s=[1.5, None, None])
    run_to_the_end()
    assert len(upstream.asked) <= ALL_CALLS + 1
    assert all_is_done(database)


@pytest.mark.parametrize("max_calls", [1, 2, 3])
def test_a_run_in_instalments_costs_as_much_as_one_run(upstream: Upstream, database: Path, max_calls: int) -> None:
    upstream.delay_s = 0
    while not all_is_done(database):
        assert 1 <= Runs()(max_calls=max_calls).upstream_calls <= max_calls
    while Runs()(max_calls=max_calls).upstream_calls:
        pass
    assert (len(upstream.asked), repeated(upstream)) == (ALL_CALLS, [])


def test_a_reading_is_gone_on_with_within_an_hour_and_not_after(upstream: Upstream, database: Path, rows: Rows) -> None:
    upstream.delay_s = 0
    Runs()(max_calls=1)
    rows("UPDATE feed_pages SET read_at = datetime(read_at, '-59 minutes')")
    Runs()(max_calls=1)
    assert pages_asked(upstream) == [("NZ", 0), ("NZ", 100)]
    rows("UPDATE feed_pages SET read_at = datetime(read_at, '-2 minutes')")
    Runs()()
    assert pages_asked(upstream)[2:] == [("NZ", 0), ("NZ", 100), ("NZ", 200), ("QF", 0)]


@pytest.mark.parametrize(("minutes", "left"), [(59, 1), (61, 0)])
def test_readings_that_nobody_will_go_on_with_are_dropped_by_any_run(
    upstream: Upstream, rows: Rows, minutes: int, left: int
) -> None:
    upstream.delay_s = 0
    Runs()(max_calls=1)
    rows("UPDATE feed_pages SET read_at = datetime(read_at, ?)", f"-{minutes} minutes")
    Runs()(limit=0)
    assert len(rows("SELECT * FROM feed_pages")) == left


def test_what_a_run_before_has_done_does_not_make_the_rest_dear(upstream: Upstream, rows: Rows) -> None:
    """Next to nothing is left of a large airline, whose size is known: that is no reason to think others large."""
    upstream.delay_s = 0
    Runs()(max_calls=3)
    rows("UPDATE aviationstack_cache SET refreshed_at = '2020-01-01 00:00:00.000000' WHERE flight_iata = 'NZ1'")
    upstream.asked.clear()
    Runs()()
    assert pages_asked(upstream) == [("QF", 0)]


def test_pages_that_are_all_there_are_made_use_of_without_a_call(
    upstream: Upstream, database: Path, rows: Rows
) -> None:
    """A run was killed between its last page and the conclusions from all of them."""
    rows("DELETE FROM aviationstack_cache")
    fill(database, flights("NZ", 2))
    found = [one for one in upstream.rows if one["flight"]["iata"] in ("NZ2", "NZ250")]
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
    rows(f"INSERT INTO feed_pages VALUES ('aviationstack', 'airline:NZ', 0, 3, 3, ?, {now})", json.dumps(found))
    report = Runs()()
    assert (report.count(Renewal.UNCHANGED), report.count(Renewal.NOT_FOUND)) == (1, 1)
    assert upstream.asked == []
    assert rows("SELECT * FROM feed_pages") == []
    assert fresh_in(database) == {"NZ2", "NZ250"}


def test_an_interruption_ends_a_wait_at_once(upstream: Upstream) -> None:
    failing(upstream, {1: error(429, "rate_limit_reached", Retry_After="50")})
    with nursery.flightctl("refresh-stale") as child:
        assert child.stderr.readline().startswith(b"flightctl: waiting 50 s")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=PATIENCE_S / 2)
    assert (child.returncode, out, err) == (130, b"", b"")


def test_an_entry_that_another_run_is_asking_for_is_left_to_it(upstream: Upstream, cached: Cached, rows: Rows) -> None:
    """Its lease is somebody's who lives; what becomes of it is not this run's."""
    rows("DELETE FROM aviationstack_cache")
    cached("NZ1", age_s=STALE_S)
    upstream.delay_s = 1
    with started() as first:
        deadline = time.monotonic() + PATIENCE_S
        while not upstream.asked:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert Runs()().count(Renewal.SKIPPED) == 1
        assert first.wait(PATIENCE_S) == 0
    assert len(upstream.asked) == 1
