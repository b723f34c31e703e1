"""The record of paid calls, the counters of look-ups, and leases on work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.answer import Bucket
from flightctl.store import ledger
from flightctl.store.engine import Database
from flightctl.store.hits import open_reader
from flightctl.store.ledger import Counted
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=20)
KEY = "flight:NZ527"


def record(db: Database, now: datetime = NOW) -> int:
    with db.writing() as session:
        return ledger.record_call(session, "aviationstack", KEY, now)


def settle(db: Database, call: int, result: str) -> None:
    with db.writing() as session:
        ledger.settle_call(session, call, result)


def calls(db: Database, since: datetime = NOW) -> dict[str, int]:
    with db.reading() as session:
        return ledger.calls_by_result(session, since)


def take(db: Database, holder: str, now: datetime = NOW, key: str = KEY) -> bool:
    with db.writing() as session:
        return ledger.take_lease(session, key, holder, now, now + LEASE)


def release(db: Database, holder: str, now: datetime = NOW) -> None:
    with db.writing() as session:
        ledger.release_lease(session, KEY, holder, now)


def test_a_call_is_on_record_as_soon_as_it_is_sent(db: Database, rows: Rows) -> None:
    record(db)
    found = rows("SELECT provider, cache_key, called_at, result FROM upstream_calls")
    assert found == [("aviationstack", KEY, "2026-11-20 10:00:00.000000", "sent")]


def test_only_the_call_itself_is_settled(db: Database) -> None:
    first, second = record(db), record(db)
    assert first != second
    settle(db, second, "upstream_timeout")
    assert calls(db) == {"sent": 1, "upstream_timeout": 1}


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


def test_a_lease_is_held_by_one(db: Database) -> None:
    assert take(db, "a")
    assert not take(db, "b")
    assert not take(db, "a"), "a second run of the same process is another holder too"


def test_a_lease_on_one_flight_is_none_on_another(db: Database) -> None:
    assert take(db, "a")
    assert take(db, "b", key="flight:NZ528")


def test_a_lease_that_is_given_back_can_be_taken(db: Database) -> None:
    take(db, "a")
    release(db, "a")
    assert take(db, "b")


def test_a_lease_is_only_given_back_by_its_holder(db: Database) -> None:
    take(db, "a")
    release(db, "b")
    assert not take(db, "b")


def test_giving_back_what_was_never_taken_is_nothing(db: Database, rows: Rows) -> None:
    release(db, "a")
    assert rows("SELECT count(*) FROM leases") == [(0,)]


def test_a_lease_ends_by_itself_to_the_microsecond(db: Database) -> None:
    take(db, "a")
    assert not take(db, "b", NOW + LEASE - timedelta.resolution)
    assert take(db, "b", NOW + LEASE)


def test_who_lost_a_lease_does_not_end_the_next_ones(db: Database) -> None:
    take(db, "a")
    take(db, "b", NOW + LEASE)
    release(db, "a", NOW + LEASE)
    assert not take(db, "c", NOW + LEASE)


def test_the_fence_grows_with_each_holder(db: Database, rows: Rows) -> None:
    for turn, holder in enumerate("abc"):
        take(db, holder, NOW + turn * LEASE)
    assert rows("SELECT holder, fence FROM leases") == [("c", 3)]


COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(Bucket), st.sampled_from(["local", "aviationstack", "none"])), st.integers(1, 10**6)
)


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


def test_look_ups_are_counted_by_utc_hour(database: Path, db: Database) -> None:
    reader = open_reader(database)
    auckland = datetime.fromisoformat("2026-11-20T22:59:59+13:00")
    reader.count({(Bucket.HITS, "local"): 1}, auckland)
    reader.count({(Bucket.HITS, "local"): 1}, auckland + timedelta(seconds=1))
    reader.close()
    with db.reading() as session:
        assert ledger.lookups_by_hour(session, "2026-11-20 10") == [Counted("2026-11-20 10", Bucket.HITS, "local", 1)]
        assert len(ledger.lookups_by_hour(session, "2026-11-20 09")) == 2
