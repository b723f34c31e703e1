"""Flights that people keep: owned, or shared with them."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from flightctl.domain.flight import Flight
from flightctl.errors import BadUser

_USER = re.compile(r"[A-Za-z0-9_-]{1,63}")


class Kind(Enum):
    """How a flight came into a list."""

    OWNED = "owned"
    SHARED = "shared"


class Listed(NamedTuple):
    """A flight in somebody's list."""

    flight: Flight
    kind: Kind
    added_at: datetime
    changed: tuple[str, ...] = ()
    """Names of the fields that changed since its user was last shown them."""


def list_user(user: str) -> str:
    """The user, as a list's owner. Raises BadUser where the name does not fit everywhere that it has to."""
    if not _USER.fullmatch(user):
        raise BadUser(
            f"{ascii(user)[:70]} cannot own a list: 1 to 63 letters, digits, _ or - are needed",
            hint="choose a name with FLIGHTCTL_USER, or 'flightctl config set caller.user'",
        )
    return user


def in_order(listed: list[Listed], now: datetime) -> list[Listed]:
    """The next departure first; what has left comes after, the latest first."""

    def key(one: Listed) -> tuple[bool, float, str, str]:
        departs = one.flight.expected_departure
        away = (departs - now).total_seconds()
        return away < 0, abs(away), one.flight.flight_id, one.kind.value

    return sorted(listed, key=key)
