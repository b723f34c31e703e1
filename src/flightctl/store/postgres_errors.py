"""What PostgreSQL, or the way to it, can say, in our words."""

from __future__ import annotations

import re

import psycopg
from psycopg import errors as pg

from flightctl.errors import (
    FlightctlError,
    LoginRefused,
    NotAllowed,
    RemoteError,
    RemoteOutdated,
    RemoteTimedOut,
    RemoteUnreachable,
)

_LONGEST_CAUSE = 200
_NOT_OF_THE_LOGIN = re.compile(
    r"starting up|shutting down|recovery|accepting connections|too many|reserved|database .* does not exist"
)


def explained(error: psycopg.Error, title: str) -> FlightctlError:
    """The error to raise instead; ``title`` names the database for people."""
    cause = _cause(error)
    if isinstance(error, pg.InsufficientPrivilege):
        return NotAllowed(f"{title}: your login may not do this", hint=_WHO, cause=cause)
    if isinstance(error, pg.QueryCanceled | pg.LockNotAvailable | pg._WaitTimeout):
        return RemoteTimedOut(f"{title} gave no answer in time", cause=cause)
    if isinstance(error, pg.SerializationFailure | pg.DeadlockDetected):
        return RemoteError(f"{title}: others were writing the same", hint="try again", cause=cause)
    if isinstance(error, pg.UndefinedTable | pg.UndefinedColumn | pg.UndefinedFunction | pg.InvalidSchemaName):
        return RemoteOutdated(f"{title} has not the tables of this version", cause=cause)
    if isinstance(error, pg.OperationalError):
        return _no_connection(error, title, cause)
    return RemoteError(f"{title}: {type(error).__name__}", cause=cause)


def _no_connection(error: psycopg.Error, title: str, cause: str) -> FlightctlError:
    # A refused login has no code of its own here: libpq has only the server's words.
    if "FATAL" in cause and error.sqlstate is None and not _NOT_OF_THE_LOGIN.search(cause):
        return LoginRefused(f"{title} refused the login", cause=cause)
    if isinstance(error, pg.ConnectionTimeout):
        return RemoteTimedOut(f"{title}: no connection in time", cause=cause)
    return RemoteUnreachable(f"{title} cannot be reached", cause=cause)


def _cause(error: psycopg.Error) -> str:
    """Its first line; what follows may quote values."""
    lines = [line.strip() for line in str(error).splitlines() if "failed:" in line or "FATAL" in line]
    first = lines[-1] if lines else next(iter(str(error).splitlines()), type(error).__name__)
    return first[-_LONGEST_CAUSE:]


_WHO = "'flightctl whoami' shows who you are there; an admin can change it with 'flightctl db grant'"
