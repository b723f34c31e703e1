"""Column shapes that both engines share, as revisions need them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op

from flightctl.store.models import NUMBER, UtcTimestamp

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
    return instant(name, server_default=sa.text(_SQLITE_NOW if on_sqlite() else "now()"))


def uuid_key(name: str) -> sa.Column[Any]:
    """A primary key that the database makes."""
    if on_sqlite():
        return sa.Column(name, sa.Text(), primary_key=True, nullable=False, server_default=sa.text(_SQLITE_UUID))
    return sa.Column(name, sa.Uuid(), primary_key=True, server_default=sa.text("gen_random_uuid()"))


def number_key(name: str) -> sa.Column[Any]:
    """A primary key that counts."""
    return sa.Column(name, NUMBER, primary_key=True)


def run_sql(name: str) -> None:
    """Run a file of statements, for what is PostgreSQL's alone."""
    _run(_script(name))


def restore_functions(name: str, *functions: str, before: str = "", after: str = "") -> None:
    """Make functions what an earlier revision's file says, but for a part of each that is ``after`` in place of
    ``before``.
    """
    made = re.findall(r"^CREATE (FUNCTION flightctl\.(\w+)\(.*?^\$\$;)", _script(name), re.MULTILINE | re.DOTALL)
    for text, function in made:
        if function in functions:
            if before not in text:
                raise ValueError(f"{function} has no part {before!r}")
            _run(f"CREATE OR REPLACE {text.replace(before, after)}" if before else f"CREATE OR REPLACE {text}")


def _script(name: str) -> str:
    return files("flightctl.store.migrations").joinpath("sql", name).read_text(encoding="utf-8")


def _run(script: str) -> None:
    # By the driver: text with a percent sign or a colon is nobody's parameter.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(script)


def on_sqlite() -> bool:
    """Whether the local file is being made."""
    return op.get_bind().dialect.name == "sqlite"
