"""Dated flights: their present values, what they go by, and every change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flightctl.store.migrations.columns import instant, number_key, text_column

revision = "0005"
down_revision = "0004"

_TIMES = [f"{kind}_{point}" for point in ("out", "off", "on", "in") for kind in ("scheduled", "estimated", "actual")]
_DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")


def upgrade() -> None:
    """Create the tables of dated flights."""
    _create_flights()
    op.create_table(
        "flight_aliases",
        _flight_id(),
        text_column("alias"),
        text_column("kind"),
        _date("departure_date"),
        _date("local_date"),
        sa.PrimaryKeyConstraint("flight_id", "alias"),
        sqlite_with_rowid=False,
    )
    op.create_index("flight_aliases_departure_date", "flight_aliases", ["alias", "departure_date"])
    op.create_index("flight_aliases_local_date", "flight_aliases", ["alias", "local_date"])
    op.create_table(
        "flight_changes",
        number_key("id"),
        _flight_id(),
        text_column("field"),
        text_column("old", nullable=True),
        text_column("new", nullable=True),
        instant("observed_at"),
        text_column("provider"),
    )
    op.create_index("flight_changes_flight_id", "flight_changes", ["flight_id"])
    op.create_table(
        "asked_days",
        text_column("designator"),
        _date("departure_date"),
        text_column("provider"),
        instant("asked_at"),
        instant("absent_until", nullable=True),
        sa.Column("is_cut", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("designator", "departure_date"),
    )


def downgrade() -> None:
    """Take the flights back; what is known of routes stays."""
    for table in ("asked_days", "flight_changes", "flight_aliases", "flights"):
        op.drop_table(table)


def _create_flights() -> None:
    op.create_table(
        "flights",
        text_column("flight_id", primary_key=True),
        text_column("ident"),
        _date("departure_date"),
        *(text_column(name) for name in ("departure_hhmm", "origin", "destination")),
        _date("local_date"),
        text_column("flight_iata", server_default=""),
        *(_empty(f"{end}_{name}") for end in ("origin", "destination") for name in ("iata", "icao", "zone")),
        text_column("status"),
        _empty("provider_status"),
        *(instant(name, nullable=True) for name in _TIMES),
        *(_empty(name) for name in _DETAILS),
        text_column("provider"),
        instant("observed_at"),
        instant("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        text_column("review", server_default="confirmed"),
        _empty("added_by"),
        _empty("note"),
        sa.CheckConstraint(
            "status IN ('scheduled', 'active', 'landed', 'arrived', 'cancelled', 'diverted', 'unknown')",
            name="flights_status",
        ),
        sa.CheckConstraint("review IN ('confirmed', 'pending', 'rejected')", name="flights_review"),
    )
    waits = sa.text("review <> 'confirmed'")
    op.create_index("flights_review", "flights", ["review"], sqlite_where=waits, postgresql_where=waits)


def _flight_id() -> sa.Column[str]:
    return sa.Column("flight_id", sa.Text(), sa.ForeignKey("flights.flight_id", ondelete="CASCADE"), nullable=False)


def _date(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _empty(name: str) -> sa.Column[str]:
    return text_column(name, server_default="")
