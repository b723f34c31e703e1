"""``flightctl watch``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.errors import UsageError
from flightctl.render.history import change_shape
from flightctl.render.output import Format, Output
from flightctl.render.watched import notice_text

if TYPE_CHECKING:
    from flightctl.services.watching import Watching

watch_app = new_app()

_POLL_S = 0.2


@watch_app.command("watch", cls=Command)
def watch(ctx: typer.Context) -> None:
    """Show your list live: changed cells are marked; q quits, s sorts. Nobody is asked, and nothing is paid.

    Where stdout is no terminal, or in the JSON formats, each change is one line of NDJSON instead.
    """
    from flightctl.render.console import is_screen

    runtime = runtime_of(ctx)
    output = runtime.output
    if output.format in (Format.CSV, Format.PROMETHEUS):
        raise UsageError(f"watch has no {output.format.value}", hint="it writes NDJSON where stdout is no terminal")
    watching = runtime.watching()
    try:
        if output.format is Format.TABLE and is_screen(output.stdout):
            from flightctl.render.live import show_live

            show_live(output, runtime.caller.user, watching.look, runtime.clock)
        else:
            _write_changes(output, watching, runtime.clock)
    finally:
        watching.close()


def _write_changes(output: Output, watching: Watching, clock: Callable[[], datetime]) -> None:
    """Each change as it is seen, until interrupted; what keeps from seeing any, or at once, is told once."""
    trouble = notice = ""
    while True:
        look = watching.look()
        for change in look.changes:
            output.write(json.dumps({"flight_id": change.flight_id, **change_shape(change)}))
        output.flush()
        if look.trouble and look.trouble != trouble:
            output.warn(look.trouble)
        if look.notice and not notice:
            output.warn(notice_text(look, clock()))
        elif notice and not look.notice:
            output.note("changes are told of at once again")
        trouble, notice = look.trouble, look.notice
        time.sleep(_POLL_S)
