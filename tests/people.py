"""People with lists, over one local file, and the flights that they keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.sightings import sighting
from flightctl.domain.caller import Caller, Role, Tier
from flightctl.render.flights import flight_shape
from flightctl.services import observing
from flightctl.services.lists import Lists
from flightctl.services.sharing import Sharing
from flightctl.store import lists
from flightctl.store.engine import Database

DAY = timedelta(days=1)
FIRST = date(2026, 12, 3)
UNKNOWN = "ANZ528.2026-12-03.0830.NZAA.NZCH"


def flight_id(number: int = 0) -> str:
    """Of NZ527, so many days after the first; leaves Auckland at 08:30."""
    return f"ANZ527.{FIRST + number * DAY}.0830.NZAA.NZCH"


def observe(db: Database, number: int = 0, **more: Any) -> None:
    """A provider reports that flight, now unless said otherwise."""
    row = sighting(f"{FIRST + number * DAY} 08:30", **{"observed_at": datetime.now(UTC), **more})
    with db.writing() as session:
        observing.take(session, [row])


@dataclass(frozen=True)
class Person:
    """What one user may do."""

    user: str
    lists: Lists
    sharing: Sharing

    def list(self) -> list[tuple[str, str]]:
        """(flight, kind) of each entry, in order of their ids."""
        return sorted((one.flight.flight_id, one.kind.value) for one in self.lists.listed())


def person(db: Database, user: str, *, role: Role = Role.SERVICE, max_failed: int = 10) -> Person:
    caller = Caller(user, Tier.SUBSCRIBER, role, "a test")
    clock = lambda: datetime.now(UTC)  # noqa: E731 - the runtime's
    return Person(user, Lists(db, caller, clock), Sharing(db, caller, flight_shape, max_failed))


def unequal(db: Database) -> list[Any]:
    """Where lists, index and counts differ; nowhere if all is well."""
    with db.reading() as session:
        return [*lists.differences(session), *lists.miscounted(session)]


def watching(db: Database, number: int = 0) -> list[str]:
    with db.reading() as session:
        return lists.watchers(session, flight_id(number))
