"""``watch``: live in a real terminal, and as NDJSON for a program."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import nursery
from flightctl.store.local_engine import LocalFile
from people import flight_id, observe, person
from running import Flightctl, Result
from terminals import PATIENCE_S, Terminal
from trouble import held

pytestmark = pytest.mark.usefixtures("listed")
Watch = Callable[..., Terminal]
Process = Callable[..., Result]
SIZES = [(24, 80), (40, 120)]
ID = flight_id()
KEYS = ["flight_id", "field", "old", "new", "observed_at", "provider"]
FOOT = "q quit   s sort"


@pytest.fixture
def listed(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alice, who watches, tracks two flights of three."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    with closing(LocalFile(database)) as db:
        for number in range(3):
            observe(db, number)
        for number in range(2):
            person(db, "alice").lists.track(flight_id(number))


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Start to watch in a terminal, and wait for the table."""
    opened: list[Terminal] = []

    def start(*arguments: str, **more: Any) -> Terminal:
        opened.append(terminal := Terminal(*arguments, "watch", **more))
        terminal.shows(FOOT)
        return terminal

    yield start
    for one in opened:
        one.child.close(force=True)


def line(number: int = 0, **values: Any) -> str:
    """An update of a flight, as ``ingest`` reads it."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {"flight_id": flight_id(number), **values}
    return json.dumps({"provider": "flightctl", "observed_at": stamp, "row": row}) + "\n"


@pytest.fixture
def ingest(flightctl: Flightctl) -> Callable[..., None]:
    """Apply updates in this process, which is not the one that watches."""

    def call(*lines: str) -> None:
        assert flightctl("ingest", "-", stdin="".join(lines)).code == 0

    return call


Ingest = Callable[..., None]


# In a terminal


@pytest.mark.parametrize(("lines", "columns"), SIZES)
def test_what_another_process_commits_is_shown_and_marked(
    watch: Watch, process: Process, lines: int, columns: int
) -> None:
    terminal = watch(lines=lines, columns=columns)
    frame = terminal.shows("alice: 2 flights", "no update yet", f"{FOOT} (by departure)")
    assert [name.split()[0] for name in frame.lines if name.startswith("NZ")] == ["NZ527", "NZ527"]
    assert process("ingest", "-", stdin=line(status="cancelled", departure_gate="24")).code == 0
    frame = terminal.shows("cancelled", "G24", "last update")
    assert sorted(set(frame.marked)) == ["G24", "cancelled"]
    assert (len(frame.lines), max(map(len, frame.lines)) <= columns) == (lines, True)
    assert "\x1b[2J" not in frame.raw, "it would flicker"


def test_what_is_written_while_others_commit_all_the_time_is_shown(watch: Watch, ingest: Ingest) -> None:
    terminal = watch()
    for gate in range(1, 11):
        ingest(line(departure_gate=str(gate)))
    terminal.shows("G10")


def test_q_ends_it_and_leaves_the_terminal_as_it_was(watch: Watch) -> None:
    terminal = watch(started=True)
    assert terminal.attributes != terminal.found, "it reads single keys"
    terminal.press("q")
    assert (terminal.ends(), terminal.is_as_found) == (0, True)
    assert "\x1b[?1049h" in terminal.written


def test_s_sorts_by_one_thing_after_the_other_and_every_key_counts(watch: Watch) -> None:
    terminal = watch()
    for keys, word in (("s", "arrival"), ("ss", "flight"), ("s", "departure")):
        terminal.press(keys)
        terminal.shows(f"(by {word})")
    terminal.press("sxq")
    assert terminal.ends() == 0


def test_control_c_ends_it_with_130_and_leaves_the_terminal_as_it_was(watch: Watch) -> None:
    terminal = watch(started=True)
    terminal.child.sendintr()
    assert (terminal.ends(), terminal.is_as_found) == (130, True)
    assert "Traceback" not in terminal.written


def test_sigterm_ends_it_with_143_and_leaves_the_terminal_as_it_was(watch: Watch) -> None:
    terminal = watch()
    terminal.child.kill(signal.SIGTERM)
    assert (terminal.ends(), terminal.is_as_found) == (143, True)
    assert "Traceback" not in terminal.written


@pytest.mark.parametrize("keys", ["x7\r\x04\té", "\x1b[A", "\x1bOB\x1b[6~"], ids=repr)
def test_other_keys_do_nothing(watch: Watch, keys: str) -> None:
    """Arrows and their kin send an escape first."""
    terminal = watch()
    terminal.press(keys)
    terminal.next_frames(2)
    terminal.press("s")
    terminal.shows("(by arrival)")


@pytest.mark.parametrize(("before", "after"), [(SIZES[0], SIZES[1]), (SIZES[1], (12, 60))])
def test_a_resized_terminal_is_redrawn(watch: Watch, before: tuple[int, int], after: tuple[int, int]) -> None:
    terminal = watch(lines=before[0], columns=before[1])
    terminal.resize(*after)
    frame = terminal.until(lambda frame: len(frame.lines) == after[0])
    assert max(map(len, frame.lines)) <= after[1]
    assert "alice: 2 flights" in frame.text
    assert FOOT in frame.text


def test_variables_that_another_terminal_left_do_not_count(watch: Watch) -> None:
    terminal = watch(lines=24, columns=80, COLUMNS="50", LINES="10")
    assert len(terminal.shows("alice: 2 flights").lines) == 24
    terminal.resize(40, 120)
    terminal.until(lambda frame: len(frame.lines) == 40)


@pytest.mark.parametrize(
    ("options", "environ", "coloured"),
    [((), {}, True), ((), {"NO_COLOR": "1"}, False), (("--color", "never"), {}, False)],
    ids=str,
)
def test_colour_is_for_terminals_that_want_it_and_marks_are_for_all(
    watch: Watch, ingest: Ingest, options: tuple[str, ...], environ: dict[str, str], coloured: bool
) -> None:
    ingest(line(1, status="cancelled"))
    terminal = watch(*options, **environ)
    ingest(line(0, departure_gate="24"))
    frame = terminal.shows("cancelled", "G24")
    assert (frame.coloured, frame.marked) == (coloured, ["G24"])


def test_a_dumb_terminal_is_not_left_empty(ingest: Ingest) -> None:
    """It cannot be redrawn; whatever is said there instead has the change."""
    terminal = Terminal("watch", TERM="dumb")
    with closing(terminal.child):
        deadline = time.monotonic() + PATIENCE_S / 3
        gates = iter(range(100, 10_000))
        while not re.search(r"\b1\d\d\b", terminal.written) and time.monotonic() < deadline:
            ingest(line(departure_gate=str(next(gates))))
            terminal.read()
        assert re.search(r"\b1\d\d\b", terminal.written)
        assert "\x1b[?1049h" not in terminal.written
        terminal.child.sendintr()


def test_an_empty_list_says_how_to_fill_it_and_fills(watch: Watch, process: Process) -> None:
    terminal = watch(FLIGHTCTL_USER="carol")
    terminal.shows("carol: 0 flights", "your list is empty: 'flightctl track' adds flights")
    assert process("track", ID, FLIGHTCTL_USER="carol").code == 0
    frame = terminal.shows("carol: 1 flight ", "NZ527")
    assert "your list is empty" not in frame.text


def test_who_cannot_own_a_list_is_told_and_the_terminal_is_left_alone() -> None:
    terminal = Terminal("watch", FLIGHTCTL_USER="a b")
    assert (terminal.ends(), terminal.is_as_found) == (10, True)
    assert "FLIGHTCTL_USER" in terminal.written.replace("\r\n", "")
    assert "\x1b[?1049h" not in terminal.written


# What befalls the file


def test_a_locked_file_is_said_and_all_is_well_after_it(watch: Watch, ingest: Ingest, database: Path) -> None:
    terminal = watch()
    with held(database, "BEGIN EXCLUSIVE"):
        frame = terminal.shows("shown as it was", FOOT)
        assert "alice: 2 flights" in frame.text
    terminal.until(lambda frame: "shown as it was" not in frame.text)
    ingest(line(departure_gate="24"))
    assert terminal.shows("G24").marked == ["G24"]


def test_under_a_lock_it_can_be_left(watch: Watch, database: Path) -> None:
    terminal = watch()
    with held(database, "BEGIN EXCLUSIVE"):
        terminal.shows("shown as it was")
        terminal.press("q")
        assert (terminal.ends(), terminal.is_as_found) == (0, True)


def test_a_file_in_its_place_is_shown(watch: Watch, ingest: Ingest, database: Path) -> None:
    terminal = watch()
    other = shutil.copy(database, database.with_name("other.db"))
    with closing(LocalFile(Path(other))) as db:
        person(db, "alice").lists.untrack(flight_id(1))
    Path(other).rename(database)
    terminal.shows("alice: 1 flight ")
    ingest(line(departure_gate="24"))
    assert terminal.shows("G24").marked == ["G24"]


def test_a_file_that_is_gone_is_said_until_it_is_back(watch: Watch, database: Path) -> None:
    terminal = watch()
    aside = database.rename(database.with_name("aside.db"))
    assert "alice: 2 flights" in terminal.shows("shown as it was").text
    assert not database.exists()
    aside.rename(database)
    terminal.until(lambda frame: "shown as it was" not in frame.text)


# For a program


class Piped:
    """``watch`` with its stdout in a pipe."""

    def __init__(self, child: nursery.Child) -> None:
        self.child = child
        self._rest = b""

    def next_line(self, meanwhile: Callable[[], object] = lambda: None) -> dict[str, Any]:
        """The next one that comes; ``meanwhile`` is done again and again, as nothing says when it has begun to look."""
        deadline = time.monotonic() + PATIENCE_S
        while b"\n" not in self._rest:
            assert time.monotonic() < deadline, "nothing has come"
            meanwhile()
            self._take()
        first, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(first)
        return found

    def _take(self) -> None:
        if select.select([self.child.stdout], [], [], 0.1)[0]:
            self._rest += os.read(self.child.stdout.fileno(), 65536)


@contextmanager
def piped(*options: str) -> Iterator[Piped]:
    with nursery.flightctl("watch", *options) as child:
        try:
            yield Piped(child)
        finally:
            child.kill()


@pytest.fixture
def gate(ingest: Ingest) -> Callable[[], None]:
    """The flight gets another gate: "100", "101" and so on."""
    gates = iter(range(100, 10_000))
    return lambda: ingest(line(departure_gate=str(next(gates))))


Gate = Callable[[], None]


@pytest.mark.parametrize("options", [(), ("--json",)], ids=str)
def test_in_a_pipe_each_change_is_a_line_as_it_comes(gate: Gate, ingest: Ingest, options: tuple[str, ...]) -> None:
    with piped(*options) as watching:
        first = watching.next_line(meanwhile=gate)
        assert list(first) == KEYS
        assert (first["flight_id"], first["field"], first["provider"]) == (ID, "departure_gate", "flightctl")
        assert int(first["new"]) == int(first["old"] or "99") + 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["observed_at"])
        ingest(line(1, status="cancelled"))
        found = first
        while found["field"] != "status":
            found = watching.next_line()
        assert (found["flight_id"], found["old"], found["new"]) == (flight_id(1), "scheduled", "cancelled")


def test_no_change_is_left_out_and_none_comes_twice(gate: Gate) -> None:
    with piped() as watching:
        gates = [int(watching.next_line(meanwhile=gate)["new"])]
        last = gates[0] + 8
        while gates[-1] < last:
            gates.append(int(watching.next_line(meanwhile=gate)["new"]))
    assert gates == list(range(gates[0], gates[-1] + 1))


def test_in_the_json_formats_a_terminal_gets_lines_too(gate: Gate) -> None:
    terminal = Terminal("watch", "--format", "ndjson", columns=200)
    with closing(terminal.child):
        deadline = time.monotonic() + PATIENCE_S
        while "\n" not in terminal.written:
            assert time.monotonic() < deadline
            gate()
            terminal.read()
        assert list(json.loads(terminal.written.splitlines()[0])) == KEYS
        terminal.child.sendintr()
        assert terminal.ends() == 130


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_lines(gate: Gate, sent: int, code: int) -> None:
    with piped() as watching:
        watching.next_line(meanwhile=gate)
        watching.child.send_signal(sent)
        _, err = watching.child.communicate(timeout=PATIENCE_S)
    assert (watching.child.returncode, err) == (code, b"")


def test_a_reader_that_has_enough_ends_it_quietly(gate: Gate) -> None:
    command = ["bash", "-c", "flightctl watch | head -n 1; echo ${PIPESTATUS[0]}"]
    with (
        nursery.on_path() as environ,
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shell,
    ):
        deadline = time.monotonic() + PATIENCE_S
        while shell.poll() is None and time.monotonic() < deadline:
            gate()
        shell.kill()
        out, err = shell.communicate()
    first, code = out.decode().splitlines()
    assert (list(json.loads(first)), code, err) == (KEYS, "0", b"")


@pytest.mark.parametrize("format", ["csv", "prometheus"])
def test_formats_that_it_does_not_have_are_2(format: str) -> None:
    with piped("--format", format) as watching:
        out, err = watching.child.communicate(timeout=PATIENCE_S / 3)
    assert (watching.child.returncode, out, err.count(b"\n")) == (2, b"", 1)


def test_trouble_is_told_once_on_stderr_and_the_lines_go_on(gate: Gate, database: Path) -> None:
    with piped() as watching:
        watching.next_line(meanwhile=gate)
        with held(database, "BEGIN EXCLUSIVE"):
            ready, _, _ = select.select([watching.child.stderr], [], [], PATIENCE_S / 3)
            said = os.read(watching.child.stderr.fileno(), 4096) if ready else b""
        assert watching.next_line(meanwhile=gate)["field"] == "departure_gate"
    assert (said.count(b"\n"), b"is locked by another process" in said) == (1, True)
