"""The tables of mirroring, once for both engines: the outbox, and how far mirroring has come."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, Text
from sqlmodel import SQLModel

from flightctl.store.models import NUMBER, UtcTimestamp

OUTBOX = Table(
    "outbox",
    SQLModel.metadata,
    Column("id", NUMBER, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("written_at", UtcTimestamp(), nullable=False),
    sqlite_autoincrement=True,
)
"""``outbox``: what has changed and is not mirrored yet, written by triggers; see ``domain.mirrored.Noted``."""

MIRROR_STATE = Table(
    "mirror_state",
    SQLModel.metadata,
    Column("only_row", Boolean, CheckConstraint("only_row"), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("expired_until", UtcTimestamp(), nullable=False),
)
"""``mirror_state``: whether changes are noted, the last version that was given, and which bucket holds everything."""
