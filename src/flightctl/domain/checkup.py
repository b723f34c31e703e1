"""What ``doctor`` finds: each check with its state, and what all of them come to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from flightctl.errors import FlightctlError

MIXED = 9


class State(Enum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    """It may be well or not: nobody has looked."""
    ABSENT = "not configured"


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: State
    message: str
    hint: str = ""
    exit_code: int = 0


def fine(name: str, message: str) -> Check:
    """All is well."""
    return Check(name, State.OK, message)


def failed(name: str, error: FlightctlError) -> Check:
    """What is wrong, and what to do about it."""
    return Check(name, State.FAILED, error.message, error.hint, error.exit_code)


def unchecked(name: str, why: str) -> Check:
    """Nobody has looked."""
    return Check(name, State.NOT_CHECKED, why)


def absent(name: str, message: str, hint: str = "") -> Check:
    """There is nothing to look at."""
    return Check(name, State.ABSENT, message, hint)


def exit_code(checks: Sequence[Check]) -> int:
    """0 where all that there is was looked at and is well; the failures' code, or 9 where they differ; 9 as well where
    something was not looked at.
    """
    codes = {check.exit_code for check in checks if check.state is State.FAILED}
    if codes:
        return codes.pop() if len(codes) == 1 else MIXED
    return MIXED if any(check.state is State.NOT_CHECKED for check in checks) else 0
