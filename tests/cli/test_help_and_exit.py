"""Help, version, and the topics that are generated from what the program does."""

from __future__ import annotations

import re

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from flightctl import __version__
from flightctl.cli.main import COMMANDS, root_app
from flightctl.errors import FlightctlError
from running import Flightctl

SUBCOMMANDS = {
    "budget": ("show", "freeze", "thaw"),
    "config": ("show", "get", "set", "unset", "path"),
    "db": ("status", "upgrade", "downgrade", "backup", "restore", "grant", "revoke", "users"),
    "mirror": ("run", "status", "rebuild", "verify", "permissions"),
    "sandbox": ("serve", "reset"),
}
EVERY = [
    (),
    *((name,) for name in COMMANDS),
    *((group, name) for group, names in SUBCOMMANDS.items() for name in names),
]
GLOBAL_OPTIONS = ("--sandbox", "--format", "--json", "--quiet", "--verbose", "--yes", "--color", "--version")


@pytest.mark.parametrize("command", EVERY, ids=lambda command: " ".join(command) or "flightctl")
def test_every_command_explains_itself_and_takes_the_global_options(
    flightctl: Flightctl, command: tuple[str, ...]
) -> None:
    done = flightctl(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: {' '.join(('flightctl', *command))} ")
    for option in GLOBAL_OPTIONS:
        assert re.search(rf"^ +(-\w, )?{option}\b", done.out, re.MULTILINE), option


@pytest.mark.parametrize("command", EVERY[1:], ids=" ".join)
def test_every_command_and_option_has_a_sentence(command: tuple[str, ...]) -> None:
    found = typer.main.get_command(root_app)
    for name in command:
        assert isinstance(found, TyperGroup)
        found = found.get_command(typer.Context(found), name)  # type: ignore[assignment]
    assert found.help
    bare = [param.name for param in found.params if isinstance(param, TyperOption) and not param.help]
    assert bare == []


def test_the_list_of_subcommands_here_is_complete(flightctl: Flightctl) -> None:
    for group, names in SUBCOMMANDS.items():
        shown = flightctl(group, "--help").out.partition("Commands:")[2]
        assert re.findall(r"^ {2}(\w\S*)", shown, re.MULTILINE) == list(names)


def test_the_root_lists_every_command_in_order(flightctl: Flightctl) -> None:
    shown = flightctl("--help").out.partition("Commands:")[2]
    assert re.findall(r"^ {2}(\w\S*)", shown, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("arguments", [("--version",), ("lookup", "--version"), ("--json", "--version")])
def test_version(flightctl: Flightctl, arguments: tuple[str, ...]) -> None:
    done = flightctl(*arguments)
    assert (done.code, done.out, done.err) == (0, f"flightctl {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("config",),
        ("config", "nonsense"),
        ("lookup",),
        ("lookup", "NZ527", "--nonsense"),
        ("completion", "tcsh"),
        ("help", "me"),
        ("help",),
        ("sandbox", "serve", "--port", "99999"),
        ("sandbox", "serve", "--fault", "nonsense"),
        ("db", "restore"),
        ("--format",),
    ],
)
def test_a_command_line_that_cannot_be_is_2_with_one_line_that_names_the_help(
    flightctl: Flightctl, arguments: tuple[str, ...]
) -> None:
    done = flightctl(*arguments)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"flightctl: .*\n", done.err)


EXIT_CODES = {
    "0": "done",
    "1": "a bug",
    "2": "usage: bad designator, date, option, airport; a destructive command without --yes and no terminal",
    "3": "not found: nobody knows it; offline and not cached; nothing to confirm",
    "4": "not allowed: tier, role, database login",
    "5": "upstream or remote failed: unreachable, time-out, 5xx, rate limited, open breaker, key or plan refused "
    "(401, 403), unreadable or incomplete answer",
    "6": "paid-call budget reached or frozen; provider's quota used up (usage_limit_reached)",
    "7": "refused by the present state: entry already confirmed; a token that is unknown, malformed, used, expired, "
    "revoked or throttled (one text for all)",
    "8": "local file: locked, full, read-only where a write is needed, corrupt, from a newer version",
    "9": "a batch with mixed results",
    "10": "configuration: no key where one is needed, bad setting, plain http elsewhere than loopback",
    "130, 143": "interrupted, terminated",
}
"""The contract, word for word."""


def test_the_exit_codes_are_the_contracts(flightctl: Flightctl) -> None:
    document = flightctl("help", "exit-codes", "--json").json
    assert document["schema"] == "flightctl.help/1"
    assert {item["code"]: item["when"] for item in document["items"]} == EXIT_CODES


def _errors(kind: type[FlightctlError]) -> list[type[FlightctlError]]:
    return [kind, *(error for child in kind.__subclasses__() for error in _errors(child))]


def test_every_error_has_a_documented_exit_code_and_a_code_of_its_own() -> None:
    errors = _errors(FlightctlError)
    assert {str(error.exit_code) for error in errors} <= set(EXIT_CODES)
    assert all(re.fullmatch(r"[a-z][a-z_]*", error.code) for error in errors)


def test_the_environment_topic_names_a_variable_for_every_setting(flightctl: Flightctl) -> None:
    variables = {item["variable"] for item in flightctl("help", "environment", "--json").json["items"]}
    settings = flightctl("config", "show", "--json").json["settings"]
    assert {"FLIGHTCTL_" + setting["name"].upper().replace(".", "_") for setting in settings} < variables
    assert {"FLIGHTCTL_CONFIG", "FLIGHTCTL_DB", "FLIGHTCTL_USER", "FLIGHTCTL_TIER", "FLIGHTCTL_ROLE"} < variables


@pytest.mark.parametrize("topic", ["exit-codes", "environment", "formats", "faults"])
@pytest.mark.parametrize("format", ["table", "json", "ndjson", "csv"])
def test_topics_come_in_every_format(flightctl: Flightctl, topic: str, format: str) -> None:
    done = flightctl("help", topic, "--format", format)
    assert (done.code, done.err) == (0, "")
    assert len(done.out) > 100


def test_the_formats_topic_names_the_formats(flightctl: Flightctl) -> None:
    items = flightctl("help", "formats", "--json").json["items"]
    assert [item["format"] for item in items] == ["table", "json", "ndjson", "csv", "prometheus"]
