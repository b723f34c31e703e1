"""Somebody's list of flights, and who lists a flight: ``flightctl.flights/1`` and ``flightctl.watchers/1``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flightctl.domain.explanation import age
from flightctl.domain.flight import Flight
from flightctl.domain.listing import Listed
from flightctl.render.flights import FLIGHT_KEYS, flight_shape

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class ListedView:
    """A list of flights."""

    listed: Sequence[Listed]
    now: datetime
    columns: Sequence[str] = FLIGHT_KEYS

    def document(self) -> Mapping[str, Any]:
        """``flightctl.flights/1``; beside the flights, the fields of each that changed since it was last shown."""
        changed: dict[str, dict[str, None]] = {}
        for one in self.listed:
            # Owned and shared are two entries of one flight, and may have been shown at different times.
            changed.setdefault(one.flight.flight_id, {}).update(dict.fromkeys(one.changed))
        told = {flight_id: list(fields) for flight_id, fields in changed.items() if fields}
        return {"schema": "flightctl.flights/1", "flights": list(self.rows()), "changed": told}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One flight a row."""
        return [flight_shape(one.flight, one.kind.value) for one in self.listed]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """A line a flight; under it what changed, and the ids to copy."""
        from flightctl.render.console import styled
        from flightctl.render.flight_table import cells_of, flight_table

        if not self.listed:
            return
        lines = [
            {"flight": name_of(one.flight), **cells_of(one.flight), "age": age(one.flight.observed_at, self.now)}
            for one in self.listed
        ]
        yield flight_table(lines, width)
        for one in self.listed:
            changed = ", ".join(name.replace("_", " ") for name in one.changed)
            if changed:
                yield styled(f"{name_of(one.flight)}: new since you last looked: {changed}", "yellow")
        for one in self.listed:
            yield styled(f"{name_of(one.flight)}  {one.flight.flight_id}  {one.kind.value}", "dim")

    def footer(self) -> str:
        """``3 flights``."""
        return f"{len(self.listed)} flight{'' if len(self.listed) == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class WatchersView:
    """Who must hear of a flight."""

    flight_id: str
    users: Sequence[str]
    columns: Sequence[str] = ("user",)

    def document(self) -> Mapping[str, Any]:
        """``flightctl.watchers/1``."""
        return {"schema": "flightctl.watchers/1", "flight_id": self.flight_id, "users": list(self.users)}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One user a row."""
        return [{"user": user} for user in self.users]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One user a line."""
        from flightctl.render.console import table

        return [table(("USER",), [(user,) for user in self.users])] if self.users else []

    def footer(self) -> str:
        """``3 watchers``."""
        return f"{len(self.users)} watcher{'' if len(self.users) == 1 else 's'}"


def name_of(flight: Flight) -> str:
    """What people call it."""
    return flight.flight_iata or flight.ident


def described(flight: Flight) -> str:
    """One line by which a person tells two flights of a number apart."""
    from flightctl.render.local_clock import arrival_of, departure_of

    ends = (flight.origin_iata or flight.origin, flight.destination_iata or flight.destination)
    return (
        f"{name_of(flight)}  {ends[0]} {departure_of(flight).local} to {ends[1]} {arrival_of(flight).local}  "
        f"{flight.status.value}  {flight.flight_id}"
    )
