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

    began_at: datetime
    """When its first page was read, UTC."""
    pages: tuple[FlightsPage, ...] = ()

    @property
    def read(self) -> int:
        """Rows read, readable or not; the offset of the next page."""
        return sum(page.count for page in self.pages)

    @property
    def total(self) -> int:
        """Rows upstream, as told last; 0 before the first page."""
        return max(self.pages[-1].total, 0) if self.pages else 0

    @property
    def is_over(self) -> bool:
        """Whether no page is left, be the reading complete or not."""
        return bool(self.pages) and (self.read >= self.total or self.pages[-1].count == 0)

    @property
    def legs(self) -> list[ObservedLeg]:
        """All readable rows."""
        return [leg for page in self.pages for leg in page.legs]

    @property
    def is_complete(self) -> bool:
        """Whether every row was seen: the total stood still meanwhile, and no row came twice in place of another."""
        totals = {page.total for page in self.pages}
        return self.is_over and totals == {self.read} and len(_identities(self.legs)) == len(self.legs)

    @property
    def departures(self) -> Counter[str]:
        """Readable rows by airport of departure."""
        return Counter(leg.departure.iata for leg in self.legs if leg.departure.iata)

    def goes_on(self, page: FlightsPage) -> FeedReading:
        """With one more page."""
        return FeedReading(self.began_at, (*self.pages, page))


def contiguous(pages: Sequence[FlightsPage], began_at: datetime) -> FeedReading:
    """What was kept of a reading, as far as it has no gap."""
    reading = FeedReading(began_at)
    for page in sorted(pages, key=lambda page: page.offset):
        if page.offset == reading.read:
            reading = reading.goes_on(page)
    return reading


def _identities(legs: Sequence[ObservedLeg]) -> set[tuple[object, ...]]:
    return {
        (leg.flight_iata, leg.flight_icao, leg.flight_date, leg.departure.iata, leg.departure.icao, leg.arrival.iata)
        for leg in legs
    }
