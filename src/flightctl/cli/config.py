"""``flightctl config``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from flightctl.cli.commands import Command, Group, new_app
from flightctl.cli.context import runtime_of
from flightctl.errors import NotFound, UsageError
from flightctl.render.plain import FactsView, ListView
from flightctl.settings import BY_NAME, config_path

config_app = new_app(cls=Group, help="Show and change settings; each value says where it came from.")


def _names(incomplete: str) -> list[str]:
    return [name for name in BY_NAME if name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(metavar="NAME", help="section.name", autocompletion=_names, show_default=False)]


@config_app.command("show", cls=Command)
def show(ctx: typer.Context) -> None:
    """Show every setting, its value and its origin; keys only as set or not set."""
    from flightctl.services.configuration import all_shown

    runtime = runtime_of(ctx)
    items = [asdict(setting) for setting in all_shown(runtime.settings)]
    columns = ("name", "value", "origin", "help")
    runtime.output.show(ListView("flightctl.config/1", "settings", columns, items, wide=("help",)))


@config_app.command("get", cls=Command)
def get(ctx: typer.Context, name: Name) -> None:
    """Show one setting."""
    from flightctl.services.configuration import shown

    runtime = runtime_of(ctx)
    runtime.output.show(FactsView("flightctl.setting/1", asdict(shown(runtime.settings, name))))


@config_app.command("set", cls=Command)
def set_value(
    ctx: typer.Context,
    name: Name,
    value: Annotated[str | None, typer.Argument(help="The value; a key is read from stdin instead.")] = None,
) -> None:
    """Write a setting into the config file; a key is read from stdin, or asked for without echo."""
    from flightctl.services.configuration import store

    runtime = runtime_of(ctx)
    secret = name in BY_NAME and BY_NAME[name].secret
    if secret and value not in (None, "-"):
        hint = f"leave it out and type it, or 'flightctl config set {name} < FILE'; this one is now in your history"
        raise UsageError(f"{name} is never an argument, because others can read it", hint=hint)
    path = config_path(runtime.environ)
    store(path, name, value if value not in (None, "-") and value else _from_stdin(name, secret))
    runtime.output.note(f"{name} is set in {path}")


@config_app.command("unset", cls=Command)
def unset(ctx: typer.Context, name: Name) -> None:
    """Take a setting out of the config file."""
    from flightctl.services.configuration import remove

    runtime = runtime_of(ctx)
    path = config_path(runtime.environ)
    if not remove(path, name):
        raise NotFound(f"{name} is not set in {path}")
    runtime.output.note(f"{name} is no longer set in {path}")


@config_app.command("path", cls=Command)
def path(ctx: typer.Context) -> None:
    """Show where the config file and the local database are."""
    runtime = runtime_of(ctx)
    facts = {"config": str(config_path(runtime.environ)), "database": str(runtime.stores.path)}
    runtime.output.show(FactsView("flightctl.paths/1", facts))


def _from_stdin(name: str, secret: bool) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=secret, err=True))
    return sys.stdin.readline()
