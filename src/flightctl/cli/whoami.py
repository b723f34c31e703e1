"""``flightctl whoami``."""

from __future__ import annotations

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.render.plain import FactsView

whoami_app = new_app()


@whoami_app.command("whoami", cls=Command)
def whoami(ctx: typer.Context) -> None:
    """Show who you are, what you may do, and who decided it."""
    runtime = runtime_of(ctx)
    caller = runtime.caller
    facts = {
        "user": caller.user,
        "tier": caller.tier.value,
        "role": caller.role.name.lower(),
        "decided_by": caller.decided_by,
    }
    runtime.output.show(FactsView("flightctl.whoami/1", facts))
