"""The local database file, looked after: each action ends with what the file is now."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from flightctl.store import files, migrate, outbox
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from flightctl.store.schema import HEAD

Facts = dict[str, Any]
"""Names and values of ``flightctl.db/1``."""


def status_facts(path: Path, *, with_pending: bool = True) -> Facts:
    """What the file is now; ``with_pending`` is for staff. Raises NotFound, LocalFileError."""
    status = files.status(path, with_pending=with_pending)
    return {
        "path": str(status.path),
        "revision": status.revision or None,
        "program_revision": HEAD,
        "size_bytes": status.size_bytes,
        "intact": status.intact,
        "journal_mode": status.journal_mode,
        "sqlite_version": status.sqlite_version,
        "rows": status.rows,
    }


def remote_facts(remote: Database, local: Database, title: str) -> Facts:
    """What the remote is for this caller, and how far the local tier is behind it. Raises StoreError, NotAllowed."""
    from flightctl.store import identity, remote_status

    with remote.reading() as session:
        known, rows = identity.identity(session), remote_status.rows(session)
    with local.reading() as session:
        lag = remote_status.lag(session)
    return {
        "remote": title,
        "remote_user": known.user,
        "remote_revision": HEAD,
        "remote_rows": rows,
        "local_copies": lag.copies,
        "oldest_check": lag.oldest_check.strftime("%Y-%m-%dT%H:%M:%SZ") if lag.oldest_check else None,
        "unreported_lookups": lag.unreported_lookups,
    }


def upgraded(path: Path) -> Facts:
    """Bring the file to this program's version. Raises LocalFileError."""
    migrate.upgrade(path)
    return status_facts(path)


def downgraded(path: Path, revision: str) -> Facts:
    """Take the file back. Raises UsageError, NotFound, LocalFileError."""
    files.status(path)
    migrate.downgrade(path, revision)
    return status_facts(path)


def backed_up(path: Path, to: Path) -> Facts:
    """Copy the file; what is shown is the copy. Raises NotFound, LocalFileError."""
    files.backup(path, to)
    return status_facts(to)


def restored(path: Path, copy: Path) -> Facts:
    """Put a copy in the file's place, upgraded where it is older. Raises NotFound, LocalFileError."""
    files.restore(path, copy)
    facts = upgraded(path)
    with closing(LocalFile(path)) as database, database.writing() as session:
        # What was mirrored since the copy was made is not what this file says: a mirror writes everything anew.
        outbox.is_complete(session, "")
    return facts


def removed(path: Path) -> bool:
    """Delete the file and its journal, if it is there. Raises LocalFileError."""
    return files.remove(path)
