"""Where a key comes from, who may read it, and that no message ever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import hypothesis
import keyring.core
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from flightctl.errors import ConfigurationError, FlightctlError, NoKey
from flightctl.keys import nats_credentials, nats_url, provider_key
from flightctl.settings import Settings, load
from running import Flightctl

KEY, OTHER_KEY = "e3b0c44298fc1c149afbf4c8996fb924", "27ae41e4649b934ca495991b7852b855"
KEY_VARIABLE, FILE_VARIABLE = "FLIGHTCTL_AVIATIONSTACK_KEY", "FLIGHTCTL_AVIATIONSTACK_KEY_FILE"

Put = Callable[..., Path]


class Keyring(KeyringBackend):
    """A keyring in memory, chosen by ``PYTHON_KEYRING_BACKEND``."""

    priority: ClassVar[float] = 1
    held: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


class LockedKeyring(Keyring):
    """A keyring that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"{service}/{username}")


class BrokenKeyring(Keyring):
    """A keyring with a fault of its own."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("no bus")


class UnsuitableKeyring(Keyring):
    """A keyring that does not work on this machine."""

    @property
    def priority(self) -> float:  # type: ignore[override]  # as backends say so
        raise RuntimeError("not on this platform")


@pytest.fixture
def use_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Select a backend as a user does; keyring keeps it for the process, so it is chosen anew afterwards."""

    def use(name: str) -> None:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
        monkeypatch.setattr(keyring.core, "_keyring_backend", None)

    yield use
    Keyring.held.clear()


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Put a file down."""

    def write(text: str, mode: int = 0o600, name: str = "key") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def key(**environ: str) -> str:
    return provider_key(load(environ), "aviationstack")


def refusal(settings: Settings) -> FlightctlError:
    with pytest.raises(FlightctlError) as refused:
        provider_key(settings, "aviationstack")
    return refused.value


def shows_no_key(error: FlightctlError, secret: str = KEY) -> bool:
    told = f"{error.message} {error.hint} {error.cause} {error!r} {error.__cause__} {error.__suppress_context__}"
    return not any(secret[i : i + 6] in told for i in range(len(secret) - 5))


def config(key: str = KEY, **more: str) -> str:
    return "\n".join(["[aviationstack]", f'key = "{key}"', *(f'{name} = "{text}"' for name, text in more.items())])


def test_the_environment_gives_the_key() -> None:
    assert key(**{KEY_VARIABLE: KEY}) == KEY


def test_white_space_around_a_key_is_not_part_of_it(put: Put) -> None:
    assert key(**{KEY_VARIABLE: f" {KEY}\n"}) == KEY
    assert key(**{FILE_VARIABLE: str(put(f"\n{KEY}\r\n"))}) == KEY


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_gives_the_key(put: Put, mode: int) -> None:
    assert key(**{FILE_VARIABLE: str(put(KEY, mode))}) == KEY


def test_the_key_file_may_be_given_from_the_home(home: Path) -> None:
    path = home / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    assert key(**{FILE_VARIABLE: "~/key"}) == KEY


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666, 0o610])
def test_a_key_file_that_others_can_read_is_refused(put: Put, mode: int) -> None:
    path = put(KEY, mode)
    error = refusal(load({FILE_VARIABLE: str(path)}))
    assert error.message == f"{path} holds a key and others can read it"
    assert (error.exit_code, error.hint) == (10, f"chmod 600 {path}")


def test_a_link_to_a_file_that_others_can_read_is_refused(put: Put, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(put(KEY, 0o644))
    assert "others can read it" in refusal(load({FILE_VARIABLE: str(link)})).message


@pytest.mark.parametrize("name", ["absent", "absent/key"])
def test_a_key_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    error = refusal(load({FILE_VARIABLE: str(tmp_path / name)}))
    assert error.message == f"aviationstack.key_file: {tmp_path / name} cannot be read"
    assert (error.exit_code, error.cause) == (10, "FileNotFoundError")


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    assert refusal(load({FILE_VARIABLE: str(folder)})).message.endswith("cannot be read")


def test_a_private_config_file_gives_the_key(put: Put) -> None:
    assert key(FLIGHTCTL_CONFIG=str(put(config()))) == KEY


def test_a_config_file_with_a_key_that_others_can_read_is_refused(put: Put) -> None:
    path = put(config(), 0o644)
    error = refusal(load({"FLIGHTCTL_CONFIG": str(path)}))
    assert (error.message, error.exit_code) == (f"{path} holds a key and others can read it", 10)


def test_others_may_read_a_config_file_whose_key_does_not_hold(put: Put) -> None:
    path = put(config(), 0o644)
    assert key(FLIGHTCTL_CONFIG=str(path), **{KEY_VARIABLE: OTHER_KEY}) == OTHER_KEY


def test_others_may_read_a_config_file_that_only_says_where_the_key_is(put: Put) -> None:
    path = put(f'[aviationstack]\nkey_file = "{put(KEY)}"', 0o644, "config.toml")
    assert key(FLIGHTCTL_CONFIG=str(path)) == KEY


def test_the_environments_key_goes_before_its_key_file(put: Put) -> None:
    assert key(**{KEY_VARIABLE: KEY, FILE_VARIABLE: str(put(OTHER_KEY))}) == KEY


def test_the_environments_key_file_goes_before_the_config_files_key(put: Put) -> None:
    path = put(config(OTHER_KEY), name="config.toml")
    assert key(FLIGHTCTL_CONFIG=str(path), **{FILE_VARIABLE: str(put(KEY))}) == KEY


def test_the_config_files_key_goes_before_its_key_file(put: Put) -> None:
    path = put(config(KEY, key_file=str(put(OTHER_KEY))), name="config.toml")
    assert key(FLIGHTCTL_CONFIG=str(path)) == KEY


def test_an_empty_variable_gives_way_to_the_config_file(put: Put) -> None:
    assert key(FLIGHTCTL_CONFIG=str(put(config())), **{KEY_VARIABLE: "", FILE_VARIABLE: ""}) == KEY


def test_the_keyring_gives_the_key_where_nothing_else_does(use_keyring: Callable[[str], None], put: Put) -> None:
    use_keyring(f"{__name__}.Keyring")
    keyring.set_password("flightctl", "aviationstack.key", KEY)
    assert key() == KEY
    assert key(**{KEY_VARIABLE: OTHER_KEY}) == OTHER_KEY
    assert key(**{FILE_VARIABLE: str(put(OTHER_KEY))}) == OTHER_KEY


def test_the_keyring_holds_one_key_for_each_provider(use_keyring: Callable[[str], None]) -> None:
    use_keyring(f"{__name__}.Keyring")
    keyring.set_password("flightctl", "aeroapi.key", OTHER_KEY)
    keyring.set_password("another", "aviationstack.key", OTHER_KEY)
    assert isinstance(refusal(Settings({})), NoKey)


@pytest.mark.parametrize(
    "backend",
    [
        f"{__name__}.Keyring",
        f"{__name__}.LockedKeyring",
        f"{__name__}.BrokenKeyring",
        f"{__name__}.UnsuitableKeyring",
        f"{__name__}.NoSuchKeyring",
        "no_such_module.Keyring",
        "nonsense",
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
    ],
)
def test_an_empty_locked_or_broken_keyring_is_no_key(use_keyring: Callable[[str], None], backend: str) -> None:
    use_keyring(backend)
    assert isinstance(refusal(Settings({})), NoKey)


def test_no_key_at_all_says_how_to_set_one() -> None:
    error = refusal(Settings({}))
    assert (error.exit_code, error.message) == (10, "no key for aviationstack is configured")
    assert KEY_VARIABLE in error.hint
    assert "config set aviationstack.key" in error.hint
    assert "--sandbox" in error.hint


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_a_key_file_with_nothing_in_it_is_no_key(put: Put, text: str) -> None:
    assert isinstance(refusal(load({FILE_VARIABLE: str(put(text))})), NoKey)


ODD_KEYS = {
    "a space": f"{KEY[:10]} {KEY[10:]}",
    "two lines": f"{KEY}\n{KEY}",
    "a tab": f"{KEY}\t{KEY}",
    "an escape": f"\x1b[31m{KEY}",
    "beyond ASCII": f"{KEY}é",
    "a byte order mark": f"\N{ZERO WIDTH NO-BREAK SPACE}{KEY}",
    "a header": f"{KEY}\r\nX-Evil: 1",
}


@pytest.mark.parametrize("odd", ODD_KEYS.values(), ids=ODD_KEYS)
def test_what_no_key_looks_like_is_refused_without_showing_it(put: Put, odd: str) -> None:
    for settings in (Settings({KEY_VARIABLE: odd}), load({FILE_VARIABLE: str(put(odd))})):
        error = refusal(settings)
        assert (error.exit_code, error.message) == (10, "the key for aviationstack has characters that no key has")
        assert shows_no_key(error)


@hypothesis.settings(deadline=None)
@given(st.text(st.characters(min_codepoint=33), min_size=6).map(lambda text: f"{text} {KEY}"))
def test_no_message_shows_any_part_of_a_key(odd: str) -> None:
    assert shows_no_key(refusal(Settings({KEY_VARIABLE: odd})))


def test_no_refusal_of_a_file_shows_what_is_in_it(put: Put, tmp_path: Path) -> None:
    open_file, unreadable = put(KEY, 0o644), tmp_path / "bytes"
    unreadable.write_bytes(KEY.encode() + b"\xff")
    unreadable.chmod(0o600)
    for path in (open_file, unreadable):
        assert shows_no_key(refusal(load({FILE_VARIABLE: str(path)})))


@pytest.mark.parametrize(
    "text",
    [
        f"[aviationstack]\nkey = {KEY}\n",
        f'[aviationstack]\nkey = "{KEY}\n',
        f"[aviationstack]\nkey = '{KEY}' '{KEY}'\n",
        f'[aviationstack]\nkey = "{KEY}\\q"\n',
        f'[aviationstack]\nkey = "{KEY}"\nkey = "{KEY}"\n',
        f"[aviationstack]\nkey {KEY}\n",
        f'[aviationstack]\nkey = ["{KEY}", \n',
    ],
)
def test_a_config_file_that_is_no_toml_is_refused_without_showing_the_key(put: Put, text: str) -> None:
    path = put(text)
    with pytest.raises(ConfigurationError) as refused:
        load({"FLIGHTCTL_CONFIG": str(path)})
    assert shows_no_key(refused.value)


@pytest.mark.parametrize("value", [f'["{KEY}"]', f'{{secret = "{KEY}"}}'])
def test_a_key_of_a_wrong_kind_is_refused_without_showing_it(put: Put, value: str) -> None:
    path = put(f"[aviationstack]\nkey = {value}\n")
    with pytest.raises(ConfigurationError, match=r"aviationstack\.key is neither text") as refused:
        load({"FLIGHTCTL_CONFIG": str(path)})
    assert shows_no_key(refused.value)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("arguments", [["lookup", "NZ527"], ["config", "show"], ["config", "get", "aviationstack.key"]])
def test_no_command_shows_a_key(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY + " ")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", "http://127.0.0.1:9/v1")
    result = flightctl("--verbose", *arguments)
    assert not any(KEY[i : i + 6] in result.out + result.err for i in range(len(KEY) - 5))


@pytest.mark.parametrize("url", ["tls://mirror:hunter2@nats.example", "tls://hunter2@nats.example"])
def test_the_address_of_nats_in_a_file_that_others_can_read_is_refused_when_it_holds_a_secret(
    tmp_path: Path, url: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[nats]\nurl = "{url}"\n')
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others can read") as refused:
        nats_url(load({"FLIGHTCTL_CONFIG": str(path)}))
    assert "hunter2" not in refused.value.message + refused.value.hint
    path.chmod(0o600)
    assert nats_url(load({"FLIGHTCTL_CONFIG": str(path)})) == url


def test_an_address_of_nats_that_holds_no_secret_may_be_read_by_all(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[nats]\nurl = "tls://nats.example"\n')
    path.chmod(0o644)
    assert nats_url(load({"FLIGHTCTL_CONFIG": str(path)})) == "tls://nats.example"


def test_credentials_of_nats_that_others_can_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mirror.creds"
    path.write_text("-----BEGIN NATS USER JWT-----")
    settings = Settings({"FLIGHTCTL_NATS_CREDS_FILE": str(path)})
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="others can read"):
        nats_credentials(settings)
    path.chmod(0o600)
    assert nats_credentials(settings) == str(path)


def test_credentials_of_nats_that_are_not_there_are_told_of(tmp_path: Path) -> None:
    assert nats_credentials(Settings({})) == ""
    with pytest.raises(ConfigurationError, match=r"nats\.creds_file"):
        nats_credentials(Settings({"FLIGHTCTL_NATS_CREDS_FILE": str(tmp_path / "none")}))
