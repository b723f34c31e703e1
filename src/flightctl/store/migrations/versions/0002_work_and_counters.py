"""Remembered absences, leases, counters and the record of paid calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, number_key, text_column

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what keeps calls few and counted."""
    op.create_table(
        "absences",
        text_column("cache_key", primary_key=True),
        text_column("provider"),
        instant("learned_at"),
        instant("expires_at"),
    )
    op.create_table(
        "leases",
        text_column("key", primary_key=True),
        text_column("holder"),
        sa.Column("fence", sa.Integer(), nullable=False),
        instant("expires_at"),
    )
    op.create_table(
        "lookup_counts",
        text_column("hour"),
        text_column("bucket"),
        text_column("source"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "bucket", "source"),
    )
    op.create_table(
        "upstream_calls",
        number_key("id"),
        text_column("provider"),
        text_column("cache_key"),
        instant("called_at"),
        text_column("result"),
        sqlite_autoincrement=True,
    )
    op.create_index("upstream_calls_called_at", "upstream_calls", ["called_at"])


def downgrade() -> None:
    """The cache itself stays; what was counted is gone."""
    for table in ("upstream_calls", "lookup_counts", "leases", "absences"):
        op.drop_table(table)
