"""The record of paid calls, and the counters of look-ups."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.answer import Bucket
from flightctl.domain.billing import Cause
from flightctl.store import ledger
from flightctl.store.engine import Database
from flightctl.store.hits import open_reader
from flightctl.store.ledger import Counted, PaidCall
from running import Rows
from store import paid_calls
from store.engines import locally

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEY = "flight:NZ527"
CALL = PaidCall("aviationstack", "f1a2", KEY, Cause.COLD, units=1, cost_micros=10_000, called_at=NOW)


def record(db: Database, now: datetime = NOW) -> int:
    return paid_calls.record(db, replace(CALL, called_at=now))


def settle(db: Database, call: int, result: str, now: datetime = NOW) -> None:
    with db.writing() as session:
        ledger.settle_call(session, call, result, now)


def calls(db: Database, since: datetime = NOW) -> dict[str, int]:
    with db.reading() as session:
        return ledger.calls_by_result(session, since)


def test_a_call_is_on_record_as_soon_as_it_is_sent(db: Database, rows: Rows) -> None:
    record(db)
    found = rows("SELECT provider, account, cache_key, cause, units, cost_micros, called_at FROM upstream_calls")
    assert found == [("aviationstack", "f1a2", KEY, "cold", 1, 10_000, "2026-11-20 10:00:00.000000")]
    assert rows("SELECT result, ended_at FROM upstream_calls") == [("sent", None)]


def test_only_the_call_itself_is_settled(db: Database) -> None:
    first, second = record(db), record(db)
    assert first != second
    settle(db, second, "upstream_timeout")
    assert calls(db) == {"sent": 1, "upstream_timeout": 1}


def test_a_settled_call_says_when_it_ended(db: Database, rows: Rows) -> None:
    settle(db, record(db), ledger.OK, NOW + timedelta(seconds=15))
    assert rows("SELECT ended_at FROM upstream_calls") == [("2026-11-20 10:00:15.000000",)]


def test_calls_are_counted_by_how_they_ended_since_an_instant(db: Database) -> None:
    record(db, NOW - timedelta.resolution)
    for result in (ledger.OK, ledger.OK, ledger.NOT_FOUND):
        settle(db, record(db), result)
    assert calls(db) == {"ok": 2, "not_found": 1}
    assert calls(db, NOW + timedelta.resolution) == {}


def test_a_call_number_is_never_given_twice(db: Database, rows: Rows) -> None:
    first = record(db)
    rows("DELETE FROM upstream_calls")
    assert record(db) > first


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(Bucket), st.sampled_from(["local", "aviationstack", "none"])), st.integers(1, 10**6)
)


@locally
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.tuples(COUNTS, st.integers(0, 3)), max_size=5))
def test_counters_are_the_sum_of_all_that_was_counted(
    database: Path, db: Database, rows: Rows, batches: list[tuple[dict[tuple[Bucket, str], int], int]]
) -> None:
    rows("DELETE FROM lookup_counts")
    reader = open_reader(database)
    expected: dict[tuple[str, Bucket, str], int] = {}
    for counts, hours in batches:
        reader.count(counts, NOW + timedelta(hours=hours))
        for (bucket, source), n in counts.items():
            key = f"2026-11-20 {10 + hours}", bucket, source
            expected[key] = expected.get(key, 0) + n
    reader.close()
    with db.reading() as session:
        found = ledger.lookups_by_hour(session, "2026-11-20 10")
    assert {(one.hour, one.bucket, one.source): one.n for one in found} == expected


def test_counters_are_read_from_an_hour_on(db: Database, rows: Rows) -> None:
    for hour in ("09", "10", "11"):
        rows("INSERT INTO lookup_counts VALUES (?, 'hits', 'local', 3)", f"2026-11-20 {hour}")
    with db.reading() as session:
        found = ledger.lookups_by_hour(session, "2026-11-20 10")
    assert sorted(one.hour for one in found) == ["2026-11-20 10", "2026-11-20 11"]
    assert {(one.bucket, one.source, one.n) for one in found} == {(Bucket.HITS, "local", 3)}


@locally
def test_look_ups_are_counted_by_utc_hour(database: Path, db: Database) -> None:
    reader = open_reader(database)
    auckland = datetime.fromisoformat("2026-11-20T22:59:59+13:00")
    reader.count({(Bucket.HITS, "local"): 1}, auckland)
    reader.count({(Bucket.HITS, "local"): 1}, auckland + timedelta(seconds=1))
    reader.close()
    with db.reading() as session:
        assert ledger.lookups_by_hour(session, "2026-11-20 10") == [Counted("2026-11-20 10", Bucket.HITS, "local", 1)]
        assert len(ledger.lookups_by_hour(session, "2026-11-20 09")) == 2
