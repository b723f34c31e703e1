"""Settings: flags over environment over config file over defaults, each value with its origin.

One table, ``SETTINGS``, makes the help, the validation and the documentation. A key is never a flag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flightctl.domain.caller import OpenTo, Role, Tier
from flightctl.errors import ConfigurationError

DEFAULT = "default"
ENVIRONMENT = "environment"
CONFIG_FILE = "config file"
FLAG = "flag"


def _positive_number(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise ValueError("a number above 0 is needed")
    return number


def _yes_or_no(text: str) -> bool:
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if text.lower() not in words:
        raise ValueError("true or false is needed")
    return words[text.lower()]


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError("one of " + ", ".join(words) + " is needed")
        return text.lower()

    return parse


def _words_of(kind: type[OpenTo] | type[Tier]) -> Callable[[str], str]:
    return _one_of(*(member.value for member in kind))


def _cap(text: str) -> int | None:
    """A whole number; none for ``unlimited``, which has to be written out."""
    if text.lower() == "unlimited":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("a whole number or unlimited is needed")
    return int(text)


def _day_of_month(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 31):
        raise ValueError("a day from 1 to 31 is needed")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError("a whole number is needed")
    return int(text)


def _from_one_to(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= most):
            raise ValueError(f"a whole number from 1 to {most} is needed")
        return int(text)

    return parse


def _bucket_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError("1 to 64 letters, digits, _ or - are needed")
    return text


def _subject(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*", text):
        raise ValueError("words of letters, digits, $, _ or - with dots between are needed")
    return text


def _percent(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100:
        raise ValueError("a number from 0 to 100 is needed")
    return number


def _price(text: str) -> Any:
    """A ``Decimal`` of at most six decimals; loaded only where a price is needed."""
    from decimal import Decimal

    whole, _, decimals = text.partition(".")
    if not (text.isascii() and (whole + decimals).isdigit() and len(whole) <= 6 and len(decimals) <= 6):
        raise ValueError("a price such as 0.01 is needed, with at most six decimals")
    return Decimal(text)


def _currency(text: str) -> str:
    if not (text.isascii() and text.isalpha() and len(text) == 3):
        raise ValueError("three letters such as USD are needed")
    return text.upper()


class Setting(NamedTuple):
    """One thing that can be configured."""

    name: str
    """``section.name``, as in the config file."""
    default: str
    parse: Callable[[str], Any]
    help: str
    alias: str = ""
    """A shorter environment variable that wins over ``FLIGHTCTL_<SECTION>_<NAME>``."""
    secret: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Environment variables that set it, strongest first."""
        derived = "FLIGHTCTL_" + self.name.upper().replace(".", "_")
        return (self.alias, derived) if self.alias else (derived,)


