"""``config``: flags over environment over file over defaults, and a key that never shows."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from running import Cached, Flightctl, Result
from upstream import KEY, Upstream, row


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config file of this test; not there yet."""
    path = home / "settings" / "config.toml"
    monkeypatch.setenv("FLIGHTCTL_CONFIG", str(path))
    return path


def _written(file: Path, text: str, mode: int = 0o600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def _value(done: Result) -> tuple[str, str]:
    return done.json["value"], done.json["origin"]


def test_each_origin_is_stronger_than_the_one_before(
    flightctl: Flightctl, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def color(*flags: str) -> tuple[str, str]:
        return _value(flightctl("config", "get", "output.color", "--json", *flags))

    assert color() == ("auto", "default")
    _written(file, '[output]\ncolor = "never"\n')
    assert color() == ("never", "config file")
    monkeypatch.setenv("FLIGHTCTL_OUTPUT_COLOR", "always")
    assert color() == ("always", "environment (FLIGHTCTL_OUTPUT_COLOR)")
    assert color("--color", "auto") == ("auto", "flag")


def test_the_short_variable_goes_before_the_long_one(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_CALLER_TIER", "subscriber")
    assert _value(flightctl("config", "get", "caller.tier", "--json"))[1] == "environment (FLIGHTCTL_CALLER_TIER)"
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    assert _value(flightctl("config", "get", "caller.tier", "--json")) == ("basic", "environment (FLIGHTCTL_TIER)")


def test_an_empty_variable_counts_as_not_set(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_TTL_DAYS", "")
    assert _value(flightctl("config", "get", "cache.ttl_days", "--json")) == ("30", "default")


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("cache.ttl_days", "7", "ttl_days = 7\n"),
        ("cache.ttl_days", "0.5", "ttl_days = 0.5\n"),
        ("cache.stale_if_error", "yes", "stale_if_error = true\n"),
        ("aviationstack.plan", "PAID", 'plan = "paid"\n'),
    ],
)
def test_set_get_and_unset(flightctl: Flightctl, file: Path, name: str, text: str, kept: str) -> None:
    assert flightctl("config", "set", name, text).code == 0
    assert kept in file.read_text()
    assert _value(flightctl("config", "get", name, "--json"))[1] == "config file"
    assert flightctl("config", "unset", name).code == 0
    assert _value(flightctl("config", "get", name, "--json"))[1] == "default"
    assert flightctl("config", "unset", name).code == 3


def test_set_leaves_other_settings_alone(flightctl: Flightctl, file: Path) -> None:
    _written(file, '[cache]\nttl_days = 7\n[output]\ncolor = "never"\n')
    flightctl("config", "set", "cache.enabled", "false")
    flightctl("config", "unset", "output.color")
    assert file.read_text().split() == ["[cache]", "ttl_days", "=", "7", "enabled", "=", "false"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cache.ttl_days", "0"),
        ("cache.ttl_days", "-1"),
        ("cache.ttl_days", "nan"),
        ("cache.ttl_days", "soon"),
        ("cache.enabled", "perhaps"),
        ("aviationstack.open_to", "nobody"),
        ("caller.role", "admin"),
    ],
)
def test_a_bad_value_is_refused_by_set_and_by_every_other_way_in(
    flightctl: Flightctl, file: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    assert flightctl("config", "set", "--", name, text).code == 10
    assert not file.exists()
    monkeypatch.setenv("FLIGHTCTL_" + name.upper().replace(".", "_"), text)
    done = flightctl("lookup", "NZ527", "--json") if name.startswith(("cache", "avi")) else flightctl("whoami")
    assert done.code == 10
    assert name in done.err


@pytest.mark.parametrize("command", [("get",), ("set",), ("unset",)])
def test_an_unknown_setting_is_a_usage_error_that_names_the_nearest(
    flightctl: Flightctl, file: Path, command: tuple[str, ...]
) -> None:
    value = ("1",) if command == ("set",) else ()
    done = flightctl("config", *command, "cache.ttl_day", *value, "--json")
    assert (done.code, done.json["error"]["hint"]) == (2, "did you mean cache.ttl_days?")


@pytest.mark.parametrize(
    "text",
    [
        "[cache\n",
        "ttl_days = 7\n",
        "[cache]\nttl_day = 7\n",
        "[budget]\nmonthly = 3\n",
        "[cache]\nttl_days = [7]\n",
        "\xff",
    ],
)
def test_a_config_file_that_cannot_be_used_is_a_configuration_error(
    flightctl: Flightctl, file: Path, database: Path, text: str
) -> None:
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.json["error"]["code"]) == (10, "configuration")
    assert str(file) in done.err


def test_path_says_where_things_are(flightctl: Flightctl, file: Path, database: Path) -> None:
    expected = {"schema": "flightctl.paths/1", "config": str(file), "database": str(database)}
    assert flightctl("config", "path", "--json").json == expected
    sandboxed = flightctl("--sandbox", "config", "path", "--json").json
    assert sandboxed["database"] == str(database.with_name("cache.sandbox.db"))


def test_without_settings_things_are_in_the_platforms_folders(flightctl: Flightctl, home: Path) -> None:
    paths = flightctl("config", "path", "--json").json
    assert all(Path(paths[name]).is_relative_to(home) for name in ("config", "database"))


# A key


def test_a_key_is_read_from_stdin_into_a_file_of_its_owner_alone(
    flightctl: Flightctl, file: Path, database: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    done = flightctl("config", "set", "aviationstack.key", stdin=KEY + "\n")
    assert (done.code, KEY in done.out + done.err) == (0, False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527").code == 0
    assert upstream.asked[0]["access_key"] == KEY


def test_a_key_is_never_an_argument(flightctl: Flightctl, file: Path) -> None:
    done = flightctl("config", "set", "aviationstack.key", KEY, "--json")
    assert (done.code, done.json["error"]["code"], KEY in done.out + done.err) == (2, "usage", False)
    assert not file.exists()


@pytest.mark.parametrize("command", [("show",), ("get", "aviationstack.key")])
@pytest.mark.parametrize("format", ["table", "json", "ndjson", "csv"])
def test_a_key_shows_only_as_set(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], format: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
    done = flightctl("config", *command, "--format", format)
    assert "(set)" in done.out
    assert KEY not in done.out + done.err
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    assert "(not set)" in flightctl("config", *command, "--format", format).out


@pytest.mark.parametrize("where", ["config file", "key file"])
def test_a_key_that_others_can_read_is_refused(
    flightctl: Flightctl,
    file: Path,
    database: Path,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    if where == "config file":
        _written(file, f'[aviationstack]\nkey = "{KEY}"\n', 0o644)
    else:
        _written(file.with_name("key"), KEY, 0o640)
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY_FILE", str(file.with_name("key")))
    done = flightctl("lookup", "NZ527")
    assert (done.code, KEY in done.out + done.err) == (10, False)
    assert "chmod 600" in done.err
    assert upstream.asked == []


def test_a_key_file_is_used_if_it_is_private(
    flightctl: Flightctl, file: Path, database: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    _written(file.with_name("key"), KEY + "\n")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY_FILE", str(file.with_name("key")))
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527").code == 0
    assert upstream.asked[0]["access_key"] == KEY


@pytest.mark.parametrize(
    "url", ["http://api.example.org/v1", "ftp://127.0.0.1/v1", "api.example.org", f"https://{KEY}@x"]
)
def test_a_url_that_would_show_the_key_is_refused(
    flightctl: Flightctl, database: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", url)
    done = flightctl("lookup", "NZ527")
    assert (done.code, KEY in done.out + done.err) == (10, False)


def test_a_bad_setting_does_not_matter_to_what_does_not_use_it(
    flightctl: Flightctl, database: Path, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", "nonsense")
    cached("NZ527")
    assert flightctl("lookup", "NZ527").code == 0
