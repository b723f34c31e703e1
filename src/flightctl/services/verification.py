"""``confirm --verify``: ask the provider about pending entries, at its price, and confirm what agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from flightctl.domain.billing import Cause
from flightctl.domain.designator import parse_designator
from flightctl.domain.proposal import ReviewItem, same_codes
from flightctl.errors import FlightctlError, NotFound, StateRefused
from flightctl.services.shared_routes import SharedRoutes, Wanted


class Verdict(Enum):
    """What the provider says of a proposal."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_FOUND = "not_found"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verified:
    """One flight and what came of asking."""

    flight_iata: str
    verdict: Verdict
    error: FlightctlError | None = None


def verify(
    items: Iterable[ReviewItem], shared: SharedRoutes, began: datetime, on_each: Callable[[], None]
) -> list[Verified]:
    """Ask about each, or share what somebody has asked since ``began``.

    The provider's answer settles what agrees, and a proposal that differs stays for staff.
    A failure that every further call would meet ends the run, the rest is skipped.
    """
    wanted = Wanted(began, began, Cause.VERIFY)
    verified: list[Verified] = []
    stopped = False
    for item in items:
        one = Verified(item.flight_iata, Verdict.SKIPPED) if stopped else _verified(item, shared, wanted)
        stopped = stopped or (one.error is not None and one.error.stops_a_run)
        verified.append(one)
        on_each()
    return verified


def _verified(item: ReviewItem, shared: SharedRoutes, wanted: Wanted) -> Verified:
    try:
        fetched = shared.flight(parse_designator(item.flight_iata), wanted).value
    except FlightctlError as error:
        return Verified(item.flight_iata, Verdict.ERROR, error)
    if not fetched.entries:
        return Verified(item.flight_iata, Verdict.NOT_FOUND)
    route = fetched.entries[0].route
    agrees = all(same_codes(proposal.route, route) for proposal in item.proposals)
    return Verified(item.flight_iata, Verdict.AGREES if agrees else Verdict.DISAGREES)


def exit_code_of(verified: Sequence[Verified]) -> int:
    """The code of what ended the run early; else the one that all share, 7 for what disagrees; else 9."""
    stopped_by = next((one.error for one in verified if one.error and one.error.stops_a_run), None)
    if stopped_by is not None:
        return stopped_by.exit_code
    codes = {one.error.exit_code if one.error else _CODES.get(one.verdict, 0) for one in verified}
    return codes.pop() if len(codes) == 1 else 9 if codes else 0


_CODES = {Verdict.NOT_FOUND: NotFound.exit_code, Verdict.DISAGREES: StateRefused.exit_code}
