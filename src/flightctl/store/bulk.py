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
"""All of a column together."""


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows, in their order."""
    dialect, names = connection.dialect, ", ".join(columns)
    values = _values(table, columns, rows, dialect)
    if values and dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", _rows(values))
    elif values:
        given = f"unnest({_arrays(table, columns, dialect)}) WITH ORDINALITY AS given ({names}, nth)"
        statement = f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {given} ORDER BY nth"
        connection.exec_driver_sql(statement, tuple(map(array_text, values)))


def update(
    connection: Connection, table: Table, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Set columns of rows that are there; each row ends with its key."""
    dialect, names = connection.dialect, (*columns, key)
    values = _values(table, names, rows, dialect)
    if values and dialect.name == "sqlite":
        to = ", ".join(f"{name} = ?" for name in columns)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {to} WHERE {key} = ?", _rows(values))
    elif values:
        to = ", ".join(f"{name} = given.{name}" for name in columns)
        given = f"unnest({_arrays(table, names, dialect)}) AS given ({', '.join(names)})"
        statement = f"UPDATE {table.name} SET {to} FROM {given} WHERE {table.name}.{key} = given.{key}"
        connection.exec_driver_sql(statement, tuple(map(array_text, values)))


def _rows(values: Values) -> list[tuple[Any, ...]]:
    return list(zip(*values, strict=True))


def _arrays(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    return ", ".join(f"%s::{table.c[name].type.compile(dialect)}[]" for name in columns)


def _values(table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect) -> Values:
    """The values by column, as the driver takes them; none where there are no rows."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return []
    return [
        [process(value) for value in values] if (process := _processor(table, name, dialect)) else values
        for name, values in zip(names, columns, strict=True)
    ]


def _processor(table: Table, name: str, dialect: Dialect) -> Callable[[Any], Any] | None:
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
