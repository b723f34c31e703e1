"""Lists of flights, who must hear of a flight, and shares."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, number_key, text_column
from flightctl.store.models import NUMBER

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of lists and shares."""
    op.create_table(
        "user_flights",
        text_column("user_id"),
        _flight_id(),
        text_column("kind"),
        instant("added_at"),
        sa.Column("seen_change", NUMBER, nullable=False),
        sa.Column("snapshot", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "flight_id", "kind"),
        sa.CheckConstraint("kind IN ('owned', 'shared')", name="user_flights_kind"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "flight_watchers",
        _flight_id(),
        text_column("user_id"),
        sa.PrimaryKeyConstraint("flight_id", "user_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "flight_watcher_counts",
        _flight_id(),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("flight_id"),
        sqlite_with_rowid=False,
    )
    _create_shares()
    op.create_table(
        "claim_failures",
        number_key("id"),
        text_column("user_id"),
        instant("failed_at"),
    )
    op.create_index("claim_failures_user_id", "claim_failures", ["user_id", "failed_at"])


def downgrade() -> None:
    """Take lists and shares back; the flights stay."""
    for table in (
        "claim_failures",
        "share_claims",
        "shares",
        "flight_watcher_counts",
        "flight_watchers",
        "user_flights",
    ):
        op.drop_table(table)


def _create_shares() -> None:
    op.create_table(
        "shares",
        text_column("share_id", primary_key=True),
        text_column("sharer_id"),
        _flight_id(),
        text_column("status"),
        text_column("token_sha256"),
        sa.Column("snapshot", sa.JSON(none_as_null=True), nullable=False),
        instant("created_at"),
        instant("expires_at"),
        instant("claimed_at", nullable=True),
        sa.CheckConstraint("status IN ('pending', 'claimed', 'expired', 'revoked')", name="shares_status"),
    )
    op.create_index("shares_token_sha256", "shares", ["token_sha256"], unique=True)
    op.create_index("shares_sharer_id", "shares", ["sharer_id", "created_at"])
    op.create_table(
        "share_claims",
        sa.Column("share_id", sa.Text(), sa.ForeignKey("shares.share_id", ondelete="CASCADE"), primary_key=True),
        text_column("user_id"),
    )


def _flight_id() -> sa.Column[str]:
    return sa.Column("flight_id", sa.Text(), sa.ForeignKey("flights.flight_id"), nullable=False)
