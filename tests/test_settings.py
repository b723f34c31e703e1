"""Flags over environment over config file over defaults, and what is said of a bad value."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.errors import ConfigurationError
from flightctl.settings import (
    BY_NAME,
    SETTINGS,
    Settings,
    cache_path,
    config_path,
    is_private,
    load,
    read_file,
)

TTL, TTL_VARIABLE = "cache.ttl_days", "FLIGHTCTL_CACHE_TTL_DAYS"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a config file down."""

    def put(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return put


def refusal(settings: Settings, name: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        settings[name]
    return refused.value


@pytest.mark.parametrize(("flag", "variable", "in_file"), list(product((True, False), repeat=3)))
def test_the_strongest_origin_holds_and_is_named(flag: bool, variable: bool, in_file: bool) -> None:
    settings = Settings(
        {TTL_VARIABLE: "2"} if variable else {}, {TTL: "3"} if in_file else {}, {TTL: "1"} if flag else {}
    )
    given_by = [
        (flag, 1.0, "flag"),
        (variable, 2.0, f"environment ({TTL_VARIABLE})"),
        (in_file, 3.0, "config file"),
        (True, 30.0, "default"),
    ]
    value, origin = next((value, origin) for there, value, origin in given_by if there)
    assert (settings[TTL], settings.value(TTL).origin) == (value, origin)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: str(setting.name))
def test_every_setting_has_a_default_that_parses_and_a_help(setting: Any) -> None:
    value = Settings({}).value(setting.name)
    assert (value.origin, value.text) == ("default", setting.default)
    assert value.parsed() == setting.parse(setting.default)
    assert setting.help


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: str(setting.name))
def test_every_setting_has_a_variable_made_of_section_and_name(setting: Any) -> None:
    section, name = setting.name.split(".")
    variable = f"FLIGHTCTL_{section.upper()}_{name.upper()}"
    value = Settings({variable: "something"}).value(setting.name)
    assert (value.text, value.origin) == ("something", f"environment ({variable})")


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("FLIGHTCTL_DB", "cache.path"),
        ("FLIGHTCTL_USER", "caller.user"),
        ("FLIGHTCTL_TIER", "caller.tier"),
        ("FLIGHTCTL_ROLE", "caller.role"),
    ],
)
def test_a_short_variable_wins_over_the_long_one(alias: str, name: str) -> None:
    long = BY_NAME[name].variables[-1]
    assert Settings({alias: "short", long: "long"}).value(name).text == "short"
    assert Settings({long: "long"}).value(name).text == "long"
    assert Settings({alias: "", long: "long"}).value(name).origin == f"environment ({long})"


def test_no_two_settings_share_a_variable() -> None:
    variables = [variable for setting in SETTINGS for variable in setting.variables]
    assert len(set(variables)) == len(variables)
    assert {"FLIGHTCTL_AVIATIONSTACK_KEY", "FLIGHTCTL_AVIATIONSTACK_URL", "FLIGHTCTL_AVIATIONSTACK_KEY_FILE"} <= set(
        variables
    )


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings({TTL_VARIABLE: ""}, {TTL: "3"}).value(TTL).origin == "config file"
    assert Settings({TTL_VARIABLE: ""}).value(TTL).origin == "default"


