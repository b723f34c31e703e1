"""Where secrets come from: environment, a private file, the config file or the keyring."""

from __future__ import annotations

from pathlib import Path

from flightctl.errors import ConfigurationError, NoKey
from flightctl.settings import CONFIG_FILE, DEFAULT, Settings, is_private


def provider_key(settings: Settings, provider: str) -> str:
    """The key of this provider.

    Raises NoKey where none is configured and ConfigurationError for one that others can read or that is
    malformed. No message holds any part of the key.
    """
    direct, in_file = settings.value(f"{provider}.key"), settings.value(f"{provider}.key_file")
    # The stronger origin decides between the two ways to give a key; on a tie, the key itself.
    if direct.origin in (DEFAULT, CONFIG_FILE) and in_file.origin not in (DEFAULT, CONFIG_FILE):
        return _from_file(Path(in_file.text).expanduser(), provider)
    if direct.text:
        return _checked(_from_setting(settings, direct.text, direct.origin), provider)
    if in_file.text:
        return _from_file(Path(in_file.text).expanduser(), provider)
    return _checked(_from_keyring(provider), provider)


def remote_url(settings: Settings) -> str:
    """Where the remote is; it may hold a password. Raises ConfigurationError for one that others can read."""
    value = settings.value("remote.url")
    if value.origin == CONFIG_FILE and "@" in value.text and ":" in value.text.partition("@")[0].partition("//")[2]:
        _must_be_private(settings.file, "password")
    return value.text


def nats_url(settings: Settings) -> str:
    """Where NATS is; it may hold a password or a token. Raises ConfigurationError for one that others can read."""
    value = settings.value("nats.url")
    if value.origin == CONFIG_FILE and "@" in value.text:
        _must_be_private(settings.file, "password")
    return value.text


def nats_credentials(settings: Settings) -> str:
    """Path of the NATS credentials file; empty for none. Raises ConfigurationError for one that others can read."""
    text = settings.value("nats.creds_file").text
    if not text:
        return ""
    path = Path(text).expanduser()
    try:
        _must_be_private(path)
    except OSError as error:
        raise ConfigurationError(f"nats.creds_file: {path} cannot be read", cause=type(error).__name__) from None
    return str(path)


def _from_setting(settings: Settings, key: str, origin: str) -> str:
    if origin == CONFIG_FILE:
        _must_be_private(settings.file)
    return key


def _from_file(path: Path, provider: str) -> str:
    try:
        _must_be_private(path)
        return _checked(path.read_text(encoding="utf-8"), provider)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{provider}.key_file: {path} cannot be read", cause=type(error).__name__) from None


def _must_be_private(path: Path, what: str = "key") -> None:
    if not is_private(path):
        raise ConfigurationError(f"{path} holds a {what} and others can read it", hint=f"chmod 600 {path}")


def _from_keyring(provider: str) -> str:
    """The keyring's entry; empty where no keyring is installed or it has none."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return ""
    try:
        return keyring.get_password("flightctl", f"{provider}.key") or ""
    # Beyond its own errors: the backend that PYTHON_KEYRING_BACKEND names may be absent, or fail in its own way.
    except (keyring.errors.KeyringError, ImportError, AttributeError, ValueError, OSError, RuntimeError):
        return ""


def _checked(key: str, provider: str) -> str:
    key = key.strip()
    if not key:
        variable = f"FLIGHTCTL_{provider.upper()}_KEY"
        raise NoKey(
            f"no key for {provider} is configured",
            hint=f"set {variable}, or type it into 'flightctl config set {provider}.key'; "
            "'flightctl --sandbox lookup NZ527' needs none",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(f"the key for {provider} has characters that no key has")
    return key
