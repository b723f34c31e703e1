"""What paid calls cost, by their cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flightctl.domain.billing import Cause
from flightctl.store import ledger
from flightctl.store.engine import Database
from flightctl.store.ledger import Cost, PaidCall
from running import Rows
from store import paid_calls

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CALL = PaidCall("aviationstack", "f1a2", "flight:NZ527", Cause.COLD, units=1, cost_micros=10_000, called_at=NOW)


def record(db: Database, *calls: PaidCall) -> list[int]:
    return [paid_calls.record(db, call) for call in calls]


def costs(db: Database, since: datetime = NOW) -> dict[str, Cost]:
    with db.reading() as session:
        return ledger.costs_by_cause(session, "aviationstack", since)


def test_costs_are_added_up_by_cause_at_the_price_of_their_time(db: Database) -> None:
    record(db, CALL, replace(CALL, cost_micros=25_000), replace(CALL, cause=Cause.REFRESH))
    assert costs(db) == {"cold": Cost(2, 35_000), "refresh": Cost(1, 10_000)}


def test_nothing_was_paid_without_a_call(db: Database) -> None:
    assert costs(db) == {}


def test_other_providers_and_earlier_calls_are_left_out(db: Database) -> None:
    record(db, replace(CALL, provider="aeroapi"), replace(CALL, called_at=NOW - timedelta.resolution), CALL)
    assert costs(db) == {"cold": Cost(1, 10_000)}


def test_a_call_that_was_not_sent_stays_on_record_and_costs_nothing(db: Database, rows: Rows) -> None:
    _, unsent = record(db, CALL, CALL)
    paid_calls.waive(db, unsent, CALL)
    assert costs(db) == {"cold": Cost(2, 10_000)}
    assert rows("SELECT units FROM upstream_calls ORDER BY id") == [(1,), (0,)]


def test_calls_from_before_causes_have_none_and_no_price(db: Database, rows: Rows) -> None:
    rows(
        "INSERT INTO upstream_calls (provider, cache_key, called_at, result) "
        "VALUES ('aviationstack', 'flight:NZ1', '2026-11-20 11:00:00.000000', 'ok')"
    )
    assert costs(db) == {"": Cost(1, 0)}
