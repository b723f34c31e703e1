"""``ingest`` as its caller sees it: what is read, what is told, exit codes, and runs that end early."""

from __future__ import annotations

import codecs
import csv
import ctypes
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowd import crowd
from flightctl.store.local_engine import LocalFile
from people import flight_id, observe, person
from running import Flightctl, Result, Rows
from trouble import make_newer, spoil_header
from updates import NEW, everything, line

PATIENCE_S = 30
ID = flight_id()
BEGAN = datetime.now(UTC) - timedelta(days=1)
KEYS = ["lines", "applied", "unchanged", "outdated", "malformed", "flights_created", "fanned_out"]
Given = Callable[..., Result]


@pytest.fixture(autouse=True)
def stored(database: Path) -> None:
    """A flight that alice and bob list."""
    with closing(LocalFile(database)) as opened:
        observe(opened, 0, observed_at=BEGAN)
        for user in ("alice", "bob"):
            person(opened, user).lists.track(ID)


@pytest.fixture
def given(flightctl: Flightctl, tmp_path: Path) -> Given:
    """Ingest these lines, or bytes, from a file."""

    def call(*lines: str | bytes, options: Sequence[str] = ("--json",)) -> Result:
        file = tmp_path / "updates.ndjson"
        file.write_bytes(b"\n".join(one.encode() if isinstance(one, str) else one for one in lines))
        return flightctl("ingest", str(file), *options)

    return call


def own(minutes: int = 60, flight: str = ID, **fields: Any) -> str:
    """A row of ours; the program's clock cannot be set, so it is of yesterday."""
    return line("flightctl", BEGAN + timedelta(minutes=minutes), {"flight_id": flight, **fields})


def gate(rows: Rows) -> str:
    [(found,)] = rows("SELECT departure_gate FROM flights WHERE flight_id = ?", ID)
    return str(found)


def numbers(done: Result) -> list[int]:
    return [one["line"] for one in done.json["malformed"]]


# What is told


def test_the_json_is_exact(given: Given) -> None:
    done = given(own(60, departure_gate="24"), own(59, departure_gate="7"), own(60), own(61, NEW))
    told = {"lines": 4, "applied": 2, "unchanged": 1, "outdated": 1, "malformed": [], "flights_created": 1}
    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["schema", *KEYS]
    assert done.json == {"schema": "flightctl.ingest/1", **told, "fanned_out": 2}


def test_malformed_lines_are_in_the_json_with_their_numbers(given: Given) -> None:
    done = given(own(departure_gate="24"), "nonsense", own(gate="1"))
    assert done.json["malformed"] == [
        {"line": 2, "message": "no JSON"},
        {"line": 3, "message": "'gate' is no field of a flight"},
    ]
    assert (done.code, done.json["lines"], done.json["applied"]) == (9, 3, 1)
    assert done.err == "flightctl: 2 of 3 lines malformed; line 2: no JSON\n"


def test_the_line_that_is_named_is_the_first_one(given: Given) -> None:
    done = given(own(), own(scheduled_out=None), "nonsense", own())
    assert numbers(done) == [2, 3]
    assert "line 2: " in done.err


def test_ndjson_is_one_line(given: Given) -> None:
    done = given(own(departure_gate="24"), "x", options=("--format", "ndjson"))
    assert done.out.count("\n") == 1
    assert (done.json["applied"], numbers(done)) == (1, [2])


def test_csv_has_the_keys_of_the_json_in_order(given: Given) -> None:
    done = given(own(departure_gate="24"), "x", options=("--format", "csv"))
    [row] = csv.DictReader(io.StringIO(done.out))
    assert (row["lines"], row["applied"], row["fanned_out"]) == ("2", "1", "2")
    assert json.loads(row["malformed"]) == {"line": 2, "message": "no JSON"}
    assert list(row) == KEYS


def test_the_table_ends_with_the_sums(given: Given) -> None:
    done = given(own(departure_gate="24"), own(50), own(61, NEW), options=())
    assert done.out.startswith("3 lines · 2 applied · 1 outdated · 1 new flight")
    assert done.out.endswith(" · 2 trackers reached\n")


def test_the_table_has_the_first_lines_that_are_malformed(given: Given) -> None:
    done = given(own(), *["x"] * 30, options=())
    shown = re.findall(r"^ *(\d+) +no JSON *$", done.out, re.MULTILINE)
    assert shown == [str(number) for number in range(2, 22)]
    assert "30 malformed" in done.out


def test_one_is_said_in_the_singular(given: Given) -> None:
    assert given(own(), options=()).out == "1 line · 0 applied · 1 unchanged · 0 trackers reached\n"


def test_an_empty_file_is_done(given: Given) -> None:
    done = given("", " ", "\r")
    assert (done.code, [done.json[key] for key in KEYS]) == (0, [0, 0, 0, 0, [], 0, 0])


