"""The engine over the remote: PostgreSQL through psycopg, where nothing is waited for without an end.

A transaction that writes is READ COMMITTED, and locks the rows that its decision rests on; one that reads sees one
state. No session setting and no prepared statement outlives a transaction, so a transaction pooler may stand between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import configure_mappers

from flightctl.errors import ConfigurationError, FlightctlError, RemoteTimedOut
from flightctl.store.engine import Database
from flightctl.store.postgres_errors import explained

CONNECT_WITHIN_S = 3
ANSWER_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.1
_LEFT_ALONE_S = 5.0


class Remote(Database):
    """Transactions over one PostgreSQL database.

    Raises ConfigurationError for an address that is none.
    """

    def __init__(self, url: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        address = remote_address(url)
        self.title = title_of(address)
        self._silent: RemoteTimedOut | None = None
        self._silent_at = 0.0
        one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        super().__init__(_postgresql_engine(address, answer_within_s), reads=one_state, writes={})

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what psycopg raises inside into a RemoteError, or NotAllowed where the database refuses.

        Who was silent is not waited for again at once: what is to be told it after a failure would take as long.
        """
        if self._silent is not None and monotonic() - self._silent_at < _LEFT_ALONE_S:
            raise self._silent
        try:
            yield
        except psycopg.Error as error:
            raise self._noted(explained(error, self.title)) from None
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.Error) and not isinstance(error.orig, psycopg.IntegrityError):
                raise self._noted(explained(error.orig, self.title)) from None
            raise

    def _noted(self, error: FlightctlError) -> FlightctlError:
        if isinstance(error, RemoteTimedOut):
            self._silent, self._silent_at = error, monotonic()
        return error


def remote_address(url: str) -> URL:
    """The address as the driver takes it. Raises ConfigurationError, which shows nothing of it: it may hold a
    password.
    """
    hint = "such as postgresql://alice@db.example/flightctl; the password is better kept in ~/.pgpass"
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError("remote.url is no address of a database", hint=hint) from None
    if address.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigurationError("remote.url is no address of a PostgreSQL database", hint=hint)
    return address.set(drivername="postgresql+psycopg")


def title_of(address: URL) -> str:
    """What the database is called where people see it: host and name, never a password."""
    host = address.host or address.query.get("host") or "localhost"
    return f"{address.database or address.username or ''} at {host if isinstance(host, str) else host[0]}"


def _postgresql_engine(address: URL, answer_within_s: float) -> Engine:
    configure_mappers()
    engine = create_engine(
        address,
        connect_args={"connect_timeout": CONNECT_WITHIN_S, "prepare_threshold": None},
        hide_parameters=True,
        use_native_hstore=False,
    )

    def connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        connection = _Connection.connect(*arguments, **options)
        connection.answer_within_s = answer_within_s
        return connection

    event.listen(engine, "do_connect", connect)
    return engine


class _Connection(psycopg.Connection[Any]):
    """Gives up a server that does not answer; its own time limits do not help where the network has stopped."""

    answer_within_s = ANSWER_WITHIN_S

    def wait(self, gen: PQGen[Any], interval: float = _LOOK_EVERY_S, timeout: float | None = None) -> Any:
        """As psycopg's, with an end."""
        try:
            return super().wait(gen, interval, self.answer_within_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
                # Nobody knows what comes next on this line.
                self.close()
            raise
