"""Updates reach every list: our own rows and those of providers, once, whatever befalls a run."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeroapi_server import flight_row, schedule_row
from dated import AKL, CHC, Place, stack_row
from domain.sightings import utc
from flightctl.domain.caller import Role
from flightctl.domain.flight import Flight, FlightStatus
from flightctl.domain.ingestion import Ingested
from flightctl.errors import Locked, NotAllowed
from flightctl.store import flights
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from people import FIRST, Person, flight_id, person, unequal
from running import Rows
from trouble import held
from updates import (
    NEW,
    aero,
    after,
    bulk,
    counted,
    everything,
    ingest,
    line,
    malformed,
    own,
    service,
    stack,
    stored_ids,
    timetable,
)

HOURS = 60
NOWHERE = Place("QZX", "XQZX", "Pacific/Auckland")
"""Is in no table."""


@pytest.fixture
def people(db: Database) -> list[Person]:
    """Alice and Bob list the first flight, Carol the second."""
    some = [person(db, user) for user in ("alice", "bob", "carol")]
    for number, one in zip((0, 0, 1), some, strict=True):
        one.lists.track(flight_id(number))
    return some


def news(one: Person) -> list[tuple[str, ...]]:
    """What changed since they last looked, by flight."""
    return [entry.changed for entry in one.lists.listed()]


def the_flight(db: Database, wanted: str = "") -> Flight:
    with db.reading() as session:
        found = flights.find(session, wanted or flight_id())
    assert found is not None
    return found


def history(db: Database, wanted: str = "") -> list[tuple[str, str | None, str | None]]:
    with db.reading() as session:
        return [(one.field, one.old, one.new) for one in flights.history(session, wanted or flight_id())]


def departs(day_and_clock: str) -> datetime:
    return utc(f"2026-12-{day_and_clock}")


# Everybody's list


def test_everybody_who_lists_the_flight_sees_the_change(db: Database, people: list[Person]) -> None:
    told = ingest(db, own(departure_gate="24", status="active"))
    assert (told.applied, told.fanned_out) == (1, 2)
    assert [sorted(one) for who in people for one in news(who)] == [["departure_gate", "status"]] * 2 + [[]]
    [listed] = people[1].lists.listed()
    assert (listed.flight.departure_gate, listed.flight.status) == ("24", FlightStatus.ACTIVE)
    assert listed.changed == ()


def test_each_change_reaches_as_many_entries_as_there_are(db: Database, people: list[Person]) -> None:
    lines = [own(60, departure_gate="1"), own(61, departure_gate="2"), own(62), own(63, flight_id(1), status="active")]
    assert ingest(db, *lines).fanned_out == 2 + 2 + 0 + 1


def test_a_flight_that_nobody_lists_reaches_nobody(db: Database, people: list[Person]) -> None:
    for one in people:
        one.lists.untrack(one.list()[0][0])
    assert ingest(db, own(departure_gate="24")) == Ingested(lines=1, applied=1)


@pytest.mark.parametrize("update", [own, stack, aero])
def test_lists_and_index_stay_equal(db: Database, people: list[Person], update: Any) -> None:
    ingest(db, update(), own(flight=NEW))
    assert unequal(db) == []
    assert [one.list() for one in people] == [[(flight_id(n), "owned")] for n in (0, 0, 1)]


@pytest.mark.parametrize("update", [own, stack, aero, timetable])
def test_a_repeated_line_changes_nothing(db: Database, people: list[Person], update: Any, database: Path) -> None:
    changed = update(**({"status": "active"} if update is own else {"out": "09:45"}))
    ingest(db, changed)
    before = everything(database), [news(one) for one in people]
    assert ingest(db, changed) == Ingested(lines=1, unchanged=1)
    assert everything(database) == before[0]
    assert [news(one) for one in people] == [[()]] * 3


@pytest.mark.parametrize("update", [own, stack, aero, timetable])
def test_an_older_line_changes_nothing(db: Database, database: Path, update: Any) -> None:
    """But what a provider calls the flight is learned from any row."""
    ingest(db, own(90, departure_gate="24"))
    before = everything(database)
    older = update(89, **({"status": "active"} if update is own else {"out": "09:45"}))
    assert ingest(db, older) == Ingested(lines=1, outdated=1)
    assert everything(database) == {**before, "flight_aliases": everything(database)["flight_aliases"]}


def test_updates_of_one_moment_that_are_repeated_change_nothing(db: Database, database: Path) -> None:
    lines = [own(departure_gate="1"), own(departure_gate="2"), own(status="active")]
    ingest(db, *lines)
    before = everything(database)
    assert the_flight(db).status is FlightStatus.ACTIVE
    ingest(db, *lines)
    assert everything(database) == before


def test_every_line_is_counted_once(db: Database) -> None:
    lines = [own(60, status="active"), own(59), own(60, status="active"), "nonsense", own(flight=NEW), stack(70)]
    told = ingest(db, *lines, stack(70), aero(80, departure_gate=7), own(flight="x"))
    assert (told.lines, counted(told)) == (9, 9)
    assert (told.outdated, malformed(told), told.flights_created) == (1, [4, 9], 1)


# A flight that is not stored yet


def test_it_is_created_under_exactly_that_id(db: Database) -> None:
    told = ingest(db, own(flight=NEW, flight_iata="NZ528", departure_gate="7", actual_out="2026-12-02T23:31:00Z"))
    assert told == Ingested(lines=1, applied=1, flights_created=1)
    made = the_flight(db, NEW)
    assert (made.flight_iata, made.provider, made.review) == ("NZ528", "flightctl", "confirmed")
    assert (made.scheduled_out, made.local_date) == (departs("03 12:30"), FIRST)
    assert (made.origin_iata, made.destination_iata, made.origin_zone) == ("CHC", "AKL", "Pacific/Auckland")
    assert (made.departure_gate, made.actual_out) == ("7", departs("03 12:31"))
    assert history(db, NEW)[0] == ("scheduled_out", None, "2026-12-02T23:30:00Z")


def test_it_can_be_found_and_tracked(db: Database) -> None:
    ingest(db, own(flight=NEW, flight_iata="NZ528"))
    with db.reading() as session:
        found = [flights.of_day(session, [name], FIRST)[0].flight_id for name in ("NZ528", "ANZ528")]
    assert found == [NEW, NEW]
    alice = person(db, "alice")
    alice.lists.track(NEW)
    assert ingest(db, own(70, NEW, status="active")).fanned_out == 1
    assert news(alice) == [("status",)]


def test_several_lines_of_it_create_it_once(db: Database) -> None:
    told = ingest(db, own(60, NEW, departure_gate="1"), own(61, NEW, departure_gate="2"), own(59, NEW, status="active"))
    assert (told.applied, told.outdated, told.flights_created) == (2, 1, 1)
    assert (the_flight(db, NEW).departure_gate, the_flight(db, NEW).status) == ("2", FlightStatus.SCHEDULED)


def test_a_provider_s_row_is_recognised_as_it(db: Database, database: Path) -> None:
    ingest(db, own(flight=NEW, flight_iata="NZ528"))
    row = stack_row("NZ528", CHC, AKL, FIRST, "13:00", "14:20")
    told = ingest(db, line("aviationstack", after(70), row))
    assert (told.applied, told.flights_created) == (1, 0)
    assert the_flight(db, NEW).scheduled_out == departs("03 13:00")
    assert len(stored_ids(database)) == 3


@pytest.mark.parametrize("lines", [1, 2])
def test_it_is_recognised_in_the_same_run(db: Database, database: Path, lines: int) -> None:
    row = stack_row("NZ528", CHC, AKL, FIRST, "13:00", "14:20")
    ingesting = service(db)
    texts = [own(flight=NEW), line("aviationstack", after(70), row)]
    for _ in ingesting.ingest([texts] if lines == 2 else [[one] for one in texts]):
        pass
    assert (ingesting.ingested.flights_created, len(stored_ids(database))) == (1, 3)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (NEW.replace("NZAA", "AKL"), "AKL is written NZAA in a flight id"),
        (NEW.replace("NZCH", "CHC"), "CHC is written NZCH in a flight id"),
        (NEW.replace("NZCH", "XQZX"), f"{NEW.replace('NZCH', 'XQZX')}: its origin is in no table"),
        (NEW.replace("NZCH", "QZX"), f"{NEW.replace('NZCH', 'QZX')}: its origin is in no table"),
    ],
)
def test_another_id_of_it_is_malformed(db: Database, database: Path, wrong: str, why: str) -> None:
    told = ingest(db, own(departure_gate="1"), own(flight=wrong), own(61, departure_gate="2"))
    assert malformed(told) == [2]
    assert told.malformed[0].message.startswith(why)
    assert (told.applied, len(stored_ids(database))) == (2, 2)


@pytest.mark.parametrize("day", ["0001-01-01.0000.NZAA.NZCH", "9999-12-31.2359.KLAX.NZCH"])
def test_a_day_that_is_out_of_all_time_is_malformed(db: Database, database: Path, day: str) -> None:
    told = ingest(db, own(flight=f"ANZ9.{day}"), own(departure_gate="1"))
    assert (malformed(told), told.applied, len(stored_ids(database))) == ([1], 1, 2)


def test_a_destination_that_nobody_knows_is_kept_as_it_is(db: Database) -> None:
    elsewhere = NEW.replace("NZAA", "XQZX")
    ingest(db, own(flight=elsewhere))
    made = the_flight(db, elsewhere)
    assert (made.destination, made.destination_icao, made.destination_iata) == ("XQZX", "XQZX", "")


def test_a_line_that_is_malformed_creates_nothing(db: Database, database: Path) -> None:
    told = ingest(db, own(flight=NEW, scheduled_out=None))
    assert (malformed(told), told.flights_created, len(stored_ids(database))) == ([1], 0, 2)


def test_a_line_that_is_malformed_leaves_a_stored_flight_as_it_is(db: Database, database: Path) -> None:
    before = everything(database)
    told = ingest(db, own(departure_gate="1", scheduled_out=None), own(departure_gate="1", gate="2"))
    assert (sorted(malformed(told)), told.applied) == ([1, 2], 0)
    assert everything(database) == before


def test_malformed_lines_are_told_in_their_order(db: Database) -> None:
    told = ingest(db, own(flight=NEW.replace("NZCH", "XQZX")), "nonsense", own(scheduled_out=None), "[]")
    assert malformed(told) == [1, 2, 3, 4]


# Rows of providers


def test_aviationstack_s_row_is_of_the_stored_flight(db: Database, people: list[Person], database: Path) -> None:
    told = ingest(db, stack(out="13:30", departure={"gate": "24", "estimated": None}))
    assert (told.applied, told.flights_created, told.fanned_out) == (1, 0, 2)
    retimed = the_flight(db)
    assert (retimed.scheduled_out, retimed.departure_gate) == (departs("03 13:30"), "24")
    assert {"scheduled_out", "departure_gate"} <= set(news(people[0])[0])
    assert len(stored_ids(database)) == 2


def test_aeroapi_s_row_is_of_the_stored_flight(db: Database, people: list[Person], database: Path) -> None:
    told = ingest(db, aero(out="13:30", actual_off=departs("03 13:41"), gate_origin="24"))
    assert (told.applied, told.flights_created, told.fanned_out) == (1, 0, 2)
    gone = the_flight(db)
    assert (gone.scheduled_out, gone.status, gone.departure_gate) == (departs("03 13:30"), FlightStatus.ACTIVE, "24")
    assert "status" in news(people[1])[0]
    assert len(stored_ids(database)) == 2


def test_by_the_provider_s_id_it_is_the_same_flight_days_later(db: Database, database: Path) -> None:
    named: dict[str, Any] = {"fa_flight_id": "ANZ527-1-airline-1"}
    told = ingest(db, aero(60, **named), aero(120, days=5, out="06:00", **named))
    assert (told.flights_created, the_flight(db).scheduled_out) == (0, departs("08 06:00"))
    assert len(stored_ids(database)) == 2


def test_without_it_a_flight_days_later_is_another_one(db: Database) -> None:
    told = ingest(db, aero(60, fa_flight_id=None), aero(120, days=5, out="06:00", fa_flight_id=None))
    assert (told.flights_created, the_flight(db).scheduled_out) == (1, departs("03 08:30"))


def test_a_timetable_s_row_retimes_and_knows_nothing_of_what_became_of_it(db: Database) -> None:
    ingest(db, own(60, status="cancelled"), timetable(70, out="08:45"))
    flight = the_flight(db)
    assert (flight.scheduled_out, flight.status) == (departs("03 08:45"), FlightStatus.CANCELLED)


def test_rows_of_a_codeshare_and_its_operator_are_one_flight(db: Database, database: Path) -> None:
    sold = stack_row("SQ4321", AKL, CHC, FIRST, "08:30", "09:50", airline=("Singapore Airlines", "SQ", "SIA"))
    sold["flight"]["codeshared"] = {"flight_iata": "nz527", "flight_icao": "anz527"}
    told = ingest(db, line("aviationstack", after(60), sold), stack(in_="09:50", departure={"gate": "24"}))
    assert (told.applied, told.flights_created, counted(told)) == (2, 0, 2)
    assert len(stored_ids(database)) == 2


def test_two_flights_of_one_answer_stay_two(db: Database, database: Path) -> None:
    lines = [stack(60, "07:00"), stack(60, "18:00")]
    told = ingest(db, *lines)
    assert (told.flights_created, len(stored_ids(database))) == (1, 3)
    assert ingest(db, *lines) == Ingested(lines=2, unchanged=2)


@pytest.fixture
def two_a_day(db: Database) -> tuple[str, str]:
    """An answer that puts both flights of a number off, the first of them almost to where the second was."""

    def row(minutes: int, out: str) -> str:
        return line("aviationstack", after(minutes), stack_row("NZ599", AKL, CHC, FIRST, out, "23:50"))

    ingest(db, row(1, "07:00"), row(1, "12:00"))
    return row(60, "11:00"), row(60, "16:00")


def departures(db: Database) -> list[datetime | None]:
    return [the_flight(db, f"ANZ599.{FIRST}.{clock}.NZAA.NZCH").scheduled_out for clock in ("0700", "1200")]


def test_two_flights_of_one_answer_do_not_swap(db: Database, two_a_day: tuple[str, str]) -> None:
    ingest(db, *two_a_day)
    assert departures(db) == [departs("03 11:00"), departs("03 16:00")]


def test_an_answer_at_the_end_of_500_lines_is_one_answer(db: Database, two_a_day: tuple[str, str]) -> None:
    ingest(db, *bulk([flight_id(1)], 499), *two_a_day)
    assert departures(db) == [departs("03 11:00"), departs("03 16:00")]


def test_rows_of_one_answer_need_not_stand_together(db: Database, two_a_day: tuple[str, str]) -> None:
    ingest(db, two_a_day[0], own(60, flight_id(1), departure_gate="24"), two_a_day[1])
    assert departures(db) == [departs("03 11:00"), departs("03 16:00")]


def test_providers_and_our_own_rows_may_be_mixed(db: Database) -> None:
    told = ingest(
        db,
        stack(60, "09:00"),
        own(61, departure_gate="1"),
        aero(62, "09:30"),
        own(63, status="active"),
        stack(64, "09:30"),
    )
    assert (told.lines, counted(told), told.flights_created) == (5, 5, 0)
    flight = the_flight(db)
    assert (flight.scheduled_out, flight.departure_gate) == (departs("03 09:30"), "5")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "kept out: no flight designator"),
        ({**stack_row("NZ527", AKL, CHC, FIRST), "flight_date": "2026-12-09"}, "kept out: dated another day"),
        ({**stack_row("NZ527", AKL, CHC, FIRST), "departure": None}, "kept out: no origin airport"),
    ],
)
def test_a_row_that_says_too_little_is_malformed(db: Database, row: Any, why: str) -> None:
    told = ingest(db, line("aviationstack", after(60), row))
    assert told.malformed[0].message.startswith(why)


@pytest.mark.parametrize("changes", [{"position_only": True}, {"scheduled_out": None}, {"origin": {}}, {"ident": 7}])
def test_a_row_of_aeroapi_that_says_too_little_is_malformed(db: Database, changes: dict[str, Any]) -> None:
    row = flight_row("ANZ527/NZ527", AKL, CHC, departs("03 08:30"))
    names = {"ident_icao": None, "ident_iata": None} if "ident" in changes else {}
    told = ingest(db, line("aeroapi", after(60), {**row, **names, **changes}))
    assert (malformed(told), told.malformed[0].message[:10]) == ([1], "kept out: ")


def test_a_file_that_is_repeated_after_the_flight_has_left_makes_no_second_flight(db: Database, database: Path) -> None:
    left: dict[str, Any] = {"status": "active", "departure": {"actual": "2026-12-03T16:40:00+00:00"}}
    lines = [stack(60, "10:30"), stack(120, "16:30"), stack(180, "16:30", **left)]
    ingest(db, *lines)
    before = everything(database)
    ingest(db, *lines)
    assert stored_ids(database) == [flight_id(0), flight_id(1)]
    assert everything(database) == before


def test_a_file_of_many_retimes_that_is_repeated_makes_no_second_flight(db: Database, database: Path) -> None:
    times = [
        (FIRST, "08:30"),
        (FIRST, "18:30"),
        (FIRST + timedelta(days=1), "04:30"),
        (FIRST + timedelta(days=1), "14:30"),
    ]
    lines = [
        line("aviationstack", after(60 + n), stack_row("NZ599", AKL, CHC, day, out, "23:50"))
        for n, (day, out) in enumerate(times)
    ]
    ingest(db, *lines)
    before = everything(database)
    ingest(db, *lines)
    assert len(stored_ids(database)) == len(before["flights"]) == 3
    assert everything(database) == before


def test_an_airport_whose_zone_nobody_knows_is_not_learned_with_a_wrong_one(db: Database, rows: Rows) -> None:
    there = stack_row("NZ599", AKL, NOWHERE, FIRST, "08:30", "10:30", arrival={"timezone": None})
    back = stack_row("NZ598", NOWHERE, AKL, FIRST, "12:30", "14:30")
    ingest(db, line("aviationstack", after(60), there))
    assert malformed(ingest(db, line("aviationstack", after(70), back))) == []
    assert rows("SELECT scheduled_out FROM flights WHERE ident = 'ANZ598'") == [("2026-12-02 23:30:00.000000",)]


def test_where_an_airport_is_counts_as_soon_as_it_is_learned(db: Database) -> None:
    """Else the same file tells another story when it is repeated."""
    first = line("aviationstack", after(60), stack_row("NZ599", NOWHERE, CHC, FIRST, "08:30", "09:30"))
    row = schedule_row("ANZ598/NZ598", NOWHERE, CHC, departs("03 12:00"))
    ingesting = service(db)
    for _ in ingesting.ingest([[first], [line("aeroapi", after(70), row)]]):
        pass
    assert (malformed(ingesting.ingested), ingesting.ingested.flights_created) == ([], 2)


# Whatever rows hold


HOSTILE = ["\x1b[2Jx", "\0", "\ud800", "\u202eabc", "x" * 100_000, "'; DROP TABLE flights; --"]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_providers_are_cleaned(db: Database, text: str) -> None:
    departure = {"gate": text, "airport": text, "terminal": text}
    airline = (text, "NZ", "ANZ")
    told = ingest(db, stack(status=text, departure=departure, airline=airline), aero(70, status=text, gate_origin=text))
    assert counted(told) == 2
    flight = the_flight(db)
    for word in (flight.departure_gate, flight.departure_terminal, flight.provider_status):
        assert len(word) <= 200
        assert word.isprintable()


def _deep(levels: int) -> str:
    return (
        '{"provider": "%s", "observed_at": "2026-12-01T04:00:00Z", "row": {"%s": ' + "[" * levels + "]" * levels + "}}"
    )


@pytest.mark.parametrize(
    ("provider", "name"), [("flightctl", "flight_id"), ("aviationstack", "flight"), ("aeroapi", "codeshares")]
)
def test_however_deep_a_row_is_it_is_malformed(db: Database, provider: str, name: str) -> None:
    told = ingest(db, *(_deep(levels) % (provider, name) for levels in (500, *range(850, 1000, 5), 100_000)))
    assert len(told.malformed) == told.lines == 32


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(HOSTILE) | st.text(max_size=4)
_STAMPS = st.sampled_from(["2026-12-03T08:30:00+00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "24:00"])
_JUNK = _LEAVES | _STAMPS | st.lists(_LEAVES, max_size=2) | st.dictionaries(st.text(max_size=3), _LEAVES, max_size=2)
_ROWS: dict[str, dict[str, Any]] = {
    "aviationstack": stack_row("NZ527", AKL, CHC, FIRST, "08:30", "09:50"),
    "aeroapi": flight_row("ANZ527/NZ527", AKL, CHC, utc(f"{FIRST} 08:30")),
    "flightctl": {"flight_id": flight_id(), "status": "active", "departure_gate": "1", "scheduled_in": None},
}


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A line of which one value is something else."""
    provider = draw(st.sampled_from(sorted(_ROWS)))
    row = json.loads(json.dumps(_ROWS[provider]))
    name = draw(st.sampled_from(sorted(row)))
    holder = row[name] if isinstance(row[name], dict) and row[name] and draw(st.booleans()) else row
    holder[draw(st.sampled_from(sorted(holder)))] = draw(_JUNK)
    return line(provider, after(draw(st.integers(0, 600))), row)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spoilt(), min_size=1, max_size=6))
