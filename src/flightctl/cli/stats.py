"""``flightctl stats``."""

from __future__ import annotations

from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.domain.duration import parse_duration
from flightctl.render.stats import StatsView

stats_app = new_app()


@stats_app.command("stats", cls=Command)
def stats(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option("--since", metavar="SPAN", help="Only the last 7d, 12h, ...; to the hour.")
    ] = None,
) -> None:
    """Show hits and misses, paid calls and their errors, entries and decisions."""
    from flightctl.services.statistics import gather

    runtime = runtime_of(ctx)
    now = runtime.clock()
    start = now - parse_duration(since) if since is not None else None
    gathered = gather(runtime.database, runtime.caller, start, runtime.ttl, now)
    runtime.output.show(StatsView(gathered, runtime.provider, now))
