"""Who asks, where a remote decides it; the environment can lower what the database allows, and never raise it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flightctl.domain.caller import Caller, Role, Tier
from flightctl.errors import LoginRefused, NotAllowed
from flightctl.settings import DEFAULT, Settings
from flightctl.store.engine import Database
from flightctl.store.identity import Identity, identity

_CLOSE_ENOUGH = timedelta(seconds=1)


def read_identity(database: Database) -> tuple[Identity, timedelta]:
    """Who the login is, and how far the database's clock is ahead of this machine's; nothing where they agree.

    Raises RemoteError, NotAllowed.
    """
    try:
        with database.reading() as session:
            known = identity(session)
    except LoginRefused:
        raise
    except NotAllowed as error:
        hint = "an admin lets a login in with 'flightctl db grant USER --tier basic --role user'"
        raise NotAllowed("the remote has no account for this login", hint=hint, cause=error.cause) from None
    ahead = known.moment - datetime.now(UTC)
    return known, ahead if abs(ahead) > _CLOSE_ENOUGH else timedelta()


def caller_of(known: Identity, settings: Settings, title: str) -> Caller:
    """The caller, lowered where the environment or the settings say so. Raises ConfigurationError."""
    tier, role = settings.value("caller.tier"), settings.value("caller.role")
    lower_tier = tier.origin != DEFAULT and Tier(tier.parsed()) is Tier.BASIC and known.tier is not Tier.BASIC
    asked = Role[role.parsed().upper()]
    lower_role = role.origin != DEFAULT and asked < known.role
    lowered = [value.origin for value, is_lower in ((tier, lower_tier), (role, lower_role)) if is_lower]
    return Caller(
        known.user,
        Tier.BASIC if lower_tier else known.tier,
        asked if lower_role else known.role,
        "; ".join([f"database {title}", *dict.fromkeys(lowered)]),
    )
