"""What a shared database needs: who holds a lease and who paid; on PostgreSQL roles, row-level security and functions;
in the local file, which entries are copies.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, on_sqlite, run_sql, text_column

revision = "0007"
down_revision = "0006"

_REMOTE_TABLES = ("counter_batches", "turns", "contributions", "sharing_terms", "provider_terms", "account")


def upgrade() -> None:
    """Tell apart who shares a database, and let each do no more than they may."""
    op.add_column("leases", text_column("held_by", server_default=""))
    op.add_column("upstream_calls", text_column("paid_by", server_default=""))
    if on_sqlite():
        _create_local_tables()
        return
    # Not in the order of numbers: who catches up reads on from the last transaction that was over.
    op.execute("ALTER TABLE flight_changes ADD COLUMN written_in xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.create_index("flight_changes_written_in", "flight_changes", ["written_in"])
    for part in ("tables", "functions", "rights"):
        run_sql(f"0007_{part}.sql")


def _create_local_tables() -> None:
    op.create_table("remote_copies", text_column("cache_key", primary_key=True), instant("checked_at"))
    op.create_table(
        "unreported_counts",
        text_column("hour"),
        text_column("bucket"),
        text_column("source"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "bucket", "source"),
    )
    op.create_table("count_batches", text_column("batch_id", primary_key=True), text_column("counts"))


def downgrade() -> None:
    """Who shared the database is shut out of it; what they stored stays."""
    if on_sqlite():
        for table in ("count_batches", "unreported_counts", "remote_copies"):
            op.drop_table(table)
    else:
        run_sql("0007_down.sql")
        for table in _REMOTE_TABLES:
            op.drop_table(table)
        op.drop_column("flight_changes", "written_in")  # and its index
        op.drop_column("upstream_calls", "cycle_start")
        op.drop_column("upstream_calls", "is_used")
        op.drop_index("shares_token_sha256")
        op.create_index("shares_token_sha256", "shares", ["token_sha256"], unique=True)
    op.drop_column("upstream_calls", "paid_by")
    op.drop_column("leases", "held_by")
