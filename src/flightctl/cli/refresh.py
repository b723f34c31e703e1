"""``flightctl refresh-stale``."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of, warn_of_budget
from flightctl.domain.duration import parse_duration
from flightctl.errors import ConfigurationError, NotAllowed
from flightctl.render.progress import progress
from flightctl.render.refresh import RefreshView
from flightctl.runtime import Runtime

if TYPE_CHECKING:
    from flightctl.domain.renewal import RefreshOrder, RefreshReport, RunReport

refresh_stale_app = new_app()


@refresh_stale_app.command("refresh-stale", cls=Command)
def refresh_stale(
    ctx: typer.Context,
    ahead: Annotated[str, typer.Option("--ahead", metavar="SPAN", help="Also what expires within 3d, 12h, ...")] = "0h",
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=0, help="Select at most so many entries, or days of flights."),
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option("--max-calls", metavar="N", min=0, help="Pay at most so many calls.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked for, and pay nothing.")] = False,
    flights: Annotated[
        bool, typer.Option("--flights", help="Renew the flights that somebody tracks, in place of routes.")
    ] = False,
) -> None:
    """Renew expired entries for as few calls as possible; for cron.

    A page of an airline's flights renews many at once; where that does not pay, each flight is asked for. An entry
    that fails stays as it was and the run goes on; a refused key or plan ends it. Two runs at once do not do the same
    work twice, and an interrupted one is gone on with. Quiet (-q) and with nothing wrong, it prints nothing. Tracked
    flights are asked for by nearness of departure, and of those equally near first what most people track.
    """
    from flightctl.domain.renewal import RefreshOrder

    runtime = runtime_of(ctx)
    if not runtime.settings["cache.enabled"]:
        raise ConfigurationError("cache.enabled is false: what is bought could not be kept")
    if flights:
        _refresh_flights(runtime, FlightOrder(parse_duration(ahead), limit, max_calls, dry_run))
    if not runtime.paying.may_spend and not dry_run:
        raise NotAllowed("live lookups are for subscribers", hint="'flightctl whoami' shows your tier")
    report = _report(runtime, RefreshOrder(runtime.ttl, parse_duration(ahead), limit, max_calls), dry_run=dry_run)
    runtime.output.show_unless_quiet(RefreshView(report, runtime.clock()))
    _finish(runtime, report)


class FlightOrder(NamedTuple):
    """What a run over tracked flights may do."""

    ahead: timedelta
    limit: int | None
    max_calls: int | None
    dry_run: bool


def _refresh_flights(runtime: Runtime, order: FlightOrder) -> NoReturn:
    from flightctl.render.flight_refresh import FlightRefreshView

    refresh = runtime.flight_refresh()
    due = refresh.selected(runtime.paying.days, order.ahead, order.limit)
    if order.dry_run:
        report = refresh.preview(due, order.max_calls)
    else:
        with progress(runtime.output, "refreshing", len(due)) as on_each:
            report = refresh.run(due, runtime.paying.days, order.max_calls, on_each)
    runtime.output.show_unless_quiet(FlightRefreshView(report))
    _finish(runtime, report)


def _finish(runtime: Runtime, report: RunReport[Any]) -> NoReturn:
    warn_of_budget(runtime)
    if report.failure is not None:
        runtime.output.fail(report.failure, with_object=False)
    raise typer.Exit(report.exit_code)


def _report(runtime: Runtime, order: RefreshOrder, *, dry_run: bool) -> RefreshReport:
    from flightctl.cli.interruption import to_the_end
    from flightctl.services.refresh_run import Teller

    refresh = runtime.refresh(order)
    due = refresh.selected()
    if dry_run:
        return refresh.preview(due, runtime.paying.known_accounts[0])
    with progress(runtime.output, "refreshing", len(due)) as on_each:
        teller = Teller(runtime.clock, time.sleep, on_each, runtime.output.note, to_the_end)
        return refresh.run(due, lambda: runtime.paying.routes, teller)
