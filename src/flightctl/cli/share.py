"""``flightctl share``, ``shares``, ``revoke`` and ``claim``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import stored_flights
from flightctl.cli.context import runtime_of
from flightctl.domain.duration import parse_lifetime
from flightctl.render.plain import FactsView
from flightctl.render.shares import ClaimView, SharesView, share_facts

share_app, shares_app, revoke_app, claim_app = (new_app() for _ in range(4))

_LONGEST_TOKEN = 200


@share_app.command("share", cls=Command)
def share(
    ctx: typer.Context,
    flight_id: Annotated[
        str,
        typer.Argument(
            metavar="FLIGHT_ID", help="A flight of your list.", autocompletion=stored_flights, show_default=False
        ),
    ],
    expires: Annotated[
        str, typer.Option("--expires", metavar="SPAN", help="How long it can be claimed: 30m, 24h, 7d.")
    ] = "24h",
) -> None:
    """Share a flight of your list with one other person: prints a token, once, and what they type.

    The flight stays in your list, and in theirs it is their own; neither learns who the other is.
    """
    runtime = runtime_of(ctx)
    made = runtime.sharing().share(flight_id, parse_lifetime(expires))
    runtime.output.show(FactsView("flightctl.share/1", share_facts(made, sandbox=runtime.options.sandbox)))
    runtime.output.note("the token is shown this once; whoever has it first can claim the flight")


@shares_app.command("shares", cls=Command)
def shares(ctx: typer.Context) -> None:
    """Show what you shared, and whether it was claimed; never by whom."""
    runtime = runtime_of(ctx)
    runtime.output.show(SharesView(runtime.sharing().shares()))


@revoke_app.command("revoke", cls=Command)
def revoke(
    ctx: typer.Context,
    share_id: Annotated[
        str, typer.Argument(metavar="SHARE_ID", help="As 'flightctl shares' shows it.", show_default=False)
    ],
) -> None:
    """Take a share back before somebody claims it."""
    runtime = runtime_of(ctx)
    runtime.output.show(SharesView([runtime.sharing().revoke(share_id)]))


@claim_app.command("claim", cls=Command)
def claim(
    ctx: typer.Context,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="The token, or - to read it from stdin.", show_default=False)
    ],
) -> None:
    """Take a flight that somebody shared with you into your list. A token works once."""
    runtime = runtime_of(ctx)
    is_piped = token == "-"  # noqa: S105 - the word for stdin
    told = sys.stdin.buffer.readline(_LONGEST_TOKEN).decode("utf-8", "replace") if is_piped else token
    runtime.output.show(ClaimView(runtime.sharing().claim(told)))
