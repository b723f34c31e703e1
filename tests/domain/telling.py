"""What two providers tell of a world of true flights, and what a book makes of it, answer by answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random

from hypothesis import strategies as st

from domain.oracle import DAY, HOUR, Retime, TrueFlight, World, in_parts, saw
from flightctl.domain.flight import CONFIRMED
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_entry import Entry
from flightctl.domain.flight_news import Applied
from flightctl.domain.sighting import Sighting

Store = dict[str, Entry]


def take(store: Store, *rows: Sighting, review: str = CONFIRMED, asked: Iterable[str] = ()) -> list[Applied]:
    """Take up one answer with a book of its own, and keep what it has made."""
    book = Book(store.values())
    taken = book.take(list(rows), tuple(asked), review)
    store |= {flight_id: Entry(one, {}) for flight_id, one in book.written.created.items()}
    for entry, alias, kind in book.written.aliases:
        store[entry.flight.flight_id].aliases[alias] = kind
    for one in (*book.written.changed.values(), *book.written.seen.values()):
        store[one.flight_id].flight = one
    return taken


def ids(taken: Iterable[Applied]) -> list[str]:
    return [one.flight.flight_id for one in taken]


def now_at(store: Store) -> dict[str, datetime]:
    return {flight_id: entry.flight.departs_at for flight_id, entry in store.items()}


RETIMES = st.builds(Retime, st.floats(-0.99, 0.99), st.integers(-3000, 3000))


class Telling:
    """What two providers say of a world, as it goes, and what the book has made of it."""

    def __init__(self, world: World, data: st.DataObject) -> None:
        self.world = world
        self._draw = data.draw
        self._chance = Random(self._draw(st.integers(0, 1000), label="seed"))
        self.store: Store = {}
        self._versions: dict[str, int] = {}
        self._now = min(one.departs_at for one in world.flights) - 20 * DAY
        self._first_day = min(one.local.date() for one in world.flights)
        self._days = 1
        """From the first on, whose flights are asked for."""
        self.parts: list[list[Sighting]] = []
        """Everything that was taken up, in one go each; each part twice."""
        self.schedules: dict[str, list[datetime]] = {}
        """Every departure that a flight was told to have, by its id; never the same twice in a row."""

    def step(self) -> None:
        """Some flights are retimed, then one provider is asked for all of them, and for more days than before."""
        self._now += HOUR
        second = self._draw(st.booleans(), label="second provider")
        told = self.world.known()
        for one in told:
            self._change(one, second)
        self._days += self._draw(st.integers(0, 1), label="more days")
        new = [one for one in self._asked_for() if one not in told]
        for one in new:
            self._appear(one, second)
        self._tell({one: self._rows(one, second) for one in told + new}, len(told))

    def _change(self, one: TrueFlight, second: bool) -> None:
        by_id = second and bool(one.provider_id)
        renamed = second and self._draw(st.integers(0, 5)) == 0
        retime = self._draw(st.none() | RETIMES)
        if renamed:
            self.world.give_id(one)
        if retime:
            self.world.retime(one, retime, by_id=by_id and not renamed, renamed=renamed)

    def _appear(self, one: TrueFlight, second: bool) -> None:
        if second and self._draw(st.booleans()):
            self.world.give_id(one)

    def _asked_for(self) -> list[TrueFlight]:
        until = self._first_day + self._days * DAY
        return [one for one in self.world.flights if one.flight_id or one.local.date() < until]

    def _rows(self, one: TrueFlight, second: bool) -> list[Sighting]:
        if second:
            return self.world.second_provider_rows(one, self._now)
        return self.world.first_provider_rows(one, self._now, partner=self._draw(st.booleans()))

    def _tell(self, rows: dict[TrueFlight, list[Sighting]], first_new: int) -> None:
        parts = in_parts([*rows.values()], first_new, self._chance, cut=self._draw(st.booleans(), label="cut in two"))
        for part in parts:
            for one, its_rows in rows.items():
                saw(one, [row for row in part if any(row is other for other in its_rows)])
            taken = take(self.store, *part)
            assert len(ids(taken)) == len(set(ids(taken)))
        self._check()
        again = [one for part in parts for one in take(self.store, *part)]
        self.parts += parts * 2
        assert not any(one.changes or one.outdated for one in again)

    def _check(self) -> None:
        seen = {one.flight_id: one for one in self.world.known()}
        assert now_at(self.store) == {flight_id: one.departs_at for flight_id, one in seen.items()}
        for flight_id, entry in self.store.items():
            assert seen[flight_id].names <= entry.aliases.keys()
            assert entry.flight.local_date == seen[flight_id].local.date()
            assert entry.flight.version >= self._versions.get(flight_id, 1)
            self._versions[flight_id] = entry.flight.version
            schedules = self.schedules.setdefault(flight_id, [])
            if schedules[-1:] != [entry.flight.departs_at]:
                schedules.append(entry.flight.departs_at)
