"""How the work on a key failed, for those who waited for it."""

from __future__ import annotations

from alembic import op

from flightctl.store.migrations.columns import instant, text_column

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A lease remembers the failure of its last holder."""
    op.add_column("leases", text_column("failure", server_default=""))
    op.add_column("leases", instant("failed_at", nullable=True))


def downgrade() -> None:
    """Leases live for seconds: nothing is lost."""
    op.drop_column("leases", "failed_at")
    op.drop_column("leases", "failure")
