"""Create, upgrade and downgrade the tables; loading of the reference data belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

from flightctl.errors import Corrupt, LocalFileError, Newer, RemoteOutdated, UsageError
from flightctl.store.local_engine import LocalFile
from flightctl.store.reference_data import load_reference_tables, outdated_tables
from flightctl.store.schema import HEAD, REVISIONS, WAIT_FOR_MIGRATION_S

_LONGEST_UPGRADE_S = 600.0


def upgrade(path: Path) -> str:
    """Bring the file to this program's version, creating it where there is none.

    One transaction: whoever comes second waits and finds it done; a kill leaves the file as it was.
    Returns the revision it had (empty for a new file). Raises LocalFileError.
    """
    _make_folder(path)
    if path.exists() and _is_current(path):
        return HEAD
    database = LocalFile(path, wait_s=WAIT_FOR_MIGRATION_S)
    try:
        with database.connection() as connection:
            before = checked_revision(connection, path)
            if before != HEAD:
                _alembic(connection, HEAD, before)
            load_reference_tables(connection)
        return before
    finally:
        database.close()


def _is_current(path: Path) -> bool:
    """Whether nothing is left to do; found out without the write lock, which a batch may be holding."""
    database = LocalFile(path)
    try:
        database.leave_wal()
        with database.reading() as session:
            connection = session.connection()
            return checked_revision(connection, path) == HEAD and not outdated_tables(connection)
    finally:
        database.close()


def downgrade(path: Path, revision: str) -> None:
    """Take the file back to an earlier revision (``base``: no tables). Raises UsageError, LocalFileError."""
    database = LocalFile(path, wait_s=WAIT_FOR_MIGRATION_S)
    try:
        with database.connection() as connection:
            before = checked_revision(connection, path)
            _check_downgrade(before, revision, str(path))
            _alembic(connection, revision, before)
    finally:
        database.close()


def _check_downgrade(before: str, revision: str, title: str) -> None:
    if revision != "base" and revision not in REVISIONS:
        raise UsageError(f"{revision} is no revision", hint="one of base, " + ", ".join(REVISIONS))
    if revision != "base" and before < revision:
        raise UsageError(f"{title} is at {before or 'no revision'}, which is before {revision}")


def checked_revision(connection: Connection, path: Path) -> str:
    """The file's revision; empty for a file without tables. Raises Newer or Corrupt."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise Corrupt(f"{path} is a database of another program")
        return ""
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
    if revision and revision not in REVISIONS:
        raise newer(path, revision)
    return str(revision)


def newer(path: Path, revision: str) -> Newer:
    """The refusal of a file that a later version has written."""
    return Newer(f"{path} is at revision {revision}, newer than this program ({HEAD})")


def upgrade_remote(url: str) -> str:
    """Make or upgrade roles, tables, policies and functions of the remote, as an admin; all of it or nothing.

    Returns the revision it had (empty for an empty database). Raises ConfigurationError, RemoteError, NotAllowed.
    """
    with _as_owner(url) as connection:
        before = remote_revision(connection)
        if before != HEAD:
            _alembic(connection, HEAD, before)
        load_reference_tables(connection)
        return before


def downgrade_remote(url: str, revision: str) -> str:
    """Take the remote back to an earlier revision; returns the one it had. Raises as ``upgrade_remote``, UsageError."""
    with _as_owner(url) as connection:
        before = remote_revision(connection)
        _check_downgrade(before, revision, "the remote")
        _alembic(connection, revision, before)
        return before


def remote_revision(connection: Connection) -> str:
    """The remote's revision; empty where it has no tables. Raises RemoteOutdated for one of a later program."""
    if connection.exec_driver_sql("SELECT to_regclass('public.alembic_version')").scalar() is None:
        return ""
    revision = str(connection.exec_driver_sql("SELECT version_num FROM public.alembic_version").scalar() or "")
    if revision and revision not in REVISIONS:
        hint = "upgrade this flightctl"
        raise RemoteOutdated(f"the remote is at revision {revision}, newer than this program ({HEAD})", hint=hint)
    return revision


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """A transaction of the tables' owner, one at a time; roles that are not there yet are made."""
    from flightctl.store.remote_engine import Remote

    remote = Remote(url, answer_within_s=_LONGEST_UPGRADE_S)
    try:
        with remote.connection() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("SELECT pg_advisory_xact_lock(hashtext('flightctl upgrade'))")
            driver.execute(_script("roles.sql"))
            driver.execute("SET LOCAL ROLE flightctl_owner; SET LOCAL search_path = public")
            yield connection
    finally:
        remote.close()


def _script(name: str) -> str:
    return files("flightctl.store.migrations").joinpath("sql", name).read_text(encoding="utf-8")


def _alembic(connection: Connection, revision: str, current: str) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("flightctl.store.migrations")) as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        going_up = revision != "base" and (not current or current < revision)
        (command.upgrade if going_up else command.downgrade)(config, revision)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "point FLIGHTCTL_DB at another place"
        raise LocalFileError(f"{path.parent} cannot be made: {error.strerror}", hint=hint) from None
