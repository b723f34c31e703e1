"""Budgets and statistics in terminals of several widths."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest

from flightctl.cli.main import run
from flightctl.domain.billing import cycle_at, fingerprint_of
from running import Flightctl, Rows
from upstream import KEY

ACCOUNT = fingerprint_of(KEY)
WIDTHS = [60, 80, 119, 120, 140]


class Terminal(io.StringIO):
    """A terminal as wide as ``COLUMNS`` says."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def accounts(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Our account, and another one that is held; until when."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
    start, until = cycle_at(datetime.now(UTC), 1).start.isoformat(), datetime.now(UTC) + timedelta(days=3)
    for account, used in ((ACCOUNT, 37), ("0a1b2c3d4e5f", 1200)):
        rows("INSERT INTO budget_cycles VALUES ('aviationstack', ?, ?, ?)", account, start, used)
    rows(
        "INSERT INTO provider_accounts (provider, account, hold, not_before) VALUES ('aviationstack', ?, 'rate', ?)",
        "0a1b2c3d4e5f",
        f"{until:%Y-%m-%d %H:%M:%S.%f}",
    )
    return until


def drawn(monkeypatch: pytest.MonkeyPatch, width: int, *arguments: str) -> list[str]:
    """The lines on a terminal of this width."""
    screen = Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", screen)
        assert run([*arguments, "--color", "never"]) == 0
    return screen.getvalue().splitlines()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_budget_is_a_line_in_every_terminal(accounts: datetime, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = drawn(monkeypatch, width, "budget", "show")
    ours, other = (line.split() for line in lines[2:4])
    resets_on = cycle_at(datetime.now(UTC), 1).resets_on.isoformat()
    assert max(map(len, lines)) <= width
    assert (ours[:4], ours[-2:]) == (["aviationstack", ACCOUNT, "37", "100"], [resets_on, "open"])
    assert other[:4] == ["aviationstack", "0a1b2c3d4e5f", "1200", "100"]


@pytest.mark.parametrize("width", WIDTHS)
def test_why_an_account_is_not_asked_is_said_in_every_terminal(
    accounts: datetime, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = drawn(monkeypatch, width, "budget", "show")
    said = f"held until {accounts:%Y-%m-%d %H:%M} UTC: too many requests"
    assert said in " ".join(lines)
    assert (said in lines[3]) == (width >= 120)


def test_what_is_left_has_a_column_where_there_is_room(accounts: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    wide, narrow = (drawn(monkeypatch, width, "budget", "show") for width in (120, 119))
    assert ("LEFT" in wide[0], "LEFT" in narrow[0]) == (True, False)
    assert [line.split()[4] for line in wide[2:4]] == ["63", "0"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_freeze_is_said_once(
    accounts: datetime, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "ann")
    flightctl("budget", "freeze")
    lines = drawn(monkeypatch, width, "budget", "show")
    said = sum("frozen by ann since" in line for line in lines)
    assert (said, max(map(len, lines)) <= width) == (2 if width >= 120 else 1, True)


@pytest.mark.parametrize("width", WIDTHS)
def test_statistics_fit_their_terminal(accounts: datetime, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = drawn(monkeypatch, width, "stats", "--what-if-ttl", "14d")
    assert max(map(len, lines)) <= width
    assert any(line.startswith("budget used") and "37 of 100, resets on 20" in line for line in lines)
