"""Some dated flights for themselves: ``flightctl.flights/1`` and a table of ids, times and review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flightctl.domain.flight import Flight
from flightctl.render.flights import FLIGHT_KEYS, flight_shape

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class FlightsView:
    """Flights that somebody entered or decided on."""

    flights: Sequence[Flight]
    columns: Sequence[str] = (*FLIGHT_KEYS, "review")

    def document(self) -> Mapping[str, Any]:
        """``flightctl.flights/1``, and of each flight its review."""
        return {"schema": "flightctl.flights/1", "flights": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One flight a row."""
        return [{**flight_shape(flight), "review": flight.review} for flight in self.flights]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """A line a flight."""
        from flightctl.render.flight_table import waiting_table

        return [waiting_table(self.flights, width)]

    def footer(self) -> str:
        """None."""
        return ""