def test_whatever_rows_hold_every_line_is_counted(db: Database, database: Path, lines: list[str]) -> None:
    told = ingest(db, *lines)
    assert (told.lines, counted(told)) == (len(lines), len(lines))
    before = stored_ids(database)
    ingest(db, *lines)
    assert stored_ids(database) == before


# Runs


@pytest.mark.parametrize("role", [Role.USER, Role.STAFF])
def test_ingest_is_for_services_and_reads_nothing_for_others(db: Database, database: Path, role: Role) -> None:
    batches = iter([[own(departure_gate="24")]])
    before = everything(database)
    with pytest.raises(NotAllowed) as refused:
        next(service(db, role).ingest(batches))
    assert refused.value.exit_code == 4
    assert (len(list(batches)), everything(database)) == (1, before)


def test_at_most_500_lines_are_one_transaction(db: Database, rows: Rows) -> None:
    ingesting = service(db)
    seen = [
        (told.lines, told.applied, rows("SELECT departure_gate FROM flights WHERE flight_id = ?", flight_id()))
        for told in ingesting.ingest([bulk([flight_id()], 1100)])
    ]
    assert seen == [(500, 500, [("499",)]), (1000, 1000, [("999",)]), (1100, 1100, [("1099",)])]


def test_lines_that_come_one_by_one_are_taken_up_one_by_one(db: Database) -> None:
    ingesting = service(db)
    batches = ([own(60 + gate, departure_gate=str(gate))] for gate in range(3))
    assert [the_flight(db).departure_gate for _ in ingesting.ingest(batches)] == ["0", "1", "2"]


