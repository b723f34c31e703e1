"""Instants as they are shown."""

from __future__ import annotations

from datetime import datetime


def utc_text(instant: datetime) -> str:
    """``2026-11-20T10:00:00Z`` for an instant in UTC."""
    # In two parts, which have no offset to write and cut off again: thousands of answers have two instants each.
    return f"{instant.date().isoformat()}T{instant.time().isoformat('seconds')}Z"


def utc_text_or_none(instant: datetime | None) -> str | None:
    """The same, or none."""
    return utc_text(instant) if instant is not None else None


def short_utc(instant: datetime) -> str:
    """``2026-11-20 10:00`` for tables, whose header says UTC."""
    return f"{instant:%Y-%m-%d %H:%M}"
