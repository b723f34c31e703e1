"""Calls of the remote's functions, which decide for the login where a right is more than "which rows"."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlmodel import Session


def call(session: Session, function: str, *values: object) -> list[Row[Any]]:
    """The rows that a function of schema ``flightctl`` returns; one with one column where it returns a value."""
    bound = {f"v{number}": value for number, value in enumerate(values)}
    return list(session.execute(_statement(function, len(values)), bound).all())


def told(session: Session, function: str, *values: object) -> Any:
    """The one value that a function returns."""
    return call(session, function, *values)[0][0]


@cache
def _statement(function: str, values: int) -> TextClause:
    marks = ", ".join(f":v{number}" for number in range(values))
    return text(f"SELECT * FROM flightctl.{function}({marks})")
