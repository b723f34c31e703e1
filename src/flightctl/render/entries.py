"""Cache entries and what waits for staff: ``flightctl.entries/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flightctl.domain.flight import Flight
from flightctl.domain.freshness import expires_at
from flightctl.domain.proposal import Proposal, ReviewItem
from flightctl.render.flights import flight_shape
from flightctl.render.times import short_utc, utc_text

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class EntriesView:
    """Entries with the proposals that wait for them, and dated flights that wait, too."""

    items: Sequence[ReviewItem]
    ttl: timedelta
    columns: Sequence[str] = (
        "flight_iata",
        "airline_iata",
        "departure_iata",
        "arrival_iata",
        "airline_name",
        "departure_name",
        "arrival_name",
        "legs",
        "status",
        "provider",
        "cached_at",
        "refreshed_at",
        "expires_at",
        "proposals",
    )
    flights: Sequence[Flight] = ()

    def document(self) -> Mapping[str, Any]:
        """``flightctl.entries/1``; ``flights`` stands in it where there are any."""
        flights = {"flights": list(self._flights())} if self.flights else {}
        return {"schema": "flightctl.entries/1", "entries": self.csv_rows(), **flights}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One entry a row, then one dated flight a row."""
        return [*self.csv_rows(), *self._flights()]

    def csv_rows(self) -> Sequence[Mapping[str, Any]]:
        """The entries alone: a dated flight has other columns."""
        return [self._shape(item) for item in self.items]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One line for what stands in the cache, and one for each proposal; dated flights in a table of their own."""
        from flightctl.render.console import styled, table

        columns = ("FLIGHT", "AIRLINE", "FROM", "TO", "STATE", "BY", "SINCE (UTC)", "PROPOSAL", "NOTE")
        lines = [line for item in self.items for line in _lines(item)]
        if lines:
            yield table(columns, lines)
        if lines and self.flights:
            yield styled("", "")
        if self.flights:
            from flightctl.render.flight_table import waiting_table

            yield waiting_table(self.flights, width)

    def footer(self) -> str:
        """How many: ``2 flights``, and of dated ones, if there are any."""
        dated = f" · {_counted(len(self.flights), 'dated flight')}" if self.flights else ""
        return _counted(len(self.items), "flight") + dated

    def _flights(self) -> Iterable[Mapping[str, Any]]:
        return [
            {**flight_shape(one), "review": one.review, "added_by": one.added_by, "note": one.note or None}
            for one in self.flights
        ]

    def _shape(self, item: ReviewItem) -> dict[str, Any]:
        proposals = [_proposal_shape(proposal) for proposal in item.proposals]
        entry = item.entry
        if entry is None:
            gone = dict.fromkeys(self.columns[1:-1])
            return {"flight_iata": item.flight_iata, **gone, "legs": [], "proposals": proposals}
        route = entry.route
        return {
            "flight_iata": item.flight_iata,
            "airline_iata": route.airline_iata,
            "departure_iata": route.departure_iata,
            "arrival_iata": route.arrival_iata,
            "airline_name": entry.airline_name or None,
            "departure_name": entry.departure_name or None,
            "arrival_name": entry.arrival_name or None,
            "legs": route.legs,
            "status": entry.status.value,
            "provider": entry.provider,
            "cached_at": utc_text(entry.cached_at),
            "refreshed_at": utc_text(entry.refreshed_at),
            "expires_at": utc_text(expires_at(entry.refreshed_at, self.ttl)),
            "proposals": proposals,
        }


def _proposal_shape(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "airline_iata": proposal.route.airline_iata,
        "departure_iata": proposal.route.departure_iata,
        "arrival_iata": proposal.route.arrival_iata,
        "note": proposal.note or None,
        "replaces": proposal.replaces,
        "proposed_by": proposal.proposed_by,
        "proposed_at": utc_text(proposal.proposed_at),
    }


def _lines(item: ReviewItem) -> Iterable[Sequence[str]]:
    entry = item.entry
    if entry is not None and (entry.status.value == "confirmed" or not item.proposals):
        route, state = entry.route, entry.status.value
        codes = (item.flight_iata, route.airline_iata, route.departure_iata, route.arrival_iata)
        yield (*codes, state, entry.provider, short_utc(entry.refreshed_at), "", "")
    for proposal in item.proposals:
        route = proposal.route
        codes = (item.flight_iata, route.airline_iata, route.departure_iata, route.arrival_iata)
        state = "proposed, replaces" if proposal.replaces else "proposed"
        since = short_utc(proposal.proposed_at)
        yield (*codes, state, proposal.proposed_by, since, str(proposal.id), proposal.note)


def _counted(n: int, one: str) -> str:
    return f"{n} {one}{'' if n == 1 else 's'}"
