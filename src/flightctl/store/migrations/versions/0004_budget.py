"""Budgets, holds and the breaker of provider accounts; what a refresh in bulk learns; the history of look-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, number_key, text_column

revision = "0004"
down_revision = "0003"

_CALL_COLUMNS = ("account", "cause", "units", "cost_micros", "ended_at")


def upgrade() -> None:
    """Create what keeps the bill small."""
    _create_accounts()
    _create_feeds()
    op.create_table(
        "lookup_history",
        number_key("id"),
        text_column("cache_key"),
        sa.Column("asked_at_s", sa.BigInteger(), nullable=False),
        text_column("kind"),
    )
    for column in (
        text_column("account", server_default=""),
        text_column("cause", server_default=""),
        sa.Column("units", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False, server_default="0"),
        instant("ended_at", nullable=True),
    ):
        op.add_column("upstream_calls", column)


def _create_accounts() -> None:
    op.create_table(
        "budget_cycles",
        text_column("provider"),
        text_column("account"),
        text_column("cycle_start"),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "account", "cycle_start"),
    )
    op.create_table(
        "provider_accounts",
        text_column("provider"),
        text_column("account"),
        text_column("hold", server_default=""),
        instant("not_before", nullable=True),
        instant("next_probe_at", nullable=True),
        instant("closed_at", nullable=True),
        instant("pages_refused_at", nullable=True),
        sa.PrimaryKeyConstraint("provider", "account"),
    )
    op.create_table("freezes", text_column("scope", primary_key=True), instant("frozen_at"), text_column("frozen_by"))


def _create_feeds() -> None:
    op.create_table(
        "feeds",
        text_column("provider"),
        text_column("filter"),
        sa.Column("total", sa.Integer(), nullable=False),
        instant("learned_at"),
        sa.PrimaryKeyConstraint("provider", "filter"),
    )
    op.create_table(
        "feed_pages",
        text_column("provider"),
        text_column("filter"),
        sa.Column("row_offset", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        instant("read_at"),
        sa.PrimaryKeyConstraint("provider", "filter", "row_offset"),
    )


def downgrade() -> None:
    """The cache itself stays; budgets used so far are forgotten."""
    for column in _CALL_COLUMNS:
        op.drop_column("upstream_calls", column)
    for table in ("lookup_history", "feed_pages", "feeds", "freezes", "provider_accounts", "budget_cycles"):
        op.drop_table(table)
