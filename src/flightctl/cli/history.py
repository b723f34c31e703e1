"""``flightctl history``."""

from __future__ import annotations

from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.completing import stored_flights
from flightctl.cli.context import runtime_of
from flightctl.render.history import HistoryView

history_app = new_app()


@history_app.command("history", cls=Command)
def history(
    ctx: typer.Context,
    flight_id: Annotated[
        str,
        typer.Argument(
            metavar="FLIGHT_ID",
            help="The permanent id of a flight, as 'flightctl lookup FLIGHT --date DAY' shows it.",
            autocompletion=stored_flights,
            show_default=False,
        ),
    ],
) -> None:
    """Show every change of a flight of one day: old and new value, when it was learned, and from whom."""
    runtime = runtime_of(ctx)
    known_as, changes = runtime.manual_flights().history(flight_id)
    runtime.output.show(HistoryView(str(known_as), changes))
