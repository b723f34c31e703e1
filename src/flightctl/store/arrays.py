"""Many values in one parameter of PostgreSQL: one parameter each is put together and read anew in every statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, ColumnElement, Text, any_, cast, literal
from sqlmodel import Session

from flightctl.store.engine import on_postgresql


def among(session: Session, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether the column has one of the values."""
    if on_postgresql(session):
        return column == any_(cast(literal(array_text(values), Text), ARRAY(Text)))
    return column.in_(values)


def array_text(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it; the driver's own way takes ten times as long."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
