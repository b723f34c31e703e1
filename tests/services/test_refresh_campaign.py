"""What a refresh in bulk has to show at full size: 2,000 stale entries of 12 airlines, run as processes.

``pytest -m slow -s tests/services/test_refresh_campaign.py`` prints the figures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

import nursery
from stale import fill, flights, fresh_in, rows_of
from upstream import Row, Upstream

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

AIRLINES = ["NZ", "QF", "BA", "LH", "AF", "UA", "DL", "AA", "SQ", "EK", "KL", "JL"]
KNOWN = 0.95
PATIENCE_S = 900.0
TURNS = int(os.environ.get("CAMPAIGN_TURNS", "5"))


@pytest.fixture(autouse=True)
def no_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")


def due(count: int) -> dict[str, str]:
    """So many flights, of the twelve airlines in turn."""
    shares = {airline: len(range(place, count, len(AIRLINES))) for place, airline in enumerate(AIRLINES)}
    return {flight: way for airline, n in shares.items() for flight, way in flights(airline, n).items()}


def feeds(entries: Iterable[str], times: int, chance: random.Random) -> list[Row]:
    """Rows in no order: 95 % of the entries, and as many others as make the feeds so many times as large."""
    known = {flight: "AKL-CHC" for flight in entries if chance.random() < KNOWN}
    total = Counter(flight[:2] for flight in entries)
    have = Counter(flight[:2] for flight in known)
    others = [flights(airline, times * n - have[airline], "SYD-MEL", first=3000) for airline, n in total.items()]
    rows = rows_of(known) + [row for some in others for row in rows_of(some)]
    chance.shuffle(rows)
    return rows


def stale(upstream: Upstream, database: Path, count: int, times: int = 1) -> dict[str, str]:
    entries = due(count)
    fill(database, entries)
    upstream.rows = feeds(entries, times, random.Random(count * times))
    return entries


def started() -> nursery.Child:
    return nursery.flightctl("refresh-stale", "--json")


def ran(upstream: Upstream, what: str) -> dict[str, int]:
    begun = time.monotonic()
    with started() as child:
        out, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, err.decode()
    done: dict[str, int] = json.loads(out)
    told = {name: n for name, n in done.items() if type(n) is int and n}
    print(f"\n{what}: {len(upstream.asked)} calls, {told}, {time.monotonic() - begun:.1f} s")  # noqa: T201
    return done


def all_known_are_fresh(upstream: Upstream, database: Path, entries: Iterable[str]) -> bool:
    known = {row["flight"]["iata"] for row in upstream.rows}
    return fresh_in(database) & set(entries) == known & set(entries)


@pytest.mark.parametrize(("times", "most"), [(1, 60), (3, 2_000), (10, 2_000)])
def test_two_thousand_stale_entries(upstream: Upstream, database: Path, times: int, most: int) -> None:
    entries = stale(upstream, database, 2_000, times)
    done = ran(upstream, f"2,000 entries, feeds {times} times as large")
    assert len(upstream.asked) == done["upstream_calls"] <= most
    assert (done["refreshed"] + done["not_found"], done["failed"]) == (2_000, 0)
    assert all_known_are_fresh(upstream, database, entries)


@pytest.mark.parametrize("times", [1, 3, 10])
@pytest.mark.parametrize("count", [12, 24, 36, 48, 60, 120, 240])
def test_fewer_entries_never_cost_more_than_look_ups(
    upstream: Upstream, database: Path, count: int, times: int
) -> None:
    entries = stale(upstream, database, count, times)
    done = ran(upstream, f"{count} entries, feeds {times} times as large")
    assert len(upstream.asked) == done["upstream_calls"] <= count
    assert count > 12 or len(upstream.asked) == 12
    assert all_known_are_fresh(upstream, database, entries)


def send_at(upstream: Upstream, child: nursery.Child, number: int, call: int) -> None:
    upstream.while_asked = lambda: child.send_signal(number) if len(upstream.asked) == call else None


@pytest.mark.parametrize(("number", "more"), [(signal.SIGINT, 0), (signal.SIGKILL, 1)], ids=["Ctrl-C", "SIGKILL"])
@pytest.mark.parametrize("call", [1, 12, 23])
def test_a_run_that_is_interrupted_half_way_is_gone_on_with(
    upstream: Upstream, database: Path, number: int, more: int, call: int
) -> None:
    entries = stale(upstream, database, 2_000)
    upstream.delay_s = 0.1
    with started() as child:
        send_at(upstream, child, number, call)
        child.communicate(timeout=PATIENCE_S)
    upstream.while_asked = lambda: None
    ran(upstream, f"2,000 entries, interrupted by {number} at call {call}, and again")
    assert len(upstream.asked) <= 24 + more
    assert len({json.dumps(query) for query in upstream.asked}) >= len(upstream.asked) - more
    assert all_known_are_fresh(upstream, database, entries)


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_run_that_is_killed_again_and_again_costs_one_call_a_kill(
    upstream: Upstream, database: Path, turn: int
) -> None:
    entries = stale(upstream, database, 2_000)
    upstream.delay_s = 0.05
    kills = 5
    for _ in range(kills):
        with started() as child:
            time.sleep(random.uniform(0.5, 6))
            child.kill()
    ran(upstream, f"turn {turn}: 2,000 entries, killed {kills} times")
    assert len(upstream.asked) <= 24 + kills
    assert all_known_are_fresh(upstream, database, entries)


def test_three_runs_at_once_cost_as_much_as_one(upstream: Upstream, database: Path) -> None:
    entries = stale(upstream, database, 2_000)
    upstream.delay_s = 0.1
    children = [started() for _ in range(3)]
    for child in children:
        _, err = child.communicate(timeout=PATIENCE_S)
        assert (child.returncode, err) == (0, b"")
    ran(upstream, "2,000 entries, three runs at once, and one more")
    assert len(upstream.asked) == len({json.dumps(query) for query in upstream.asked}) == 24
    assert all_known_are_fresh(upstream, database, entries)
