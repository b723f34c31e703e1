"""``flightctl lookup``."""

from __future__ import annotations

from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import cached_flights
from flightctl.cli.context import runtime_of, warn_of_budget, with_stdin
from flightctl.cli.outcome import finish_lookup
from flightctl.errors import UsageError
from flightctl.render.lookup import LookupView
from flightctl.runtime import LookupFlags

lookup_app = new_app()


@lookup_app.command("lookup", cls=Command)
def lookup(
    ctx: typer.Context,
    flights: Annotated[
        list[str],
        typer.Argument(
            metavar="FLIGHT...",
            help="NZ527, 'nz 0527', ANZ527, DL (an airline), 'NZ5*' (a prefix), or - for lines of stdin.",
            autocompletion=cached_flights,
            show_default=False,
        ),
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Read the local cache only; call nobody.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Skip the cache; pay at most one call a flight.")] = False,
    stale_if_error: Annotated[
        bool, typer.Option("--stale-if-error", help="Show an expired entry, with a warning, if the provider fails.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which tiers were asked, and why a call was or was not made.")
    ] = False,
) -> None:
    """Say where a flight goes: from the cache, or for one paid call.

    Each answer is counted and kept for 30 days. A batch is answered in its order, and a flight that stands in it
    twice is paid once.
    """
    if offline and refresh:
        raise UsageError("--offline asks nobody and --refresh asks the provider", hint="leave one of them out")
    runtime = runtime_of(ctx)
    lookups = runtime.lookups(LookupFlags(offline, refresh, stale_if_error, explain))
    view = LookupView(lookups.answers(with_stdin(flights)), lookups.metrics, lookups.prefixes, runtime.clock())
    runtime.output.show(view)
    warn_of_budget(runtime)
    finish_lookup(runtime.output, view.answers, lookups)
