"""``flightctl refresh-stale``."""

from __future__ import annotations

from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of, warn_of_budget
from flightctl.domain.duration import parse_duration
from flightctl.errors import NotAllowed
from flightctl.render.progress import progress
from flightctl.render.refresh import RefreshView

refresh_stale_app = new_app()


@refresh_stale_app.command("refresh-stale", cls=Command)
def refresh_stale(
    ctx: typer.Context,
    ahead: Annotated[str, typer.Option("--ahead", metavar="SPAN", help="Also what expires within 3d, 12h, ...")] = "0h",
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="Select at most so many entries.")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", metavar="N", min=0, help="Pay at most so many calls.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked for, and pay nothing.")] = False,
) -> None:
    """Renew expired entries, oldest first; for cron.

    An entry that fails stays as it was and the run goes on; a refused key or plan ends it. Two runs at once do not
    do the same work twice. Quiet (-q) and with nothing wrong, it prints nothing.
    """
    from flightctl.services.refresh import RefreshOrder

    runtime = runtime_of(ctx)
    order = RefreshOrder(runtime.ttl, parse_duration(ahead), limit, max_calls)
    if not runtime.may_spend and not dry_run:
        raise NotAllowed("live lookups are for subscribers", hint="'flightctl whoami' shows your tier")
    refresh = runtime.refresh(order)
    due = refresh.selected()
    with progress(runtime.output, "refreshing", len(due)) as on_each:
        report = refresh.preview(due) if dry_run else refresh.run(due, lambda: runtime.shared, on_each)
    runtime.output.show_unless_quiet(RefreshView(report, runtime.clock()))
    warn_of_budget(runtime)
    for failure in [one.error for one in report.renewed if one.error][:1]:
        runtime.output.fail(failure, with_object=False)
    raise typer.Exit(report.exit_code)
