"""Cache entries and what waits for staff: ``flightctl.entries/1`` and its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flightctl.domain.freshness import expires_at
from flightctl.domain.proposal import Proposal, ReviewItem
from flightctl.render.times import short_utc, utc_text

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class EntriesView:
    """Entries with the proposals that wait for them."""

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

    def document(self) -> Mapping[str, Any]:
        """``flightctl.entries/1``."""
        return {"schema": "flightctl.entries/1", "entries": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One flight a row."""
        return [self._shape(item) for item in self.items]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One line for what stands in the cache, and one for each proposal."""
        from flightctl.render.console import table

        columns = ("FLIGHT", "AIRLINE", "FROM", "TO", "STATE", "BY", "SINCE (UTC)", "PROPOSAL", "NOTE")
        lines = [line for item in self.items for line in _lines(item)]
        return [table(columns, lines)] if lines else []

    def footer(self) -> str:
        """How many flights."""
        return f"{len(self.items)} flight{'' if len(self.items) == 1 else 's'}"

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
