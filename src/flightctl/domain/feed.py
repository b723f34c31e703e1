"""What upstream has page by page: the flights of an airline, or those of them that leave from one airport."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

PAGE_ROWS = 100
_SMALLEST_GUESS, _GUESS_PER_ENTRY = 300, 10
"""While no feed's size is known, each is taken to have so many rows, or so many for each entry that is due."""
_KNOWN = 0.95
"""Part of the entries that upstream still has, more or less."""


class Filter(NamedTuple):
    """What the rows of a page have in common: the airline, and on request the airport of departure."""

    airline: str
    departure: str = ""

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"airline:{self.airline}" + (f" from:{self.departure}" if self.departure else "")


@dataclass(frozen=True, slots=True)
class Feed:
    """What is known of the rows that upstream has for a filter."""

    filter: Filter
    total: int
    """Rows, as last told, or guessed."""
    told: bool = False
    """Whether upstream has said how many rows there are."""
    is_closed: bool = False
    """Whether no more pages are to be asked for."""
    read: int = 0
    """Rows of them that this reading has seen."""
    page_rows: int = PAGE_ROWS
    """Rows of a page."""

    @property
    def rest(self) -> int:
        """Rows that are left to read."""
        return 0 if self.is_closed else max(self.total - self.read, 0)

    @property
    def is_at_hand(self) -> bool:
        """Whether all its rows were read by a run that ended before it made use of them."""
        return not self.is_closed and 0 < self.total <= self.read

    @property
    def price(self) -> int:
        """Calls that the next page costs."""
        return 0 if self.is_at_hand else 1

    def expected(self, worth: float) -> float:
        """How much of ``worth`` (entries, or their value) the next page settles, if rows come in no order."""
        if self.is_at_hand:
            return worth
        seen = min(1.0, self.page_rows / self.rest) if self.rest else 0.0
        # Only the whole airline says of what is not there that it is not.
        return worth * seen * (_KNOWN if self.filter.departure else 1.0)

    def pays(self, entries: float) -> bool:
        """Whether the next page is expected to settle more than its calls would settle otherwise."""
        return self.expected(entries) > self.price

    def after_a_page(self) -> Feed:
        """The feed once its next page is read."""
        return replace(self, read=min(self.read + self.page_rows, self.total), is_closed=self.rest <= self.page_rows)


def guessed_total(entries: int) -> int:
    """How many rows to expect of an airline that was never asked for."""
    return max(_SMALLEST_GUESS, _GUESS_PER_ENTRY * entries)
