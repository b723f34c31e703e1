"""Somebody whom the remote lets in."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flightctl.domain.caller import Role, Tier


class Person(NamedTuple):
    """A login, and what an admin gave it."""

    user: str
    tier: Tier
    role: Role
    granted_by: str
    """Empty for a login that is in a group without an account."""
    granted_at: datetime | None
