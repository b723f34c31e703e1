"""What the single flight has to show at full size: hundreds of processes, slow answers, leases that run out.

``pytest -m slow -s tests/services/test_single_flight_campaign.py`` prints the figures.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

import nursery
from crowd import Ended, crowd
from flightctl.domain.turn import LEASE
from running import Rows
from trouble import held
from upstream import Upstream, row

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

LEASE_S = LEASE.total_seconds()
AND_S = 5.0
"""So much later than the lease's end everybody has an answer."""
PATIENCE_S = 60.0
ANSWERED_S = 2.0
"""Within this, an answer that upstream is sending has come in."""
LONGER_THAN_CLOCKS_DIFFER_S = 65.0
"""An entry that is newer by less than a minute is kept by its date already, without any fence."""
ALL_THERE_S = 3.0
"""Within this, everybody of a crowd has looked and waits."""
Start = Callable[[str], nursery.Child]


@pytest.fixture(autouse=True)
def no_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")


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


def outcomes(ended: list[Ended]) -> Counter[str]:
    return Counter(answer["outcome"] for one in ended if not one.killed for answer in one.result.answers)


def arrivals(ended: list[Ended]) -> set[str]:
    return {answer["arrival_iata"] for one in ended if not one.killed for answer in one.result.answers}


def tell(what: str, upstream: Upstream, ended: list[Ended], seconds: float) -> None:
    told = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes(ended).items()))
    print(f"\n{what}: {len(upstream.asked)} requests, {told}, {seconds:.1f} s")  # noqa: T201 - what -s is for


def kill_the_leader_of_forty(upstream: Upstream, rows: Rows, *before: str) -> tuple[list[Ended], float]:
    """Kill it in mid-call, after these statements; how all ended, and how long after the kill the last one did."""
    with ThreadPoolExecutor(1) as aside:
        ending = aside.submit(crowd, [["lookup", "NZ527", "--json"]] * 40, at_once=40)
        until(lambda: upstream.asked)
        time.sleep(ALL_THERE_S)
        ((holder,),) = rows("SELECT holder FROM leases")
        for statement in before:
            rows(statement)
        os.kill(int(holder.split("/")[1]), signal.SIGKILL)
        begun = time.monotonic()
        return ending.result(), time.monotonic() - begun


def test_a_hundred_who_miss_one_flight_make_one_call(upstream: Upstream) -> None:
    upstream.rows, upstream.delay_s = [row("NZ527", "AKL", "CHC")], 10
    begun = time.monotonic()
    ended = crowd([["lookup", "NZ527", "--json"]] * 100, at_once=100)
    tell("100 processes, one flight, upstream 10 s", upstream, ended, time.monotonic() - begun)
    assert len(upstream.asked) == 1
    assert {one.result.code for one in ended} == {0}
    assert arrivals(ended) == {"CHC"}


def test_a_hundred_who_miss_twenty_flights_make_a_call_for_each(upstream: Upstream) -> None:
    flights = [f"NZ{number}" for number in range(1, 21)]
    upstream.rows, upstream.delay_s = [row(flight) for flight in flights], 10
    begun = time.monotonic()
    ended = crowd([["lookup", flights[n % 20], "--json"] for n in range(100)], at_once=100)
    tell("100 processes, 20 flights, upstream 10 s", upstream, ended, time.monotonic() - begun)
    assert sorted(query["flight_iata"] for query in upstream.asked) == sorted(flights)
    assert [one.result.answers[0]["flight_iata"] for one in ended] == flights * 5


