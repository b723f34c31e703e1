"""Manual entries: proposed by anybody, decided by staff; a confirmed entry is never downgraded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flightctl.domain.caller import Caller, Role
from flightctl.domain.designator import Designator
from flightctl.domain.proposal import Decision, Proposal, Reception, ReviewItem, receive, same_codes
from flightctl.domain.route import EntryStatus, Route, RouteEntry, direct
from flightctl.domain.text import storable
from flightctl.errors import AlreadyConfirmed, NotFound, SeveralProposals, UsageError
from flightctl.services.designators import resolved
from flightctl.services.typed_airports import typed_airport
from flightctl.store import proposals, references, routes
from flightctl.store.engine import Database, Transaction
from flightctl.store.schema import MANUAL


@dataclass(frozen=True, slots=True)
class ManualRoute:
    """What ``add-manual`` was told; codes as typed, IATA or ICAO."""

    flight: str
    departure: str
    arrival: str
    airline: str = ""
    note: str = ""
    replace: bool = False


class Review:
    """The life of manual entries. Every method is one short transaction."""

    def __init__(self, database: Database, caller: Caller, clock: Callable[[], datetime], ttl: timedelta) -> None:
        self._database = database
        self._caller = caller
        self._clock = clock
        self._ttl = ttl

    def propose(self, manual: ManualRoute) -> ReviewItem:
        """Write a proposal down; the same one again is no error.

        Raises BadDesignator, BadAirport, UsageError, AlreadyConfirmed, NotAllowed (``replace`` is for staff).
        """
        if manual.replace:
            self._caller.require(Role.STAFF, "--replace")
        with self._database.writing() as session:
            return self.propose_in(session, manual)

    def propose_in(self, session: Transaction, manual: ManualRoute) -> ReviewItem:
        """The same as a part of what else is written; where it raises, nothing was."""
        route = _route(session, manual)
        standing = _confirmed(session, route.cache_key)
        known = proposals.waiting(session, [route.cache_key])
        reception = receive(route, standing, known, replace=manual.replace)
        if reception is Reception.REFUSE and standing:
            raise _already_confirmed(standing)
        if reception is not Reception.WRITE:
            return _item(session, route.cache_key)
        note = storable(manual.note)
        made = proposals.propose(session, route, note, self._caller.user, self._clock(), replaces=manual.replace)
        if made is None:
            # Somebody has been quicker.
            return self.propose_in(session, manual)
        item = _item(session, route.cache_key)
        return item if made in item.proposals else replace(item, proposals=(*item.proposals, made))

    def pending(self) -> list[ReviewItem]:
        """All that waits for staff: proposals, and manual entries to be confirmed again. Raises NotAllowed."""
        self._caller.require(Role.STAFF, "pending")
        with self._database.reading() as session:
            keys = [proposal.route.cache_key for proposal in proposals.all_waiting(session)]
            keys += proposals.to_confirm_again(session, self._clock() - self._ttl)
            return [_item(session, key) for key in dict.fromkeys(keys)]

    def waiting(self, flight: str) -> ReviewItem:
        """What waits for this flight. Raises NotFound where nothing does, NotAllowed."""
        self._caller.require(Role.STAFF, "confirm")
        with self._database.reading() as session:
            item = _item(session, resolved(session, flight).cache_key)
        if not item.proposals:
            raise NotFound(f"{flight}: nothing to confirm", hint="'flightctl pending' lists what waits")
        return item

    def confirm(self, flight: str, proposal_id: int | None = None) -> ReviewItem:
        """Confirm the flight's proposal, or vouch again for its manual entry; what is confirmed stays so.

        Raises NotFound, SeveralProposals where ``proposal_id`` has to choose, NotAllowed.
        """
        self._caller.require(Role.STAFF, "confirm")
        with self._database.writing() as session:
            key = resolved(session, flight).cache_key
            waiting = proposals.waiting(session, [key])
            chosen = _chosen(flight, waiting, proposal_id)
            if chosen is not None:
                self._accept(session, chosen, waiting)
            else:
                self._vouch_again(session, flight, key)
            return _item(session, key)

    def reject(self, flight: str, proposal_id: int | None = None) -> ReviewItem:
        """Reject the flight's proposals (or the one chosen); a confirmed entry stays. Raises NotFound, NotAllowed."""
        self._caller.require(Role.STAFF, "reject")
        with self._database.writing() as session:
            key = resolved(session, flight).cache_key
            waiting = proposals.waiting(session, [key])
            rejected = [known for known in waiting if proposal_id in (None, known.id)]
            if not rejected:
                raise NotFound(f"{flight}: no proposal waits", hint="'flightctl pending' lists what does")
            proposals.decide(session, rejected, Decision.REJECTED, self._caller.user, self._clock())
            left = [known.route for known in waiting if known not in rejected]
            routes.reduce_pending(session, key, left[0] if left else None)
            return _item(session, key)

    def forget(self, flight: str) -> Designator:
        """Delete the flight's entry and drop its proposals. Raises NotFound, NotAllowed."""
        self._caller.require(Role.STAFF, "forget")
        with self._database.writing() as session:
            designator = resolved(session, flight)
            waiting = proposals.waiting(session, [designator.cache_key])
            proposals.decide(session, waiting, Decision.FORGOTTEN, self._caller.user, self._clock())
            if not routes.remove(session, designator.cache_key) and not waiting:
                raise NotFound(f"{designator}: nothing is cached")
            return designator

    def _accept(self, session: Transaction, chosen: Proposal, waiting: Sequence[Proposal]) -> None:
        now, user = self._clock(), self._caller.user
        proposals.decide(session, [chosen], Decision.CONFIRMED, user, now)
        others = [known for known in waiting if known.id != chosen.id]
        proposals.decide(session, others, Decision.SUPERSEDED, user, now)
        routes.store(session, chosen.route, MANUAL, None, now)

    def _vouch_again(self, session: Transaction, flight: str, key: str) -> None:
        """Nothing waits: a manual entry is vouched for anew, a provider's stays as its provider said."""
        standing = _confirmed(session, key)
        if standing is None:
            raise NotFound(f"{flight}: nothing to confirm", hint="'flightctl pending' lists what waits")
        if standing.provider == MANUAL:
            now, user = self._clock(), self._caller.user
            again = proposals.add(session, standing.route, "", user, now, replaces=False)
            proposals.decide(session, [again], Decision.CONFIRMED, user, now)
            routes.vouch_again(session, key, now)


