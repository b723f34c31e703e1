"""Logins of the remote: what admins give and take. Each is a PostgreSQL role of its own, in one of three groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from flightctl.domain.caller import Role, Tier
from flightctl.domain.person import Person
from flightctl.errors import NotFound
from flightctl.store.remote_engine import Remote

_GROUPS = {role: f"flightctl_{role.name.lower()}" for role in Role}
_LIMITS = {"statement_timeout": "10s", "lock_timeout": "9s", "idle_in_transaction_session_timeout": "60s"}
"""Set for each login, since a group's are not inherited: nobody holds up others for long without meaning to."""


def grant(connection: Connection, user: str, tier: Tier, role: Role) -> bool:
    """Let a login in with this tier and role, whatever it had; whether the login had to be made."""
    driver: Any = connection.connection.driver_connection
    is_new = not connection.execute(_IS_LOGIN, {"user": user}).scalar()
    name = sql.Identifier(user)
    if is_new:
        driver.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    for other, group in _GROUPS.items():
        if other is not role:
            driver.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), name))
    driver.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(_GROUPS[role]), name))
    for setting, limit in _LIMITS.items():
        driver.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.SQL(setting), sql.Literal(limit)))
    with _as_owner(connection):
        connection.execute(_PUT_ACCOUNT, {"user": user, "tier": tier.value})
    return is_new


def revoke(connection: Connection, user: str) -> None:
    """Let a login in no more; it keeps what it stored, and can still log in to the server. Raises NotFound."""
    if not connection.execute(_IS_LOGIN, {"user": user}).scalar():
        raise NotFound(f"{user}: no such login", hint="'flightctl db users' lists them")
    driver: Any = connection.connection.driver_connection
    for group in _GROUPS.values():
        driver.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), sql.Identifier(user)))
    with _as_owner(connection):
        connection.execute(text("DELETE FROM public.account WHERE user_name = :user"), {"user": user})


def people(connection: Connection) -> list[Person]:
    """Everybody whom a group lets in, by name; who has no account of their own is basic."""
    return [
        Person(
            row.user_name,
            Tier(row.tier),
            Role[row.role.upper()],
            row.granted_by or "",
            row.granted_at.astimezone(UTC) if row.granted_at else None,
        )
        for row in connection.execute(_PEOPLE)
    ]


def set_terms(
    connection: Connection, provider: str, open_to: str | None, cap: int | str | None, start_day: int | None
) -> None:
    """Who may make a provider's paid calls, how many in a cycle there may be, or ``unlimited``, and the day on which it
    turns; none: as it is.
    """
    with _as_owner(connection):
        if start_day is not None:
            connection.execute(_START_DAY, {"provider": provider, "day": start_day})
        if open_to is not None:
            connection.execute(_OPEN_TO, {"provider": provider, "open_to": open_to})
        if cap is not None:
            connection.execute(_CAP, {"provider": provider, "cap": None if cap == "unlimited" else cap})


def set_most_failed_claims(connection: Connection, most: int) -> None:
    """How many refused claims an hour a user may have."""
    with _as_owner(connection):
        connection.execute(text("UPDATE public.sharing_terms SET max_failed_claims = :most"), {"most": most})


@contextmanager
def as_admin(url: str) -> Iterator[Connection]:
    """One transaction of the admin with this address. Raises ConfigurationError, RemoteError, NotAllowed."""
    remote = Remote(url)
    try:
        with remote.connection() as connection:
            yield connection
    finally:
        remote.close()


@contextmanager
def _as_owner(connection: Connection) -> Iterator[None]:
    connection.execute(text("SET LOCAL ROLE flightctl_owner"))
    yield
    connection.execute(text("RESET ROLE"))


_IS_LOGIN = text("SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = :user")
_PUT_ACCOUNT = text(
    "INSERT INTO public.account (user_name, tier, granted_by) VALUES (:user, :tier, session_user) "
    "ON CONFLICT (user_name) DO UPDATE SET tier = excluded.tier, granted_by = excluded.granted_by, granted_at = now()"
)
_PEOPLE = text(
    "SELECT login.rolname AS user_name, coalesce(known.tier, 'basic') AS tier, known.granted_by, known.granted_at, "
    "CASE WHEN pg_has_role(login.oid, 'flightctl_service', 'USAGE') THEN 'service' "
    "WHEN pg_has_role(login.oid, 'flightctl_staff', 'USAGE') THEN 'staff' ELSE 'user' END AS role "
    "FROM pg_catalog.pg_roles AS login LEFT JOIN public.account AS known ON known.user_name = login.rolname "
    "WHERE login.rolcanlogin AND NOT login.rolsuper AND pg_has_role(login.oid, 'flightctl_user', 'USAGE') ORDER BY 1"
)
_OPEN_TO = text("UPDATE public.provider_terms SET open_to = :open_to WHERE provider = :provider")
_START_DAY = text("UPDATE public.provider_terms SET cycle_start_day = :day WHERE provider = :provider")
_CAP = text("UPDATE public.provider_terms SET cap = :cap WHERE provider = :provider")
