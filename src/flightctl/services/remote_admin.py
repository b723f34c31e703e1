"""The remote, looked after by an admin: its tables, who is let in, and what holds for everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flightctl.domain.caller import Role, Tier
from flightctl.domain.person import Person
from flightctl.errors import ConfigurationError, UsageError
from flightctl.services.billed_accounts import AEROAPI, AVIATIONSTACK
from flightctl.settings import DEFAULT, Settings
from flightctl.store import migrate, people
from flightctl.store.remote_engine import remote_address, title_of
from flightctl.store.schema import HEAD

_USER = re.compile(r"[A-Za-z0-9_-]{1,63}")
_TERMS = ("open_to", "monthly_budget", "cycle_start_day")
_OURS = ("flightctl_owner", "flightctl_user", "flightctl_staff", "flightctl_service")


def upgraded(url: str, settings: Settings) -> dict[str, Any]:
    """Make or upgrade roles, tables and policies; budgets and who may spend become those of the admin's own settings,
    where they are set. Raises ConfigurationError, RemoteError, NotAllowed.
    """
    before = migrate.upgrade_remote(url)
    with people.as_admin(url) as connection:
        for provider in (AVIATIONSTACK, AEROAPI):
            open_to, cap, day = (_set(settings, f"{provider}.{name}") for name in _TERMS)
            people.set_terms(connection, provider, open_to, cap, day)
        claims = _set(settings, "sharing.max_failed_claims")
        if claims is not None:
            people.set_most_failed_claims(connection, int(claims))
    return {"database": _title(url), "revision_before": before or None, "revision": HEAD}


def downgraded(url: str, revision: str) -> dict[str, Any]:
    """Take the remote back. Raises UsageError, and as ``upgraded``."""
    before = migrate.downgrade_remote(url, revision)
    return {"database": _title(url), "revision_before": before or None, "revision": revision}


def granted(url: str, user: str, tier: Tier, role: Role) -> Person:
    """Let a login in, made where there is none. Raises UsageError, and as ``upgraded``."""
    checked = _checked(user)
    with people.as_admin(url) as connection:
        people.grant(connection, checked, tier, role)
        return next(one for one in people.people(connection) if one.user == checked)


def revoked(url: str, user: str) -> list[Person]:
    """Let a login in no more; who is left. Raises UsageError, NotFound, and as ``upgraded``."""
    with people.as_admin(url) as connection:
        people.revoke(connection, _checked(user))
        return people.people(connection)


def users(url: str) -> Sequence[Person]:
    """Everybody who is let in. Raises as ``upgraded``."""
    with people.as_admin(url) as connection:
        return people.people(connection)


def admin_url(given: str, settings: Settings) -> str:
    """The address to use: the option, or that of the remote. Raises ConfigurationError where there is neither."""
    url: str = given or settings["remote.url"]
    if not url:
        hint = "such as --url postgresql://admin@db.example/flightctl; the password is better kept in ~/.pgpass"
        raise ConfigurationError("no remote is configured", hint=hint)
    return url


def _title(url: str) -> str:
    return title_of(remote_address(url))


def _checked(user: str) -> str:
    if not _USER.fullmatch(user) or user in _OURS:
        hint = "up to 63 letters, digits, hyphens and underscores: it becomes a database login"
        raise UsageError(f"{ascii(user)[:80]} cannot be a login", hint=hint)
    return user


def _set(settings: Settings, name: str) -> Any:
    """The value where somebody has set it; nothing where it is the default, which may not be what was agreed."""
    value = settings.value(name)
    if value.origin == DEFAULT:
        return None
    parsed = value.parsed()
    return "unlimited" if parsed is None else getattr(parsed, "value", parsed)
