"""What the shell is offered: cached flights, from the local file alone; pending ones never."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from flightctl.errors import FlightctlError
from flightctl.runtime import Options, Runtime

if TYPE_CHECKING:
    from flightctl.store.hits import LocalReader

_OFFERED = 200
_PATIENCE_S = 0.2
"""A person waits for the shell; a locked file is not waited for."""


def cached_flights(ctx: typer.Context, incomplete: str) -> list[str]:
    """Confirmed flights in the local file that start like this; none where it cannot be read, and no network."""
    typed = incomplete.upper()
    if not typed.isascii() or not typed.isalnum():
        return []
    # Shells keep what was typed: nz5 goes on as nz527, which a look-up reads as well.
    found = _read(ctx, lambda reader: reader.flights_with_prefix(typed, _OFFERED))
    return [incomplete + flight[len(typed) :] for flight in found]


def stored_flights(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of confirmed flights in the local file that start like this, the latest first."""
    from flightctl.store.flight_hits import ids_with_prefix

    typed = incomplete.upper()
    if not re.fullmatch(r"[A-Z0-9.-]*", typed):
        return []
    found = _read(ctx, lambda reader: ids_with_prefix(reader, typed, _OFFERED))
    return [incomplete + flight_id[len(typed) :] for flight_id in found]


def _read(ctx: typer.Context, read: Callable[[LocalReader], list[str]]) -> list[str]:
    """What the local file says; nothing where it cannot be read."""
    options = ctx.find_root().obj
    if not isinstance(options, Options):
        return []
    from flightctl.store.hits import open_reader

    try:
        reader = open_reader(Runtime(options, os.environ).stores.path, wait_s=_PATIENCE_S)
        try:
            return read(reader)
        finally:
            reader.close()
    except FlightctlError:
        return []
