"""The route cache, its legs, proposals and reference tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, instant_now, text_column, uuid_key

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create what a lookup needs."""
    _create_cache()
    _create_legs()
    _create_proposals()
    _create_references()


def downgrade() -> None:
    """Leave an empty file."""
    for table in (
        "reference_versions",
        "airports",
        "airlines",
        "proposals",
        "route_legs",
        "aviationstack_cache",
    ):
        op.drop_table(table)


def _create_cache() -> None:
    op.create_table(
        "aviationstack_cache",
        uuid_key("id"),
        text_column("cache_key", unique=True),
        text_column("flight_iata"),
        text_column("airline_iata"),
        text_column("departure_iata"),
        text_column("arrival_iata"),
        text_column("status", server_default="pending"),
        sa.Column("payload_source", sa.JSON(), nullable=True),
        text_column("provider", server_default="aviationstack"),
        instant_now("cached_at"),
        instant_now("refreshed_at"),
        instant_now("created_at"),
        instant_now("updated_at"),
        sa.CheckConstraint("status IN ('pending', 'confirmed')", name="aviationstack_cache_status"),
    )
    op.create_index(
        "aviationstack_cache_flight_iata",
        "aviationstack_cache",
        ["flight_iata"],
        postgresql_ops={"flight_iata": "text_pattern_ops"},
    )
    op.create_index("aviationstack_cache_status", "aviationstack_cache", ["status"])


def _create_legs() -> None:
    owner = sa.ForeignKey("aviationstack_cache.cache_key", ondelete="CASCADE")
    op.create_table(
        "route_legs",
        sa.Column("cache_key", sa.Text(), owner, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        text_column("departure_iata"),
        text_column("arrival_iata"),
        sa.PrimaryKeyConstraint("cache_key", "position"),
    )


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), primary_key=True),
        text_column("cache_key"),
        text_column("flight_iata"),
        text_column("airline_iata"),
        text_column("departure_iata"),
        text_column("arrival_iata"),
        text_column("note", server_default=""),
        sa.Column("replaces", sa.Boolean(), nullable=False, server_default=sa.false()),
        text_column("proposed_by"),
        instant("proposed_at"),
        text_column("decision", nullable=True),
        text_column("decided_by", nullable=True),
        instant("decided_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("proposals_cache_key", "proposals", ["cache_key"])


def _create_references() -> None:
    op.create_table(
        "airlines",
        sa.Column("id", sa.Integer(), primary_key=True),
        text_column("iata"),
        text_column("icao"),
        text_column("name"),
        text_column("country", server_default=""),
        sa.Column("rank", sa.Integer(), nullable=False),
        text_column("source"),
    )
    op.create_index("airlines_codes", "airlines", ["iata", "icao"], unique=True)
    op.create_index("airlines_icao", "airlines", ["icao"])
    op.create_table(
        "airports",
        text_column("iata", primary_key=True),
        text_column("icao"),
        text_column("name"),
        text_column("city", server_default=""),
        text_column("country", server_default=""),
        text_column("zone", server_default=""),
        text_column("source"),
    )
    op.create_index("airports_icao", "airports", ["icao"])
    op.create_table("reference_versions", text_column("name", primary_key=True), text_column("version"))
