"""Many rows at once, by the driver itself: to hand it hundreds of rows takes SQLAlchemy longer than to write them.

SQLite runs a prepared statement for each row. PostgreSQL takes the rows as one array a column, since to plan a
statement for each row, with its policies, would take it longer than to write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from flightctl.store.arrays import array_text

Columns = Sequence[Sequence[Any]]
"""Values, all of a column together."""


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows, in their order."""
    names = ", ".join(columns)
    given = f"unnest({_arrays(table, columns, connection.dialect)}) WITH ORDINALITY AS given ({names}, nth)"
    _execute(
        connection,
        f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})",
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {given} ORDER BY nth",
        _columns(table, columns, rows, connection.dialect),
    )


def update(
    connection: Connection, table: Table, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Set columns of rows that are there; each row ends with its key."""
    all_columns = (*columns, key)
    given = f"unnest({_arrays(table, all_columns, connection.dialect)}) AS given ({', '.join(all_columns)})"
    _execute(
        connection,
        f"UPDATE {table.name} SET {', '.join(f'{name} = ?' for name in columns)} WHERE {key} = ?",
        f"UPDATE {table.name} SET {', '.join(f'{name} = given.{name}' for name in columns)} FROM {given} "
        f"WHERE {table.name}.{key} = given.{key}",
        _columns(table, all_columns, rows, connection.dialect),
    )


def _execute(connection: Connection, of_sqlite: str, of_postgresql: str, columns: Columns) -> None:
    if not columns:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(of_sqlite, list(zip(*columns, strict=True)))
    else:
        connection.exec_driver_sql(of_postgresql, tuple(map(array_text, columns)))


def _arrays(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    return ", ".join(f"%s::{table.c[name].type.compile(dialect)}[]" for name in columns)


def _columns(table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect) -> Columns:
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
