"""What providers report of dated flights, taken up into the store: recognised, changed, or entered anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice

from flightctl.domain.flight_book import Book, possible_ids
from flightctl.domain.flight_entry import Entry
from flightctl.domain.flight_news import Applied
from flightctl.domain.horizon import DayWindow
from flightctl.domain.recognition import FURTHEST_APART, departs_at, names_of
from flightctl.domain.sighting import Sighting
from flightctl.services.flight_codes import completed, learn
from flightctl.store import flight_proposals, flights
from flightctl.store.contributions import PaidTurn
from flightctl.store.engine import Database, Transaction

_AT_ONCE = 500
"""Rows taken up in one write transaction, more or less: an answer is not divided unless it is very long."""
_LONGEST_ANSWER = 2000


@dataclass(slots=True)
class Observed:
    """What came of some reports."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    outdated: int = 0
    """Older than what is known, and without effect."""

    def count(self, taken: Iterable[Applied]) -> None:
        """Some more."""
        for one in taken:
            if one.outdated:
                self.outdated += 1
            elif not one.changes:
                self.unchanged += 1
            elif one.flight.version == 1:
                self.created += 1
            else:
                self.changed += 1


class Observing:
    """Takes up reports in short transactions, an answer (rows of one provider and moment) in one."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    def observe(self, sightings: Iterable[Sighting]) -> Observed:
        """Take up reports in the order in which they were made; those of one answer stand together.

        Raises LocalFileError; what was committed before stays, and taking it up again changes nothing.
        """
        observed = Observed()
        for batch in _batches(sightings):
            with self._database().writing() as session:
                taken = [one for answer in batch for one in answer]
                observed.count(take(session, taken))
        return observed


def take(
    session: Transaction,
    sightings: Sequence[Sighting],
    asked: Collection[str] = (),
    covers: DayWindow | None = None,
    turn: PaidTurn | None = None,
    *,
    learns: bool = True,
) -> list[Applied]:
    """Take up reports within a transaction, answer by answer; ``asked`` and ``covers`` as in ``Book.take``.

    ``turn`` is that of who has just paid for them; ``learns`` whether they teach the reference tables names and codes.
    """
    flights.hold(session, turn)
    rows = completed(session, sightings)
    book = book_about(session, rows)
    taken: list[Applied] = []
    for _, answer in groupby(rows, key=lambda one: (one.provider, one.observed_at)):
        taken += book.take(list(answer), asked, covers=covers)
    flights.write(session, book.written, turn)
    if learns:
        learn(session, rows)
    return taken


def book_about(session: Transaction, rows: Sequence[Sighting], *, own: bool = False) -> Book:
    """The stored flights that these rows, whose codes are complete, may be about; ``own`` also those that wait in the
    remote because the caller said so.
    """
    entries = flights.entries(session, candidates(session, rows))
    return Book(entries + _said(session, rows, entries) if own else entries)


def _said(session: Transaction, rows: Sequence[Sighting], known: Sequence[Entry]) -> list[Entry]:
    ids = {entry.flight.flight_id for entry in known}
    departures = [departs_at(row) for row in rows]
    near = flight_proposals.own_near(session, min(departures) - FURTHEST_APART, max(departures) + FURTHEST_APART)
    return [entry for entry in near if entry.flight.flight_id not in ids]


def candidates(session: Transaction, rows: Sequence[Sighting]) -> set[str]:
    """Ids of stored flights that these rows may be about, and a few more."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for row in rows:
        departs = departs_at(row)
        for name in names_of(row):
            first, last = spans.get(name, (departs, departs))
            spans[name] = min(first, departs - FURTHEST_APART), max(last, departs + FURTHEST_APART)
    own = possible_ids(rows)
    provider_ids = {row.provider_id for row in rows if row.provider_id}
    return own | flights.ids_near(session, spans) | flights.ids_of_aliases(session, own | provider_ids)


def _batches(sightings: Iterable[Sighting]) -> Iterator[list[list[Sighting]]]:
    """Answers together, so that a transaction has about as many rows as it should."""
    batch: list[list[Sighting]] = []
    for answer in _answers(sightings):
        batch.append(answer)
        if sum(map(len, batch)) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _answers(sightings: Iterable[Sighting]) -> Iterator[list[Sighting]]:
    for _, rows in groupby(sightings, key=lambda one: (one.provider, one.observed_at)):
        while answer := list(islice(rows, _LONGEST_ANSWER)):
            yield answer
