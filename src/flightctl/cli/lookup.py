"""``flightctl lookup``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import cached_flights
from flightctl.cli.context import runtime_of, warn_of_budget, with_stdin
from flightctl.cli.day_option import Day
from flightctl.cli.outcome import finish_lookup
from flightctl.errors import UsageError
from flightctl.render.lookup import LookupView
from flightctl.runtime import LookupFlags, Runtime

if TYPE_CHECKING:
    from flightctl.services.dated_lookup import DatedLookups
    from flightctl.services.lookup import Lookups

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
    date: Day = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which tiers were asked, and why a call was or was not made.")
    ] = False,
) -> None:
    """Say where a flight goes, or with --date how it flies on one day: from the cache, or for one paid call.

    A route is kept for 30 days; a flight on a day for minutes to a day, the shorter the nearer it is. A batch is
    answered in its order, and a flight that stands in it twice is paid once.
    """
    if offline and refresh:
        raise UsageError("--offline asks nobody and --refresh asks the provider", hint="leave one of them out")
    runtime = runtime_of(ctx)
    asked, flags = with_stdin(flights), LookupFlags(offline, refresh, stale_if_error, explain)
    if date is not None:
        from flightctl.domain.departure_day import parse_day
        from flightctl.render.dated_lookup import DatedLookupView

        dated = runtime.dated_lookups(flags, parse_day(date))
        view = DatedLookupView(dated.answers(asked), dated.metrics, dated.prefixes, runtime.clock())
        _show(runtime, view, dated, "flight")
    else:
        lookups = runtime.lookups(flags)
        routes = LookupView(lookups.answers(asked), lookups.metrics, lookups.prefixes, runtime.clock())
        _show(runtime, routes, lookups, "route")


def _show(runtime: Runtime, view: LookupView, lookups: Lookups | DatedLookups, what: str) -> None:
    runtime.output.show(view)
    warn_of_budget(runtime)
    finish_lookup(runtime.output, view.answers, lookups, what)
