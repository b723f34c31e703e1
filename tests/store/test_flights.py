"""Dated flights in the tables: read as they were written, found by names, days and ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.oracle import World, worlds
from domain.sightings import AEROAPI, ID, IN, LATER, MANUAL, NOW, OUT, report, sighting, utc
from domain.telling import Telling
from flightctl.domain.flight import PENDING, REJECTED, TIMES, Flight, FlightStatus
from flightctl.domain.flight_book import DESIGNATOR, Book, Entry
from flightctl.domain.flight_news import Applied, Change, first_seen
from flightctl.domain.sighting import Sighting
from flightctl.services.observing import Observing
from flightctl.store import flights
from flightctl.store.engine import Database
from flightctl.store.migrate import downgrade, upgrade
from running import Rows
from trouble import column, intact

HOUR = timedelta(hours=1)
THIRD, FOURTH = date(2026, 12, 3), date(2026, 12, 4)
TABLES = ("flights", "flight_aliases", "flight_changes", "asked_days")
DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")


def take(db: Database, *rows: Sighting, **more: Any) -> list[Applied]:
    """Take up one answer about the flights that are stored."""
    with db.writing() as session:
        book = Book(flights.entries(session, column(db.path, "SELECT flight_id FROM flights")))  # type: ignore[arg-type]
        taken = book.take(rows, **more)
        flights.write(session, book.written)
    return taken


def found(db: Database, flight_id: str = ID) -> Flight:
    with db.reading() as session:
        one = flights.find(session, flight_id)
    assert one is not None
    return one


def of_day(db: Database, day: date, *names: str) -> list[str]:
    with db.reading() as session:
        return [one.flight_id for one in flights.of_day(session, names or ("NZ527",), day)]


def near(db: Database, name: str, low: date, high: date) -> set[str]:
    with db.reading() as session:
        return flights.ids_near(session, {name: (low, high)})


def dump(database: Path) -> list[list[Any]]:
    """Every row of every table of flights."""
    with sqlite3.connect(database) as connection:
        found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]
    connection.close()
    return found


# Values


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
    assert rows("SELECT scheduled_out, departure_date, departure_hhmm FROM flights") == [
        ("2026-12-02 19:30:00.000000", "2026-12-03", "0830")
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("status", "boarding"), ("review", "maybe"), ("version", None), ("provider", None)]
)
def test_what_no_flight_can_be_is_not_let_in(db: Database, rows: Rows, name: str, value: str | None) -> None:
    take(db, sighting(OUT))
    with pytest.raises(sqlite3.IntegrityError):
        rows(f"UPDATE flights SET {name} = ?", value)


def test_the_same_id_is_not_let_in_twice(db: Database, rows: Rows) -> None:
    take(db, sighting(OUT))
    with pytest.raises(sqlite3.IntegrityError):
        rows("INSERT INTO flights SELECT * FROM flights")


# Names and days


def test_a_flight_is_found_by_each_of_its_names_on_its_day(db: Database) -> None:
    take(db, sighting(OUT, codeshares=frozenset({"SQ4321"})), asked=["LH9999"])
    for name in ("NZ527", "ANZ527", "SQ4321", "LH9999"):
        assert of_day(db, THIRD, name) == [ID]
        assert of_day(db, FOURTH, name) == []
    assert of_day(db, THIRD, "NZ528") == of_day(db, THIRD, "nz527") == of_day(db, THIRD, "NZ52%") == []


@pytest.mark.parametrize("out", ["2026-12-04 00:10", "2026-12-02 23:50"])
def test_a_flight_that_was_put_to_another_day_is_found_on_both(db: Database, out: str) -> None:
    take(db, sighting(OUT, provider_id="x1"))
    take(db, sighting(out, provider_id="x1", codeshares=frozenset({"SQ4321"}), observed_at=LATER))
    for name in ("NZ527", "SQ4321"):
        assert of_day(db, THIRD, name) == of_day(db, date.fromisoformat(out[:10]), name) == [ID]
    assert near(db, "NZ527", THIRD, THIRD) == set()


def test_a_flight_that_was_put_back_is_found_on_its_day_only(db: Database) -> None:
    for hours, out in enumerate([OUT, "2026-12-04 00:10", OUT]):
        take(db, sighting(out, provider_id="x1", observed_at=NOW + hours * HOUR))
    assert (of_day(db, THIRD), of_day(db, FOURTH)) == ([ID], [])
    assert near(db, "NZ527", THIRD, THIRD) == {ID}


def test_the_flights_of_a_day_come_in_order_of_their_present_departure(db: Database) -> None:
    take(db, sighting("2026-12-03 08:30"), sighting("2026-12-03 12:30", "", provider_id="x1"))
    take(db, sighting("2026-12-03 06:30", provider_id="x1", observed_at=LATER))
    assert of_day(db, THIRD) == ["ANZ527.2026-12-03.1230.NZAA.NZCH", ID]


@pytest.mark.parametrize("review", [PENDING, REJECTED])
def test_what_is_not_confirmed_is_no_flight_of_the_day(db: Database, review: str) -> None:
    take(db, sighting(OUT, provider=MANUAL), review=review)
    assert of_day(db, THIRD) == []
    assert found(db).review == review
    with db.reading() as session:
        assert [one.flight_id for one in flights.pending(session)] == ([ID] if review == PENDING else [])


@pytest.mark.parametrize(
    ("low", "high", "is_near"),
    [(2, 4, True), (3, 3, True), (3, 4, True), (2, 3, True), (4, 5, False), (1, 2, False), (4, 2, False)],
)
def test_near_are_the_flights_between_two_days_both_included(db: Database, low: int, high: int, is_near: bool) -> None:
    take(db, sighting(OUT))
    assert near(db, "NZ527", THIRD.replace(day=low), THIRD.replace(day=high)) == ({ID} if is_near else set())


def test_more_names_than_one_statement_holds_are_found_each_in_its_span(db: Database) -> None:
    names = [(f"NZ{n}", f"ANZ{n}") for n in range(1, 451)]
    take(db, *(sighting(OUT, ident=icao, designators=frozenset({iata, icao})) for iata, icao in names))
    spans = {iata: (THIRD, THIRD) if n % 2 else (FOURTH, FOURTH) for n, (iata, _) in enumerate(names)}
    with db.reading() as session:
        ids = flights.ids_near(session, spans)
    assert ids == {f"{icao}.2026-12-03.0830.NZAA.NZCH" for _, icao in names[1::2]}


def test_more_ids_than_one_statement_holds_are_found_with_what_they_go_by(db: Database) -> None:
    outs = [f"{utc(OUT) + n * 24 * HOUR:%Y-%m-%d} 08:30" for n in range(520)]
    made = take(db, *(sighting(out, provider_id=f"x{n}") for n, out in enumerate(outs)))
    with db.reading() as session:
        entries = flights.entries(session, [one.flight.flight_id for one in made])
        by_provider = flights.ids_of_provider_ids(session, [f"x{n}" for n in range(520)])
    assert {entry.flight.flight_id: entry.flight for entry in entries} == {
        one.flight.flight_id: one.flight for one in made
    }
    assert all(len(entry.aliases) == 3 for entry in entries)
    assert by_provider == {one.flight.flight_id for one in made}


def test_a_flight_that_is_not_there_is_not_found(db: Database) -> None:
    with db.reading() as session:
        assert flights.find(session, ID) is None
        assert flights.entries(session, [ID]) == []
        assert flights.history(session, ID) == []
        assert flights.ids_of_provider_ids(session, []) == flights.ids_near(session, {}) == set()


@pytest.mark.parametrize("alias", ["NZ527' OR '1'='1", "%", "*", "'; DROP TABLE flights; --", "é\x00"])
def test_no_name_is_read_as_anything_but_a_name(db: Database, alias: str) -> None:
    take(db, sighting(OUT), asked=[alias])
    assert of_day(db, THIRD, alias) == [ID]
    assert of_day(db, THIRD, alias + "x") == []


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
    assert {row[0] for rows in dump(db.path)[:2] for row in rows} == {"ANZ527.2026-12-04.0830.NZAA.NZCH"}
    assert [row[1] for row in dump(db.path)[2]] == ["ANZ527.2026-12-04.0830.NZAA.NZCH"]


def test_a_book_that_learned_nothing_writes_nothing(db: Database) -> None:
    take(db, sighting(OUT))
    before = dump(db.path)
    with db.writing() as session:
        flights.write(session, Book([Entry(first_seen(report(sighting(OUT))).flight, {"NZ527": DESIGNATOR})]).written)
    assert dump(db.path) == before


# What the tables hold is what a book holds


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(worlds(), st.data())
def test_the_tables_hold_what_a_book_in_memory_holds(db: Database, world: World, data: st.DataObject) -> None:
    _empty(db)
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


def _empty(db: Database) -> None:
    with db.writing() as session:
        for flight_id in column(db.path, "SELECT flight_id FROM flights"):
            flights.remove(session, str(flight_id))


def _histories(session: Any, flight_ids: Sequence[str] | dict[str, Entry]) -> dict[str, list[str | None]]:
    return {
        flight_id: [change.new for change in flights.history(session, flight_id) if change.field == "scheduled_out"]
        for flight_id in flight_ids
    }


def _schedules(telling: Telling, flight_id: str) -> list[str | None]:
    return [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in telling.schedules[flight_id]]


# Revision 0005


def test_a_downgrade_takes_the_flights_back_and_nothing_else(db: Database, database: Path) -> None:
    before = set(column(database, "SELECT name FROM sqlite_master"))
    take(db, sighting(OUT))
    db.close()
    downgrade(database, "0004")
    left = set(column(database, "SELECT name FROM sqlite_master"))
    assert {name for name in before - left if not str(name).startswith("sqlite_")} >= set(TABLES)
    assert all(
        str(name).removeprefix("sqlite_autoindex_").startswith(("flight", "asked_days")) for name in before - left
    )
    assert intact(database)


def test_an_upgrade_makes_the_same_tables_again_and_empty(db: Database, database: Path) -> None:
    schema = "SELECT sql FROM sqlite_master WHERE name LIKE 'flight%' OR name = 'asked_days' ORDER BY name"
    before = column(database, schema)
    take(db, sighting(OUT))
    db.close()
    downgrade(database, "0004")
    upgrade(database)
    assert column(database, schema) == before
    assert dump(database) == [[], [], [], []]
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
