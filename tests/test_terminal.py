"""The program in a real terminal: what it asks, what it draws, and how it is interrupted."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator

import pexpect
import pytest

from flightctl.settings import config_path
from running import Cached, Flightctl, Rows
from terminals import ended, interrupt_question, spawned
from upstream import KEY, Upstream, row

Terminal = Callable[..., pexpect.spawn]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Start a command line in a terminal of so many columns."""
    opened: list[pexpect.spawn] = []

    def start(*arguments: str, columns: int = 100, started: bool = False, **environ: str) -> pexpect.spawn:
        opened.append(child := spawned(*arguments, lines=40, columns=columns, started=started, **environ))
        return child

    yield start
    for child in opened:
        child.close(force=True)


def test_forget_asks_and_a_no_changes_nothing(terminal: Terminal, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    child = terminal("forget", "NZ527")
    child.expect("Delete the cached entry of NZ527.*:")
    child.sendline("n")
    code, screen = ended(child)
    assert (code, "nothing was done" in screen) == (0, True)
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(1,)]


def test_forget_asks_and_a_yes_deletes(terminal: Terminal, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    child = terminal("forget", "NZ527")
    child.expect("NZ527.*:")
    child.sendline("y")
    assert ended(child)[0] == 0
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(0,)]


def test_control_c_at_a_question_is_an_interruption(terminal: Terminal, cached: Cached) -> None:
    cached("NZ527")
    child = terminal("forget", "NZ527", started=True)
    child.expect("NZ527.*:")
    interrupt_question(child)
    assert ended(child)[0] == 130


def test_control_c_during_a_call_is_an_interruption_without_a_traceback(terminal: Terminal, upstream: Upstream) -> None:
    upstream.delay_s = 5
    child = terminal("lookup", "NZ527", started=True)
    while not upstream.asked:
        assert child.isalive()
        time.sleep(0.01)
    child.sendintr()
    code, screen = ended(child)
    assert (code, "Traceback" in screen) == (130, False)


def test_confirm_asks_about_proposals_one_by_one(terminal: Terminal, flightctl: Flightctl, rows: Rows) -> None:
    for flight in ("ZZ1", "ZZ2", "ZZ3"):
        flightctl("add-manual", flight, "--from", "AKL", "--to", "CHC", "--note", f"note of {flight}")
    child = terminal("confirm")
    for flight, answer in (("ZZ1", "c"), ("ZZ2", "r"), ("ZZ3", "s")):
        child.expect(rf"{flight} AKL to CHC \(note of {flight}\)")
        child.sendline(answer)
    assert ended(child)[0] == 0
    assert rows("SELECT flight_iata, decision FROM proposals ORDER BY 1") == [
        ("ZZ1", "confirmed"),
        ("ZZ2", "rejected"),
        ("ZZ3", None),
    ]


def test_quitting_leaves_the_rest_for_later(terminal: Terminal, flightctl: Flightctl, rows: Rows) -> None:
    for flight in ("ZZ1", "ZZ2"):
        flightctl("add-manual", flight, "--from", "AKL", "--to", "CHC")
    child = terminal("confirm")
    child.expect("ZZ1")
    child.sendline("q")
    assert ended(child)[0] == 0
    assert rows("SELECT count(*) FROM proposals WHERE decision IS NULL") == [(2,)]


def test_a_key_is_asked_for_without_echo(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    child = terminal("config", "set", "aviationstack.key", started=True)
    child.expect("aviationstack.key:")
    child.sendline(KEY)
    code, screen = ended(child)
    assert (code, KEY in screen) == (0, False)
    assert KEY in config_path(os.environ).read_text()


def test_a_run_draws_a_progress_bar_and_takes_it_away(terminal: Terminal, cached: Cached, upstream: Upstream) -> None:
    cached("NZ527", age_s=40 * 86_400)
    upstream.rows = [row("NZ527")]
    upstream.delay_s = 0.5
    child = terminal("refresh-stale")
    child.expect("refreshing")
    code, screen = ended(child)
    assert (code, "unchanged" in screen) == (0, True)


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_a_table_fits_its_terminal(terminal: Terminal, cached: Cached, columns: int) -> None:
    cached("NZ527")
    code, screen = ended(terminal("lookup", "NZ527", "--offline", columns=columns))
    lines = ESCAPES.sub("", screen).splitlines()
    assert (code, lines[-1]) == (0, "1 hit · 0 misses · 0 upstream calls")
    assert max(map(len, lines)) <= columns
    assert ("Air New Zealand" in screen) == (columns >= 120)


def test_a_stale_columns_variable_does_not_shrink_a_table(terminal: Terminal, cached: Cached) -> None:
    cached("NZ527")
    assert "Air New Zealand" in ended(terminal("lookup", "NZ527", columns=200, COLUMNS="40"))[1]


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
def test_colour_is_for_terminals_that_want_it(
    terminal: Terminal, cached: Cached, environ: dict[str, str], coloured: bool
) -> None:
    cached("NZ527")
    screen = ended(terminal("lookup", "NZ527", **environ))[1]
    assert ("\x1b[32mhit" in screen) == coloured
