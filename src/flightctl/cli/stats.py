"""``flightctl stats``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.domain.duration import parse_duration, parse_lifetime
from flightctl.render.stats import StatsView
from flightctl.runtime import Runtime

if TYPE_CHECKING:
    from flightctl.services.statistics import Inquiry
    from flightctl.services.what_if import WhatIf

stats_app = new_app()


@stats_app.command("stats", cls=Command)
def stats(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option("--since", metavar="SPAN", help="Only the last 7d, 12h, ...; to the hour.")
    ] = None,
    what_if_ttl: Annotated[
        str | None,
        typer.Option(
            "--what-if-ttl", metavar="SPAN", help="What would a lifetime of 14d, 12h, ... have cost? Replays look-ups."
        ),
    ] = None,
) -> None:
    """Show hits and misses, paid calls, what they cost and what was saved, entries and decisions."""
    from flightctl.services.statistics import Inquiry, gather

    runtime = runtime_of(ctx)
    now = runtime.clock()
    start = now - parse_duration(since) if since is not None else None
    other = parse_lifetime(what_if_ttl) if what_if_ttl is not None else None
    asked = Inquiry(start, runtime.ttl, runtime.paying.known_accounts[0], now)
    replayed = _what_if(runtime, asked, other) if other is not None else None
    runtime.output.show(
        StatsView(gather(runtime.database, runtime.caller, asked), runtime.paying.provider, now, replayed)
    )


def _what_if(runtime: Runtime, asked: Inquiry, ttl: timedelta) -> WhatIf:
    from flightctl.services.what_if import Lifetimes, what_if

    lifetimes = Lifetimes(ttl, asked.ttl, runtime.stores.negative_ttl)
    return what_if(runtime.database, lifetimes, asked.start, asked.account.price)
