"""A feed read page by page: what was seen so far, and whether that is all there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flightctl.domain.observed import FlightsPage, ObservedLeg

GOES_ON_WITHIN = timedelta(hours=1)
"""A reading that was interrupted goes on with its next page; after that the feed has moved on."""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """The pages read so far, in order, without a gap from the first row."""

    pages: tuple[FlightsPage, ...] = ()
    instants: tuple[datetime, ...] = ()
    """When each of them came, UTC."""

    @property
    def began_at(self) -> datetime:
        """When its first page came, if it has one."""
        return self.instants[0]

    @property
    def ended_at(self) -> datetime:
        """When its last page so far came, if it has one."""
        return self.instants[-1]

    @property
    def read(self) -> int:
        """Rows read, readable or not; the offset of the next page."""
        return sum(page.count for page in self.pages)

    @property
    def total(self) -> int:
        """Rows upstream, as told last; 0 before the first page, and where nobody said."""
        return max(self.pages[-1].total, 0) if self.pages else 0

    @property
    def is_over(self) -> bool:
        """Whether no page is left that would be worth asking for, be the reading complete or not."""
        return bool(self.pages) and (self.read >= self.total or not self._goes_forward)

    @property
    def legs(self) -> list[ObservedLeg]:
        """All readable rows."""
        return [leg for page in self.pages for leg in page.legs]

    @property
    def is_complete(self) -> bool:
        """Whether every row was seen: the total stood still meanwhile, and no row came twice in place of another."""
        totals = {page.total for page in self.pages}
        return (
            self.is_over
            and self._is_as_asked
            and totals == {self.read}
            and len(_identities(self.legs)) == len(self.legs)
        )

    @property
    def departures(self) -> Counter[str]:
        """Readable rows by airport of departure."""
        return Counter(leg.departure.iata for leg in self.legs if leg.departure.iata)

    def goes_on(self, page: FlightsPage, came_at: datetime) -> FeedReading:
        """With one more page."""
        return FeedReading((*self.pages, page), (*self.instants, came_at))

    @property
    def _is_as_asked(self) -> bool:
        """Whether the last page begins where the one before it ends."""
        return self.pages[-1].offset == self.read - self.pages[-1].count

    @property
    def _goes_forward(self) -> bool:
        """Whether the last page is not the one before it once more: a service may know no offset."""
        before = _identities(self.pages[-2].legs) if len(self.pages) > 1 else set()
        return self._is_as_asked and not _identities(self.pages[-1].legs) <= before


def _identities(legs: Sequence[ObservedLeg]) -> set[tuple[object, ...]]:
    return {
        (leg.flight_iata, leg.flight_icao, leg.flight_date, leg.departure.iata, leg.departure.icao, leg.arrival.iata)
        for leg in legs
    }
