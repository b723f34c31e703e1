"""``flightctl help``: topics that belong to no one command."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.render.plain import ListView

help_app = new_app()


class Topic(Enum):
    """What there is help on."""

    EXIT_CODES = "exit-codes"
    ENVIRONMENT = "environment"
    FORMATS = "formats"
    FAULTS = "faults"


@help_app.command("help", cls=Command)
def help_on(ctx: typer.Context, topic: Annotated[Topic, typer.Argument(show_default=False)]) -> None:
    """Explain exit codes, environment variables, output formats, or the sandbox's faults."""
    from flightctl.services import reference

    columns, items = {
        Topic.EXIT_CODES: reference.exit_codes,
        Topic.ENVIRONMENT: reference.environment,
        Topic.FORMATS: reference.formats,
        Topic.FAULTS: reference.faults,
    }[topic]()
    view = ListView("flightctl.help/1", "items", columns, items, wide=("setting", "default"))
    runtime_of(ctx).output.show(view)
