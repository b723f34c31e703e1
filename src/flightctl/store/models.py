"""The tables, once for both engines (DESIGN section 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from flightctl.errors import Corrupt

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""On PostgreSQL beyond the two thousand millions that a busy year of changes takes."""
_STORED = len("YYYY-MM-DD HH:MM:SS.ffffff")


class UtcTimestamp(TypeDecorator[datetime]):
    """An instant: timestamp with time zone, or on SQLite the UTC text ``YYYY-MM-DD HH:MM:SS.ffffff``."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, so that the column compares as what it holds."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    # The processors below stand for process_bind_param and process_result_value in half their time: a flight has
    # fourteen instants.

    def bind_processor(self, dialect: Dialect) -> Any:
        """Naive values are refused: they have no meaning here."""
        return _sqlite_text_or_none if dialect.name == "sqlite" else _aware_or_none

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Always aware, always UTC."""
        return _from_sqlite_text_or_none if dialect.name == "sqlite" else _utc_or_none


def sqlite_text(instant: datetime) -> str:
    """An instant as SQLite keeps it."""
    # The same as strftime writes, in a tenth of its time.
    return instant.astimezone(UTC).isoformat(" ", "microseconds")[:_STORED]


def from_sqlite_text(value: str) -> datetime:
    """The instant that SQLite kept; text without an offset is UTC. Raises Corrupt."""
    try:
        if len(value) == _STORED:
            return datetime.fromisoformat(value + "+00:00")
        instant = datetime.fromisoformat(value)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise Corrupt("the local file holds a time that is none", cause=str(error)) from None


def _sqlite_text_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else sqlite_text(_aware(instant))


def _aware_or_none(instant: datetime | None) -> datetime | None:
    return None if instant is None else _aware(instant)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant


def _utc_or_none(instant: datetime | None) -> datetime | None:
    """The driver has put it into the zone of the session."""
    return None if instant is None else instant.astimezone(UTC)


def _from_sqlite_text_or_none(value: str | None) -> datetime | None:
    return None if value is None else from_sqlite_text(value)


def _instant(**more: Any) -> Any:
    return Column(UtcTimestamp(), nullable=more.pop("nullable", False), **more)


class CachedRoute(SQLModel, table=True):
    """``aviationstack_cache``: what is known of a flight number's route."""

    __tablename__ = "aviationstack_cache"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'confirmed')", name="aviationstack_cache_status"),
        Index(
            "aviationstack_cache_flight_iata",
            "flight_iata",
            postgresql_ops={"flight_iata": "text_pattern_ops"},
        ),
        Index("aviationstack_cache_status", "status"),
    )
    id: str = Field(sa_column=Column(Text().with_variant(Uuid(as_uuid=False), "postgresql"), primary_key=True))
    cache_key: str = Field(unique=True)
    flight_iata: str
    airline_iata: str
    departure_iata: str
    arrival_iata: str
    status: str = "pending"
    payload_source: Any = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    provider: str = "aviationstack"
    cached_at: datetime = Field(sa_column=_instant())
    refreshed_at: datetime = Field(sa_column=_instant())
    created_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())


class RouteLeg(SQLModel, table=True):
    """``route_legs``: the legs of a route that has more than one."""

    __tablename__ = "route_legs"
    cache_key: str = Field(
        sa_column=Column(Text, ForeignKey("aviationstack_cache.cache_key", ondelete="CASCADE"), primary_key=True)
    )
    position: int = Field(primary_key=True)
    departure_iata: str
    arrival_iata: str


class ProposalRow(SQLModel, table=True):
    """``proposals``: who proposed which route by hand, and what was decided."""

    __tablename__ = "proposals"
    __table_args__ = (Index("proposals_cache_key", "cache_key"),)
    id: int | None = Field(default=None, primary_key=True)
    cache_key: str
    flight_iata: str
    airline_iata: str
    departure_iata: str
    arrival_iata: str
    note: str = ""
    replaces: bool = False
    proposed_by: str
    proposed_at: datetime = Field(sa_column=_instant())
    decision: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class AirlineRow(SQLModel, table=True):
    """``airlines``: designators and names; rank 1 from the package, 2 learned from a provider."""

    __tablename__ = "airlines"
    __table_args__ = (
        Index("airlines_codes", "iata", "icao", unique=True),
        Index("airlines_icao", "icao"),
    )
    id: int | None = Field(default=None, primary_key=True)
    iata: str
    icao: str
    name: str
    country: str = ""
    rank: int
    source: str


class AirportRow(SQLModel, table=True):
    """``airports``: codes, names and zones of places with an IATA code."""

    __tablename__ = "airports"
    __table_args__ = (Index("airports_icao", "icao"),)
    iata: str = Field(primary_key=True)
    icao: str
    name: str
    city: str = ""
    country: str = ""
    zone: str = ""
    source: str


class ReferenceVersion(SQLModel, table=True):
    """``reference_versions``: which edition of a reference table was loaded."""

    __tablename__ = "reference_versions"
    name: str = Field(primary_key=True)
    version: str


