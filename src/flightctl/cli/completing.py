"""What the shell is offered: cached flights, from the local file alone; pending ones never."""

from __future__ import annotations

import os

import typer

from flightctl.errors import FlightctlError
from flightctl.runtime import Options, Runtime

_OFFERED = 200
_PATIENCE_S = 0.2
"""A person waits for the shell; a locked file is not waited for."""


def cached_flights(ctx: typer.Context, incomplete: str) -> list[str]:
    """Confirmed flights in the local file that start like this; none where it cannot be read, and no network."""
    typed = incomplete.upper()
    options = ctx.find_root().obj
    if not isinstance(options, Options) or not typed.isascii() or not typed.isalnum():
        return []
    from flightctl.store.hits import open_reader

    try:
        reader = open_reader(Runtime(options, os.environ).path, wait_s=_PATIENCE_S)
        try:
            # Shells keep what was typed: nz5 goes on as nz527, which a look-up reads as well.
            return [incomplete + flight[len(typed) :] for flight in reader.flights_with_prefix(typed, _OFFERED)]
        finally:
            reader.close()
    except FlightctlError:
        return []


def days(incomplete: str) -> list[str]:
    """Words for days."""
    return [word for word in ("today", "tomorrow", "yesterday", "+3") if word.startswith(incomplete)]
