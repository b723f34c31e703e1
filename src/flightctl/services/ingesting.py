"""Flight updates from programs: each is applied to the one stored flight, which every list shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import NamedTuple

from flightctl.domain.caller import Caller, Role
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_entry import Entry
from flightctl.domain.flight_news import Applied
from flightctl.domain.flight_update import FlightUpdate, read_update
from flightctl.domain.ingestion import Ingested, Line, Malformed, read_line, ready
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
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
"""What the calendar of every engine can hold, and any clock at it."""
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
        self._waiting: list[Line] = []
        self._answers: list[Hashable] = []
        """Of each line that waits, the answer that it belongs to."""
        self.ingested = Ingested()

    def ingest(self, batches: Iterable[Sequence[str]]) -> Iterator[Ingested]:
        """Take up lines as they come, and say after each transaction how far it is. Raises NotAllowed, LocalFileError.

        An empty batch says that nothing more comes for now, so that nothing is waited for; else the last answer of a
        provider may go on in the next batch. A line that cannot be read is told of, and does not stop the others;
        empty lines are none.
        """
        self._caller.require(Role.SERVICE, "ingest")
        for batch in batches:
            self._read(batch)
            yield from self._transactions(is_all=not batch)
        yield from self._transactions(is_all=True)

    def _transactions(self, *, is_all: bool) -> Iterator[Ingested]:
        while count := ready(self._answers, _AT_ONCE, is_all=is_all):
            read = [one for line in self._waiting[:count] for one in self._understood(line)]
            with self._database.writing() as session:
                self._taken(session, read)
            del self._waiting[:count], self._answers[:count]
            self.ingested.lines += count
            self.ingested.malformed.sort()
            yield self.ingested

    def _read(self, texts: Sequence[str]) -> None:
        for number, text in enumerate(texts, self._number + 1):
            told = text.removeprefix("\ufeff") if number == 1 else text
            try:
                read = [read_line(number, told, self._clock())] if told.strip() else []
            except MalformedRow as error:
                self.ingested.lines += 1
                self._refuse(number, error)
                continue
            self._waiting += read
            self._answers += map(_answer_of, read)
        self._number += len(texts)

    def _refuse(self, number: int, error: MalformedRow) -> None:
        self.ingested.malformed.append(Malformed(number, error.message))

    def _understood(self, line: Line) -> list[_Read]:
        try:
            return [_Read(line, self._said(line))]
        except MalformedRow as error:
            self._refuse(line.number, error)
            return []

    def _said(self, line: Line) -> Sighting | FlightUpdate:
        if line.provider == _OWN:
            return read_update(line.row, line.observed_at)
        said = _READERS[line.provider](line.row, Reading(line.provider, line.observed_at, self._zone_of))
        if not isinstance(said, Sighting):
            raise MalformedRow(f"kept out: {said.reason}")
        is_timetable = line.provider == "aeroapi" and not {"status", "cancelled"} & line.row.keys()
        return replace(said, from_timetable=True) if is_timetable else said

    def _taken(self, session: Transaction, read: Sequence[_Read]) -> None:
        flights.hold(session)
        given = {one.line.number: one.said for one in read if isinstance(one.said, Sighting)}
        rows = dict(zip(given, completed(session, list(given.values())), strict=True))
        book = Book(self._entries(session, list(rows.values()), read))
        results: list[Applied] = []
        for lines in _answers(read):
            if lines[0].line.provider == _OWN:
                results += self._updated(session, book, lines[0])
            else:
                results += book.take([rows[one.line.number] for one in lines])
        flights.write(session, book.written)
        learn(session, list(rows.values()))
        self._count(session, results, len(book.written.created))

    def _entries(self, session: Transaction, rows: Sequence[Sighting], read: Sequence[_Read]) -> list[Entry]:
        own = {str(one.said.flight_id) for one in read if isinstance(one.said, FlightUpdate)}
        near = candidates(session, rows) if rows else set()
        entries = flights.entries(session, near) + flights.nameless(session, own - near)
        moments = {one.line.observed_at for one in read}
        again = {one.flight.flight_id for one in entries if one.flight.observed_at in moments}
        told = flights.told_last(session, again) if again else {}
        for entry in entries:
            entry.told |= told.get(entry.flight.flight_id, set())
        return entries

    def _updated(self, session: Transaction, book: Book, one: _Read) -> list[Applied]:
        assert isinstance(one.said, FlightUpdate)
        try:
            after = book.update(one.said, _OWN)
            if after is not None:
                return [after]
            made = book.begin(_first_seen(session, one.said))
            more = book.update(one.said, _OWN)
            return [made if more is None else more._replace(changes=made.changes + more.changes)]
        except MalformedRow as error:
            self._refuse(one.line.number, error)
            return []

    def _count(self, session: Transaction, results: Sequence[Applied], created: int) -> None:
        changed = [one.flight.flight_id for one in results if one.changes]
        users = lists.watcher_counts(session, set(changed))
        told = self.ingested
        told.applied += sum(one.rows for one in results if one.changes)
        told.outdated += sum(one.rows for one in results if one.outdated)
        told.unchanged += sum(one.rows for one in results if not one.changes and not one.outdated)
        told.flights_created += created
        told.fanned_out += sum(users.get(flight_id, 0) for flight_id in changed)


def _answer_of(line: Line) -> tuple[str, datetime] | None:
    """Rows of one provider and moment are one answer; our own rows stand each for itself."""
    return None if line.provider == _OWN else (line.provider, line.observed_at)


def _answers(read: Sequence[_Read]) -> Iterable[list[_Read]]:
    """The lines of each answer, at the place of its first; other lines may stand between them."""
    answers: dict[object, list[_Read]] = {}
    for one in read:
        answers.setdefault(_answer_of(one.line) or one.line.number, []).append(one)
    return answers.values()


def _first_seen(session: Transaction, update: FlightUpdate) -> Sighting:
    """A flight that is in no store yet, as its id describes it.

    Raises MalformedRow where the origin's zone is not known, another id would be this flight's, or it has no schedule.
    """
    flight_id = update.flight_id
    if not _FIRST_YEAR <= flight_id.departure_date.year <= _LAST_YEAR:
        raise MalformedRow(f"{flight_id}: no flight is of that year")
    origin, destination = _place(session, flight_id.origin), _place(session, flight_id.destination)
    zone = zone_named(origin.zone)
    if zone is None:
        raise MalformedRow(f"{flight_id}: its origin is in no table, so its times cannot be read")
    if not update.departs(update.observed_at, None):
        raise MalformedRow("a flight without a scheduled departure is none")
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
