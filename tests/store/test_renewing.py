"""Many routes vouched for anew in one statement: what ``store`` would have done to each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.domain.route import Route, direct
from flightctl.store import routes
from flightctl.store.engine import Database
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MONTH = timedelta(days=30)
NZ1, NZ2 = direct("NZ1", "NZ", "AKL", "CHC"), direct("NZ2", "NZ", "AKL", "CHC")


def store(db: Database, *stored: Route, at: datetime = NOW - MONTH, provider: str = "manual") -> None:
    with db.writing() as session:
        for route in stored:
            routes.store(session, route, provider, [{"row": 1}], at)


def renew(db: Database, *keys: str, at: datetime = NOW) -> None:
    with db.writing() as session:
        routes.renew(session, keys, "aviationstack", at)


def state(rows: Rows, key: str = "flight:NZ1") -> tuple[object, ...]:
    query = "SELECT status, provider, payload_source, refreshed_at, updated_at, cached_at FROM aviationstack_cache"
    (found,) = rows(f"{query} WHERE cache_key = ?", key)
    return tuple(found)


def text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S.%f}"


def test_a_renewed_entry_is_as_if_it_had_been_stored_again(db: Database, rows: Rows) -> None:
    store(db, NZ1, NZ2)
    renew(db, "flight:NZ1")
    store(db, NZ2, at=NOW, provider="aviationstack")
    assert state(rows, "flight:NZ1")[:2] == ("confirmed", "aviationstack")
    assert state(rows, "flight:NZ1")[3:] == state(rows, "flight:NZ2")[3:]
    assert state(rows, "flight:NZ1")[3:] == (text(NOW), text(NOW), text(NOW - MONTH))


def test_rows_of_an_earlier_answer_are_not_kept_beside_it(db: Database, rows: Rows) -> None:
    store(db, NZ1)
    renew(db, "flight:NZ1")
    assert state(rows)[2] is None


def test_others_stay_as_they_are(db: Database, rows: Rows) -> None:
    store(db, NZ1, NZ2)
    before = state(rows, "flight:NZ2")
    renew(db, "flight:NZ1", "flight:NZ3")
    assert state(rows, "flight:NZ2") == before
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(2,)]


def test_a_pending_entry_is_not_confirmed_by_it(db: Database, rows: Rows) -> None:
    with db.writing() as session:
        routes.store_pending(session, NZ1, NOW - MONTH)
    renew(db, "flight:NZ1")
    assert state(rows)[0] == "pending"


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [(timedelta(seconds=1), True), (timedelta(seconds=60), True), (timedelta(seconds=61), False)],
)
def test_an_entry_that_is_newer_stays_unless_a_wrong_clock_dated_it(
    db: Database, rows: Rows, ahead: timedelta, kept: bool
) -> None:
    store(db, NZ1, at=NOW + ahead)
    renew(db, "flight:NZ1")
    assert state(rows)[3] == text(NOW + ahead if kept else NOW)


def test_a_remembered_absence_is_forgotten(db: Database, rows: Rows) -> None:
    store(db, NZ1)
    absence = routes.RememberedAbsence("flight:NZ1", "aviationstack", NOW, NOW + MONTH)
    with db.writing() as session:
        routes.remember_absence(session, absence, fresh_since=NOW)
    renew(db, "flight:NZ1")
    assert rows("SELECT * FROM absences") == []


def test_more_than_a_statement_can_hold_are_renewed(db: Database, rows: Rows) -> None:
    rows(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200) "
        "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status) "
        "SELECT 'flight:NZ' || n, 'NZ' || n, 'NZ', 'AKL', 'CHC', 'confirmed' FROM numbers"
    )
    rows("UPDATE aviationstack_cache SET refreshed_at = ?", text(NOW - MONTH))
    renew(db, *(f"flight:NZ{number}" for number in range(1, 1_201)))
    assert rows("SELECT count(*) FROM aviationstack_cache WHERE refreshed_at = ?", text(NOW)) == [(1_200,)]
