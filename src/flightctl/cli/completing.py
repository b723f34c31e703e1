"""What the shell is offered: cached flights, from the local file alone; pending ones never."""

from __future__ import annotations

import os

import typer

from flightctl.errors import FlightctlError
from flightctl.runtime import Options, Runtime

_OFFERED = 200


def cached_flights(ctx: typer.Context, incomplete: str) -> list[str]:
    """Confirmed flights in the local file that start like this; none where it cannot be read."""
    sandbox = bool(ctx.find_root().params.get("sandbox")) or "--sandbox" in os.environ.get("COMP_WORDS", "")
    typed = incomplete.strip().upper()
    if not typed.isascii() or not typed.isalnum():
        return []
    runtime = Runtime(Options(sandbox=sandbox), os.environ)
    try:
        from flightctl.store.hits import open_reader

        return open_reader(runtime.path, wait_s=0.2).flights_with_prefix(typed, _OFFERED)
    except FlightctlError:
        return []
