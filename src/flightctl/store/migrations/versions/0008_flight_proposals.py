"""Manual flights that wait in a shared database: each login's own word stands for itself, and nobody else's shows.

And a flight that somebody paid for and that is as it was keeps its version: nobody hears of it as changed.
"""

from __future__ import annotations

from alembic import op

from flightctl.store.migrations.columns import on_sqlite, restore_functions, run_sql

revision = "0008"
down_revision = "0007"

_ALWAYS = "version = known.version + 1 WHERE known.flight_id = v_id"
_WHERE_CHANGED = """version = known.version + CASE WHEN known.review <> 'confirmed' OR EXISTS (
                SELECT FROM json_to_recordset(p_written -> 'changes') AS told (flight_id text)
                WHERE told.flight_id = v_flight.flight_id) THEN 1 ELSE 0 END WHERE known.flight_id = v_id"""


def upgrade() -> None:
    """Keep apart what several people say of one flight; the local file is one person's."""
    if not on_sqlite():
        run_sql("0008_flight_proposals.sql")
        restore_functions("0007_functions.sql", "bring_in_flights", before=_ALWAYS, after=_WHERE_CHANGED)


def downgrade() -> None:
    """What waits is again one row, that of who said it first."""
    if on_sqlite():
        return
    restore_functions("0007_functions.sql", "track", "propose_flight", "bring_in_flights")
    op.execute("ALTER POLICY user_read ON flights USING (review = 'confirmed' OR added_by = session_user)")
    op.execute("DROP FUNCTION flightctl.write_proposal")
    op.drop_table("flight_proposals")
