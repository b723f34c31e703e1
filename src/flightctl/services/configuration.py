"""The config file, read and written; a key never shows."""

from __future__ import annotations

import difflib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flightctl.domain.text import storable
from flightctl.errors import ConfigurationError, UsageError
from flightctl.settings import BY_NAME, SETTINGS, Settings, Value, read_toml


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as it may be shown."""

    name: str
    value: str
    origin: str
    help: str


def shown(settings: Settings, name: str) -> ShownSetting:
    """One setting and where it came from; a secret only as set or not set. Raises UsageError."""
    setting = _known(name)
    value = settings.value(name)
    return ShownSetting(name, _presentable(value), value.origin, setting.help)


def all_shown(settings: Settings) -> list[ShownSetting]:
    """Every setting, in the order of the documentation."""
    return [shown(settings, setting.name) for setting in SETTINGS]


def store(path: Path, name: str, text: str) -> None:
    """Write one setting into the config file, which only its owner can read.

    Raises UsageError, ConfigurationError.
    """
    setting = _known(name)
    text = text.strip()
    if not text:
        raise UsageError(f"{name}: nothing was given", hint=f"'flightctl config unset {name}' goes back to the default")
    if text != storable(text):
        raise UsageError(f"{name}: the config file is UTF-8, and what was given is not")
    Value(setting, text, "config set").parsed()
    section, key = name.split(".")
    tables = read_toml(path)
    tables.setdefault(section, {})[key] = _as_toml(setting.parse(text))
    _write(path, tables)


def remove(path: Path, name: str) -> bool:
    """Take one setting out of the config file; whether it was there. Raises UsageError, ConfigurationError."""
    section, _, key = name.partition(".")
    tables = read_toml(path)
    if key not in tables.get(section, {}):
        # A name that the program does not know may still stand in the file, and has to go.
        _known(name)
        return False
    del tables[section][key]
    _write(path, {kept: names for kept, names in tables.items() if names})
    return True


def _known(name: str) -> Any:
    if name not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, n=1)
        hint = f"did you mean {near[0]}?" if near else "'flightctl config show' lists them"
        raise UsageError(f"{name} is no setting", hint=hint)
    return BY_NAME[name]


def _presentable(value: Value) -> str:
    if value.setting.secret:
        return "(set)" if value.text else "(not set)"
    return value.text


def _as_toml(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write(path: Path, tables: dict[str, dict[str, Any]]) -> None:
    """Replace the file in one step, so that a reader sees the old one or the new one."""
    import tomli_w

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes the file with mode 0600, before anything is in it.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "wb") as out:
                tomli_w.dump(tables, out)
            Path(temporary).replace(path.resolve())
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
