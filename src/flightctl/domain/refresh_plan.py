"""What a refresh asks for next: a page that renews many entries at once, or one flight. Decided purely."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from flightctl.domain.designator import parse_designator
from flightctl.domain.freshness import is_fresh
from flightctl.domain.route import RouteEntry

PAGE_ROWS = 100
_SMALLEST_GUESS, _GUESS_PER_ENTRY = 300, 10
"""While no feed's size is known, each is taken to have so many rows, or so many for each entry that is due."""


def picked(entries: Sequence[RouteEntry], now: datetime, ttl: timedelta, ahead: timedelta) -> list[RouteEntry]:
    """What a run takes of entries that are stale, or will be within ``ahead``: all, unless that were a spike.

    Entries that were renewed together expire together. Of more than a page of them, those that are still fresh are
    taken one after the other, each at a time of its own between ``ahead`` and a third of it before its expiry.
    """
    fresh = sum(is_fresh(entry.refreshed_at, now, ttl) for entry in entries)
    if fresh <= PAGE_ROWS:
        return list(entries)
    return [entry for entry in entries if not is_fresh(entry.refreshed_at, now + ahead * _part_of(entry), ttl)]


def _part_of(entry: RouteEntry) -> float:
    """The same for an entry until it is renewed; evenly spread from a third to 1."""
    draw = zlib.crc32(f"{entry.route.cache_key} {entry.refreshed_at.isoformat()}".encode()) / 2**32
    return (1 + 2 * draw) / 3


@dataclass(frozen=True, slots=True)
class Filter:
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

    @property
    def rest(self) -> int:
        """Rows that are left to read."""
        return 0 if self.is_closed else max(self.total - self.read, 0)

    def expected(self, worth: float) -> float:
        """How much of ``worth`` (entries, or their value) the next page settles, if rows come in no order."""
        return worth * min(1.0, PAGE_ROWS / self.rest) if self.rest else 0.0


