"""What happens to paid calls when a process ends in the middle of one, when they are frozen, and when two want one."""

from __future__ import annotations

import signal
import time

import pytest

import nursery
from crowd import crowd
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

MONTH_S = 30 * 86_400
FREEZE = "INSERT INTO freezes VALUES ('*', '2026-11-20 10:00:00.000000', 'alice')"


@pytest.fixture
def known(upstream: Upstream) -> Upstream:
    """An upstream that knows NZ1, NZ2 and NZ3."""
    upstream.rows = [row(f"NZ{number}") for number in range(1, 4)]
    return upstream


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_call_whose_process_ends_in_the_middle_of_it_stays_used(
    known: Upstream, rows: Rows, how: signal.Signals, code: int
) -> None:
    known.delay_s = 3.0
    with nursery.flightctl("lookup", "NZ1") as process:
        while process.poll() is None and not known.asked:
            time.sleep(0.02)
        process.send_signal(how)
    assert (process.returncode, rows("SELECT used FROM budget_cycles")) == (code, [(1,)])
    ended = "sent" if how is signal.SIGKILL else "interrupted"
    assert rows("SELECT result FROM upstream_calls") == [(ended,)]


def test_however_many_processes_are_killed_in_whatever_moment_the_cap_holds(
    upstream: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "20")
    upstream.rows = [row(f"NZ{number}") for number in range(1, 49)]
    upstream.delay_s = 0.2
    commands = [["lookup", f"NZ{2 * n + 1}", f"NZ{2 * n + 2}", "--json"] for n in range(24)]
    ended = crowd(commands, at_once=24, kill_within_s=[2.0 if n % 2 else None for n in range(24)])
    ((used,),) = rows("SELECT used FROM budget_cycles")
    printed = sum(one.result.json["metrics"]["upstream_calls"] for one in ended if not one.killed)
    assert printed <= len(upstream.asked) <= used <= 20
    assert rows("SELECT count(*) FROM upstream_calls") == [(used,)]


# Frozen: the command that does it has its own tests.


@pytest.fixture
def frozen(rows: Rows) -> None:
    rows(FREEZE)


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("command", [("lookup", "NZ1"), ("lookup", "NZ"), ("confirm", "--verify"), ("refresh-stale",)])
def test_frozen_no_command_pays(
    flightctl: Flightctl, known: Upstream, cached: Cached, command: tuple[str, ...]
) -> None:
    flightctl("add-manual", "NZ2", "--from", "AKL", "--to", "CHC")
    cached("QF1", age_s=MONTH_S + 60)
    done = flightctl(*command)
    assert (done.code, "all paid calls are frozen" in done.err, known.asked) == (6, True, [])
    assert "flightctl budget thaw" in done.err


@pytest.mark.usefixtures("frozen")
def test_frozen_cached_flights_answer_and_stale_ones_where_that_is_wanted(
    flightctl: Flightctl, known: Upstream, cached: Cached
) -> None:
    cached("NZ1")
    cached("NZ2", age_s=MONTH_S + 60)
    done = flightctl("lookup", "NZ1", "NZ2", "--stale-if-error", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (0, ["hit", "stale"])


def test_a_freeze_stops_a_run_that_is_under_way(flightctl: Flightctl, known: Upstream, rows: Rows) -> None:
    known.while_asked = lambda: rows(FREEZE)
    done = flightctl("lookup", "NZ1", "NZ2", "NZ3", "--json")
    codes = [answer["error"] and answer["error"]["code"] for answer in done.answers]
    assert (codes, len(known.asked)) == ([None, "budget_frozen", "budget_frozen"], 1)


# Verifications


def test_several_who_verify_the_same_flight_make_one_call(known: Upstream, flightctl: Flightctl) -> None:
    flightctl("add-manual", "NZ1", "--from", "AKL", "--to", "CHC")
    known.delay_s = 1.5
    codes = [one.result.code for one in crowd([["confirm", "NZ1", "--verify", "--json"]] * 6)]
    assert len(known.asked) == 1
    # Who comes after it is settled finds nothing that waits.
    assert set(codes) <= {0, 3}
    assert 0 in codes
