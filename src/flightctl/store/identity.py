"""Who the remote says the caller is; nothing on this side can say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from flightctl.domain.billing import Terms
from flightctl.domain.caller import Role, Tier
from flightctl.errors import RemoteOutdated
from flightctl.store.schema import HEAD, REVISIONS


class Identity(NamedTuple):
    """A login, as the database knows it."""

    user: str
    tier: Tier
    role: Role
    moment: datetime
    """When it said so, by its own clock."""
    terms: Mapping[str, Terms]
    """What admins have decided for everybody, by provider."""


def identity(session: Session) -> Identity:
    """Who the session's login is. Raises NotAllowed for a login without any group, RemoteOutdated where the tables are
    of another version.
    """
    row = session.execute(_WHO).one()
    if row.revision != HEAD:
        known = row.revision in REVISIONS
        hint = "" if known else "upgrade this flightctl"
        raise RemoteOutdated(f"the remote is at revision {row.revision}, this program at {HEAD}", hint=hint)
    terms = {term.provider: Terms(term.cap, term.cycle_start_day) for term in session.execute(_TERMS)}
    return Identity(row.user_name, Tier(row.tier), Role[row.role.upper()], row.moment.astimezone(UTC), terms)


_TERMS = text("SELECT provider, cap, cycle_start_day FROM public.provider_terms")
_WHO = text("SELECT me.*, (SELECT version_num FROM public.alembic_version) AS revision FROM flightctl.me() AS me")