def _route(session: Transaction, manual: ManualRoute) -> Route:
    designator = resolved(session, manual.flight)
    departure = typed_airport(session, manual.departure, "--from").iata
    arrival = typed_airport(session, manual.arrival, "--to").iata
    if departure == arrival:
        raise UsageError(f"--from and --to are both {departure}", hint="a route leads somewhere else")
    return direct(str(designator), _airline(session, manual.airline, designator), departure, arrival)


def _airline(session: Transaction, typed: str, designator: Designator) -> str:
    """The airline's IATA designator, as given or as the flight designator begins."""
    code = typed.strip().upper() or designator.airline
    holders = references.holders(session, code) if code.isascii() else []
    known = {airline.iata for airline in holders} - {""}
    if len(code) == 2 and (known or not typed):
        return code
    if len(code) == 3 and len(known) == 1:
        return known.pop()
    hint = "give the airline's IATA designator with --airline, such as NZ"
    raise UsageError(f"{code!r}: no one airline with an IATA designator has this code", hint=hint)


def _chosen(flight: str, waiting: Sequence[Proposal], proposal_id: int | None) -> Proposal | None:
    """The proposal that is meant; none where nothing waits."""
    if proposal_id is not None:
        chosen = next((known for known in waiting if known.id == proposal_id), None)
        if chosen is None:
            raise NotFound(f"{flight}: no proposal {proposal_id} waits", hint="'flightctl pending' lists what does")
        return chosen
    if any(not same_codes(other.route, waiting[0].route) for other in waiting[1:]):
        listed = "; ".join(f"{p.id}: {p.route.departure_iata}-{p.route.arrival_iata}" for p in waiting)
        hint = f"choose one with --proposal, as in 'flightctl confirm {flight} --proposal {waiting[0].id}'"
        raise SeveralProposals(f"{flight}: {len(waiting)} different proposals wait ({listed})", hint=hint)
    return waiting[0] if waiting else None


def _already_confirmed(standing: RouteEntry) -> AlreadyConfirmed:
    route = standing.route
    return AlreadyConfirmed(
        f"{route.flight_iata} is confirmed as {route.departure_iata} to {route.arrival_iata} ({standing.provider})",
        hint="staff can propose another route with --replace; it serves until that is confirmed",
    )


def _confirmed(session: Transaction, key: str) -> RouteEntry | None:
    return routes.entries(session, [key], EntryStatus.CONFIRMED).get(key)


def _item(session: Transaction, key: str) -> ReviewItem:
    entry = _confirmed(session, key) or routes.entries(session, [key], EntryStatus.PENDING).get(key)
    return ReviewItem(key.removeprefix("flight:"), entry, tuple(proposals.waiting(session, [key])))
