"""Row-level security of the remote, tried with one's own login: each trial does what must not work, and is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from flightctl.domain.caller import Role


class Trial(NamedTuple):
    """Something that this login must not be able to do."""

    what: str
    statement: str
    """A query that counts what must not be seen, or a statement that must be refused."""
    is_count: bool = False
    allowed_from: Role | None = None
    """The role from which on one may do so; none where nobody may."""


_PROPOSAL = "SELECT proposal_id FROM flightctl.propose_route('ZZ9999', 'ZZ', 'AKL', 'CHC', '', false, now())"
_COUNT = "SELECT count(*) FROM public"
_TRIALS = (
    Trial("read a pending route", f"{_COUNT}.aviationstack_cache WHERE status = 'pending'", True, Role.STAFF),
    Trial("read another's proposal", f"{_COUNT}.proposals WHERE proposed_by <> session_user", True, Role.STAFF),
    Trial(
        "read a hidden flight",
        f"{_COUNT}.flights WHERE review <> 'confirmed' AND added_by <> session_user",
        True,
        Role.STAFF,
    ),
    Trial("read another's list", f"{_COUNT}.user_flights WHERE user_id <> session_user", True),
    Trial("read another's share", f"{_COUNT}.shares WHERE sharer_id <> session_user", True),
    Trial("read who claimed", f"{_COUNT}.share_claims"),
    Trial("raise a tier", "UPDATE public.account SET tier = 'subscriber'"),
    Trial("write the cache", "UPDATE public.aviationstack_cache SET arrival_iata = 'XXX'", allowed_from=Role.STAFF),
    Trial("write the budget", "UPDATE public.budget_cycles SET used = 0"),
    Trial("put a flight into a list", "INSERT INTO public.user_flights SELECT * FROM public.user_flights"),
    Trial("become the owner", "SET LOCAL ROLE flightctl_owner"),
    Trial("empty a table", "TRUNCATE public.freezes"),
)


def tried(session: Session, role: Role) -> Iterator[tuple[str, bool]]:
    """What was tried, and whether it was kept from happening; the session is to be rolled back afterwards.

    Something to see is made first where the login may make it: an empty table would hide nothing from anybody.
    """
    if role < Role.STAFF:
        session.execute(text(_PROPOSAL))
    for trial in _TRIALS:
        if trial.allowed_from is None or role < trial.allowed_from:
            yield trial.what, _is_refused(session, trial)


def _is_refused(session: Session, trial: Trial) -> bool:
    try:
        with session.begin_nested():
            found = session.execute(text(trial.statement))
            return trial.is_count and found.scalar_one() == 0
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            return True
        raise


def unforced(session: Session) -> list[str]:
    """Tables of which the catalogue says that their policies do not hold for everybody."""
    return list(session.scalars(_UNFORCED))


_UNFORCED = text(
    "SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
    "AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY 1"
)
