"""``flightctl track``, ``untrack``, ``flights`` and ``watchers``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import stored_flights
from flightctl.cli.context import runtime_of, warn_of_budget
from flightctl.cli.day_option import Day
from flightctl.domain.departure_day import parse_day
from flightctl.domain.flight import Flight, is_flight_id
from flightctl.domain.listing import Kind, in_order, list_user
from flightctl.errors import SeveralFlights, UsageError
from flightctl.render.listed import ListedView, WatchersView, described
from flightctl.runtime import LookupFlags, Runtime

track_app, untrack_app, flights_app, watchers_app = (new_app() for _ in range(4))

FlightIdArgument = Annotated[
    str,
    typer.Argument(
        metavar="FLIGHT_ID",
        help="The permanent id of a flight, as 'flightctl flights' shows it.",
        autocompletion=stored_flights,
        show_default=False,
    ),
]


@track_app.command("track", cls=Command)
def track(
    ctx: typer.Context,
    flight: Annotated[
        str,
        typer.Argument(
            metavar="FLIGHT|FLIGHT_ID",
            help="A flight designator with --date, or a permanent id.",
            autocompletion=stored_flights,
            show_default=False,
        ),
    ],
    date: Day = None,
) -> None:
    """Put a flight into your list; you see there what changes. Tracking it twice is one entry.

    With --date the flight is looked up first, for a paid call where it is not stored. Of several on that day you are
    asked which one, or, where nobody can be asked, they are listed.
    """
    runtime = runtime_of(ctx)
    list_user(runtime.caller.user)
    if is_flight_id(flight) and date is not None:
        raise UsageError("a flight id says its day", hint="leave --date out")
    flight_id = flight if is_flight_id(flight) else _found(runtime, flight, date).flight_id
    listed, is_new = runtime.lists().track(flight_id)
    runtime.output.show(ListedView([listed], runtime.clock()))
    runtime.output.note(f"{listed.flight.flight_id} is {'now' if is_new else 'already'} in your list")


@untrack_app.command("untrack", cls=Command)
def untrack(
    ctx: typer.Context,
    flight_id: FlightIdArgument,
    kind: Annotated[
        Kind | None, typer.Option("--kind", metavar="owned|shared", help="Only as that; both if left out.")
    ] = None,
) -> None:
    """Take a flight out of your list, and show what is gone; what others have of it stays."""
    runtime = runtime_of(ctx)
    gone = runtime.lists().untrack(flight_id, kind)
    runtime.output.show(ListedView(in_order(gone, runtime.clock()), runtime.clock()))
    runtime.output.note(f"{gone[0].flight.flight_id} is no longer in your list{f' as {kind.value}' if kind else ''}")


@flights_app.command("flights", cls=Command)
def flights(ctx: typer.Context) -> None:
    """Show your list, the next departure first, and what changed since you last looked."""
    runtime = runtime_of(ctx)
    runtime.output.show(ListedView(runtime.lists().listed(), runtime.clock()))


@watchers_app.command("watchers", cls=Command)
def watchers(ctx: typer.Context, flight_id: FlightIdArgument) -> None:
    """Staff: show who must hear of a flight."""
    runtime = runtime_of(ctx)
    asked, users = runtime.lists().watchers(flight_id)
    runtime.output.show(WatchersView(str(asked), users))


def _found(runtime: Runtime, flight: str, date: str | None) -> Flight:
    """The one flight that is meant. Raises what keeps it from being found."""
    if date is None:
        raise UsageError(
            f"{flight}: on which day?", hint="add --date, such as --date tomorrow, or give the flight's id"
        )
    lookups = runtime.dated_lookups(LookupFlags(), parse_day(date))
    [answer] = lookups.answers([flight])
    warn_of_budget(runtime)
    if answer.warning:
        runtime.output.warn(f"{answer.flight_iata}: {answer.warning}")
    if answer.error is not None:
        raise answer.error
    return answer.flights[0] if len(answer.flights) == 1 else _chosen(runtime, flight, answer.flights)


def _chosen(runtime: Runtime, flight: str, candidates: tuple[Flight, ...]) -> Flight:
    if not sys.stdin.isatty():
        listed = ", ".join(one.flight_id for one in candidates)
        raise SeveralFlights(f"{flight} has {len(candidates)} flights on that day: {listed}")
    for number, one in enumerate(candidates, 1):
        typer.echo(f"{number}  {described(one)}", err=True)
    while True:
        typed = str(typer.prompt("Which one?", default="1", err=True)).strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(candidates):
            return candidates[int(typed) - 1]
        typer.echo(f"a number from 1 to {len(candidates)} is needed; Ctrl-C leaves", err=True)
