"""Dated flights that people enter: pending until staff, or a provider's report, confirm them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flightctl.domain.caller import Caller, Role
from flightctl.domain.departure_day import DepartureDay
from flightctl.domain.designator import Designator
from flightctl.domain.flight import CONFIRMED, PENDING, REJECTED, Flight, FlightId, FlightStatus, parse_flight_id
from flightctl.domain.flight_news import Change
from flightctl.domain.route import EntryStatus
from flightctl.domain.sighting import Place, Sighting, Times
from flightctl.domain.text import storable
from flightctl.domain.zones import zone_named
from flightctl.errors import AlreadyConfirmed, BadAirport, BadDate, NotFound, UsageError
from flightctl.services.designators import resolved
from flightctl.services.flight_codes import completed
from flightctl.services.observing import book_about
from flightctl.services.review import ManualRoute, Review
from flightctl.services.typed_airports import typed_airport
from flightctl.store import flight_json, flights, routes
from flightctl.store.engine import Database, Transaction
from flightctl.store.flight_json import Proposed
from flightctl.store.schema import MANUAL

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):?([0-5][0-9])")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ManualFlight:
    """What ``add-manual --date`` was told, as typed; times are local at either end."""

    flight: str
    day: DepartureDay
    out: str
    in_: str = ""
    departure: str = ""
    """Airport codes; empty for those of the known route."""
    arrival: str = ""
    airline: str = ""
    note: str = ""


class ManualFlights:
    """The life of manual flights. Every method is one short transaction."""

    def __init__(self, database: Database, caller: Caller, clock: Callable[[], datetime], review: Review) -> None:
        self._database = database
        self._caller = caller
        self._clock = clock
        self._review = review

    def propose(self, manual: ManualFlight) -> Flight:
        """Enter a flight, and propose its route where none is confirmed; the same again is no error.

        Raises BadDesignator, BadAirport, BadDate, UsageError, and AlreadyConfirmed where the flight is known.
        """
        with self._database.writing() as session:
            [sighting] = completed(session, [self._sighting(session, manual)])
            flight = self._entered(session, sighting, storable(manual.note))
            if manual.departure:
                route = ManualRoute(manual.flight, manual.departure, manual.arrival, manual.airline, manual.note)
                with suppress(AlreadyConfirmed):
                    self._review.propose_in(session, route)
            return flight

    def pending(self) -> list[Flight]:
        """Flights that wait for staff, in order of time. Raises NotAllowed."""
        self._caller.require(Role.STAFF, "pending")
        with self._database.reading() as session:
            return flights.pending(session)

    def confirm(self, flight_id: str) -> Flight:
        """Confirm a manual flight; what is confirmed stays so. Raises BadFlightId, NotFound, NotAllowed."""
        self._caller.require(Role.STAFF, "confirm")
        return self._decided(parse_flight_id(flight_id), CONFIRMED)

    def reject(self, flight_id: str) -> Flight:
        """Reject a manual flight that waits. Raises BadFlightId, NotFound, AlreadyConfirmed, NotAllowed."""
        self._caller.require(Role.STAFF, "reject")
        return self._decided(parse_flight_id(flight_id), REJECTED)

    def history(self, flight_id: str) -> tuple[FlightId, list[Change]]:
        """Every change of a flight that the caller may see. Raises BadFlightId, NotFound."""
        asked = parse_flight_id(flight_id)
        with self._database.reading() as session:
            flight = flights.find(session, str(asked))
            if flight is None or not self._may_see(flight):
                raise _unknown(asked)
            return asked, flights.history(session, str(asked))

    def _may_see(self, flight: Flight) -> bool:
        is_staff = self._caller.role >= Role.STAFF
        return flight.review == CONFIRMED or is_staff or flight.added_by == self._caller.user

    def _entered(self, session: Transaction, sighting: Sighting, note: str) -> Flight:
        book = book_about(session, [sighting], own=True)
        [applied] = book.take([sighting], review=PENDING)
        before = flights.find(session, applied.flight.flight_id)
        if before is not None and before.review == CONFIRMED:
            raise _known(before)
        again = before is not None and before.review == PENDING
        entered = applied.flight._replace(review=PENDING)
        if not again or applied.changes:
            # What waits now is what this person says; nobody else is named for it.
            entered = entered._replace(added_by=self._caller.user, note=note)
        proposed = flight_json.propose(session, entered, book.written)
        if proposed is Proposed.IS_CONFIRMED:
            raise _known(entered)
        if proposed is Proposed.WAITS:
            return entered
        (book.written.created if before is None else book.written.changed)[entered.flight_id] = entered
        book.written.seen.pop(entered.flight_id, None)
        # Who says so changes with what is said.
        book.written.columns.pop(entered.flight_id, None)
        flights.write(session, book.written)
        return entered

    def _decided(self, flight_id: FlightId, decision: str) -> Flight:
        now = self._clock()
        with self._database.writing() as session:
            flights.hold(session)
            flight = flights.find(session, str(flight_id))
            if flight is None or flight.review == REJECTED:
                raise _unknown(flight_id)
            if flight.review == decision:
                return flight
            if flight.review == CONFIRMED:
                raise AlreadyConfirmed(f"{flight_id} is confirmed", hint="a confirmed flight cannot be rejected")
            change = Change(flight.flight_id, "review", flight.review, decision, now, MANUAL)
            return flights.review(session, flight, decision, change, now)

    def _sighting(self, session: Transaction, manual: ManualFlight) -> Sighting:
        designator, now = resolved(session, manual.flight), self._clock()
        origin, destination = _ends(session, manual, designator)
        out_zone = _zone(origin)
        scheduled_local = datetime.combine(manual.day.on(out_zone, now), _clock(manual.out, "--out"))
        scheduled_out = scheduled_local.replace(tzinfo=out_zone).astimezone(UTC)
        scheduled_in = _arrival(scheduled_out, scheduled_local, manual.in_, destination) if manual.in_ else None
        return Sighting(
            provider=MANUAL,
            provider_id="",
            ident=str(designator),
            designators=frozenset({str(designator)}),
            codeshares=frozenset(),
            operated_as="",
            origin=origin,
            destination=destination,
            scheduled_local=scheduled_local,
            times=Times(scheduled_out=scheduled_out, scheduled_in=scheduled_in),
            status=FlightStatus.SCHEDULED,
            provider_status="",
            observed_at=now,
        )


def _ends(session: Transaction, manual: ManualFlight, designator: Designator) -> tuple[Place, Place]:
    departure, arrival = manual.departure, manual.arrival
    if not departure and not arrival:
        departure, arrival = _known_route(session, designator)
    if not departure or not arrival:
        raise UsageError("--from and --to belong together", hint="give both, or none where the route is known")
    origin, destination = _place(session, departure, "--from"), _place(session, arrival, "--to")
    if origin.iata == destination.iata:
        raise UsageError(f"--from and --to are both {origin.iata}", hint="a flight leads somewhere else")
    return origin, destination


def _known_route(session: Transaction, designator: Designator) -> tuple[str, str]:
    key = designator.cache_key
    entry = routes.entries(session, [key], EntryStatus.CONFIRMED).get(key)
    if entry is None:
        hint = f"as in 'flightctl add-manual {designator} --from AKL --to CHC --date 2026-12-03 --out 08:30'"
        raise UsageError(f"{designator}: its route is not known, so --from and --to are needed", hint=hint)
    if len(entry.route.legs) > 1:
        raise UsageError(f"{designator} has several legs", hint="name one with --from and --to")
    return entry.route.departure_iata, entry.route.arrival_iata


def _place(session: Transaction, typed: str, option: str) -> Place:
    known = typed_airport(session, typed, option)
    return Place(known.iata, known.icao, known.zone, known.name)


def _zone(place: Place) -> ZoneInfo:
    zone = zone_named(place.zone)
    if zone is None:
        raise BadAirport(f"{place.iata}: its time zone is not known", hint="times there cannot be read")
    return zone


def _clock(typed: str, option: str) -> time:
    match = _CLOCK.fullmatch(typed.strip()) if typed.isascii() else None
    if match is None:
        raise BadDate(f"{option} {ascii(typed)[:20]} is no time", hint="write hours and minutes, such as 08:30")
    return time(int(match[1]), int(match[2]))


def _arrival(scheduled_out: datetime, out_local: datetime, typed: str, destination: Place) -> datetime:
    """The first time that the clock at the destination shows this after the departure."""
    clock, zone = _clock(typed, "--in"), _zone(destination)
    days = (datetime.combine(out_local.date() + shift * _DAY, clock, zone).astimezone(UTC) for shift in (-1, 0, 1, 2))
    return next(instant for instant in days if instant > scheduled_out)


def _known(flight: Flight) -> AlreadyConfirmed:
    hint = f"'flightctl lookup {flight.flight_iata or flight.ident} --date {flight.departure_date}' shows it"
    return AlreadyConfirmed(f"{flight.flight_id} is known ({flight.provider})", hint=hint)


def _unknown(flight_id: FlightId) -> NotFound:
    hint = f"'flightctl lookup {flight_id.ident} --date {flight_id.departure_date}' shows what is known"
    return NotFound(f"{flight_id}: no such flight is stored", hint=hint)
