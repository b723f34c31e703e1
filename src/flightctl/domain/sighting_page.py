"""One paid answer about dated flights: what could be read, what was kept out and why, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from flightctl.domain.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is kept out."""

    ident: str
    """What the row calls its flight, cleaned; may be empty."""
    reason: str
    """A few words: ``no scheduled departure``."""


@dataclass(frozen=True, slots=True)
class SightingsPage:
    """The rows of one request."""

    sightings: tuple[Sighting, ...] = ()
    """In the order of the answer, but where a diversion has a row of its own for the other airport, that comes last."""
    rejected: tuple[Rejected, ...] = ()
    result_sets: int = 1
    """How many were billed."""
    more: bool = False
    """Whether the provider says that there is a next page."""
    cursor: str = ""
    """Where the next page begins; empty where there is none, or where the provider's link leads nowhere we would go."""

    @property
    def readable(self) -> int:
        """Rows that could be read."""
        return len(self.sightings)
