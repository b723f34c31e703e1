"""Many processes on one file, some of them killed: nobody is shown an error, nothing acknowledged is lost,
and the counters are exact.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crowd import Ended, as_processes, crowd
from flightctl.domain.renewal import RefreshOrder, Renewal
from flightctl.domain.route import direct
from flightctl.runtime import Options, Runtime
from flightctl.services.refresh_run import Teller
from flightctl.store import proposals, routes
from flightctl.store.local_engine import LocalFile
from running import Cached
from trouble import column, intact
from upstream import Upstream, row

AT_ONCE = 32
MONTH_S = 30 * 86_400
KNOWN, ASKED = range(1, 41), range(1, 46)
"""Flight numbers that upstream knows, and those that are asked for."""
COUNTED = ("hits", "misses", "stale", "coalesced")
NO_ROUTE = ("knows no such flight", "look-ups have no route")
"""All that a look-up may say on stderr here."""

Run = Callable[..., list[Ended]]


class Story:
    """So many rounds of 32 command lines: look-ups of two flights, proposals, and confirmations of earlier ones."""

    def __init__(self, database: Path, upstream: Upstream, rounds: int) -> None:
        self.database = database
        self.upstream = upstream
        upstream.rows = [row(f"NZ{number}") for number in KNOWN]
        size = rounds * AT_ONCE
        self._propose([f"PX{number}" for number in range(1, size // 4 + 1)])
        self.commands = [self._command(number) for number in range(1, size + 1)]
        random.shuffle(self.commands)

    def _propose(self, flights: Sequence[str]) -> None:
        now = datetime.now(UTC) - timedelta(hours=1)
        database = LocalFile(self.database)
        with database.writing() as session:
            for flight in flights:
                route = direct(flight, "PX", "POM", "LAE")
                proposals.add(session, route, "", "alice", now, replaces=False)
                routes.store_pending(session, route, now)
        database.close()

    def _command(self, number: int) -> list[str]:
        if number % 4 == 0:
            return ["confirm", f"PX{number // 4}", "--json"]
        if number % 4 == 1:
            return ["add-manual", f"QF{number}", "--from", "SYD", "--to", "MEL", "--json"]
        return ["lookup", *(f"NZ{random.choice(ASKED)}" for _ in range(2)), "--json"]

    def check(self, ended: Sequence[Ended]) -> None:
        """Everything that has to hold, whoever was killed."""
        self.nobody_was_shown_an_error(ended)
        self.what_was_acknowledged_is_there(ended)
        self.what_was_not_is_there_wholly_or_not_at_all()
        self.look_ups_are_counted(ended)
        self.calls_are_counted(ended)
        assert intact(self.database)

    def nobody_was_shown_an_error(self, ended: Sequence[Ended]) -> None:
        for one in ended:
            result = one.result
            if one.killed:
                continue
            assert result.code in ((0, 3, 9) if one.command[0] == "lookup" else (0,)), one
            assert not result.err or any(text in result.err for text in NO_ROUTE), one
            assert '"warning": "' not in result.out, one

    def what_was_acknowledged_is_there(self, ended: Sequence[Ended]) -> None:
        done = [one for one in ended if not one.killed]
        added = {one.command[1] for one in done if one.command[0] == "add-manual"}
        confirmed = {one.command[1] for one in done if one.command[0] == "confirm"}
        answered = {
            answer["flight_iata"]
            for one in done
            if one.command[0] == "lookup"
            for answer in one.result.answers
            if answer["outcome"] != "not_found"
        }
        assert added <= self._flights("pending")
        assert confirmed | answered <= self._flights("confirmed")

    def what_was_not_is_there_wholly_or_not_at_all(self) -> None:
        waiting = column(self.database, "SELECT flight_iata FROM proposals WHERE decision IS NULL")
        assert set(waiting) == self._flights("pending")
        decided = column(self.database, "SELECT flight_iata FROM proposals WHERE decision = 'confirmed'")
        assert set(decided) == {flight for flight in self._flights("confirmed") if str(flight).startswith("PX")}

    def look_ups_are_counted(self, ended: Sequence[Ended]) -> None:
        printed = self._printed(ended)
        uncertain = 2 * sum(one.killed and one.command[0] == "lookup" for one in ended)
        counted = {bucket: sum(map(int, map(str, column(self.database, _COUNT.format(bucket))))) for bucket in COUNTED}
        assert all(printed[bucket] <= counted[bucket] for bucket in COUNTED), (printed, counted)
        assert sum(counted.values()) <= sum(printed[bucket] for bucket in COUNTED) + uncertain

    def calls_are_counted(self, ended: Sequence[Ended]) -> None:
        """A call is on record before it is sent, so a kill can only leave records of calls that were not sent."""
        killed = sum(one.killed and one.command[0] == "lookup" for one in ended)
        recorded = len(column(self.database, "SELECT id FROM upstream_calls"))
        unsettled = len(column(self.database, "SELECT id FROM upstream_calls WHERE result = 'sent'"))
        assert unsettled <= killed
        assert recorded - killed <= len(self.upstream.asked) <= recorded
        assert self._printed(ended)["upstream_calls"] <= recorded

    def _printed(self, ended: Sequence[Ended]) -> Counter[str]:
        printed: Counter[str] = Counter()
        for one in ended:
            if one.command[0] == "lookup" and not one.killed:
                printed.update(one.result.json["metrics"])
        return printed

    def _flights(self, status: str) -> set[object]:
        return set(column(self.database, f"SELECT flight_iata FROM aviationstack_cache WHERE status = '{status}'"))


_COUNT = "SELECT n FROM lookup_counts WHERE bucket = '{}'"


ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(2, marks=pytest.mark.slow)])


@ROUNDS
def test_32_processes_at_once_see_no_error_and_lose_nothing_and_count_exactly(
    database: Path, upstream: Upstream, rounds: int
) -> None:
    story = Story(database, upstream, rounds)
    ended = crowd(story.commands, at_once=AT_ONCE)
    story.check(ended)
    assert not any(one.killed for one in ended)


@ROUNDS
def test_those_that_are_killed_harm_nobody_else(database: Path, upstream: Upstream, rounds: int) -> None:
    story = Story(database, upstream, rounds)
    ended = crowd(story.commands, at_once=AT_ONCE, kill_within_s=_some(story, 1.0))
    story.check(ended)
    assert {one.killed for one in ended} == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("run", [crowd, as_processes])
@pytest.mark.parametrize("turn", range(int(os.environ.get("CAMPAIGN_TURNS", "5"))))
def test_a_long_campaign_of_kills_harms_nobody_else(database: Path, upstream: Upstream, run: Run, turn: int) -> None:
    story = Story(database, upstream, rounds=10)
    ended = run(story.commands, at_once=AT_ONCE, kill_within_s=_some(story, 0.5 + turn))
    story.check(ended)


def _some(story: Story, within_s: float) -> list[float | None]:
    """Every third of the commands is to be killed within that time, half of them early: a machine may be fast."""
    spans = (within_s, None, None, within_s / 4, None, None)
    return [spans[number % 6] for number in range(len(story.commands))]


def test_two_refresh_runs_at_once_do_not_do_the_same_work_twice(upstream: Upstream, cached: Cached) -> None:
    flights = [f"NZ{number}" for number in range(1, 13)]
    for flight in flights:
        cached(flight, age_s=MONTH_S + 60)
    upstream.rows = [row(flight) for flight in flights[:-3]]  # three are not known any more
    upstream.delay_s = 0.05
    first, second = (one.result for one in crowd([["refresh-stale", "--json"]] * 2))
    assert (first.code, second.code) == (0, 0)
    assert [query["airline_iata"] for query in upstream.asked] == ["NZ"]
    for what, n in (("refreshed", 9), ("not_found", 3), ("failed", 0), ("upstream_calls", 1)):
        assert first.json[what] + second.json[what] == n, what


def test_what_another_refresh_run_has_done_meanwhile_is_not_done_again(upstream: Upstream, cached: Cached) -> None:
    """Both runs chose the same entries; one had finished before the other came to its first."""
    for flight in ("NZ1", "NZ2"):
        cached(flight, age_s=MONTH_S + 60)
    upstream.rows = [row("NZ1")]  # NZ2 is not known any more
    runtime = Runtime(Options(), os.environ)
    order = RefreshOrder(runtime.ttl)
    one, other = runtime.refresh(order), runtime.refresh(order)
    chosen, also_chosen = one.selected(), other.selected()
    teller = Teller(runtime.clock, time.sleep, on_each=lambda: None, on_wait=lambda _why: None)
    one.run(chosen, lambda: runtime.paying.routes, teller)
    late = other.run(also_chosen, lambda: runtime.paying.routes, teller)
    runtime.close()
    assert len(also_chosen) == late.count(Renewal.SKIPPED) == 2
    assert len(upstream.asked) == 2


def test_a_refresh_run_that_is_killed_leaves_its_work_to_the_next(
    database: Path, upstream: Upstream, cached: Cached
) -> None:
    for number in range(1, 7):
        cached(f"NZ{number}", age_s=MONTH_S + 60)
    upstream.rows = [row(f"NZ{number}") for number in range(1, 7)]
    upstream.delay_s = 3.0
    (killed,) = crowd([["refresh-stale", "--json"]], kill_within_s=[2.0])
    assert killed.killed
    upstream.delay_s = 0
    (again,) = crowd([["refresh-stale", "--json"]])
    assert (again.result.code, again.result.json["failed"]) == (0, 0)
    assert again.result.json["refreshed"] == 6
    fresh = "SELECT count(*) FROM aviationstack_cache WHERE refreshed_at > datetime('now', '-1 hour')"
    assert column(database, fresh) == [6]
