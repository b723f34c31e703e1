"""Column shapes that both engines share, as revisions need them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from flightctl.store.models import UtcTimestamp

_SQLITE_NOW = "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
# A random UUID, version 4, in the 36-character form; SQLite has no function for it.
_SQLITE_UUID = (
    "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || "
    "substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))"
)


def text_column(name: str, **more: Any) -> sa.Column[Any]:
    """Text that is never null, unless said so."""
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})


def instant(name: str, **more: Any) -> sa.Column[Any]:
    """An instant that is never null, unless said so."""
    return sa.Column(name, UtcTimestamp(), **{"nullable": False, **more})


def instant_now(name: str) -> sa.Column[Any]:
    """An instant that defaults to now."""
    return instant(name, server_default=sa.text(_SQLITE_NOW if _on_sqlite() else "now()"))


def uuid_key(name: str) -> sa.Column[Any]:
    """A primary key that the database makes."""
    if _on_sqlite():
        return sa.Column(name, sa.Text(), primary_key=True, nullable=False, server_default=sa.text(_SQLITE_UUID))
    return sa.Column(name, sa.Uuid(), primary_key=True, server_default=sa.text("gen_random_uuid()"))


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