@dataclass(frozen=True, slots=True)
class Due:
    """An entry that is to be renewed, and what that is worth compared to others."""

    entry: RouteEntry
    airline: str
    """The airline whose feed has it."""
    value: float = 1.0

    @property
    def key(self) -> str:
        """Its key in the cache."""
        return self.entry.route.cache_key


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the next page of a feed, or, without one, the flight itself."""

    due: tuple[Due, ...]
    """What it may settle."""
    feed: Feed | None = None

    @property
    def worth(self) -> float:
        """The value that it is expected to settle."""
        value = sum(due.value for due in self.due)
        return self.feed.expected(value) if self.feed else value


@dataclass(slots=True)
class Work:
    """What is left to do in a run, oldest first, and the feeds that may be read for it."""

    due: dict[str, Due]
    feeds: dict[Filter, Feed] = field(default_factory=dict)
    entries: Counter[Filter] = field(default_factory=Counter)
    """How many were due at the beginning, by airline."""

    @classmethod
    def of(cls, due: Iterable[Due], totals: Mapping[str, int]) -> Work:
        """All airlines' feeds are open; ``totals`` has those that are known, by the filter's key."""
        dues = {one.key: one for one in due}
        entries = Counter(Filter(one.airline) for one in dues.values())
        told = {filter: Feed(filter, totals[filter.key], told=True) for filter in entries if filter.key in totals}
        guessed = {filter: Feed(filter, guessed_total(n)) for filter, n in entries.items() if filter not in told}
        work = cls(dues, told | guessed, entries)
        work._guess_anew()
        return work

    def of_feed(self, filter: Filter) -> tuple[Due, ...]:
        """What the feed may settle."""
        return tuple(due for due in self.due.values() if filter in _filters_of(due))

    def close(self, airline: str) -> None:
        """No page of this airline is to be asked for any more."""
        for filter, feed in self.feeds.items():
            if filter.airline == airline:
                self.feeds[filter] = replace(feed, is_closed=True)

    def learn(self, feed: Feed, departures: Mapping[str, int]) -> None:
        """A page was read: what is left of its feed, and what it says of the feeds by airport of departure.

        ``departures`` counts the rows that were read so far by airport.
        """
        self.feeds[feed.filter] = feed
        if feed.filter.departure:
            return
        self._guess_anew()
        for filter, n in self._several(feed.filter.airline).items():
            rows = departures.get(filter.departure, 0)
            if rows and n > 1:
                self.feeds.setdefault(filter, Feed(filter, ceil(feed.total * rows / feed.read)))

    def _guess_anew(self) -> None:
        """Airlines that were not asked for are taken to be like those that were: as many rows for each entry."""
        told = [feed for filter, feed in self.feeds.items() if feed.told and not filter.departure]
        if told:
            rows_per_entry = sum(feed.total for feed in told) / sum(self.entries[feed.filter] for feed in told)
            for filter, feed in self.feeds.items():
                if not feed.told and not filter.departure:
                    self.feeds[filter] = replace(feed, total=ceil(self.entries[filter] * rows_per_entry))

    def _several(self, airline: str) -> Counter[Filter]:
        """How many entries the feed of each airport might settle."""
        of_airline = (due for due in self.due.values() if due.airline == airline)
        return Counter(filter for due in of_airline for filter in _filters_of(due) if filter.departure)


def guessed_total(entries: int) -> int:
    """How many rows to expect of an airline that was never asked for."""
    return max(_SMALLEST_GUESS, _GUESS_PER_ENTRY * entries)


def next_step(work: Work, calls_left: int | None) -> Step:
    """The next call; there is something left to do.

    While the calls suffice, pages that pay come first, then single flights, oldest first. Where they do not, what is
    worth most a call.
    """
    pages = _paying_pages(work)
    if calls_left is not None and expected_calls(work) > calls_left:
        singles = (Step((due,)) for due in work.due.values())
        return max((*pages, *singles), key=lambda step: step.worth)
    if pages:
        return max(pages, key=_entries_expected)
    return Step((next(iter(work.due.values())),))


def expected_calls(work: Work) -> int:
    """What the rest of the work is expected to cost."""
    return sum(pages + singles for _, _, pages, singles in planned(work))


def planned(work: Work) -> Iterator[tuple[str, int, int, int]]:
    """For each airline: entries, and the pages and single look-ups that are expected for them."""
    for airline, n in Counter(due.airline for due in work.due.values()).items():
        yield airline, n, *_pages_and_singles(work.feeds.get(Filter(airline)), n)


def _pages_and_singles(feed: Feed | None, entries: float) -> tuple[int, int]:
    pages = 0
    while feed is not None and feed.expected(entries) > 1:
        entries -= feed.expected(entries)
        feed = replace(feed, read=min(feed.read + PAGE_ROWS, feed.total))
        pages += 1
    return pages, ceil(round(entries, 6))


def _paying_pages(work: Work) -> list[Step]:
    """Pages that are expected to settle more than the one entry that the call would settle otherwise."""
    counts = Counter(filter for due in work.due.values() for filter in _filters_of(due))
    paying = [feed for filter, feed in work.feeds.items() if feed.expected(counts[filter]) > 1]
    return [Step(work.of_feed(feed.filter), feed) for feed in paying]


def _entries_expected(step: Step) -> float:
    return step.feed.expected(len(step.due)) if step.feed else 1.0


def _filters_of(due: Due) -> tuple[Filter, ...]:
    """The feeds that have it. Pages of one airport show no more than the first leg of a flight."""
    if len(due.entry.route.legs) > 1:
        return (Filter(due.airline),)
    return Filter(due.airline), Filter(due.airline, due.entry.route.departure_iata)


def dues(entries: Iterable[RouteEntry], asks: Mapping[str, int]) -> list[Due]:
    """Entries as they come; one that was asked for more often is worth more."""
    return [
        Due(entry, parse_designator(entry.route.flight_iata).airline, 1.0 + asks.get(entry.route.cache_key, 0))
        for entry in entries
    ]
