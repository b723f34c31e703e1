"""The tables of lists, their reverse index and shares, once for both engines (DESIGN section 6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text
from sqlmodel import SQLModel

from flightctl.store.models import NUMBER, UtcTimestamp


def _flight_id(**more: Any) -> Column[str]:
    # No cascade: a flight is never deleted while anybody lists it.
    return Column("flight_id", Text, ForeignKey("flights.flight_id"), nullable=False, **more)


def _text(name: str, **more: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **more)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, UtcTimestamp(), nullable=nullable)


USER_FLIGHTS = Table(
    "user_flights",
    SQLModel.metadata,
    _text("user_id", primary_key=True),
    _flight_id(primary_key=True),
    _text("kind", primary_key=True),
    _instant("added_at"),
    Column("seen_change", NUMBER, nullable=False),
    Column("snapshot", JSON(none_as_null=True), nullable=True),
    CheckConstraint("kind IN ('owned', 'shared')", name="user_flights_kind"),
    sqlite_with_rowid=False,
)
"""``user_flights``: what is in whose list.

``seen_change`` is the last change of the flight, by the number in ``flight_changes``, that its user was shown;
``snapshot`` the flight as it came with a share.
"""

FLIGHT_WATCHERS = Table(
    "flight_watchers",
    SQLModel.metadata,
    _flight_id(primary_key=True),
    _text("user_id", primary_key=True),
    sqlite_with_rowid=False,
)
"""``flight_watchers``: the reverse index, who must hear of a flight; a user once, in whichever way they list it."""

FLIGHT_WATCHER_COUNTS = Table(
    "flight_watcher_counts",
    SQLModel.metadata,
    _flight_id(primary_key=True),
    Column("users", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""``flight_watcher_counts``: how many users the index has for a flight, so that nobody has to count them."""

SHARES = Table(
    "shares",
    SQLModel.metadata,
    _text("share_id", primary_key=True),
    _text("sharer_id"),
    _flight_id(),
    _text("status"),
    _text("token_sha256"),
    Column("snapshot", JSON(none_as_null=True), nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("claimed_at", nullable=True),
    CheckConstraint("status IN ('pending', 'claimed', 'expired', 'revoked')", name="shares_status"),
    Index("shares_token_sha256", "token_sha256", unique=True),
    Index("shares_sharer_id", "sharer_id", "created_at"),
)
"""``shares``: what was shared, with the flight as it was then; of the secret only its SHA-256 is kept."""

SHARE_CLAIMS = Table(
    "share_claims",
    SQLModel.metadata,
    Column("share_id", Text, ForeignKey("shares.share_id", ondelete="CASCADE"), primary_key=True),
    _text("user_id"),
)
"""``share_claims``: who claimed a share; read by nobody but the claim itself."""

CLAIM_FAILURES = Table(
    "claim_failures",
    SQLModel.metadata,
    Column("id", NUMBER, primary_key=True),
    _text("user_id"),
    _instant("failed_at"),
    Index("claim_failures_user_id", "user_id", "failed_at"),
)
"""``claim_failures``: claims that were refused, so that nobody guesses without end."""