def test_the_change_is_in_the_lists_and_in_the_history(
    given: Given, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(own(departure_gate="24"))
    for user in ("alice", "bob"):
        monkeypatch.setenv("FLIGHTCTL_USER", user)
        [flight] = flightctl("flights", "--json").json["flights"]
        assert (flight["departure_gate"], flight["provider"]) == ("24", "flightctl")
    last = flightctl("history", ID, "--json").json["changes"][-1]
    assert [last[key] for key in ("field", "old", "new", "provider")] == ["departure_gate", None, "24", "flightctl"]


def test_a_flight_to_a_place_that_nobody_knows_can_be_shown(
    given: Given, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "carol")
    elsewhere = NEW.replace("NZAA", "XQZX")
    given(own(flight=elsewhere, actual_in="2026-12-03T02:00:00Z"))
    assert flightctl("track", elsewhere).code == 0
    assert elsewhere in flightctl("flights").out


# What is read


def test_minus_is_stdin(flightctl: Flightctl, rows: Rows) -> None:
    done = flightctl("ingest", "-", "--json", stdin=own(departure_gate="24") + "\n\nnonsense\n")
    assert (done.code, numbers(done), gate(rows)) == (9, [3], "24")


def test_blank_lines_have_a_number_and_are_no_lines(given: Given) -> None:
    done = given("", own(60), "   ", "x", "", own(61), "\t", "y", "")
    assert (done.json["lines"], numbers(done)) == (4, [4, 8])


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_lines_may_end_as_they_do_elsewhere(given: Given, rows: Rows, end: str) -> None:
    done = given((own(60, departure_gate="1") + "\r\n" + own(61, departure_gate="2") + end).encode())
    assert (done.code, done.json["applied"], gate(rows)) == (0, 2, "2")


def test_a_byte_order_mark_is_no_fault(given: Given) -> None:
    """As of designators on stdin, and of bodies of providers."""
    assert given(codecs.BOM_UTF8 + own(60, departure_gate="24").encode()).json["applied"] == 1


def test_bytes_that_are_no_utf_8_are_replaced(given: Given, rows: Rows) -> None:
    done = given(own(departure_gate="G1").encode().replace(b"G1", b"\xff1"), b"\xff\xfe", b"\x80" * 9)
    assert (numbers(done), gate(rows)) == ([2, 3], "\N{REPLACEMENT CHARACTER}1")


def test_a_line_that_is_too_long_does_not_stop_the_rest(given: Given, rows: Rows) -> None:
    done = given(own(departure_gate="x" * 3_000_000), b"\0" * 1_500_000, own(departure_gate="24"))
    assert {one["message"] for one in done.json["malformed"]} == {"longer than a million characters"}
    assert (numbers(done), gate(rows)) == ([1, 2], "24")


def test_nothing_in_a_line_reaches_the_terminal_as_it_is(given: Given) -> None:
    hostile = ["\x1b[2J", "\u202e", "\x9b31m", "\0", "\ud800", "\n"]
    rows: list[dict[str, Any]] = [{text: 1} for text in hostile]
    lines = [own(**row) for row in rows] + [own(flight=text) for text in hostile]
    done = given(*lines, "\x1b]0;x\x07", own(departure_gate="\x1b[31m24"), options=())
    assert (done.code, [one for one in done.out + done.err if not one.isprintable() and one != "\n"]) == (9, [])


@pytest.mark.parametrize(
    "text",
    ['"departure_gate": 1e999', '"departure_gate": -Infinity', f'"departure_gate": {"9" * 4000}', '"status": NaN'],
)
def test_numbers_of_any_size_are_malformed(given: Given, text: str) -> None:
    done = given(own()[:-2] + f", {text}" + "}}", own(departure_gate="24"))
    assert (done.code, numbers(done)) == (9, [1])


def test_of_a_field_that_is_told_twice_the_last_counts(given: Given, rows: Rows) -> None:
    given(own(departure_gate="1")[:-2] + ', "departure_gate": "2"}}')
    assert gate(rows) == "2"


def test_many_lines_are_all_read(given: Given, rows: Rows) -> None:
    done = given(*(own(n, departure_gate=str(n)) for n in range(1, 1301)))
    assert (done.json["lines"], done.json["applied"], gate(rows)) == (1300, 1300, "1300")


# Exit codes


def test_all_malformed_is_2(given: Given) -> None:
    done = given("x", "", "[]")
    assert (done.code, done.json["lines"], numbers(done)) == (2, 2, [1, 3])


@pytest.mark.parametrize("role", ["user", "staff"])
def test_who_is_no_service_is_refused_and_changes_nothing(
    given: Given, flightctl: Flightctl, rows: Rows, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", role)
    done = given(own(departure_gate="24"))
    assert (done.code, done.json["error"]["code"], gate(rows)) == (4, "denied", "")
    assert flightctl("ingest", "-", stdin="").code == 4


@pytest.mark.parametrize("file", ["no-such-file.ndjson", ".", "", "/dev/null/x", "x" * 5000])
def test_a_file_that_cannot_be_read_is_2(flightctl: Flightctl, file: str) -> None:
    done = flightctl("ingest", file, "--json")
    assert (done.code, done.json["schema"], done.json["error"]["code"]) == (2, "flightctl.error/1", "usage")
    assert done.err.startswith(f"flightctl: {file}: ")


def test_no_file_at_all_is_2(flightctl: Flightctl) -> None:
    assert flightctl("ingest", "--json").code == 2
    assert flightctl("ingest", "a", "b", "--json").code == 2


@pytest.mark.parametrize(("spoil", "code"), [(spoil_header, "local_corrupt"), (make_newer, "local_newer")])
def test_a_local_file_that_cannot_be_used_is_8(
    given: Given, database: Path, spoil: Callable[[Path], None], code: str
) -> None:
    spoil(database)
    done = given(own(departure_gate="24"))
    assert (done.code, done.json["error"]["code"]) == (8, code)


def test_a_local_file_that_is_closed_to_writing_is_8(database: Path, tmp_path: Path, rows: Rows) -> None:
    file = tmp_path / "updates.ndjson"
    file.write_text(own(departure_gate="24"))
    database.chmod(0o444)
    command = [sys.executable, "-m", "flightctl", "ingest", str(file), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_heed_permissions)
    if done.returncode == 99:
        pytest.skip("this root cannot lay down its rights")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"], gate(rows)) == (8, "local_read_only", "")


def _heed_permissions() -> None:
    """Root without the right to what is closed to it (CAP_DAC_OVERRIDE); takes effect with the next program."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
        os._exit(99)


def test_the_help_says_what_a_line_is(flightctl: Flightctl) -> None:
    done = flightctl("ingest", "--help")
    assert (done.code, "observed_at" in done.out) == (0, True)


# Runs that end early, as processes


@contextmanager
def _fed(*texts: str) -> Iterator[subprocess.Popen[bytes]]:
    """An ``ingest -`` that has been given these lines, and waits for more."""
    command = [sys.executable, "-m", "flightctl", "ingest", "-", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            assert child.stdin is not None
            child.stdin.write("".join(f"{text}\n" for text in texts).encode())
            child.stdin.flush()
            yield child
        finally:
            child.kill()


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.01)


def _uninterrupted(database: Path, file: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is stored when the file is ingested at one go."""
    other = database.with_name("uninterrupted.db")
    shutil.copy(database, other)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("FLIGHTCTL_DB", str(other))
        assert flightctl("ingest", str(file)).code == 0
    return everything(other)


def _many(tmp_path: Path) -> tuple[list[str], Path]:
    """1200 lines of two flights, one of which is not stored yet; every line changes one."""
    lines = [own(10 + n, flight, departure_gate=str(n)) for n in range(600) for flight in (ID, NEW)]
    file = tmp_path / "many.ndjson"
    file.write_text("\n".join(lines))
    return lines, file


def test_an_update_does_not_wait_for_the_next_one(rows: Rows) -> None:
    with _fed(own(60, departure_gate="24")) as child:
        _wait_until(lambda: gate(rows) == "24")
        out, _ = child.communicate(own(61, departure_gate="25").encode(), timeout=PATIENCE_S)
    assert (child.returncode, json.loads(out)["applied"], gate(rows)) == (0, 2, "25")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_what_was_taken_up_stays(rows: Rows, sent: int, code: int) -> None:
    with _fed(own(60, departure_gate="24")) as child:
        _wait_until(lambda: gate(rows) == "24")
        child.send_signal(sent)
        _, err = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, b"Traceback" in err, gate(rows)) == (code, False, "24")


def test_a_run_that_is_killed_can_be_repeated(
    database: Path, rows: Rows, tmp_path: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, file = _many(tmp_path)
    whole = _uninterrupted(database, file, flightctl, monkeypatch)
    with _fed(*lines[: len(lines) // 2]) as child:
        _wait_until(lambda: gate(rows) != "")
        child.kill()
        child.wait(PATIENCE_S)
    assert rows("PRAGMA integrity_check") == [("ok",)]
    killed_at = everything(database)["flight_changes"]
    assert killed_at == whole["flight_changes"][: len(killed_at)]
    assert len(killed_at) < len(whole["flight_changes"])
    assert flightctl("ingest", str(file)).code == 0
    assert everything(database) == whole


def test_two_processes_over_one_file_apply_each_update_once(
    database: Path, tmp_path: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file = _many(tmp_path)
    whole = _uninterrupted(database, file, flightctl, monkeypatch)
    pair = [one.result for one in crowd([["ingest", str(file), "--json"]] * 2)]
    told = [one.json for one in pair]
    assert [one.code for one in pair] == [0, 0]
    assert everything(database) == whole
    assert sum(one["flights_created"] for one in told) == 1
    assert sum(one["applied"] for one in told) == len(whole["flight_changes"]) - 2
