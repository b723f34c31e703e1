"""Where the bucket is and how it is to be kept."""

from __future__ import annotations

from typing import NamedTuple, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from flightctl.domain.hosts import is_loopback
from flightctl.errors import ConfigurationError

_HINT = "such as tls://nats.example:4222, several with commas between; nats:// is for loopback addresses only"
_PORT = 4222


class BucketTerms(NamedTuple):
    """What the settings ``nats.*`` say."""

    url: str
    """One address or several, with commas between."""
    name: str
    replicas: int = 1
    history: int = 1
    storage: str = "file"
    """``file`` or ``memory``."""
    credentials: str = ""
    """Path of a credentials file; empty: what the address says."""
    api: str = "$JS.API"
    """What the requests to JetStream begin with; another one in an account that imports them."""

    @property
    def stream(self) -> str:
        """What the bucket is called among the streams."""
        return f"KV_{self.name}"

    def subject(self, key: str) -> str:
        """Where a key's values are published."""
        return f"$KV.{self.name}.{key}"

    def key(self, subject: str) -> str:
        """The key whose values are published there."""
        return subject.removeprefix(f"$KV.{self.name}.")


class Address(NamedTuple):
    """One server; its name is never shown with what it is entered with."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def url(self) -> str:
        """For the client, which is given user and password apart."""
        return f"{self.scheme}://{self.title}"

    @property
    def title(self) -> str:
        """For people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def addresses(url: str) -> list[Address]:
    """The servers. Raises ConfigurationError, which shows nothing of the text: it may hold a password."""
    found = [_address(part.strip()) for part in url.split(",") if part.strip()]
    if not found:
        _refuse("is not set")
    return found


def title(url: str) -> str:
    """What the servers are called where people see it."""
    return ", ".join(address.title for address in addresses(url))


def _address(text: str) -> Address:
    # Characters that parsers disagree on could send the password to another host than the one checked here.
    if not (text.isascii() and text.isprintable()) or " " in text or "\\" in text:
        _refuse("holds a character that no address has")
    parts, port = _parts(text)
    host = parts.hostname or ""
    if parts.scheme not in ("nats", "tls"):
        _refuse("must start with tls://")
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        _refuse("is no address of a server")
    if parts.scheme == "nats" and not is_loopback(host):
        _refuse("must be tls://; nats:// is for loopback addresses only")
    user = unquote(parts.username or "")
    if parts.password is None:
        return Address(parts.scheme, host, port, token=user)
    return Address(parts.scheme, host, port, user, unquote(parts.password))


def _parts(text: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(text)
        return parts, parts.port or _PORT
    except ValueError:
        _refuse("is no address of a server")


def _refuse(fault: str) -> NoReturn:
    raise ConfigurationError(f"nats.url {fault}", hint=_HINT)
