"""Manual flights that wait in a shared database: each login's own word stands for itself, and nobody else's shows."""

from __future__ import annotations

from alembic import op

from flightctl.store.migrations.columns import on_sqlite, restore_functions, run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Keep apart what several people say of one flight; the local file is one person's."""
    if not on_sqlite():
        run_sql("0008_flight_proposals.sql")


def downgrade() -> None:
    """What waits is again one row, that of who said it first."""
    if on_sqlite():
        return
    restore_functions("0007_functions.sql", "track", "propose_flight")
    op.execute("ALTER POLICY user_read ON flights USING (review = 'confirmed' OR added_by = session_user)")
    op.execute("DROP FUNCTION flightctl.write_proposal")
    op.drop_table("flight_proposals")
