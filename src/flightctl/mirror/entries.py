"""What stands in the bucket, and what is written into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

VERSION = "Flightctl-Version"
"""The header that says which version of a key's state a value, or a deletion, is."""
OPERATION = "KV-Operation"
_DELETIONS = frozenset({"DEL", "PURGE"})
_NO_HEADERS: Mapping[str, str] = {}


class Held(NamedTuple):
    """What the bucket has of a key: 0 and 0 where it never had anything."""

    revision: int
    """For compare and set."""
    version: int
    """Ours, of a value or a deletion; 0 where somebody else wrote it."""
    is_there: bool = False
    """Whether there is a value, and none that was deleted."""


class Write(NamedTuple):
    """A key's new state, to be written if the key is still at ``revision``."""

    key: str
    version: int
    revision: int
    value: bytes = b""
    is_deletion: bool = False
    headers: Mapping[str, str] = _NO_HEADERS
    """Beside those that every write has."""


class Stored(NamedTuple):
    """The last message of a key."""

    key: str
    revision: int
    version: int
    value: bytes
    is_deleted: bool


def is_deletion(headers: Mapping[str, str]) -> bool:
    """Whether a message with these headers says that the key is gone."""
    return headers.get(OPERATION) in _DELETIONS or "Nats-Marker-Reason" in headers


def version(headers: Mapping[str, str]) -> int:
    """Which version a message with these headers is; 0 for one that is not ours."""
    text = headers.get(VERSION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
