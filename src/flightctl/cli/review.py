"""``flightctl pending``, ``confirm``, ``reject`` and ``forget``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import cached_flights
from flightctl.cli.context import ask_before, runtime_of, warn_of_budget
from flightctl.cli.several import each
from flightctl.domain.caller import Role
from flightctl.domain.flight import Flight as DatedFlight
from flightctl.domain.flight import is_flight_id
from flightctl.domain.proposal import Proposal, ReviewItem
from flightctl.errors import NotAllowed, NotFound, UsageError
from flightctl.render.contributions import contributions_view
from flightctl.render.entries import EntriesView
from flightctl.render.progress import progress
from flightctl.render.refresh import VerificationView
from flightctl.runtime import Runtime

pending_app, confirm_app, reject_app, forget_app = (new_app() for _ in range(4))

Flights = Annotated[
    list[str],
    typer.Argument(metavar="FLIGHT...", help="Flight designators.", autocompletion=cached_flights, show_default=False),
]
SomeFlights = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FLIGHT|FLIGHT_ID]...", help="Flights whose proposals to confirm.", show_default=False),
]
FlightsUnless = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FLIGHT]...", help="Flight designators.", autocompletion=cached_flights, show_default=False
    ),
]
ProposalId = Annotated[
    int | None, typer.Option("--proposal", metavar="ID", help="Which of several proposals; 'pending' shows them.")
]


@pending_app.command("pending", cls=Command)
def pending(
    ctx: typer.Context,
    brought_in: Annotated[
        bool, typer.Option("--brought-in", help="List what was paid for and brought into the remote, and by whom.")
    ] = False,
) -> None:
    """Staff: list what waits for a decision: routes, and flights of one day."""
    runtime = runtime_of(ctx)
    if brought_in:
        from flightctl.services.brought_in import listed

        runtime.output.show(contributions_view(listed(runtime.database, runtime.caller)))
        return
    entries, flights = runtime.review().pending(), runtime.manual_flights().pending()
    runtime.output.show(EntriesView(entries, runtime.ttl, flights=flights))


@confirm_app.command("confirm", cls=Command)
def confirm(
    ctx: typer.Context,
    flights: SomeFlights = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="Confirm everything that waits.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Ask the provider, one paid call a flight, and confirm what agrees.")
    ] = False,
    proposal: ProposalId = None,
) -> None:
    """Staff: confirm proposals, by name, all of them, or one by one at a terminal."""
    runtime = runtime_of(ctx)
    if verify:
        _verify(runtime, flights or [])
    elif all_of_them:
        _confirm_all(ctx, runtime)
    elif flights:
        each(runtime, flights, lambda flight: _confirmed(runtime, flight, proposal))
    else:
        _confirm_one_by_one(runtime)


@reject_app.command("reject", cls=Command)
def reject(ctx: typer.Context, flights: Flights, proposal: ProposalId = None) -> None:
    """Staff: reject the proposals for these flights; a confirmed entry stays."""
    runtime = runtime_of(ctx)
    each(runtime, flights, lambda flight: _rejected(runtime, flight, proposal))


@forget_app.command("forget", cls=Command)
def forget(
    ctx: typer.Context,
    flights: FlightsUnless = None,
    brought_in: Annotated[
        int | None,
        typer.Option(
            "--brought-in", help="Put back what stood before this number of 'pending --brought-in'.", show_default=False
        ),
    ] = None,
) -> None:
    """Staff: delete cached entries; the next look-up asks the provider again."""
    if brought_in is not None:
        _put_back(ctx, brought_in)
        return
    if not flights:
        raise UsageError("which flights?", hint="name them, as in 'flightctl forget NZ527'")
    ask_before(ctx, f"Delete the cached {'entry' if len(flights) == 1 else 'entries'} of {', '.join(flights)}?")
    runtime = runtime_of(ctx)
    each(runtime, flights, lambda flight: runtime.review().forget(flight))


def _put_back(ctx: typer.Context, number: int) -> None:
    from flightctl.services.brought_in import listed, undone

    ask_before(ctx, f"Put back what stood before number {number} was brought in?")
    runtime = runtime_of(ctx)
    undone(runtime.database, runtime.caller, number)
    done = [one for one in listed(runtime.database, runtime.caller) if one.number == number]
    runtime.output.show(contributions_view(done))


def _confirmed(runtime: Runtime, flight: str, proposal: int | None) -> ReviewItem | DatedFlight:
    """A flight of one day where its id is given, else a route."""
    if is_flight_id(flight):
        return runtime.manual_flights().confirm(flight)
    return runtime.review().confirm(flight, proposal)


def _rejected(runtime: Runtime, flight: str, proposal: int | None) -> ReviewItem | DatedFlight:
    if is_flight_id(flight):
        return runtime.manual_flights().reject(flight)
    return runtime.review().reject(flight, proposal)


def _verify(runtime: Runtime, flights: list[str]) -> None:
    from flightctl.services.verification import exit_code_of, verify

    began = runtime.clock()  # before it is read what waits: what somebody stores from now on will do
    items = _waiting(runtime, flights)
    if not runtime.paying.may_spend:
        raise NotAllowed("live lookups are for subscribers", hint="'flightctl whoami' shows your tier")
    with progress(runtime.output, "asking the provider", len(items)) as on_each:
        verified = verify(items, runtime.paying.routes, began, on_each)
    runtime.output.show(VerificationView(verified, runtime.paying.spending.calls))
    warn_of_budget(runtime)
    for failure in [one.error for one in verified if one.error][:1]:
        runtime.output.fail(failure, with_object=False)
    raise typer.Exit(exit_code_of(verified))


def _waiting(runtime: Runtime, flights: list[str]) -> list[ReviewItem]:
    """What waits for the flights named, or all that waits. Raises NotFound for one that has nothing waiting."""
    review = runtime.review()
    if not flights:
        return review.pending()
    return [review.waiting(flight) for flight in flights]


def _confirm_all(ctx: typer.Context, runtime: Runtime) -> None:
    runtime.caller.require(Role.STAFF, "confirm")
    names = [item.flight_iata for item in runtime.review().pending()]
    names += [flight.flight_id for flight in runtime.manual_flights().pending()]
    if not names:
        raise NotFound("nothing waits to be confirmed")
    ask_before(ctx, f"Confirm {len(names)} flight{'' if len(names) == 1 else 's'}?")
    each(runtime, names, lambda flight: _confirmed(runtime, flight, None))


def _confirm_one_by_one(runtime: Runtime) -> None:
    runtime.caller.require(Role.STAFF, "confirm")
    if not sys.stdin.isatty():
        raise UsageError("name the flights to confirm", hint="or --all, or --verify; at a terminal it asks one by one")
    items, flights = runtime.review().pending(), runtime.manual_flights().pending()
    if not items and not flights:
        raise NotFound("nothing waits to be confirmed")
    if all(_decided(runtime, item) for item in items):
        # Stops at the first where the reviewer quits.
        all(_decided_on_flight(runtime, flight) for flight in flights)


def _decided_on_flight(runtime: Runtime, flight: DatedFlight) -> bool:
    """Ask about a flight of one day; false when the reviewer quits."""
    note = f" ({flight.note})" if flight.note else ""
    answer = _asked(f"{flight.flight_id}{note}")
    if answer.startswith("c"):
        runtime.manual_flights().confirm(flight.flight_id)
    elif answer.startswith("r"):
        runtime.manual_flights().reject(flight.flight_id)
    return not answer.startswith("q")


def _decided(runtime: Runtime, item: ReviewItem) -> bool:
    """Ask about each proposal until one is confirmed; false when the reviewer quits."""
    for proposal in item.proposals or (None,):
        answer = _asked_about(item, proposal)
        if answer.startswith("q"):
            return False
        if answer.startswith("c"):
            runtime.review().confirm(item.flight_iata, proposal.id if proposal else None)
            return True
        if answer.startswith("r") and proposal:
            runtime.review().reject(item.flight_iata, proposal.id)
    return True


def _asked_about(item: ReviewItem, proposal: Proposal | None) -> str:
    """What the reviewer says of a proposal, or of an entry that has none and waits to be confirmed again."""
    route = proposal.route if proposal else item.entry.route if item.entry else None
    ends = f"{route.departure_iata} to {route.arrival_iata}" if route else ""
    note = f" ({proposal.note})" if proposal and proposal.note else ""
    return _asked(f"{item.flight_iata} {ends}{note}")


def _asked(what: str) -> str:
    question = f"{what}: confirm, reject, skip or quit? [c/r/s/q]"
    return str(typer.prompt(question, default="s", show_default=False, err=True))
