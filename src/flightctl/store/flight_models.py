"""The tables of dated flights, once for both engines (DESIGN section 5)."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, Table, Text, false, text
from sqlmodel import SQLModel

from flightctl.domain.flight import TIMES
from flightctl.store.models import NUMBER, UtcTimestamp


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, UtcTimestamp(), nullable=nullable)


_UNDECIDED = text("review <> 'confirmed'")

FLIGHTS = Table(
    "flights",
    SQLModel.metadata,
    Column("flight_id", Text, primary_key=True),
    _text("ident"),
    Column("departure_date", Date, nullable=False),
    _text("departure_hhmm"),
    _text("origin"),
    _text("destination"),
    Column("local_date", Date, nullable=False),
    _text("flight_iata", ""),
    *(_text(f"{end}_{name}", "") for end in ("origin", "destination") for name in ("iata", "icao", "zone")),
    _text("status"),
    _text("provider_status", ""),
    *(_instant(name, nullable=True) for name in TIMES),
    *(_text(f"{end}_{name}", "") for end in ("departure", "arrival") for name in ("gate", "terminal")),
    _text("aircraft_type", ""),
    _text("diverted_to", ""),
    _text("provider"),
    _instant("observed_at"),
    _instant("updated_at"),
    Column("version", Integer, nullable=False),
    _text("review", "confirmed"),
    _text("added_by", ""),
    _text("note", ""),
    CheckConstraint(
        "status IN ('scheduled', 'active', 'landed', 'arrived', 'cancelled', 'diverted', 'unknown')",
        name="flights_status",
    ),
    CheckConstraint("review IN ('confirmed', 'pending', 'rejected')", name="flights_review"),
    Index("flights_review", "review", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
)
"""``flights``: one row a flight, its present values; the columns are the fields of ``domain.flight.Flight``, in their
order.
"""

FLIGHT_ALIASES = Table(
    "flight_aliases",
    SQLModel.metadata,
    Column("flight_id", Text, ForeignKey("flights.flight_id", ondelete="CASCADE"), primary_key=True),
    Column("alias", Text, primary_key=True),
    _text("kind"),
    Column("departure_date", Date, nullable=False),
    Column("local_date", Date, nullable=False),
    Index("flight_aliases_departure_date", "alias", "departure_date"),
    Index("flight_aliases_local_date", "alias", "local_date"),
    sqlite_with_rowid=False,
)
"""``flight_aliases``: names and provider ids of a flight, with both of its dates.

``kind`` is ``designator``, ``codeshare``, or the provider whose id it is.
"""

FLIGHT_CHANGES = Table(
    "flight_changes",
    SQLModel.metadata,
    Column("id", NUMBER, primary_key=True),
    Column("flight_id", Text, ForeignKey("flights.flight_id", ondelete="CASCADE"), nullable=False),
    _text("field"),
    Column("old", Text),
    Column("new", Text),
    _instant("observed_at"),
    _text("provider"),
    Index("flight_changes_flight_id", "flight_id"),
)
"""``flight_changes``: every value that a flight had, and when and from whom it was learned."""

ASKED_DAYS = Table(
    "asked_days",
    SQLModel.metadata,
    Column("designator", Text, primary_key=True),
    Column("departure_date", Date, primary_key=True),
    _text("provider"),
    _instant("asked_at"),
    _instant("absent_until", nullable=True),
    Column("is_cut", Boolean, nullable=False, server_default=false()),
)
"""``asked_days``: when a provider last told all flights of a number on a day, or as many as one look-up takes; until
when it is remembered that there is none.
"""
