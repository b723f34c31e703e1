"""Dated flights in the tables: read as they were written, with their history; the tables of revision 0005."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.oracle import World, worlds
from domain.sightings import AEROAPI, ID, IN, LATER, MANUAL, NOW, OUT, report, sighting
from domain.telling import Telling
from flightctl.domain.flight import PENDING, TIMES, Flight, FlightStatus
from flightctl.domain.flight_book import Book
from flightctl.domain.flight_entry import DESIGNATOR, Entry
from flightctl.domain.flight_news import Change, first_seen
from flightctl.services.observing import Observing
from flightctl.store import flights
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from flightctl.store.migrate import downgrade, upgrade
from running import Rows
from store.engines import NOT_LET_IN
from store.flight_tables import DETAILS, HOUR, TABLES, dump, found, remove_all, take
from trouble import column, intact


def test_a_flight_is_read_as_it_was_written(db: Database) -> None:
    times = {name: NOW + timedelta(hours=n, microseconds=n) for n, name in enumerate(TIMES)}
    full = sighting(
        OUT, times=times, status=FlightStatus.ACTIVE, provider_status="En Route", **dict.fromkeys(DETAILS, "X")
    )
    [made] = take(db, full)
    assert found(db) == made.flight
    assert all(getattr(made.flight, name) for name in (*TIMES, *DETAILS))


def test_a_flight_of_which_little_is_known_is_read_as_it_was_written(db: Database) -> None:
    [made] = take(db, sighting(OUT, status=FlightStatus.UNKNOWN))
    assert found(db) == made.flight


def test_an_update_writes_every_value_but_the_id(db: Database) -> None:
    take(db, sighting(OUT, IN))
    times = {name: NOW + timedelta(hours=n) for n, name in enumerate(TIMES)}
    [changed] = take(
        db, sighting(OUT, times=times, status=FlightStatus.LANDED, observed_at=LATER, **dict.fromkeys(DETAILS, "X"))
    )
    assert found(db) == changed.flight
    assert changed.flight.version == 2


def test_a_report_without_news_writes_when_and_by_whom_it_was_seen(db: Database) -> None:
    [made] = take(db, sighting(OUT))
    take(db, sighting(OUT, provider=AEROAPI, provider_status="On Time", observed_at=LATER))
    assert found(db) == made.flight._replace(provider=AEROAPI, provider_status="On Time", observed_at=LATER)


def test_the_columns_stand_in_the_order_of_the_fields(database: Path) -> None:
    assert tuple(column(database, "SELECT name FROM pragma_table_info('flights')")) == Flight._fields


def test_instants_are_stored_as_other_programs_read_them(db: Database, rows: Rows) -> None:
    take(db, sighting(OUT))
    assert rows("SELECT scheduled_out, CAST(departure_date AS TEXT), departure_hhmm FROM flights") == [
        ("2026-12-02 19:30:00.000000", "2026-12-03", "0830")
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("status", "boarding"), ("review", "maybe"), ("version", None), ("provider", None)]
)
def test_what_no_flight_can_be_is_not_let_in(db: Database, rows: Rows, name: str, value: str | None) -> None:
    take(db, sighting(OUT))
    with pytest.raises(NOT_LET_IN):
        rows(f"UPDATE flights SET {name} = ?", value)


def test_the_same_id_is_not_let_in_twice(db: Database, rows: Rows) -> None:
    take(db, sighting(OUT))
    with pytest.raises(NOT_LET_IN):
        rows("INSERT INTO flights SELECT * FROM flights")


# History


def test_the_history_tells_every_change_in_order(db: Database) -> None:
    take(db, sighting(OUT, IN))
    take(db, sighting("2026-12-03 10:00", IN, departure_gate="24", observed_at=LATER))
    take(db, sighting("2026-12-03 10:00", IN, departure_gate="25", provider=AEROAPI, observed_at=LATER + HOUR))
    with db.reading() as session:
        changes = flights.history(session, ID)
    first, second, third = "2026-12-02T19:30:00Z", "2026-12-02T21:00:00Z", "2026-12-02T20:50:00Z"
    assert set(changes[:2]) == {
        Change(ID, "scheduled_out", None, first, NOW, "aviationstack"),
        Change(ID, "scheduled_in", None, third, NOW, "aviationstack"),
    }
    assert set(changes[2:4]) == {
        Change(ID, "scheduled_out", first, second, LATER, "aviationstack"),
        Change(ID, "departure_gate", None, "24", LATER, "aviationstack"),
    }
    assert changes[4:] == [Change(ID, "departure_gate", "24", "25", LATER + HOUR, AEROAPI)]


def test_a_decision_is_a_change_and_a_version(db: Database) -> None:
    [made] = take(db, sighting(OUT, provider=MANUAL), review=PENDING)
    change = Change(ID, "review", PENDING, "confirmed", LATER, "alice")
    with db.writing() as session:
        decided = flights.review(session, made.flight, "confirmed", change, LATER)
    assert found(db) == decided == made.flight._replace(review="confirmed", updated_at=LATER, version=2)
    with db.reading() as session:
        assert flights.history(session, ID)[-1] == change


def test_what_is_removed_is_gone_with_its_names_and_its_history(db: Database) -> None:
    take(db, sighting(OUT), sighting("2026-12-04 08:30"))
    with db.writing() as session:
        flights.remove(session, ID)
    assert {row[0] for rows in dump(db)[:2] for row in rows} == {"ANZ527.2026-12-04.0830.NZAA.NZCH"}
    assert [row[1] for row in dump(db)[2]] == ["ANZ527.2026-12-04.0830.NZAA.NZCH"]


def test_a_book_that_learned_nothing_writes_nothing(db: Database) -> None:
    take(db, sighting(OUT))
    before = dump(db)
    with db.writing() as session:
        flights.write(session, Book([Entry(first_seen(report(sighting(OUT))).flight, {"NZ527": DESIGNATOR})]).written)
    assert dump(db) == before


# What the tables hold is what a book holds


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(worlds(), st.data())
def test_the_tables_hold_what_a_book_in_memory_holds(db: Database, world: World, data: st.DataObject) -> None:
    remove_all(db)
    telling = Telling(world, data)
    for _ in range(3):
        telling.step()
    for part in telling.parts:
        Observing(lambda: db).observe(part)
    with db.reading() as session:
        entries = flights.entries(session, telling.store)
        stored = {entry.flight.flight_id: entry for entry in entries}
        assert stored == telling.store
        assert _histories(session, stored) == {flight_id: _schedules(telling, flight_id) for flight_id in stored}


def _histories(session: Any, flight_ids: Sequence[str] | dict[str, Entry]) -> dict[str, list[str | None]]:
    return {
        flight_id: [change.new for change in flights.history(session, flight_id) if change.field == "scheduled_out"]
        for flight_id in flight_ids
    }


def _schedules(telling: Telling, flight_id: str) -> list[str | None]:
    return [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in telling.schedules[flight_id]]


# Revision 0005


def test_a_downgrade_takes_the_flights_back_and_nothing_else(local_db: LocalFile, database: Path) -> None:
    take(local_db, sighting(OUT))
    local_db.close()
    downgrade(database, "0005")
    before = set(column(database, "SELECT name FROM sqlite_master"))
    downgrade(database, "0004")
    left = set(column(database, "SELECT name FROM sqlite_master"))
    assert {name for name in before - left if not str(name).startswith("sqlite_")} >= set(TABLES)
    assert all(
        str(name).removeprefix("sqlite_autoindex_").startswith(("flight", "asked_days")) for name in before - left
    )
    assert intact(database)


def test_an_upgrade_makes_the_same_tables_again_and_empty(local_db: LocalFile, database: Path) -> None:
    schema = "SELECT sql FROM sqlite_master WHERE name LIKE 'flight%' OR name = 'asked_days' ORDER BY name"
    before = column(database, schema)
    take(local_db, sighting(OUT))
    local_db.close()
    downgrade(database, "0004")
    upgrade(database)
    assert column(database, schema) == before
    assert dump(local_db) == [[], [], [], []]
    assert len(before) >= 7


def test_the_names_of_flights_are_looked_up_by_an_index(database: Path) -> None:
    for name in ("departure_date", "local_date"):
        query = (
            f"EXPLAIN QUERY PLAN SELECT flight_id FROM flight_aliases WHERE alias = 'NZ527' AND {name} = '2026-12-03'"
        )
        with sqlite3.connect(database) as connection:
            plan = " ".join(str(row[3]) for row in connection.execute(query))
        connection.close()
        assert f"flight_aliases_{name}" in plan