def test_the_defaults_are_those_of_the_design() -> None:
    settings = Settings({})
    expected = {
        "cache.ttl_days": 30.0,
        "cache.enabled": True,
        "cache.stale_if_error": False,
        "cache.store_payload": False,
        "cache.negative_ttl_minutes": 60.0,
        "aviationstack.open_to": "everyone",
        "aviationstack.plan": "free",
        "aviationstack.url": "https://api.aviationstack.com/v1",
        "caller.tier": "subscriber",
        "caller.role": "service",
        "nats.url": "",
        "nats.bucket": "flightctl",
        "nats.replicas": 1,
        "nats.history": 1,
        "nats.storage": "file",
    }
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "bad", "reason"),
    [
        ("cache.ttl_days", "soon", "a number is needed"),
        ("cache.ttl_days", "0", "a number above 0 is needed"),
        ("cache.ttl_days", "-1", "a number above 0 is needed"),
        ("cache.ttl_days", "nan", "a number above 0 is needed"),
        ("cache.ttl_days", "inf", "a number above 0 is needed"),
        ("cache.ttl_days", "1e9", "a number above 0 is needed"),
        ("cache.ttl_days", "3 days", "a number is needed"),
        ("cache.negative_ttl_minutes", "0", "a number above 0 is needed"),
        ("cache.enabled", "maybe", "true or false is needed"),
        ("cache.stale_if_error", "2", "true or false is needed"),
        ("aviationstack.plan", "gold", "one of free, paid is needed"),
        ("aviationstack.open_to", "nobody", "one of everyone, subscribers is needed"),
        ("caller.tier", "gold", "one of basic, subscriber is needed"),
        ("caller.role", "root", "one of user, staff, service is needed"),
        ("output.color", "green", "one of auto, always, never is needed"),
        ("nats.replicas", "0", "a whole number from 1 to 5 is needed"),
        ("nats.replicas", "6", "a whole number from 1 to 5 is needed"),
        ("nats.history", "65", "a whole number from 1 to 64 is needed"),
        ("nats.storage", "tape", "one of file, memory is needed"),
        ("nats.bucket", "a.b", "1 to 64 letters, digits, _ or - are needed"),
        ("nats.api", "$JS.>", "words of letters, digits, $, _ or - with dots between are needed"),
    ],
)
def test_a_bad_value_is_refused_with_setting_value_and_origin(name: str, bad: str, reason: str) -> None:
    for settings, origin in (
        (Settings({}, {name: bad}), "config file"),
        (Settings({}, flags={name: bad}), "flag"),
        (Settings({BY_NAME[name].variables[0]: bad}), f"environment ({BY_NAME[name].variables[0]})"),
    ):
        error = refusal(settings, name)
        assert error.message == f"{name} is {bad!r} ({origin}): {reason}"
        assert error.exit_code == 10
        assert name in error.hint


def test_a_bad_value_that_a_stronger_origin_covers_does_no_harm() -> None:
    assert Settings({TTL_VARIABLE: "2"}, {TTL: "soon"})[TTL] == 2


@hypothesis.settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_any_value_is_read_or_refused_in_one_line(text: str) -> None:
    for setting in SETTINGS:
        try:
            Settings({setting.variables[0]: text}).value(setting.name).parsed()
            message = ""
        except ConfigurationError as refused:
            message = refused.message
        assert message.isprintable()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("true", True),
        ("YES", True),
        ("on", True),
        ("1", True),
        ("False", False),
        ("no", False),
        ("OFF", False),
        ("0", False),
    ],
)
def test_yes_and_no_have_several_words(text: str, meant: bool) -> None:
    assert Settings({"FLIGHTCTL_CACHE_ENABLED": text})["cache.enabled"] is meant


def test_flags_come_on_top_of_flags() -> None:
    settings = Settings({TTL_VARIABLE: "2"}).with_flags({TTL: "1"})
    assert settings[TTL] == 1
    assert settings.with_flags({"output.color": "never"})[TTL] == 1
    assert settings.with_flags({TTL: "5"})[TTL] == 5


def test_the_config_file_is_read_by_sections(write: Write) -> None:
    path = write('[cache]\nttl_days = 7\nenabled = false\n[aviationstack]\nplan = "paid"\n')
    settings = load({"FLIGHTCTL_CONFIG": str(path)})
    assert (settings["cache.ttl_days"], settings["cache.enabled"], settings["aviationstack.plan"]) == (7, False, "paid")
    assert settings.file == path


def test_a_half_day_is_a_ttl_as_well(write: Write) -> None:
    assert load({"FLIGHTCTL_CONFIG": str(write("[cache]\nttl_days = 0.5\n"))})[TTL] == 0.5


