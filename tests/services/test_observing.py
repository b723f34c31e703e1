"""Reports are taken up into the file: in whole answers, once, by as many processes as one likes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.sightings import AEROAPI, AKL, CHC, ID, LATER, NOW, OUT, codeshare, sighting
from flightctl.domain.sighting import Place, Sighting
from flightctl.errors import LocalFileError
from flightctl.services.observing import Observed, Observing
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from running import Rows
from services.observers import ROWS, answer
from trouble import column, intact

OBSERVERS = Path(__file__).with_name("observers.py")
TABLES = ("flights", "flight_aliases", "flight_changes")
HOUR = timedelta(hours=1)


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    opened = LocalFile(database)
    yield opened
    opened.close()


def observe(db: Database, *rows: Sighting) -> Observed:
    return Observing(lambda: db).observe(rows)


def dump(database: Path) -> list[list[Any]]:
    with sqlite3.connect(database) as connection:
        found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]
    connection.close()
    return found


def ids(database: Path) -> list[object]:
    return column(database, "SELECT flight_id FROM flights ORDER BY flight_id")


def story() -> list[Sighting]:
    """Three answers: of two days, of the same with a retime and a gate, and of the other provider."""
    day = ["2026-12-03 08:30", "2026-12-04 08:30"]
    first = [*map(sighting, day), codeshare(day[0])]
    second = [sighting("2026-12-03 20:10"), sighting(day[1], departure_gate="24")]
    third = [sighting("2026-12-03 20:10", provider_id="x1"), sighting("2026-12-05 08:30")]
    return [
        *first,
        *(replace(row, observed_at=LATER) for row in second),
        *(replace(row, observed_at=LATER + HOUR, provider=AEROAPI) for row in third),
    ]


def test_each_flight_of_an_answer_is_counted_by_what_came_of_it(db: Database) -> None:
    assert observe(db, *story()) == Observed(created=3, changed=2, unchanged=1, outdated=0)
    assert observe(db, sighting(OUT)) == Observed(outdated=1)


def test_what_is_taken_up_again_is_unchanged_and_not_written_twice(db: Database, database: Path) -> None:
    last = [row for row in story() if row.provider == AEROAPI]
    observe(db, *story())
    before = dump(database)
    assert observe(db, *last) == Observed(unchanged=2)
    assert dump(database) == before


def test_answer_by_answer_is_the_same_as_all_at_once(db: Database, database: Path) -> None:
    for row in story():
        observe(db, row)
    one_by_one = dump(database)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM flights")
    connection.close()
    observe(db, *story())
    all_at_once = dump(database)
    assert all_at_once[:2] == one_by_one[:2]
    assert {row[1:] for row in all_at_once[2]} == {row[1:] for row in one_by_one[2]}
    assert len(all_at_once[2]) == len(one_by_one[2])


def test_nothing_observed_writes_nothing(db: Database, database: Path) -> None:
    before = database.read_bytes()
    assert observe(db) == Observed()
    assert database.read_bytes() == before


def test_airports_without_an_icao_code_get_it_from_the_table(db: Database, database: Path) -> None:
    bare = sighting(OUT, origin=AKL._replace(icao=""), destination=CHC._replace(icao=""))
    observe(db, bare)
    assert ids(database) == [ID]


def test_airports_without_an_iata_code_get_it_from_the_table(db: Database, rows: Rows) -> None:
    observe(db, sighting(OUT, origin=AKL._replace(iata=""), destination=CHC._replace(iata="")))
    assert rows("SELECT origin_iata, destination_iata FROM flights") == [("AKL", "CHC")]


def test_an_airport_that_no_table_knows_stands_in_the_id_by_its_iata_code(db: Database, database: Path) -> None:
    observe(db, sighting(OUT, origin=Place("QQX", "", "Pacific/Auckland")))
    assert ids(database) == ["ANZ527.2026-12-03.0830.QQX.NZCH"]


def test_a_number_with_an_iata_designator_only_gets_the_icao_ident_from_the_table(db: Database, database: Path) -> None:
    observe(db, sighting(OUT, ident="NZ527", designators=frozenset({"NZ527"})))
    assert ids(database) == [ID]
    assert set(column(database, "SELECT alias FROM flight_aliases")) == {"NZ527", "ANZ527"}


def test_an_answer_of_thousands_of_rows_is_taken_up_whole_and_once(db: Database, database: Path) -> None:
    rows = [replace(row, observed_at=NOW) for number in range(21) for row in answer(number)]
    assert observe(db, *rows) == Observed(created=21 * ROWS)
    assert observe(db, *(replace(row, observed_at=LATER) for row in rows)) == Observed(unchanged=21 * ROWS)
    assert column(database, "SELECT max(version) FROM flights") == [1]


def test_reports_are_read_as_they_are_taken_up(db: Database, database: Path) -> None:
    """Not all of them first: a feed may be longer than the memory."""
    written: list[int] = []

    def feed() -> Iterator[Sighting]:
        for number in range(20):
            written.append(len(ids(database)))
            yield from answer(number)

    Observing(lambda: db).observe(feed())
    assert written == sorted(written)
    assert written[-1] >= 10 * ROWS


def test_a_feed_that_breaks_off_leaves_the_answers_before(db: Database, database: Path) -> None:
    def feed() -> Iterator[Sighting]:
        for number in range(13):
            yield from answer(number)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Observing(lambda: db).observe(feed())
    assert len(ids(database)) == 10 * ROWS


def test_a_file_that_another_process_holds_is_reported_and_nothing_is_taken_up(database: Path) -> None:
    hurried = LocalFile(database, wait_s=0.05)
    with sqlite3.connect(database, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LocalFileError):
            observe(hurried, sighting(OUT))
        holder.execute("ROLLBACK")
    holder.close()
    hurried.close()
    assert ids(database) == []


# Several processes


@contextmanager
def observers(database: Path, count: int, answers: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes that are about to take up the same answers; killed on leaving."""
    command = [sys.executable, str(OBSERVERS), str(database), str(answers)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def let_go(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()


def ended(process: subprocess.Popen[str]) -> Observed:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return Observed(**json.loads(out.splitlines()[-1]))


def test_two_processes_that_take_up_the_same_rows_at_once_make_one_record_each(database: Path) -> None:
    with observers(database, 2, 8) as both:
        let_go(both)
        one, other = map(ended, both)
    assert one.created + other.created == 8 * ROWS
    assert one.changed + other.changed == 0
    assert len(ids(database)) == 8 * ROWS
    assert column(database, "SELECT count(*) FROM flight_aliases") == [16 * ROWS]
    assert column(database, "SELECT count(*) FROM flight_changes") == [8 * ROWS]
    assert column(database, "SELECT max(version) FROM flights") == [1]


@pytest.mark.parametrize("reached", [1, 21])
def test_a_process_that_is_killed_while_it_writes_leaves_whole_answers_only(
    db: Database, database: Path, reached: int
) -> None:
    answers = 24
    with observers(database, 1, answers) as [process]:
        let_go([process])
        assert process.stdout
        while process.stdout.readline() != f"{reached}\n":
            pass
        _kill_while_it_writes(process, database)
    whole = "SELECT count(*) FROM flights GROUP BY observed_at"
    assert set(column(database, whole)) <= {ROWS}
    assert len(column(database, whole)) < answers
    assert intact(database)
    for table in ("flight_aliases", "flight_changes"):
        assert set(column(database, f"SELECT DISTINCT flight_id FROM {table}")) == set(ids(database))
    before = len(ids(database))
    again = observe(db, *(row for number in range(answers) for row in answer(number)))
    assert again == Observed(created=answers * ROWS - before, unchanged=before)


def _kill_while_it_writes(process: subprocess.Popen[str], database: Path) -> None:
    journal = database.with_name(database.name + "-journal")
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.0005)
    process.kill()
    assert process.wait() < 0, "it was done before it was killed"
