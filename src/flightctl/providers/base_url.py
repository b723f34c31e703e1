"""Where a provider may be: https anywhere, plain http on the loopback only (DESIGN section 4)."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from flightctl.domain.hosts import as_address, is_loopback
from flightctl.errors import ConfigurationError

_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9_][a-z0-9_-]{0,62}\.?")


def check_base_url(url: str, setting_name: str) -> str:
    """Return ``url`` without a trailing slash, scheme and host in lower case.

    Raises ConfigurationError, which names the setting and never repeats the value: a key may have been
    pasted into it.
    """
    parts = _split(url, setting_name)
    host = _host(parts, setting_name)
    if parts.scheme not in ("https", "http"):
        _refuse(setting_name, "must start with https://")
    if parts.scheme == "http" and not is_loopback(host):
        _refuse(setting_name, "must be https; plain http is for loopback addresses only")
    return f"{parts.scheme}://{_authority(parts, host, setting_name)}{parts.path.rstrip('/')}"


def _split(url: str, setting_name: str) -> SplitResult:
    # Characters that parsers disagree on could send the key to another host than the one checked here.
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        _refuse(setting_name, "holds a character that no URL has")
    if "?" in url or "#" in url:
        _refuse(setting_name, "must not have a query or a fragment")
    try:
        return urlsplit(url)
    except ValueError:
        _refuse(setting_name, "is no URL")


def _host(parts: SplitResult, setting_name: str) -> str:
    if "@" in parts.netloc:
        _refuse(setting_name, "must not have a user name or password")
    host = parts.hostname or ""
    if not host:
        _refuse(setting_name, "names no host")
    if not (_HOST_NAME.fullmatch(host) or (":" in host and as_address(host))):
        _refuse(setting_name, "names a host that cannot be")
    return host


def _authority(parts: SplitResult, host: str, setting_name: str) -> str:
    try:
        port = parts.port
    except ValueError:
        _refuse(setting_name, "has a port that cannot be")
    shown_host = f"[{host}]" if ":" in host else host
    return shown_host if port is None else f"{shown_host}:{port}"


def _refuse(setting_name: str, fault: str) -> NoReturn:
    raise ConfigurationError(f"{setting_name} {fault}", hint=f"set {setting_name} to the provider's base URL")
