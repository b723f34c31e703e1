"""The sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flightctl.errors import UsageError
from flightctl.providers.sandbox.faults import InvalidFaultError
from flightctl.providers.sandbox.server import Addresses, serve


def serve_sandbox(
    port: int, faults: Sequence[str], clock: Callable[[], datetime], on_ready: Callable[[Addresses], None]
) -> None:
    """Answer on the loopback until interrupted; ``on_ready`` is told the base URLs.

    Raises UsageError for an unknown fault or a port that is taken.
    """
    try:
        serve(port, faults, clock, on_ready)
    except InvalidFaultError as error:
        raise UsageError(str(error), hint="'flightctl help faults' lists the kinds") from None
    except OSError as error:
        raise UsageError(f"port {port}: {error.strerror}", hint="--port 0 takes a free one") from None
