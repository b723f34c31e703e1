"""What a run was refused, so that a batch is not refused it flight by flight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flightctl.errors import BreakerOpen, BudgetReached, FlightctlError, KeyRefused, PlanRefused, ToldToWait

_HOLDS_FOR_S = 1.0
"""A refusal of the moment; after that, or when the provider may be asked again, the store is looked at anew."""


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
            seconds = error.retry_after_seconds if isinstance(error, ToldToWait) else _HOLDS_FOR_S
            self._passing = error
            self._passes_at = self._clock() + timedelta(seconds=min(seconds, _HOLDS_FOR_S))


def _kind(key: str) -> str:
    return key.partition(":")[0]
