"""The shared key space: which key says what (DESIGN section 6).

A dot divides a key into tokens, ``*`` and ``>`` are wildcards: none of them ever comes from data, so that whatever a
user or a provider writes stays within one token, and reaches nobody else's keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from flightctl.domain.listing import Kind

HEARTBEAT_KEY = "mirror.heartbeat"
"""Written every few seconds by a mirror that is alive; no user's."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_FLIGHT_ID_TOKENS = 5


def list_key(user: str, kind: Kind, flight_id: str) -> str:
    """A flight in somebody's list."""
    return f"users.{token(user)}.flights.{kind.value}.{_flight(flight_id)}"


def master_key(flight_id: str) -> str:
    """The one stored flight."""
    return f"flights.master.{_flight(flight_id)}"


def index_key(flight_id: str, part: int = 1) -> str:
    """Who must hear of a flight; what one array does not hold goes on in part 2, 3, ..."""
    first = f"index.flight.{_flight(flight_id)}.users"
    return first if part == 1 else f"{first}.{part}"


def pending_share_key(share_id: str) -> str:
    """A share that nobody has claimed yet."""
    return f"shares.pending.{token(share_id)}"


def sent_share_key(user: str, share_id: str) -> str:
    """What a sharer keeps of a share."""
    return f"users.{token(user)}.shares.sent.{token(share_id)}"


def user_keys(user: str) -> str:
    """Matches every key of this user's and no other."""
    return f"users.{token(user)}.>"


def listed_keys(user: str) -> str:
    """Matches the flights in this user's lists, and nothing else."""
    return f"users.{token(user)}.flights.>"


def token(text: str) -> str:
    """Any text as one token, no two alike: what is not plain is ``=`` and the hex of its UTF-8."""
    if _PLAIN.fullmatch(text):
        return text
    return "=" + text.encode("utf-8", "surrogatepass").hex()


@lru_cache(maxsize=10_000)
def _flight(flight_id: str) -> str:
    """An id keeps its five tokens; what is no id is one token, which no id is."""
    tokens = flight_id.split(".")
    if len(tokens) == _FLIGHT_ID_TOKENS and all(tokens):
        return ".".join(map(token, tokens))
    return token(flight_id)


def flight_named(tokens: Sequence[str]) -> str:
    """The flight id that these tokens of a key stand for."""
    return ".".join(text_of(one) for one in tokens)


def text_of(written: str) -> str:
    """The text that a token stands for; a token that stands for none is taken as it is."""
    if not written.startswith("="):
        return written
    try:
        return bytes.fromhex(written[1:]).decode("utf-8", "surrogatepass")
    except ValueError:
        return written
