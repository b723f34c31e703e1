"""What a refresh asks for next: a page that renews many entries at once, or one flight. Decided purely."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from flightctl.domain.designator import AirlineCode, Designator, parse_designator
from flightctl.domain.feed import Feed, Filter, guessed_total
from flightctl.domain.freshness import is_fresh
from flightctl.domain.route import Route, RouteEntry

_FEW = 100
"""So many at once are no spike."""


def picked(entries: Sequence[RouteEntry], now: datetime, ttl: timedelta, ahead: timedelta) -> list[RouteEntry]:
    """What a run takes of entries that are stale, or will be within ``ahead``: all, unless that were a spike.

    Entries that were renewed together expire together. Of more than a hundred of them, those that are still fresh are
    taken one after the other, each at a time of its own between ``ahead`` and a third of it before its expiry.
    """
    fresh = sum(is_fresh(entry.refreshed_at, now, ttl) for entry in entries)
    if fresh <= _FEW:
        return list(entries)
    return [entry for entry in entries if not is_fresh(entry.refreshed_at, now + ahead * _part_of(entry), ttl)]


def _part_of(entry: RouteEntry) -> float:
    """The same for an entry until it is renewed; evenly spread from a third to 1."""
    draw = zlib.crc32(f"{entry.route.cache_key} {entry.refreshed_at.isoformat()}".encode()) / 2**32
    return (1 + 2 * draw) / 3


@dataclass(frozen=True, slots=True)
class Due:
    """An entry that is to be renewed, and what that is worth compared to others."""

    entry: RouteEntry
    airline: str
    """As its designator says."""
    filters: tuple[Filter, ...]
    """The feeds that have it."""
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
    """How many were due at the beginning, by feed."""

    @classmethod
    def of(cls, due: Iterable[Due], totals: Mapping[str, int], read: Mapping[str, int]) -> Work:
        """Feeds are open that are known, by the filter's key: ``totals`` of rows, rows ``read`` of them; and airlines.

        An airline's feed whose size is not known is guessed.
        """
        dues = {one.key: one for one in due}
        entries = Counter(filter for one in dues.values() for filter in one.filters)
        feeds = {
            filter: Feed(filter, totals[filter.key], told=True, read=read.get(filter.key, 0))
            if filter.key in totals
            else Feed(filter, guessed_total(n))
            for filter, n in entries.items()
            if filter.key in totals or not filter.departure
        }
        work = cls(dues, feeds, entries)
        work._guess_anew()
        return work

    def without_pages(self) -> Work:
        """The same where the account's plan has no pages."""
        return Work(self.due)

    def of_feed(self, filter: Filter) -> tuple[Due, ...]:
        """What the feed may settle."""
        return tuple(due for due in self.due.values() if filter in due.filters)

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
        """Airlines that were not asked for are taken to be like those that were: as many rows for each entry.

        But not more than the largest has, because of which few may be due; and never none, because one airline may
        have no rows.
        """
        told = [feed for filter, feed in self.feeds.items() if feed.told and not filter.departure]
        if told:
            rows_per_entry = sum(feed.total for feed in told) / sum(self.entries[feed.filter] for feed in told)
            largest = max(feed.total for feed in told)
            for filter, feed in self.feeds.items():
                if not feed.told and not filter.departure:
                    alike = min(ceil(self.entries[filter] * rows_per_entry), largest)
                    self.feeds[filter] = replace(feed, total=max(alike, 1))

    def _several(self, airline: str) -> Counter[Filter]:
        """How many entries the feed of each airport might settle."""
        of_airline = (due for due in self.due.values() if due.airline == airline)
        return Counter(filter for due in of_airline for filter in due.filters if filter.departure)


def next_step(work: Work, calls_left: int | None) -> Step:
    """The next call; there is something left to do.

    While the calls suffice, pages that pay come first, then single flights, oldest first. Where they do not, what is
    worth most a call. A feed that was read already comes before everything: it costs none.
    """
    for feed in work.feeds.values():
        if feed.is_at_hand and (due := work.of_feed(feed.filter)):
            return Step(due, feed)
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
    for airline, dues in _by_airline(work).items():
        way = _cheapest_way(work, airline, dues)
        yield airline, len(dues), way.pages, way.singles


def _by_airline(work: Work) -> dict[str, list[Due]]:
    by_airline: dict[str, list[Due]] = {}
    for due in work.due.values():
        by_airline.setdefault(due.airline, []).append(due)
    return by_airline


class _Way(NamedTuple):
    """One way to renew an airline's entries, and what it is expected to cost."""

    feeds: Sequence[Feed]
    """Those to read as long as it pays; none has an entry that another has, too."""
    pages: int
    singles: int

    @property
    def calls(self) -> int:
        return self.pages + self.singles


def _cheapest_way(work: Work, airline: str, dues: Sequence[Due]) -> _Way:
    """Through all its flights, or through those of the airports that are known."""
    airports = dict.fromkeys(filter for due in dues for filter in due.filters if filter.departure)
    ways = (_way(work, dues, [Filter(airline)]), _way(work, dues, list(airports)))
    return min(ways, key=lambda way: way.calls)


def _way(work: Work, dues: Sequence[Due], filters: Sequence[Filter]) -> _Way:
    feeds = {filter: work.feeds[filter] for filter in filters if filter in work.feeds}
    entries = Counter(filter for due in dues for filter in due.filters if filter in feeds)
    pages, left = 0, float(len(dues) - entries.total())
    for filter, n in entries.items():
        bought, missed = _read_while_it_pays(feeds[filter], n)
        pages, left = pages + bought, left + missed
    return _Way(list(feeds.values()), pages, ceil(round(left, 6)))


def _read_while_it_pays(feed: Feed, entries: float) -> tuple[int, float]:
    """Pages that are bought, and entries that they are expected to leave."""
    pages = 0
    while feed.pays(entries):
        entries -= feed.expected(entries)
        pages += feed.price
        feed = feed.after_a_page()
    return pages, entries


def _paying_pages(work: Work) -> list[Step]:
    """Pages that are expected to settle more than the one entry that the call would settle otherwise."""
    steps = [
        Step(work.of_feed(feed.filter), feed)
        for airline, dues in _by_airline(work).items()
        for feed in _cheapest_way(work, airline, dues).feeds
    ]
    return [step for step in steps if step.feed and step.feed.pays(len(step.due))]


def _entries_expected(step: Step) -> float:
    return step.feed.expected(len(step.due)) if step.feed else 1.0


def dues(entries: Iterable[RouteEntry], asks: Mapping[str, int]) -> list[Due]:
    """Entries as they come; one that was asked for more often is worth more."""
    return [_due(entry, 1.0 + asks.get(entry.route.cache_key, 0)) for entry in entries]


def _due(entry: RouteEntry, value: float) -> Due:
    asked = parse_designator(entry.route.flight_iata)
    return Due(entry, asked.airline, _filters_of(entry.route, asked), value)


def _filters_of(route: Route, asked: Designator) -> tuple[Filter, ...]:
    if asked.airline_code is AirlineCode.IATA and asked.airline != route.airline_iata:
        # Its rows are in the feed of another airline than its designator says.
        return ()
    if len(route.legs) > 1:
        # Pages of one airport show no more than the first leg.
        return (Filter(asked.airline),)
    return Filter(asked.airline), Filter(asked.airline, route.departure_iata)
