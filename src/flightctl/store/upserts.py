"""Rows that somebody else may be writing at the same moment: put in their place, or left as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from flightctl.store.engine import on_postgresql


def put(session: Session, table: type[SQLModel] | Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, in the order of their keys, over those that are there with the same primary key."""
    inserted = insertion(session, table)
    of = _table(table)
    keys = [column.name for column in of.primary_key]
    others = {name: inserted.excluded[name] for name in rows[0] if name not in keys} if rows else {}
    if rows:
        statement = inserted.on_conflict_do_update(index_elements=keys, set_=others)
        session.connection().execute(statement, sorted(rows, key=lambda row: [row[key] for key in keys]))


def add_missing(session: Session, table: type[SQLModel] | Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows that are not there; what is there, by whichever unique key, stays."""
    if rows:
        session.connection().execute(insertion(session, table).on_conflict_do_nothing(), list(rows))


def insertion(session: Session, table: type[SQLModel] | Table) -> Any:
    """SQLAlchemy has ``ON CONFLICT`` in its dialects only; both engines mean the same by it."""
    return (postgresql if on_postgresql(session) else sqlite).insert(_table(table))


def _table(table: type[SQLModel] | Table) -> Table:
    found: Table = table if isinstance(table, Table) else table.__table__  # type: ignore[attr-defined]
    return found
