"""``flightctl add-manual``, ``pending``, ``confirm``, ``reject`` and ``forget``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import cached_flights
from flightctl.cli.context import ask_before, runtime_of, warn_of_budget
from flightctl.cli.several import each
from flightctl.domain.caller import Role
from flightctl.domain.proposal import Proposal, ReviewItem, same_codes
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.errors import NotAllowed, NotFound, UsageError
from flightctl.render.entries import EntriesView
from flightctl.render.progress import progress
from flightctl.render.refresh import VerificationView
from flightctl.runtime import Runtime

add_manual_app, pending_app, confirm_app, reject_app, forget_app = (new_app() for _ in range(5))

Flight = Annotated[
    str, typer.Argument(metavar="FLIGHT", help="A flight designator, such as NZ527.", show_default=False)
]
Flights = Annotated[
    list[str],
    typer.Argument(metavar="FLIGHT...", help="Flight designators.", autocompletion=cached_flights, show_default=False),
]
SomeFlights = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FLIGHT]...", help="Flights whose proposals to confirm.", show_default=False),
]
ProposalId = Annotated[
    int | None, typer.Option("--proposal", metavar="ID", help="Which of several proposals; 'pending' shows them.")
]


@add_manual_app.command("add-manual", cls=Command)
def add_manual(
    ctx: typer.Context,
    flight: Flight,
    departure: Annotated[str, typer.Option("--from", metavar="AIRPORT", help="Where it departs, IATA or ICAO code.")],
    arrival: Annotated[str, typer.Option("--to", metavar="AIRPORT", help="Where it arrives, IATA or ICAO code.")],
    airline: Annotated[str, typer.Option("--airline", help="Its airline, if the designator does not say.")] = "",
    note: Annotated[str, typer.Option("--note", help="How you know; staff will read it.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Staff: propose against a confirmed entry.")] = False,
) -> None:
    """Propose a route by hand; it answers look-ups once staff have confirmed it."""
    from flightctl.services.review import ManualRoute

    if replace:
        ask_before(ctx, f"Propose to replace the confirmed entry of {flight}?")
    runtime = runtime_of(ctx)
    item = runtime.review().propose(ManualRoute(flight, departure, arrival, airline, note, replace))
    runtime.output.show(EntriesView([_as_seen_by(runtime, item)], runtime.ttl))
    runtime.output.note(f"{item.flight_iata} waits for staff: 'flightctl confirm {item.flight_iata}'")


@pending_app.command("pending", cls=Command)
def pending(ctx: typer.Context) -> None:
    """Staff: list what waits for a decision."""
    runtime = runtime_of(ctx)
    runtime.output.show(EntriesView(runtime.review().pending(), runtime.ttl))


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
        each(runtime, flights, lambda flight: runtime.review().confirm(flight, proposal))
    else:
        _confirm_one_by_one(runtime)


@reject_app.command("reject", cls=Command)
def reject(ctx: typer.Context, flights: Flights, proposal: ProposalId = None) -> None:
    """Staff: reject the proposals for these flights; a confirmed entry stays."""
    runtime = runtime_of(ctx)
    each(runtime, flights, lambda flight: runtime.review().reject(flight, proposal))


@forget_app.command("forget", cls=Command)
def forget(ctx: typer.Context, flights: Flights) -> None:
    """Staff: delete cached entries; the next look-up asks the provider again."""
    ask_before(ctx, f"Delete the cached {'entry' if len(flights) == 1 else 'entries'} of {', '.join(flights)}?")
    runtime = runtime_of(ctx)
    each(runtime, flights, lambda flight: runtime.review().forget(flight))


def _verify(runtime: Runtime, flights: list[str]) -> None:
    from flightctl.services.verification import exit_code_of, verify

    began = runtime.clock()  # before it is read what waits: what somebody stores from now on will do
    items = _waiting(runtime, flights)
    if not runtime.may_spend:
        raise NotAllowed("live lookups are for subscribers", hint="'flightctl whoami' shows your tier")
    with progress(runtime.output, "asking the provider", len(items)) as on_each:
        verified = verify(items, runtime.shared, began, on_each)
    runtime.output.show(VerificationView(verified, runtime.spending.calls))
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
    items = runtime.review().pending()
    if not items:
        raise NotFound("nothing waits to be confirmed")
    ask_before(ctx, f"Confirm {len(items)} flight{'' if len(items) == 1 else 's'}?")
    each(runtime, [item.flight_iata for item in items], lambda flight: runtime.review().confirm(flight))


def _confirm_one_by_one(runtime: Runtime) -> None:
    runtime.caller.require(Role.STAFF, "confirm")
    if not sys.stdin.isatty():
        raise UsageError("name the flights to confirm", hint="or --all, or --verify; at a terminal it asks one by one")
    items = runtime.review().pending()
    if not items:
        raise NotFound("nothing waits to be confirmed")
    for item in items:
        if not _decided(runtime, item):
            return


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
    question = f"{item.flight_iata} {ends}{note}: confirm, reject, skip or quit? [c/r/s/q]"
    return str(typer.prompt(question, default="s", show_default=False, err=True))


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
