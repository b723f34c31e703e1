"""The flights that somebody keeps, and who must hear of a flight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flightctl.domain.caller import Caller, Role
from flightctl.domain.flight import CONFIRMED, PENDING, Flight, FlightId, parse_flight_id
from flightctl.domain.listing import Kind, Listed, in_order, list_user
from flightctl.errors import NotFound
from flightctl.store import flights, lists
from flightctl.store.clock import database_now
from flightctl.store.engine import Database, Transaction


class Lists:
    """One user's list. Every method is one short transaction, and raises LocalFileError."""

    def __init__(self, database: Database, caller: Caller, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._caller = caller
        self._clock = clock

    def track(self, flight_id: str) -> tuple[Listed, bool]:
        """Put a stored flight into the list as owned; whether it was not there yet.

        Raises BadUser, BadFlightId, NotFound. A manual flight that waits can be tracked by who added it.
        """
        user, asked = list_user(self._caller.user), parse_flight_id(flight_id)
        with self._database.writing() as session:
            flight = self._visible(session, user, asked)
            now = database_now(session)
            is_new = lists.add(session, user, flight.flight_id, Kind.OWNED, now)
            return next(one for one in lists.of_user(session, user, str(asked)) if one.kind is Kind.OWNED), is_new

    def untrack(self, flight_id: str, kind: Kind | None = None) -> list[Listed]:
        """Take a flight out of the list, as owned, shared or both; returns what is gone.

        Raises BadUser, BadFlightId, NotFound.
        """
        user, asked = list_user(self._caller.user), parse_flight_id(flight_id)
        with self._database.writing() as session:
            listed = lists.of_user(session, user, str(asked))
            if not lists.remove(session, user, str(asked), kind):
                raise not_listed(asked, kind)
        return [one for one in listed if kind in (None, one.kind)]

    def listed(self) -> list[Listed]:
        """The user's flights, the next departure first, with what changed since this was last asked. Raises BadUser."""
        user = list_user(self._caller.user)
        with self._database.writing() as session:
            found = lists.of_user(session, user)
            lists.mark_seen(session, user)
        return in_order(found, self._clock())

    def watchers(self, flight_id: str) -> tuple[FlightId, list[str]]:
        """Everybody who lists the flight. Raises NotAllowed, BadFlightId, NotFound for a flight that is not stored."""
        self._caller.require(Role.STAFF, "watchers")
        asked = parse_flight_id(flight_id)
        with self._database.reading() as session:
            if flights.find(session, str(asked)) is None:
                raise not_stored(asked)
            return asked, lists.watchers(session, str(asked))

    def _visible(self, session: Transaction, user: str, asked: FlightId) -> Flight:
        flight = flights.find(session, str(asked))
        if flight is None or not _may_track(flight, user):
            raise not_stored(asked)
        return flight


def _may_track(flight: Flight, user: str) -> bool:
    """What waits for staff is tracked by who added it; what they turned down by nobody more."""
    return flight.review == CONFIRMED or (flight.review == PENDING and flight.added_by == user)


def not_stored(asked: FlightId) -> NotFound:
    """No such flight, or none that the caller may see."""
    hint = f"'flightctl lookup {asked.ident} --date {asked.departure_date}' looks for it"
    return NotFound(f"{asked}: no such flight is stored", hint=hint)


def not_listed(asked: FlightId, kind: Kind | None = None) -> NotFound:
    """The flight is not in the caller's list."""
    how = f" as {kind.value}" if kind else ""
    return NotFound(f"{asked}: not in your list{how}", hint="'flightctl flights' shows what is")
