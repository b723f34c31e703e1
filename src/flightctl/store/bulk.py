"""Many rows at once, by the driver itself: to hand it hundreds of rows takes SQLAlchemy longer than to write them.

SQLite runs a prepared statement for each row. PostgreSQL takes the rows as one array a column, since to plan a
statement for each row, with its policies, would take it longer than to write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from flightctl.store.arrays import array_text

Values = Sequence[Sequence[Any]]
"""Rows, as the driver takes them."""


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows, in their order."""
    dialect, names = connection.dialect, ", ".join(columns)
    values = _processed(table, columns, rows, dialect)
    if not values:
        return
    if dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)
        return
    given = f"unnest({_arrays(table, columns, dialect)}) WITH ORDINALITY AS given ({names}, nth)"
    statement = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {given} ORDER BY nth"
    connection.exec_driver_sql(statement, _by_column(values))


def update(
    connection: Connection, table: Table, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Set columns of rows that are there; each row ends with its key."""
    dialect = connection.dialect
    values = _processed(table, (*columns, key), rows, dialect)
    if dialect.name == "sqlite":
        to = ", ".join(f"{name} = ?" for name in columns)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {to} WHERE {key} = ?", values)
        return
    to = ", ".join(f"{name} = given.{name}" for name in columns)
    given = f"unnest({_arrays(table, (*columns, key), dialect)}) AS given ({', '.join((*columns, key))})"
    statement = f"UPDATE {table.name} SET {to} FROM {given} WHERE {table.name}.{key} = given.{key}"
    connection.exec_driver_sql(statement, _by_column(values))


def _arrays(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    return ", ".join(f"%s::{table.c[name].type.compile(dialect)}[]" for name in columns)


def _by_column(values: Values) -> tuple[str, ...]:
    return tuple(map(array_text, zip(*values, strict=True)))


def _processed(
    table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect
) -> list[tuple[Any, ...]]:
    processors: list[Callable[[Any], Any] | None] = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns
    ]
    return [
        tuple(process(value) if process else value for process, value in zip(processors, row, strict=True))
        for row in rows
    ]