def test_no_config_file_is_no_error(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none.toml") == {}
    assert load({"FLIGHTCTL_CONFIG": str(tmp_path / "none.toml")}).value(TTL).origin == "default"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[cache]\nttl_dayz = 7\n", "cache.ttl_dayz"),
        ("[cash]\nttl_days = 7\n", "cash.ttl_days"),
        ("[cache]\nTTL_DAYS = 7\n", "cache.TTL_DAYS"),
        ("[caller]\ncolour = 1\nuser = 'me'\n", "caller.colour"),
    ],
)
def test_a_name_in_the_file_that_is_no_setting_is_refused(write: Write, text: str, name: str) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError) as refused:
        read_file(path)
    assert refused.value.message == f"{path}: {name} is no setting"


@pytest.mark.parametrize("text", ["[cache\n", "ttl_days 7", "[cache]\nttl_days = \n", "[cache]\n[cache]\n", "\0"])
def test_a_file_that_is_no_toml_is_refused(write: Write, text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        read_file(write(text))


def test_settings_outside_of_sections_are_refused(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="settings stand in sections"):
        read_file(write("ttl_days = 7\n"))


@pytest.mark.parametrize("name", ["cache.ttl_days", "cache.path"])
@pytest.mark.parametrize("value", ["[1, 2]", "{a = 1}", "2026-11-20", "10:00:00"])
def test_a_list_a_table_or_a_date_in_the_file_is_no_value(write: Write, name: str, value: str) -> None:
    path = write(f"{name} = {value}\n")
    with pytest.raises(ConfigurationError) as refused:
        read_file(path)
    assert refused.value.message == f"{path}: {name} is neither text, a number, true nor false"


@pytest.mark.parametrize("value", ['"many"', "true", "nan", "-1"])
def test_a_value_in_the_file_that_is_no_fit_is_refused_when_it_is_needed(write: Write, value: str) -> None:
    settings = load({"FLIGHTCTL_CONFIG": str(write(f"[cache]\nttl_days = {value}\n"))})
    assert "(config file): a number" in refusal(settings, TTL).message


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[cache]\nuser = '\xff'\n")
    with pytest.raises(ConfigurationError, match="cannot be read") as refused:
        read_file(path)
    assert refused.value.cause == "UnicodeDecodeError"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_file(tmp_path)


def test_the_config_file_is_where_the_variable_says(tmp_path: Path) -> None:
    assert config_path({"FLIGHTCTL_CONFIG": str(tmp_path / "mine.toml")}) == tmp_path / "mine.toml"


def test_without_the_variable_files_are_in_the_homes_folders(home: Path) -> None:
    assert config_path({}).is_relative_to(home)
    assert config_path({"FLIGHTCTL_CONFIG": ""}) == config_path({})
    assert cache_path(Settings({})).is_relative_to(home)
    assert (config_path({}).name, cache_path(Settings({})).name) == ("config.toml", "cache.db")


@pytest.mark.parametrize(
    ("real", "sandbox"),
    [
        ("/data/cache.db", "/data/cache.sandbox.db"),
        ("/data/routes", "/data/routes.sandbox"),
        ("a.b.db", "a.b.sandbox.db"),
    ],
)
def test_the_sandboxs_file_stands_beside_the_real_one(real: str, sandbox: str) -> None:
    settings = Settings({"FLIGHTCTL_DB": real})
    assert cache_path(settings) == Path(real)
    assert cache_path(settings, sandbox=True) == Path(sandbox)


def test_a_tilde_in_the_files_path_is_the_home(home: Path) -> None:
    assert cache_path(Settings({"FLIGHTCTL_DB": "~/routes.db"})) == home / "routes.db"


@pytest.mark.parametrize(
    ("mode", "private"),
    [
        (0o600, True),
        (0o400, True),
        (0o700, True),
        (0o640, False),
        (0o604, False),
        (0o601, False),
        (0o620, False),
        (0o644, False),
    ],
)
def test_a_file_is_private_if_only_its_owner_has_rights(tmp_path: Path, mode: int, private: bool) -> None:
    path = tmp_path / "key"
    path.touch()
    path.chmod(mode)
    assert is_private(path) is private


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    os.chown(path, 12_345, -1)
    assert not is_private(path)
