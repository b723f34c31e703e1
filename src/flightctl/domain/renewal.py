"""What a refresh run may do, did and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Generic, Protocol, TypeVar

from flightctl.domain.route import RouteEntry
from flightctl.errors import FlightctlError


@dataclass(frozen=True, slots=True)
class RefreshOrder:
    """What a run may do."""

    ttl: timedelta
    ahead: timedelta = timedelta()
    limit: int | None = None
    """Entries to select at most."""
    max_calls: int | None = None


class Renewal(Enum):
    """What came of one entry."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Renewed:
    """One entry and what came of it."""

    before: RouteEntry
    renewal: Renewal
    after: RouteEntry | None = None
    error: FlightctlError | None = None


@dataclass(frozen=True, slots=True)
class PlannedAsk:
    """What a run expects to ask for one airline's entries."""

    airline: str
    entries: int
    pages: int
    lookups: int
    """Flights asked for one by one."""

    @property
    def calls(self) -> int:
        """What that costs."""
        return self.pages + self.lookups


class _Done(Protocol):
    """Something that a run is done with."""

    @property
    def renewal(self) -> Renewal: ...

    @property
    def error(self) -> FlightctlError | None: ...


_One = TypeVar("_One", bound=_Done)


@dataclass(slots=True)
class RunReport(Generic[_One]):
    """What a run did and what it cost."""

    selected: int
    dry_run: bool = False
    renewed: list[_One] = field(default_factory=list)
    upstream_calls: int = 0
    stopped_by: FlightctlError | None = None
    """The failure that ended the run early."""
    planned_calls: int = 0
    """Of a dry run: what it would cost, or the calls that are allowed, if that is less."""
    price: str = ""
    """What these calls are expected to cost."""

    def add(self, one: _One) -> None:
        """One more is done with."""
        self.renewed.append(one)
        if one.error is not None and one.error.stops_a_run:
            self.stopped_by = one.error

    def count(self, *renewals: Renewal) -> int:
        """How many ended like this."""
        return sum(one.renewal in renewals for one in self.renewed)

    @property
    def failure(self) -> FlightctlError | None:
        """What to tell of: what ended the run, else what failed first."""
        return self.stopped_by or next((one.error for one in self.renewed if one.error), None)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, the code that all failures share when nothing was renewed, otherwise 9."""
        if self.stopped_by is not None:
            return self.stopped_by.exit_code
        codes = {one.error.exit_code for one in self.renewed if one.error}
        if not codes:
            return 0
        alike = len(codes) == 1 and not self.count(Renewal.CHANGED, Renewal.UNCHANGED, Renewal.NOT_FOUND)
        return codes.pop() if alike else 9


@dataclass(slots=True)
class RefreshReport(RunReport[Renewed]):
    """A run over routes."""

    plan: Sequence[PlannedAsk] = ()
    """Of a dry run."""