def test_empty_lines_are_none_and_have_a_number(db: Database) -> None:
    ingesting = service(db)
    for _ in ingesting.ingest([["", "  \t\r", "nonsense", ""], [own(), "\r", "[]"], []]):
        pass
    assert (ingesting.ingested.lines, malformed(ingesting.ingested)) == (3, [3, 7])


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_an_interrupted_run_can_be_repeated(db: Database, database: Path, steps: int) -> None:
    lines = bulk([flight_id(0), flight_id(1), NEW], 500)
    other = database.with_name("uninterrupted.db")
    shutil.copy(database, other)
    with closing(LocalFile(other)) as undisturbed:
        whole = ingest(undisturbed, *lines)
    run = service(db).ingest([lines])
    for _ in range(steps):
        next(run)
    run.close()  # type: ignore[attr-defined]
    assert ingest(db, *lines).applied == whole.applied - steps * 500
    assert everything(database) == everything(other)


def test_two_at_once_over_the_same_lines_apply_each_update_once(db: Database, database: Path) -> None:
    lines = bulk([flight_id(0), flight_id(1)], 300)
    barrier, told = Barrier(2), list[Ingested]()
    ends = [Thread(target=_run, args=(database, lines, barrier, told)) for _ in range(2)]
    for end in ends:
        end.start()
    for end in ends:
        end.join(60)
    assert (sum(one.applied for one in told), [counted(one) for one in told]) == (600, [600, 600])
    gates = [new for field, _, new in history(db) if field == "departure_gate"]
    assert gates == [str(gate) for gate in range(300)]


def _run(database: Path, lines: list[str], barrier: Barrier, told: list[Ingested]) -> None:
    with closing(LocalFile(database, wait_s=30)) as opened:
        barrier.wait(30)
        told.append(ingest(opened, *lines))


def test_a_locked_file_is_told_of_and_nothing_is_half_done(db: Database, database: Path) -> None:
    before = everything(database)
    with closing(LocalFile(database, wait_s=0.1)) as impatient, held(database, "BEGIN IMMEDIATE"):
        with pytest.raises(Locked) as locked:
            ingest(impatient, own(departure_gate="24"))
        assert (locked.value.exit_code, everything(database)) == (8, before)
    assert ingest(db, own(departure_gate="24")).applied == 1
