"""What a run was refused, so that a batch is not refused it flight by flight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flightctl.errors import BreakerOpen, BudgetReached, FlightctlError, KeyRefused, PlanRefused, ToldToWait

_HOLDS_FOR = timedelta(seconds=1)
"""A refusal of the moment; after that the store is looked at again."""


class Refusals:
    """Remembers; a refused key for the whole run, a refused question for all of its kind."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lasting: dict[str, FlightctlError] = {}
        self._passing: FlightctlError | None = None
        self._passes_at = clock()

    def check(self, key: str) -> None:
        """Raise what a call for this key (``flight:NZ527``, ``airline:NZ``) would be refused with."""
        for kind in ("", _kind(key)):
            if kind in self._lasting:
                raise self._lasting[kind]
        if self._passing is not None and self._clock() < self._passes_at:
            raise self._passing

    def answered(self, key: str, error: FlightctlError) -> None:
        """The provider has refused a call."""
        if isinstance(error, KeyRefused):
            self._lasting[""] = error
        elif isinstance(error, PlanRefused):
            self._lasting[_kind(key)] = error

    def forbidden(self, error: FlightctlError) -> None:
        """A call was not permitted."""
        if isinstance(error, BudgetReached | ToldToWait | BreakerOpen):
            self._passing, self._passes_at = error, self._clock() + _HOLDS_FOR


def _kind(key: str) -> str:
    return key.partition(":")[0]
