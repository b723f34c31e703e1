"""``flightctl sandbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flightctl.cli.commands import Command, Group, new_app
from flightctl.cli.context import runtime_of
from flightctl.render.plain import FactsView

if TYPE_CHECKING:
    from flightctl.providers.sandbox.server import Addresses

sandbox_app = new_app(cls=Group, help="A stand-in for the providers: real flights, no key, no network.")


def _fault_kinds(incomplete: str) -> list[str]:
    from flightctl.providers.sandbox.faults import FAULTS

    return [fault.name for fault in FAULTS if fault.name.startswith(incomplete)]


@sandbox_app.command("serve", cls=Command)
def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")] = 8527,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="KIND[:COUNT]",
            help="Fail on purpose, every time or so often; 'flightctl help faults' lists the kinds.",
            autocompletion=_fault_kinds,
        ),
    ] = None,
) -> None:
    """Answer for AviationStack and AeroAPI over HTTP on the loopback, for CI and for rehearsing an outage.

    It accepts any key but 'invalid', and ends with Ctrl-C.
    """
    from flightctl.services.stand_in import serve_sandbox

    runtime = runtime_of(ctx)
    serve_sandbox(port, fault or [], runtime.clock, lambda at: runtime.output.show(_ready(at)))


@sandbox_app.command("reset", cls=Command)
def reset(ctx: typer.Context) -> None:
    """Empty the sandbox's own database."""
    from flightctl.services.local_file import removed

    runtime = runtime_of(ctx)
    runtime.options.sandbox = True
    path = runtime.stores.path
    runtime.output.show(FactsView("flightctl.sandbox/1", {"database": str(path), "removed": removed(path)}))


def _ready(at: Addresses) -> FactsView:
    facts = {
        "url": at.aviationstack,
        "setting": f"FLIGHTCTL_AVIATIONSTACK_URL={at.aviationstack}",
        "aeroapi_url": at.aeroapi,
        "aeroapi_setting": f"FLIGHTCTL_AEROAPI_URL={at.aeroapi}",
    }
    return FactsView("flightctl.sandbox/1", facts)
