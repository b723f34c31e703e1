"""The outbox: in the transaction that changes a list, a share, the index or a flight, what has changed is noted.

Triggers do it, so that no way of changing them leaves it out. It begins when a mirror is first at work: where nobody
fetches what is noted, nothing is noted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, instant_now, on_sqlite, run_sql, text_column

revision = "0009"
down_revision = "0008"

_TRIGGERS = {
    "flights_added": ("INSERT ON flights", "", "'flight', NEW.flight_id, ''"),
    "flights_changed": ("UPDATE ON flights", "NEW.version <> OLD.version", "'flight', NEW.flight_id, ''"),
    "flights_removed": ("DELETE ON flights", "", "'flight', OLD.flight_id, ''"),
    "lists_added": ("INSERT ON user_flights", "", "'entry', NEW.flight_id, NEW.user_id"),
    "lists_removed": ("DELETE ON user_flights", "", "'entry', OLD.flight_id, OLD.user_id"),
    "index_added": ("INSERT ON flight_watchers", "", "'index', NEW.flight_id, ''"),
    "index_removed": ("DELETE ON flight_watchers", "", "'index', OLD.flight_id, ''"),
    "shares_added": ("INSERT ON shares", "", "'share', NEW.share_id, NEW.sharer_id"),
    "shares_changed": ("UPDATE OF status ON shares", "", "'share', NEW.share_id, NEW.sharer_id"),
    "shares_removed": ("DELETE ON shares", "", "'share', OLD.share_id, OLD.sharer_id"),
}
"""Of the local file: after what, when, and what is noted."""


def upgrade() -> None:
    """Note what changes, once it is wanted."""
    op.create_table(
        "mirror_state",
        sa.Column("only_row", sa.Boolean(), sa.CheckConstraint("only_row"), primary_key=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        text_column("bucket"),
        instant("expired_until"),
    )
    op.execute("INSERT INTO mirror_state VALUES (true, false, 0, '', '1970-01-01 00:00:00.000000')")
    op.create_table(
        "outbox",
        # Numbers are never used again: who deletes what they fetched must not hit what came later.
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        text_column("topic"),
        text_column("subject"),
        text_column("user_id"),
        instant_now("written_at"),
        sqlite_autoincrement=True,
    )
    if on_sqlite():
        for name, (event, condition, noted) in _TRIGGERS.items():
            op.execute(_trigger(name, event, condition, noted))
    else:
        run_sql("0009_outbox.sql")


def downgrade() -> None:
    """Nothing is noted any more; what a mirror has made stays as it is."""
    if on_sqlite():
        for name in _TRIGGERS:
            op.execute(f"DROP TRIGGER outbox_{name}")
    else:
        run_sql("0009_down.sql")
    for table in ("outbox", "mirror_state"):
        op.drop_table(table)


def _trigger(name: str, event: str, condition: str, noted: str) -> str:
    is_on = "(SELECT is_on FROM mirror_state)"
    when = f"{condition} AND {is_on}" if condition else is_on
    insert = f"INSERT INTO outbox (topic, subject, user_id) VALUES ({noted})"
    return f"CREATE TRIGGER outbox_{name} AFTER {event} WHEN {when} BEGIN {insert}; END"