@pytest.mark.parametrize(
    ("what", "upstream_s", "before"),
    [
        ("here", 10, ()),
        # Whose processes cannot be seen from here, so that its lease has to run out.
        ("on another machine", 4, ("UPDATE leases SET holder = 'elsewhere/1/1/x'",)),
    ],
)
def test_a_killed_leader_costs_one_more_call_and_nobody_waits_for_long(
    upstream: Upstream, rows: Rows, what: str, upstream_s: float, before: tuple[str, ...]
) -> None:
    upstream.rows, upstream.delay_s = [row("NZ527", "AKL", "CHC")], upstream_s
    ended, seconds = kill_the_leader_of_forty(upstream, rows, *before)
    tell(f"40 processes, leader killed {what}, upstream {upstream_s} s; after the kill", upstream, ended, seconds)
    assert Counter(one.result.code for one in ended) == {-signal.SIGKILL: 1, 0: 39}
    assert arrivals(ended) == {"CHC"}
    assert len(upstream.asked) == 2
    assert seconds < LEASE_S + AND_S


def test_a_leader_stopped_in_mid_call_finds_the_newer_entry_when_it_goes_on(
    upstream: Upstream, lookup_of: Start, rows: Rows
) -> None:
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    leaders: list[nursery.Child] = []
    upstream.while_asked = lambda: leaders.pop().send_signal(signal.SIGSTOP) if leaders else None
    leaders.append(leader := lookup_of("NZ527"))
    until(lambda: upstream.asked and not leaders)
    seconds = overtake(upstream, lookup_of)
    leader.send_signal(signal.SIGCONT)
    code = leader.wait(PATIENCE_S)
    print(f"\nleader stopped in mid-call: overtaken after {seconds:.1f} s, ended with {code}")  # noqa: T201
    assert rows("SELECT arrival_iata FROM aviationstack_cache") == [("WLG",)]
    assert len(upstream.asked) == 2


def test_the_late_write_of_a_stopped_leader_does_not_overwrite_the_newer_one(
    database: Path, upstream: Upstream, lookup_of: Start, rows: Rows
) -> None:
    """It is stopped with the answer in hand, while it waits for the write lock, and for so long that only the fence
    can tell that its answer is the older one.
    """
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    with ExitStack() as locked:
        locks: list[object] = []
        upstream.while_asked = lambda: locks.append(locked.enter_context(held(database, "BEGIN IMMEDIATE")))
        leader = lookup_of("NZ527")
        until(lambda: locks)
        time.sleep(ANSWERED_S)
        leader.send_signal(signal.SIGSTOP)
    upstream.while_asked = lambda: None
    time.sleep(LONGER_THAN_CLOCKS_DIFFER_S)
    seconds = overtake(upstream, lookup_of)
    leader.send_signal(signal.SIGCONT)
    code = leader.wait(PATIENCE_S)
    stopped_s = LONGER_THAN_CLOCKS_DIFFER_S + seconds
    print(f"\nleader stopped for {stopped_s:.0f} s before it wrote: ended with {code}")  # noqa: T201
    assert rows("SELECT arrival_iata FROM aviationstack_cache") == [("WLG",)]
    assert rows("SELECT count(*) FROM upstream_calls WHERE result = 'ok'") == [(2,)]


def overtake(upstream: Upstream, lookup_of: Start) -> float:
    """Another asks once the lease has run out, and upstream has changed its mind; how long that took."""
    begun = time.monotonic()
    upstream.rows = [row("NZ527", "AKL", "WLG")]
    assert lookup_of("NZ527").wait(PATIENCE_S) == 0
    return time.monotonic() - begun


def test_ten_thousand_zipf_look_ups_cost_a_call_for_each_distinct_flight(upstream: Upstream) -> None:
    numbers = range(1, 2_001)
    upstream.rows = [row(f"NZ{number}") for number in numbers]
    asked = [f"NZ{n}" for n in random.choices(numbers, [1 / number for number in numbers], k=10_000)]
    begun = time.monotonic()
    ended = crowd([["lookup", *asked[share::8], "--json"] for share in range(8)], at_once=8)
    tell(f"10,000 look-ups of {len(set(asked))} flights", upstream, ended, time.monotonic() - begun)
    assert sorted(query["flight_iata"] for query in upstream.asked) == sorted(set(asked))
    assert {one.result.code for one in ended} == {0}
