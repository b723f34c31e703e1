"""Many machines, one remote: one call for all who want the same, one budget, one breaker; processes, not threads."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

import nursery
from machines import machine_of
from postgres import BASIC, OTHER, SERVICE, SUBSCRIBER, RemoteDatabase
from running import Result
from upstream import Upstream, row

LOGINS = (SERVICE, SUBSCRIBER, OTHER, BASIC)
MANY = pytest.mark.parametrize("many", [16, pytest.param(64, marks=pytest.mark.slow)])
Together = Callable[[Sequence[tuple[str, Sequence[str]]]], list[Result]]


@pytest.fixture
def together(shared_remote: RemoteDatabase, home: Path, empty_cache: Path) -> Together:
    """Run command lines at once, each as a login at a machine of its own."""

    def run(commands: Sequence[tuple[str, Sequence[str]]]) -> list[Result]:
        with ExitStack() as stack:
            children = []
            for number, (login, command) in enumerate(commands):
                folder = home / f"machine{number}"
                folder.mkdir(exist_ok=True)
                environ = {**os.environ, **machine_of(login, shared_remote, folder, empty_cache)}
                children.append(stack.enter_context(nursery.flightctl(*command, environ=environ)))
            ended = [(child.communicate(120), child.wait(120)) for child in children]
        return [Result(code, out.decode(), err.decode()) for (out, err), code in ended]

    return run


def outcomes(results: Sequence[Result]) -> Counter[str]:
    return Counter(one["outcome"] for result in results for one in json.loads(result.out)["results"])


@MANY
def test_machines_that_miss_one_flight_make_one_call(together: Together, upstream: Upstream, many: int) -> None:
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 1.5
    results = together([(LOGINS[number % 4], ["lookup", "NZ527", "--json"]) for number in range(many)])
    assert [result.code for result in results] == [0] * many
    assert len(upstream.asked) == 1
    found = outcomes(results)
    assert found["miss"] == 1
    assert found["coalesced"] + found["hit"] == many - 1


@pytest.mark.parametrize(("many", "each", "cap"), [(16, 4, 30), pytest.param(64, 32, 1000, marks=pytest.mark.slow)])
def test_a_cap_is_never_overspent_by_machines_together(
    together: Together,
    upstream: Upstream,
    shared_remote: RemoteDatabase,
    monkeypatch: pytest.MonkeyPatch,
    many: int,
    each: int,
    cap: int,
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    shared_remote.rows("UPDATE provider_terms SET cap = ? WHERE provider = 'aviationstack'", cap)
    flights = [f"NZ{number}" for number in range(1, many * each + 1)]
    upstream.rows = [row(flight) for flight in flights]
    wanted = [flights[number * each : (number + 1) * each] for number in range(many)]
    results = together([(LOGINS[number % 4], ["lookup", *some, "--json"]) for number, some in enumerate(wanted)])
    found = outcomes(results)
    assert (len(upstream.asked), found["miss"], found["error"]) == (cap, cap, many * each - cap)
    assert shared_remote.rows("SELECT used FROM budget_cycles") == [(cap,)]
    assert {result.code for result in results} <= {0, 6, 9}


def test_a_failing_provider_is_left_alone_by_everybody(together: Together, upstream: Upstream) -> None:
    upstream.fails(500, "internal_error")
    flights = [f"NZ{number}" for number in range(1, 25)]
    results = together([(LOGINS[number % 4], ["lookup", *flights[number::4], "--json"]) for number in range(4)])
    assert {result.code for result in results} == {5}
    assert len(upstream.asked) <= 5


def test_the_failure_of_who_asked_is_told_to_who_waited(together: Together, upstream: Upstream) -> None:
    upstream.fails(404, "not_found_on_this_plan")
    upstream.delay_s = 1.5
    results = together([(login, ["lookup", "NZ527", "--json"]) for login in LOGINS])
    assert {result.code for result in results} == {5}
    assert len(upstream.asked) == 1
