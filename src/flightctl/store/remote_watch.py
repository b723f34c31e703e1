"""Noticing that the remote has changed: LISTEN on a connection of its own, and a look now and then.

A notification says only that there is something new. It may be missed, as while the line was down; so what is new is
found out by reading, and is looked for now and then without any. Behind a pooler nothing is listened to: it would be
left on a connection that others get.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import URL

from flightctl.store.remote_engine import CONNECT_WITHIN_S, remote_address

CHANNEL = "flightctl"
_LOOK_EVERY_S = 5.0
_CONNECT_EVERY_S = 10.0
_NEVER_AGAIN = float("inf")


class RemoteWatch:
    """Stands for ``store.file_watch.FileWatch`` where the facts are in the remote."""

    file = 1
    """There is but one."""

    def __init__(self, url: str) -> None:
        self._address = remote_address(url)
        self._connection: psycopg.Connection[Any] | None = None
        self._tried_at = self._looked_at = float("-inf")

    def has_changed(self) -> bool:
        """Whether something may have been committed since the last call; also at first, and after a reconnect."""
        heard, now = self._heard(), monotonic()
        if not heard and now - self._looked_at < _LOOK_EVERY_S:
            return False
        self._looked_at = now
        return True

    def look_again(self) -> None:
        """What was read is not all yet: the next call says that there may be more."""
        self._looked_at = float("-inf")

    def notice(self) -> str:
        """Nothing: what is not told of is seen by looking, soon enough."""
        return ""

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _heard(self) -> bool:
        try:
            if self._connection is None:
                return self._listens()
            return sum(1 for _ in self._connection.notifies(timeout=0)) > 0
        except psycopg.Error:
            self.close()
            return False

    def _listens(self) -> bool:
        """Try to listen, not too often; whether it is so now, and what was missed has to be read."""
        if monotonic() - self._tried_at < _CONNECT_EVERY_S:
            return False
        self._tried_at = monotonic()
        self._connection = psycopg.connect(_conninfo(self._address), autocommit=True, connect_timeout=CONNECT_WITHIN_S)
        if _is_pooled(self._connection):
            self.close()
            self._tried_at = _NEVER_AGAIN
            return False
        self._connection.execute(f"LISTEN {CHANNEL}")
        return True


def _is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether who answers is another process than the one that the line was opened to."""
    answering = connection.execute("SELECT pg_backend_pid()").fetchone()
    return answering != (connection.info.backend_pid,)


def _conninfo(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)
