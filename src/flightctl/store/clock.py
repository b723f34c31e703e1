"""The database's own clock, for what has to be judged alike by everybody who uses it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from flightctl.store.models import from_sqlite_text


def database_now(session: Session) -> datetime:
    """Now, by the database."""
    if session.get_bind().dialect.name == "sqlite":
        told: str = session.execute(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")).scalar_one()
        return from_sqlite_text(told)
    now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now.astimezone(UTC)
