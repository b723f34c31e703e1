"""``flightctl budget``."""

from __future__ import annotations

import typer

from flightctl.cli.commands import Command, Group, new_app
from flightctl.cli.context import runtime_of
from flightctl.render.budget import BudgetView
from flightctl.runtime import Runtime

budget_app = new_app(
    cls=Group, help="Show what paid calls have used of their budget, stop them all, or let them go on."
)


@budget_app.command("show", cls=Command)
def show(ctx: typer.Context) -> None:
    """Show what this billing cycle has used, when it resets, and whether paid calls are stopped."""
    _show(runtime_of(ctx))


@budget_app.command("freeze", cls=Command)
def freeze(ctx: typer.Context) -> None:
    """Stop all paid calls at once, for everybody who uses this database."""
    from flightctl.services.budget import freeze

    runtime = runtime_of(ctx)
    freeze(runtime.database, runtime.caller, runtime.clock())
    runtime.output.note("all paid calls are stopped, for everybody who uses this database; cached flights still answer")
    _show(runtime)


@budget_app.command("thaw", cls=Command)
def thaw(ctx: typer.Context) -> None:
    """Let paid calls go on; that also lifts holds and closes an open breaker."""
    from flightctl.services.budget import thaw

    runtime = runtime_of(ctx)
    thaw(runtime.database, runtime.caller, runtime.clock())
    runtime.output.note("paid calls may be made again; holds are lifted and an open breaker is closed")
    _show(runtime)


def _show(runtime: Runtime) -> None:
    from flightctl.services.budget import budgets

    runtime.output.show(BudgetView(budgets(runtime.database, runtime.paying.known_accounts, runtime.clock())))
