"""``flightctl doctor``."""

from __future__ import annotations

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.domain.checkup import exit_code
from flightctl.render.checkup import checkup_view

doctor_app = new_app()


@doctor_app.command("doctor", cls=Command)
def doctor(ctx: typer.Context) -> None:
    """Look whether settings, keys, the local file and the remote are well; nothing is paid for.

    Ends with 0 where all that is configured was checked and is well.
    """
    runtime = runtime_of(ctx)
    checks = list(runtime.checkup())
    runtime.output.show(checkup_view(checks))
    raise typer.Exit(exit_code(checks))
