"""How commands are made: global options before and after the name, commands loaded when they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from flightctl import __version__
from flightctl.render.output import Format
from flightctl.runtime import Options

_FORMATS = [kind.value for kind in Format]
_COLORS = ("auto", "always", "never")


def _remember(ctx: typer.Context, param: Any, value: Any) -> None:
    options = ctx.obj
    if value in (None, False) or not isinstance(options, Options):
        return
    _REMEMBER[param.name](options, value)


def _choose_format(options: Options, value: str) -> None:
    if value not in _FORMATS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(_FORMATS)}", param_hint="--format")
    options.format = value


def _choose_color(options: Options, value: str) -> None:
    if value not in _COLORS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(_COLORS)}", param_hint="--color")
    options.flags["output.color"] = value


_REMEMBER: dict[str, Callable[[Options, Any], None]] = {
    "sandbox": lambda options, _: setattr(options, "sandbox", True),
    "format": _choose_format,
    "json": lambda options, _: setattr(options, "format", Format.JSON.value),
    "quiet": lambda options, _: setattr(options, "quiet", True),
    "verbose": lambda options, _: setattr(options, "verbose", True),
    "yes": lambda options, _: setattr(options, "yes", True),
    "color": _choose_color,
    "csv_safe": lambda options, _: options.flags.update({"output.csv_safe": "true"}),
}


def _show_version(_ctx: typer.Context, _param: Any, value: bool) -> None:
    if value:
        typer.echo(f"flightctl {__version__}")
        raise typer.Exit


def _choices(words: Any) -> Any:
    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def _flag(name: str, help: str, short: str = "") -> TyperOption:
    declared = [f"--{name}", *([short] if short else [])]
    return TyperOption(param_decls=declared, is_flag=True, expose_value=False, callback=_remember, help=help)


def _word(name: str, metavar: str, help: str, words: Any) -> TyperOption:
    return TyperOption(
        param_decls=[f"--{name}"],
        metavar=metavar,
        expose_value=False,
        callback=_remember,
        autocompletion=_choices(words),
        help=help,
    )


def global_options() -> list[TyperOption]:
    """The options that every command has, new for each: ``flightctl --json lookup`` and ``flightctl lookup --json``."""
    return [
        _flag("sandbox", "Use a stand-in for the providers and its own database: no key, no network."),
        _word("format", "FORMAT", "table, json, ndjson or csv; stats has prometheus, too.", _FORMATS),
        _flag("json", "The same as --format json."),
        _flag("quiet", "Only data and errors.", "-q"),
        _flag("verbose", "Show the cause of a failure, without keys.", "-v"),
        _flag("yes", "Do not ask before destructive commands.", "-y"),
        _word("color", "WHEN", "auto, always or never.", _COLORS),
        _flag("csv-safe", "Make CSV cells safe that a spreadsheet would run as a formula."),
        TyperOption(
            param_decls=["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version.",
        ),
    ]


class Command(TyperCommand):
    """A command that also takes the global options."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(global_options())

    def invoke(self, ctx: Any) -> Any:
        """Run it, but for a format that it does not have: that must not show only after a paid call."""
        if isinstance(ctx.obj, Options) and ctx.obj.format == Format.PROMETHEUS.value and ctx.info_name != "stats":
            raise typer.BadParameter("prometheus is for stats only", param_hint="--format")
        return super().invoke(ctx)


class Group(TyperGroup):
    """A group of commands that also takes the global options."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(global_options())


class LazyGroup(Group):
    """The root: each command's module is imported when that command is called."""

    modules: ClassVar[Mapping[str, str]] = {}
    """Module below ``flightctl.cli`` by command name."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.modules:
            return None
        if cmd_name not in self.commands:
            module = import_module(f"flightctl.cli.{self.modules[cmd_name]}")
            self.commands[cmd_name] = typer.main.get_command(getattr(module, cmd_name.replace("-", "_") + "_app"))
        return self.commands[cmd_name]


def new_app(**settings: Any) -> typer.Typer:
    """A Typer application that leaves errors, completion and markup to us."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings)
