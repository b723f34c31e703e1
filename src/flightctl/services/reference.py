"""The tables behind ``flightctl help``; README and tests read them, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flightctl.settings import SETTINGS

Rows = tuple[Sequence[str], list[Mapping[str, str]]]
"""Column names and rows."""

_EXIT_CODES = (
    ("0", "done"),
    ("1", "a bug"),
    ("2", "usage: bad designator, date, option, airport; a destructive command without --yes and no terminal"),
    ("3", "not found: nobody knows it; offline and not cached; nothing to confirm"),
    ("4", "not allowed: tier, role, database login"),
    (
        "5",
        "upstream or remote failed: unreachable, time-out, 5xx, rate limited, open breaker, key or plan refused "
        "(401, 403), unreadable or incomplete answer",
    ),
    ("6", "paid-call budget reached or frozen; provider's quota used up (usage_limit_reached)"),
    (
        "7",
        "refused by the present state: entry already confirmed; a token that is unknown, malformed, used, expired, "
        "revoked or throttled (one text for all)",
    ),
    ("8", "local file: locked, full, read-only where a write is needed, corrupt, from a newer version"),
    ("9", "a batch with mixed results"),
    ("10", "configuration: no key where one is needed, bad setting, plain http elsewhere than loopback"),
    ("130, 143", "interrupted, terminated"),
)
_FORMATS = (
    ("table", "for people; without colour where stdout is no terminal, and as wide as its data"),
    ("json", "one object with a schema field; an empty result is []"),
    ("ndjson", "one result a line"),
    ("csv", "the JSON keys in their order as header; legs as AKL-CHC; --csv-safe for spreadsheets"),
    ("prometheus", "stats only: what the textfile collector of node_exporter reads"),
)


def exit_codes() -> Rows:
    """Every exit code and when it is used."""
    return ("code", "when"), [{"code": code, "when": when} for code, when in _EXIT_CODES]


def formats() -> Rows:
    """Every output format."""
    return ("format", "what"), [{"format": name, "what": what} for name, what in _FORMATS]


def environment() -> Rows:
    """Every variable that sets something, with its default."""
    rows = [{"variable": "FLIGHTCTL_CONFIG", "setting": "", "default": "", "what": "path of the config file"}]
    for setting in SETTINGS:
        for variable in setting.variables:
            facts = {"variable": variable, "setting": setting.name, "default": setting.default, "what": setting.help}
            rows.append(facts)
    return ("variable", "setting", "default", "what"), list(rows)


def faults() -> Rows:
    """Every fault that ``sandbox serve`` can make."""
    from flightctl.providers.sandbox.faults import FAULTS

    return ("fault", "what"), [{"fault": fault.name, "what": fault.summary} for fault in FAULTS]
