"""One upstream call for all who miss the same key at the same time; processes, not threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import nursery
from crowd import Ended, crowd
from flightctl.services.holder import is_gone, this_holder
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

PATIENCE_S = 60.0
Start = Callable[[str], nursery.Child]
MANY = pytest.mark.parametrize("many", [12, pytest.param(32, marks=pytest.mark.slow)])


def outcomes(ended: list[Ended]) -> Counter[str]:
    return Counter(answer["outcome"] for one in ended for answer in one.result.answers)


@pytest.fixture
def lookup_of() -> Iterator[Start]:
    """Start ``lookup FLIGHT --json`` as a process of its own."""
    with ExitStack() as stack:

        def start(flight: str) -> nursery.Child:
            child = stack.enter_context(nursery.flightctl("lookup", flight, "--json"))
            stack.callback(child.kill)
            return child

        yield start


def until(condition: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@MANY
def test_many_who_miss_one_flight_make_one_call(upstream: Upstream, many: int) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 1.5
    ended = crowd([["lookup", "NZ527", "--json"]] * many)
    assert len(upstream.asked) == 1
    assert outcomes(ended)["miss"] == 1
    assert outcomes(ended)["coalesced"] + outcomes(ended)["hit"] == many - 1
    assert {one.result.answers[0]["arrival_iata"] for one in ended} == {"CHC"}


@MANY
def test_many_who_miss_several_flights_make_a_call_for_each(upstream: Upstream, many: int) -> None:
    flights = [f"NZ{number}" for number in range(1, many // 4 + 1)]
    upstream.rows = [row(flight) for flight in flights]
    upstream.delay_s = 0.5
    ended = crowd([["lookup", flight, "--json"] for flight in flights * 4])
    assert sorted(query["flight_iata"] for query in upstream.asked) == sorted(flights)
    assert {one.result.code for one in ended} == {0}


def test_many_who_miss_what_upstream_does_not_know_make_one_call(upstream: Upstream) -> None:
    upstream.delay_s = 0.5
    ended = crowd([["lookup", "NZ527", "--json"]] * 8)
    assert len(upstream.asked) == 1
    assert {(one.result.code, one.result.answers[0]["outcome"]) for one in ended} == {(3, "not_found")}


def test_many_who_miss_an_airline_make_one_call(upstream: Upstream) -> None:
    upstream.rows = [row("NZ1"), row("NZ2")]
    upstream.delay_s = 0.5
    ended = crowd([["lookup", "NZ", "--json"]] * 8)
    assert len(upstream.asked) == 1
    assert {len(one.result.answers) for one in ended} == {2}


def test_the_counters_tell_who_fetched_and_who_waited(upstream: Upstream, flightctl: Flightctl) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 1.0
    ended = crowd([["lookup", "NZ527", "--json"]] * 8)
    counted = flightctl("stats", "--json").json["lookups"]
    assert counted["misses"] == 1
    assert counted["coalesced"] == outcomes(ended)["coalesced"]
    assert counted["hits"] == outcomes(ended)["hit"]


def test_those_who_waited_share_the_failure(upstream: Upstream, lookup_of: Start) -> None:
    upstream.fails(500, "internal_error")
    waiters: list[nursery.Child] = []

    def somebody_comes() -> None:
        waiters.append(lookup_of("NZ527"))
        time.sleep(5)

    upstream.while_asked = somebody_comes
    leader = lookup_of("NZ527")
    assert leader.wait(PATIENCE_S) == 5
    assert waiters[0].wait(PATIENCE_S) == 5
    assert len(upstream.asked) == 1


def test_a_killed_leader_is_followed_at_once_by_one_other(upstream: Upstream, lookup_of: Start) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 3.0
    leader = lookup_of("NZ527")
    until(lambda: upstream.asked)
    waiters = [lookup_of("NZ527") for _ in range(3)]
    leader.kill()
    assert [waiter.wait(PATIENCE_S) for waiter in waiters] == [0, 0, 0]
    assert len(upstream.asked) == 2


def test_an_interrupted_leader_leaves_its_work_to_another(upstream: Upstream, lookup_of: Start, rows: Rows) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 2.0
    leader = lookup_of("NZ527")
    until(lambda: upstream.asked)
    leader.send_signal(signal.SIGINT)
    assert leader.wait(PATIENCE_S) == 130
    assert rows("SELECT expires_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') FROM leases") == [(1,)]


def test_an_interrupted_waiter_harms_nobody(upstream: Upstream, lookup_of: Start) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 4.0
    leader = lookup_of("NZ527")
    until(lambda: upstream.asked)
    waiter, other = lookup_of("NZ527"), lookup_of("NZ527")
    time.sleep(2.0)
    waiter.send_signal(signal.SIGINT)
    assert (waiter.wait(PATIENCE_S), leader.wait(PATIENCE_S), other.wait(PATIENCE_S)) == (130, 0, 0)
    assert len(upstream.asked) == 1


def test_the_late_write_of_a_leader_that_was_gone_too_long_is_refused(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, cached: Cached
) -> None:
    """While it was paused, its lease ran out, and another took the key and stored a newer answer."""

    def another_answers() -> None:
        rows("UPDATE leases SET fence = fence + 1, holder = 'another'")
        cached("NZ527", "AKL", "WLG", age_s=0)

    upstream.rows = [row("NZ527", "AKL", "CHC")]
    upstream.while_asked = another_answers
    assert flightctl("lookup", "NZ527", "--json").code == 0
    assert rows("SELECT arrival_iata FROM aviationstack_cache") == [("WLG",)]
    assert rows("SELECT holder FROM leases") == [("another",)]


def test_who_asks_for_a_refresh_gets_nothing_older_than_the_question(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", "AKL", "WLG")
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--refresh", "--json").answers[0]
    assert (answer["outcome"], answer["arrival_iata"]) == ("refreshed", "CHC")


def test_an_entry_from_the_future_does_not_keep_a_refresh_from_asking(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", "AKL", "WLG", age_s=-86_400)
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--refresh", "--json").answers[0]
    assert (answer["outcome"], answer["arrival_iata"], len(upstream.asked)) == ("refreshed", "CHC", 1)


def test_a_holder_is_alive_while_its_process_is() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    machine, _, started, _ = this_holder().rsplit("/", 3)
    assert machine
    assert started
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    other = f"{machine}/{child.pid}/{stat[19]}/x"
    assert not is_gone(other)
    child.kill()
    child.communicate()
    assert is_gone(other)


def test_a_holder_with_the_number_of_another_process_is_gone() -> None:
    machine, number, _, _ = this_holder().rsplit("/", 3)
    assert number == str(os.getpid())
    assert is_gone(f"{machine}/{number}/1/x")


@pytest.mark.parametrize("holder", ["elsewhere/1/1/x", "another", ""])
def test_a_holder_on_another_machine_is_given_its_time(holder: str) -> None:
    assert not is_gone(holder)