SETTINGS = (
    Setting("cache.path", "", str, "the local SQLite file; empty: in the platform's data folder", "FLIGHTCTL_DB"),
    Setting("cache.enabled", "true", _yes_or_no, "false passes every lookup through, reading and writing no cache"),
    Setting("cache.ttl_days", "30", _positive_number, "how long a route is fresh, in days"),
    Setting("cache.stale_if_error", "false", _yes_or_no, "answer from a stale entry when the provider fails"),
    Setting(
        "cache.negative_ttl_minutes",
        "60",
        _positive_number,
        "how long 'no such flight' is remembered (+-20 %)",
    ),
    Setting("cache.local_ttl_hours", "24", _positive_number, "how long a copy of a remote entry does unchecked"),
    Setting("cache.store_payload", "false", _yes_or_no, "keep the provider's raw rows beside an entry"),
    Setting("aviationstack.key", "", str, "access key; set it from stdin, never as an argument", secret=True),
    Setting("aviationstack.key_file", "", str, "file that holds the access key, mode 0600"),
    Setting("aviationstack.url", "https://api.aviationstack.com/v1", str, "base URL with its path"),
    Setting("aviationstack.plan", "free", _one_of("free", "paid"), "free keeps from asking for what answers 403"),
    Setting(
        "aviationstack.open_to",
        "everyone",
        _words_of(OpenTo),
        "who may make paid calls: everyone or subscribers",
    ),
    Setting(
        "aviationstack.monthly_budget",
        "100",
        _cap,
        "paid calls a billing cycle, for all who use the key; 'unlimited' has to be written out",
    ),
    Setting("aviationstack.cycle_start_day", "1", _day_of_month, "day of the month on which the cycle turns (UTC)"),
    Setting("aviationstack.price_per_call", "0.01", _price, "what one call costs, for the sums that are shown"),
    Setting("aviationstack.currency", "USD", _currency, "currency of that price"),
    Setting("aeroapi.key", "", str, "access key of FlightAware AeroAPI; set it from stdin", secret=True),
    Setting("aeroapi.key_file", "", str, "file that holds that key, mode 0600"),
    Setting("aeroapi.url", "https://aeroapi.flightaware.com/aeroapi", str, "base URL of AeroAPI"),
    Setting(
        "aeroapi.open_to", "subscribers", _words_of(OpenTo), "who may make its paid calls: everyone or subscribers"
    ),
    Setting("aeroapi.max_pages", "3", _from_one_to(20), "most result sets that are paid for to answer one look-up"),
    Setting(
        "aeroapi.monthly_budget",
        "1000",
        _cap,
        "result sets a billing cycle (15 rows or fewer each; 1000 flight look-ups are 5 USD), or 'unlimited'",
    ),
    Setting("aeroapi.cycle_start_day", "1", _day_of_month, "day of the month on which that cycle turns (UTC)"),
    Setting(
        "flights.ttl_near_minutes",
        "5",
        _positive_number,
        "how long a dated flight is fresh that leaves within 48 hours, or has left and is not final",
    ),
    Setting("flights.ttl_week_hours", "3", _positive_number, "the same for one that leaves within a week"),
    Setting("flights.ttl_far_hours", "24", _positive_number, "the same for one that leaves later"),
    Setting("budget.reserve_percent", "10", _percent, "part of a budget that refresh-stale and --verify leave alone"),
    Setting("sharing.max_failed_claims", "10", _count, "refused claims an hour and user, before they have to wait"),
    Setting(
        "remote.url",
        "",
        str,
        "the shared PostgreSQL, such as postgresql://alice@db.example/flightctl; empty: none",
        secret=True,
    ),
    Setting(
        "remote.listen_url",
        "",
        str,
        "the same without a transaction pooler in between, for 'watch'; empty: remote.url",
        secret=True,
    ),
    Setting(
        "nats.url",
        "",
        str,
        "NATS with JetStream, such as tls://nats.example:4222, several with commas between; empty: none",
        secret=True,
    ),
    Setting("nats.creds_file", "", str, "file of NATS credentials that stands for user and password, mode 0600"),
    Setting("nats.bucket", "flightctl", _bucket_name, "the key-value bucket there that the lists are mirrored to"),
    Setting("nats.api", "$JS.API", _subject, "what requests to JetStream begin with, where an account imports them"),
    Setting("nats.replicas", "1", _from_one_to(5), "on how many servers of a cluster the bucket is kept"),
    Setting("nats.history", "1", _from_one_to(64), "how many values of a key are kept"),
    Setting("nats.storage", "file", _one_of("file", "memory"), "where the servers keep the bucket"),
    Setting("caller.user", "", str, "who you are; empty: the login", "FLIGHTCTL_USER"),
    Setting("caller.tier", "subscriber", _words_of(Tier), "lower your tier for a trial", "FLIGHTCTL_TIER"),
    Setting(
        "caller.role",
        "service",
        _one_of(*(role.name.lower() for role in Role)),
        "lower your role for a trial",
        "FLIGHTCTL_ROLE",
    ),
    Setting("output.color", "auto", _one_of("auto", "always", "never"), "colour on stdout"),
    Setting("output.csv_safe", "false", _yes_or_no, "prefix CSV cells that a spreadsheet would run as a formula"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


class Value(NamedTuple):
    """A setting's text and where it came from."""

    setting: Setting
    text: str
    origin: str
    """``default``, ``config file``, ``environment (VARIABLE)`` or ``flag``."""

    def parsed(self) -> Any:
        """The typed value; raises ConfigurationError that names setting and origin, never a secret."""
        try:
            return self.setting.parse(self.text)
        except ValueError as error:
            shown = "" if self.setting.secret else f" is {self.text!r}"
            raise ConfigurationError(
                f"{self.setting.name}{shown} ({self.origin}): {_reason(error)}",
                hint=f"{self.setting.name}: {self.setting.help}",
            ) from None


class Settings:
    """What is configured for this run; ``in_file`` holds the config file's values by ``section.name``."""

    def __init__(
        self,
        environ: Mapping[str, str],
        in_file: Mapping[str, str] | None = None,
        flags: Mapping[str, str] | None = None,
        file: Path = Path(),
    ) -> None:
        self.environ = environ
        self.in_file = in_file or {}
        self.flags = flags or {}
        self.file = file

    def value(self, name: str) -> Value:
        """The value that holds, strongest origin first. An empty variable counts as not set."""
        setting = BY_NAME[name]
        if name in self.flags:
            return Value(setting, self.flags[name], FLAG)
        for variable in setting.variables:
            if self.environ.get(variable):
                return Value(setting, self.environ[variable], f"{ENVIRONMENT} ({variable})")
        if name in self.in_file:
            return Value(setting, self.in_file[name], CONFIG_FILE)
        return Value(setting, setting.default, DEFAULT)

    def __getitem__(self, name: str) -> Any:
        """The typed value; raises ConfigurationError."""
        return self.value(name).parsed()

    def with_flags(self, flags: Mapping[str, str]) -> Settings:
        """The same settings with flags of the command line on top."""
        return Settings(self.environ, self.in_file, {**self.flags, **flags}, self.file)


def load(environ: Mapping[str, str]) -> Settings:
    """Read the environment and the config file; raises ConfigurationError."""
    path = config_path(environ)
    return Settings(environ, read_file(path), file=path)


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the config file is, or would be."""
    if environ.get("FLIGHTCTL_CONFIG"):
        return Path(environ["FLIGHTCTL_CONFIG"])
    import platformdirs

    return platformdirs.user_config_path("flightctl", appauthor=False) / "config.toml"


def cache_path(settings: Settings, *, sandbox: bool = False) -> Path:
    """Where the local SQLite file is; the sandbox's stands beside it."""
    configured = settings["cache.path"]
    path = Path(configured).expanduser() if configured else _data_folder() / "cache.db"
    return path.with_name(f"{path.stem}.sandbox{path.suffix}") if sandbox else path


def read_file(path: Path) -> dict[str, str]:
    """The config file's values as text by ``section.name``; empty where there is no file.

    Raises ConfigurationError for a file that cannot be read, is no TOML, has a name that is no setting (a
    mistyped limit that is silently ignored would be paid for) or a value that is a list, table or date.
    """
    values = {f"{section}.{name}": value for section, names in read_toml(path).items() for name, value in names.items()}
    unknown = sorted(set(values) - set(BY_NAME))
    if unknown:
        raise ConfigurationError(f"{path}: {unknown[0]} is no setting", hint="'flightctl config show' lists them")
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise ConfigurationError(f"{path}: {name} is neither text, a number, true nor false")
    return {name: _as_text(value) for name, value in values.items()}


def read_toml(path: Path) -> dict[str, dict[str, Any]]:
    """The config file's tables as they stand; raises ConfigurationError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read", cause=type(error).__name__) from None
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The parser's text says a line and a column, never the line's content.
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from None
    if not all(isinstance(names, dict) for names in tables.values()):
        raise ConfigurationError(f"{path}: settings stand in sections, such as [cache]")
    return tables


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _data_folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("flightctl", appauthor=False)


def _reason(error: ValueError) -> str:
    text = str(error)
    return "a number is needed" if "could not convert" in text else text


def is_private(path: Path) -> bool:
    """Whether only its owner can read the file (the rule that ssh has for its keys)."""
    status = path.stat()
    return not status.st_mode & 0o077 and status.st_uid in (os.geteuid(), 0)
