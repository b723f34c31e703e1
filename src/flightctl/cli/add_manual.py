"""``flightctl add-manual``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import ask_before, runtime_of
from flightctl.cli.day_option import Day
from flightctl.domain.caller import Role
from flightctl.domain.departure_day import parse_day
from flightctl.domain.proposal import Proposal, ReviewItem, same_codes
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.errors import UsageError
from flightctl.render.entries import EntriesView
from flightctl.render.flight_list import FlightsView
from flightctl.runtime import Runtime
from flightctl.services.manual_flights import ManualFlight

add_manual_app = new_app()


@add_manual_app.command("add-manual", cls=Command)
def add_manual(
    ctx: typer.Context,
    flight: Annotated[
        str, typer.Argument(metavar="FLIGHT", help="A flight designator, such as NZ527.", show_default=False)
    ],
    departure: Annotated[
        str | None,
        typer.Option("--from", metavar="AIRPORT", help="Where it departs, IATA or ICAO code.", show_default=False),
    ] = None,
    arrival: Annotated[
        str | None,
        typer.Option("--to", metavar="AIRPORT", help="Where it arrives, IATA or ICAO code.", show_default=False),
    ] = None,
    airline: Annotated[str, typer.Option("--airline", help="Its airline, if the designator does not say.")] = "",
    note: Annotated[str, typer.Option("--note", help="How you know; staff will read it.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Staff: propose against a confirmed entry.")] = False,
    date: Day = None,
    out: Annotated[
        str,
        typer.Option("--out", metavar="HH:MM", help="With --date: its local departure.", show_default=False),
    ] = "",
    into: Annotated[
        str, typer.Option("--in", metavar="HH:MM", help="With --date: its local arrival.", show_default=False)
    ] = "",
) -> None:
    """Propose a route by hand, or with --date a flight of one day; look-ups show it once staff have confirmed it.

    With --date, --from and --to may be left out where the route is known; where it is not, it is proposed, too.
    """
    from flightctl.services.review import ManualRoute

    if date is not None:
        if replace:
            raise UsageError("--replace is for routes", hint="leave --date out")
        manual = ManualFlight(flight, parse_day(date), out, into, departure or "", arrival or "", airline, note)
        _add_flight(runtime_of(ctx), manual)
        return
    _check_is_route(out, into)
    manual_route = ManualRoute(
        flight, _required("--from", departure), _required("--to", arrival), airline, note, replace
    )
    if replace:
        ask_before(ctx, f"Propose to replace the confirmed entry of {flight}?")
    runtime = runtime_of(ctx)
    item = runtime.review().propose(manual_route)
    runtime.output.show(EntriesView([_as_seen_by(runtime, item)], runtime.ttl))
    runtime.output.note(f"{item.flight_iata} waits for staff: 'flightctl confirm {item.flight_iata}'")


def _check_is_route(out: str, into: str) -> None:
    if out or into:
        raise UsageError("--out and --in are times of one day", hint="say which one with --date")


def _required(option: str, code: str | None) -> str:
    """What a route needs, and a flight of one day may leave out."""
    if code is None:
        raise UsageError(f"missing option {option}", hint="a route needs --from and --to, such as AKL and CHC")
    return code


def _add_flight(runtime: Runtime, manual: ManualFlight) -> None:
    if not manual.out:
        raise UsageError("missing option --out", hint="a flight needs its local time of departure, such as 08:30")
    flight = runtime.manual_flights().propose(manual)
    runtime.output.show(FlightsView([flight]))
    runtime.output.note(f"{flight.flight_id} waits for staff: 'flightctl confirm {flight.flight_id}'")


def _as_seen_by(runtime: Runtime, item: ReviewItem) -> ReviewItem:
    """Who proposes sees their own proposal only; other people's, and a pending row that is theirs, are for staff."""
    if runtime.caller.role >= Role.STAFF:
        return item
    own = tuple(known for known in item.proposals if known.proposed_by == runtime.caller.user)
    return ReviewItem(item.flight_iata, item.entry if _may_see(item.entry, own) else None, own)


def _may_see(entry: RouteEntry | None, own: Sequence[Proposal]) -> bool:
    if entry is None or entry.status is EntryStatus.CONFIRMED:
        return True
    return any(same_codes(entry.route, known.route) for known in own)