class Absence(SQLModel, table=True):
    """``absences``: "no such flight", remembered for a short time."""

    __tablename__ = "absences"
    cache_key: str = Field(primary_key=True)
    provider: str
    learned_at: datetime = Field(sa_column=_instant())
    expires_at: datetime = Field(sa_column=_instant())


class RemoteCopy(SQLModel, table=True):
    """``remote_copies``: which entries of the local file are copies, and when they were last checked."""

    __tablename__ = "remote_copies"
    cache_key: str = Field(primary_key=True)
    checked_at: datetime = Field(sa_column=_instant())


class UnreportedCount(SQLModel, table=True):
    """``unreported_counts``: look-ups that the local file has counted and the remote has not."""

    __tablename__ = "unreported_counts"
    hour: str = Field(primary_key=True)
    bucket: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    n: int


class CountBatch(SQLModel, table=True):
    """``count_batches``: such counts on their way, as JSON under a number that the remote takes once."""

    __tablename__ = "count_batches"
    batch_id: str = Field(primary_key=True)
    counts: str


class LeaseRow(SQLModel, table=True):
    """``leases``: who is fetching a key; the fence grows with each holder."""

    __tablename__ = "leases"
    key: str = Field(primary_key=True)
    holder: str
    """A process, as ``services.holder`` names it."""
    held_by: str = ""
    """The login, where there are several."""
    fence: int
    expires_at: datetime = Field(sa_column=_instant())
    failure: str = ""
    failed_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class LookupCount(SQLModel, table=True):
    """``lookup_counts``: look-ups by UTC hour, bucket and source."""

    __tablename__ = "lookup_counts"
    hour: str = Field(primary_key=True)
    bucket: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    n: int


class UpstreamCall(SQLModel, table=True):
    """``upstream_calls``: every paid request, written before it is sent."""

    __tablename__ = "upstream_calls"
    __table_args__ = (Index("upstream_calls_called_at", "called_at"),)
    id: int | None = Field(default=None, sa_column=Column(NUMBER, primary_key=True))
    provider: str
    cache_key: str
    called_at: datetime = Field(sa_column=_instant())
    result: str
    """``sent`` until the answer is known, then ``ok``, ``not_found`` or a kind of error."""
    account: str = ""
    """Fingerprint of the key that pays."""
    cause: str = ""
    """Why it was made: a ``domain.billing.Cause``; empty for calls older than the column."""
    units: int = 1
    """What the provider counts: calls, or result sets."""
    cost_micros: int = Field(default=0, sa_column=Column(NUMBER, nullable=False))
    """Price of all units, in millionths of the currency of its time."""
    ended_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    paid_by: str = ""
    """The login, where there are several."""


class BudgetCycle(SQLModel, table=True):
    """``budget_cycles``: units used by an account in a billing cycle, reserved before each request."""

    __tablename__ = "budget_cycles"
    provider: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    cycle_start: str = Field(primary_key=True)
    """``YYYY-MM-DD``, UTC."""
    used: int


class ProviderAccount(SQLModel, table=True):
    """``provider_accounts``: why an account is not to be asked for now; one row for all processes."""

    __tablename__ = "provider_accounts"
    provider: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    hold: str = ""
    """A ``domain.permit.Hold``."""
    not_before: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    next_probe_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """Set while the breaker is open."""
    closed_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """When the breaker last closed; failures before it count no more."""
    pages_refused_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """When the account's plan last refused a page of an airline's flights."""


class Freeze(SQLModel, table=True):
    """``freezes``: paid calls are stopped; one row, or none."""

    __tablename__ = "freezes"
    scope: str = Field(primary_key=True)
    frozen_at: datetime = Field(sa_column=_instant())
    frozen_by: str


class LookupEvent(SQLModel, table=True):
    """``lookup_history``: which flight was looked up when, to work out what another lifetime would have cost."""

    __tablename__ = "lookup_history"
    id: int | None = Field(default=None, sa_column=Column(NUMBER, primary_key=True))
    cache_key: str
    asked_at_s: int = Field(sa_column=Column(NUMBER, nullable=False))
    """Unix time in seconds: a row for every look-up has to be small."""
    kind: str
    """``found``, ``absent``, ``failed`` or ``bypassed``."""


class Feed(SQLModel, table=True):
    """``feeds``: how many rows upstream had for a filter when it was last read."""

    __tablename__ = "feeds"
    provider: str = Field(primary_key=True)
    filter: str = Field(primary_key=True)
    total: int
    learned_at: datetime = Field(sa_column=_instant())


class FeedPage(SQLModel, table=True):
    """``feed_pages``: pages of a reading that is not at its end, so that an interrupted run goes on with the next."""

    __tablename__ = "feed_pages"
    provider: str = Field(primary_key=True)
    filter: str = Field(primary_key=True)
    row_offset: int = Field(primary_key=True)
    row_count: int
    total: int
    rows: Any = Field(sa_column=Column(JSON(none_as_null=True), nullable=False))
    """As they came."""
    read_at: datetime = Field(sa_column=_instant())
