"""Many values in one parameter of PostgreSQL: one parameter each is put together and read anew in every statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, ColumnElement, Text, any_, cast, literal
from sqlmodel import Session

from flightctl.store.engine import on_postgresql


def among(session: Session, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether the column has one of the values."""
    if on_postgresql(session):
        return column == any_(cast(literal(array_text(values), Text), ARRAY(Text)))
    return column.in_(values)


def array_text(values: Collection[object]) -> str:
    """An array as PostgreSQL reads it; the driver's own way takes ten times as long."""
    if values and None not in values:
        inside = '","'.join(map(str, values))
        # Nearly always there is nothing to be escaped: then the only quotes are those between the values.
        if "\\" not in inside and inside.count('"') == 2 * (len(values) - 1):
            return f'{{"{inside}"}}'
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
