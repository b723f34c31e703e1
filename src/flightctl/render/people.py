"""Logins of the remote: ``flightctl.users/1``."""

from __future__ import annotations

from collections.abc import Iterable

from flightctl.domain.person import Person
from flightctl.render.plain import ListView
from flightctl.render.times import utc_text_or_none

_COLUMNS = ("user", "tier", "role", "granted_by", "granted_at")


def people_view(people: Iterable[Person]) -> ListView:
    """One line a login."""
    items = [
        {
            "user": one.user,
            "tier": one.tier.value,
            "role": one.role.name.lower(),
            "granted_by": one.granted_by or None,
            "granted_at": utc_text_or_none(one.granted_at),
        }
        for one in people
    ]
    return ListView("flightctl.users/1", "users", _COLUMNS, items)
