"""``history``, ``confirm`` and ``reject`` with what is no flight id: exit 2, no traceback, nothing written."""

from __future__ import annotations

import pytest

from running import Flightctl, Rows

pytestmark = pytest.mark.usefixtures("database")

GOOD = "ANZ527.2026-12-03.0830.NZAA.NZCH"
BAD = [
    ".",
    "....",
    GOOD[:-1] + "?",
    GOOD.replace("2026-12-03", "2026-02-30"),
    GOOD.replace("0830", "2460"),
    GOOD.replace("0830", "0860"),
    GOOD.replace("0830", "830"),
    GOOD + ".X",
    GOOD + "\x00",
    "flights.master." + GOOD,
    GOOD.replace("NZAA", "%"),
    GOOD.replace("NZAA", "' OR 1=1 --"),
    GOOD.replace("ANZ527", "ＡＮＺ527"),
    "\x1b[31m.",
    "\u202e" + GOOD,
    "." * 5000,
]


@pytest.mark.parametrize("text", BAD, ids=[ascii(text)[:30] for text in BAD])
@pytest.mark.parametrize("command", ["history", "confirm", "reject"])
def test_what_is_no_id_is_a_usage_error(flightctl: Flightctl, rows: Rows, command: str, text: str) -> None:
    done = flightctl(command, "--json", "--", text)
    assert (done.code, done.json["error"]["code"]) == (2, "bad_flight_id")
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err + done.out
    assert len(done.err) < 400
    assert rows("SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM flight_changes)") == [(0,)]


@pytest.mark.parametrize("text", ["", "NZ527", "NZ5*", "ANZ527"])
def test_history_takes_ids_only(flightctl: Flightctl, text: str) -> None:
    done = flightctl("history", "--json", "--", text)
    assert (done.code, done.json["error"]["code"]) == (2, "bad_flight_id")


@pytest.mark.parametrize("command", ["history", "confirm", "reject"])
def test_an_id_that_nobody_stored_is_not_found(flightctl: Flightctl, command: str) -> None:
    done = flightctl(command, GOOD, "--json")
    assert (done.code, done.json["error"]["code"]) == (3, "not_found")
