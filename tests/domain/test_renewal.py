"""How a refresh run ends: its exit code, and the failure that is told."""

from __future__ import annotations

import pytest

from domain.legs import entry
from flightctl.domain.renewal import RefreshReport, Renewal, Renewed
from flightctl.errors import (
    BreakerOpen,
    BudgetReached,
    FlightctlError,
    IncompleteAnswer,
    KeyRefused,
    Locked,
    NoKey,
    ServerError,
    TimedOut,
)

CHANGED, UNCHANGED, NOT_FOUND, SKIPPED = (
    Renewal.CHANGED,
    Renewal.UNCHANGED,
    Renewal.NOT_FOUND,
    Renewal.SKIPPED,
)
FAILED, LATE, NO_CODES = ServerError("failed"), TimedOut("late"), IncompleteAnswer("no codes")
BROKE, REFUSED, LOCKED = BudgetReached("no money"), KeyRefused("no"), Locked("locked")


def report(*ends: Renewal | FlightctlError) -> RefreshReport:
    """A run whose entries ended so; an error is how one failed."""
    made = RefreshReport(len(ends))
    for end in ends:
        if isinstance(end, FlightctlError):
            made.add(Renewed(entry(), Renewal.FAILED, error=end))
        else:
            made.add(Renewed(entry(), end))
    return made


@pytest.mark.parametrize(
    ("ends", "code", "failure"),
    [
        ((), 0, None),
        ((CHANGED, UNCHANGED, NOT_FOUND, SKIPPED), 0, None),
        ((SKIPPED,), 0, None),
        ((FAILED,), 5, FAILED),
        ((FAILED, LATE, SKIPPED), 5, FAILED),
        ((LATE, FAILED), 5, LATE),
        ((UNCHANGED, FAILED), 9, FAILED),
        ((CHANGED, FAILED), 9, FAILED),
        ((NOT_FOUND, NO_CODES), 9, NO_CODES),
        ((UNCHANGED, BROKE, SKIPPED), 6, BROKE),
        ((FAILED, REFUSED), 5, REFUSED),
        ((FAILED, BROKE), 6, BROKE),
        ((UNCHANGED, LOCKED, SKIPPED), 8, LOCKED),
        ((FAILED, BreakerOpen("open")), 5, None),
        ((NoKey("none"),), 10, None),
    ],
)
def test_what_ended_the_run_counts_before_what_failed_in_it(
    ends: tuple[Renewal | FlightctlError, ...], code: int, failure: FlightctlError | None
) -> None:
    made = report(*ends)
    assert made.exit_code == code
    assert made.failure is (failure or (ends[-1] if code else None))


def test_a_failure_of_no_entry_may_end_a_run() -> None:
    made = report(UNCHANGED)
    made.stopped_by = REFUSED
    assert (made.exit_code, made.failure) == (5, REFUSED)


def test_entries_are_counted_by_how_they_ended() -> None:
    made = report(CHANGED, UNCHANGED, UNCHANGED, FAILED)
    assert [made.count(UNCHANGED), made.count(CHANGED, UNCHANGED), made.count(NOT_FOUND)] == [2, 3, 0]
