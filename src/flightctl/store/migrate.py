"""Create, upgrade and downgrade the tables; loading of the reference data belongs to it."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy import Connection, inspect

from flightctl.errors import Corrupt, LocalFileError, Newer, UsageError
from flightctl.store.engine import Database
from flightctl.store.reference_data import load_reference_tables, outdated_tables
from flightctl.store.schema import HEAD, REVISIONS, WAIT_FOR_MIGRATION_S


def upgrade(path: Path) -> str:
    """Bring the file to this program's version, creating it where there is none.

    One transaction: whoever comes second waits and finds it done; a kill leaves the file as it was.
    Returns the revision it had (empty for a new file). Raises LocalFileError.
    """
    _make_folder(path)
    if path.exists() and _is_current(path):
        return HEAD
    database = Database(path, wait_s=WAIT_FOR_MIGRATION_S)
    try:
        with database.connection() as connection:
            before = checked_revision(connection, path)
            if before != HEAD:
                _alembic(connection, HEAD)
            load_reference_tables(connection)
        return before
    finally:
        database.close()


def _is_current(path: Path) -> bool:
    """Whether nothing is left to do; found out without the write lock, which a batch may be holding."""
    database = Database(path)
    try:
        database.leave_wal()
        with database.reading() as session:
            connection = session.connection()
            return checked_revision(connection, path) == HEAD and not outdated_tables(connection)
    finally:
        database.close()


def downgrade(path: Path, revision: str) -> None:
    """Take the file back to an earlier revision (``base``: no tables). Raises UsageError, LocalFileError."""
    if revision != "base" and revision not in REVISIONS:
        raise UsageError(f"{revision} is no revision", hint="one of base, " + ", ".join(REVISIONS))
    database = Database(path, wait_s=WAIT_FOR_MIGRATION_S)
    try:
        with database.connection() as connection:
            before = checked_revision(connection, path)
            if revision != "base" and before < revision:
                raise UsageError(f"{path} is at {before or 'no revision'}, which is before {revision}")
            _alembic(connection, revision)
    finally:
        database.close()


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


def _alembic(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("flightctl.store.migrations")) as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        current = checked_revision(connection, Path())
        going_up = revision != "base" and (not current or current < revision)
        (command.upgrade if going_up else command.downgrade)(config, revision)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "point FLIGHTCTL_DB at another place"
        raise LocalFileError(f"{path.parent} cannot be made: {error.strerror}", hint=hint) from None
