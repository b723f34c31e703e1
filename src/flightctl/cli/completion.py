"""``flightctl completion``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.cli.scripts import completion_script

completion_app = new_app()


class Shell(Enum):
    """Shells that have a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@completion_app.command("completion", cls=Command)
def completion(ctx: typer.Context, shell: Annotated[Shell, typer.Argument(show_default=False)]) -> None:
    """Print the completion script for a shell; the README says where to put it."""
    output = runtime_of(ctx).output
    output.write(completion_script(shell.value))
    output.flush()
