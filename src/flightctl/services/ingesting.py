"""Flight updates from programs: each is applied to the one stored flight, which every list shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import groupby
from typing import NamedTuple

from flightctl.domain.caller import Caller, Role
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_news import Applied
from flightctl.domain.flight_update import FlightUpdate, read_update
from flightctl.domain.ingestion import Ingested, Line, Malformed, read_line
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times
from flightctl.domain.zones import zone_named
from flightctl.errors import MalformedRow
from flightctl.providers import aeroapi_rows, aviationstack_sightings
from flightctl.providers.reading import Reading
from flightctl.services.flight_codes import completed, learn, zone_of
from flightctl.services.observing import candidates
from flightctl.store import flights, lists, references
from flightctl.store.engine import Database, Transaction

_AT_ONCE = 500
_OWN = "flightctl"
_READERS = {"aviationstack": aviationstack_sightings.sighting, "aeroapi": aeroapi_rows.sighting}


class _Read(NamedTuple):
    """A line and what it says."""

    line: Line
    said: Sighting | FlightUpdate


class Ingesting:
    """Takes up lines in short transactions; a run that was interrupted can be repeated."""

    def __init__(self, database: Database, caller: Caller, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._caller = caller
        self._clock = clock
        self._zone_of = zone_of(lambda: database)
        self._number = 0
        self.ingested = Ingested()

    def ingest(self, batches: Iterable[Sequence[str]]) -> Iterator[Ingested]:
        """Take up lines as they come, and say after each transaction how far it is. Raises NotAllowed, LocalFileError.

        A line that cannot be read is told of, and does not stop the others; empty lines are none.
        """
        self._caller.require(Role.SERVICE, "ingest")
        for batch in batches:
            for first in range(0, len(batch), _AT_ONCE):
                self._take(batch[first : first + _AT_ONCE])
                yield self.ingested

    def _take(self, texts: Sequence[str]) -> None:
        numbered = [(number, text) for number, text in enumerate(texts, self._number + 1) if text.strip()]
        self._number += len(texts)
        self.ingested.lines += len(numbered)
        read = [one for one in (self._read(number, text) for number, text in numbered) if one]
        if read:
            with self._database.writing() as session:
                self._taken(session, read)

    def _read(self, number: int, text: str) -> _Read | None:
        try:
            line = read_line(number, text, self._clock())
            return _Read(line, self._said(line))
        except MalformedRow as error:
            self.ingested.malformed.append(Malformed(number, error.message))
            return None

    def _said(self, line: Line) -> Sighting | FlightUpdate:
        if line.provider == _OWN:
            return read_update(line.row, line.observed_at)
        said = _READERS[line.provider](line.row, Reading(line.provider, line.observed_at, self._zone_of))
        if not isinstance(said, Sighting):
            raise MalformedRow(f"kept out: {said.reason}")
        is_timetable = line.provider == "aeroapi" and not {"status", "cancelled"} & line.row.keys()
        return replace(said, from_timetable=True) if is_timetable else said

    def _taken(self, session: Transaction, read: Sequence[_Read]) -> None:
        rows = completed(session, [one.said for one in read if isinstance(one.said, Sighting)])
        own = {str(one.said.flight_id) for one in read if isinstance(one.said, FlightUpdate)}
        book = Book(flights.entries(session, candidates(session, rows) | own))
        ready, results = iter(rows), list[Applied]()
        for (provider, _), lines in groupby(read, key=lambda one: _answer_of(one.line)):
            if provider == _OWN:
                results += [one for line in lines if (one := self._updated(session, book, line))]
            else:
                results += book.take([next(ready) for _ in lines])
        flights.write(session, book.written)
        learn(session, rows)
        self._count(session, results, len(book.written.created))

    def _updated(self, session: Transaction, book: Book, one: _Read) -> Applied | None:
        assert isinstance(one.said, FlightUpdate)
        try:
            after = book.update(one.said, _OWN)
            if after is not None:
                return after
            made = book.begin(_first_seen(session, one.said))
            more = book.update(one.said, _OWN)
            return made if more is None else more._replace(changes=made.changes + more.changes)
        except MalformedRow as error:
            self.ingested.malformed.append(Malformed(one.line.number, error.message))
            return None

    def _count(self, session: Transaction, results: Sequence[Applied], created: int) -> None:
        changed = [one.flight.flight_id for one in results if one.changes]
        users = lists.watcher_counts(session, set(changed))
        told = self.ingested
        told.applied += sum(one.rows for one in results if one.changes)
        told.outdated += sum(one.rows for one in results if one.outdated)
        told.unchanged += sum(one.rows for one in results if not one.changes and not one.outdated)
        told.flights_created += created
        told.fanned_out += sum(users.get(flight_id, 0) for flight_id in changed)


def _answer_of(line: Line) -> tuple[str, datetime | None]:
    """Rows of one provider and moment are one answer; our own rows stand each for itself."""
    return line.provider, None if line.provider == _OWN else line.observed_at


def _first_seen(session: Transaction, update: FlightUpdate) -> Sighting:
    """A flight that is in no store yet, as its id describes it.

    Raises MalformedRow where the origin's zone is not known, or another id would be this flight's.
    """
    flight_id = update.flight_id
    origin, destination = _place(session, flight_id.origin), _place(session, flight_id.destination)
    zone = zone_named(origin.zone)
    if zone is None:
        raise MalformedRow(f"{flight_id}: its origin is in no table, so its times cannot be read")
    hours, minutes = int(flight_id.departure_hhmm[:2]), int(flight_id.departure_hhmm[2:])
    local = datetime.combine(flight_id.departure_date, time(hours, minutes))
    return Sighting(
        provider=_OWN,
        provider_id="",
        ident=flight_id.ident,
        designators=frozenset(filter(None, (flight_id.ident, update.flight_iata))),
        codeshares=frozenset(),
        operated_as="",
        origin=origin,
        destination=destination,
        scheduled_local=local,
        times=Times(scheduled_out=local.replace(tzinfo=zone).astimezone(UTC)),
        status=FlightStatus.SCHEDULED,
        provider_status="",
        observed_at=update.observed_at,
    )


def _place(session: Transaction, code: str) -> Place:
    known = references.airport(session, code)
    if known is None:
        return Place("", code, "") if len(code) == len("ICAO") else Place(code, "", "")
    if known.icao and known.icao != code:
        # Else one flight could get two ids.
        raise MalformedRow(f"{code} is written {known.icao} in a flight id")
    return Place(known.iata, known.icao or "", known.zone or "")
