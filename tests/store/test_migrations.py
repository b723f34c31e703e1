"""The tables are made, upgraded and taken back; whatever happens meanwhile, the file works."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

import flightctl.store.flight_models
import flightctl.store.list_models
import flightctl.store.mirror_models  # noqa: F401 - their tables are compared with the migrations, too
from crowd import crowd
from flightctl.errors import Corrupt, Newer, UsageError
from flightctl.store.engine import Database
from flightctl.store.hits import TablesMissing, open_reader
from flightctl.store.migrate import downgrade, upgrade
from flightctl.store.schema import HEAD, REVISIONS
from running import Cached, Flightctl, Rows
from store import engines
from trouble import change, column, held, intact, make_foreign, make_newer

engine = engines.of_files

CACHE = "aviationstack_cache"
CACHE_COLUMNS = {
    # name: type, not null, how its default begins, primary key
    "id": ("TEXT", 1, "lower", 1),
    "cache_key": ("TEXT", 1, None, 0),
    "flight_iata": ("TEXT", 1, None, 0),
    "airline_iata": ("TEXT", 1, None, 0),
    "departure_iata": ("TEXT", 1, None, 0),
    "arrival_iata": ("TEXT", 1, None, 0),
    "status": ("TEXT", 1, "'pending'", 0),
    "payload_source": ("JSON", 0, None, 0),
    "provider": ("TEXT", 1, "'aviationstack'", 0),
    "cached_at": ("TEXT", 1, "strftime", 0),
    "refreshed_at": ("TEXT", 1, "strftime", 0),
    "created_at": ("TEXT", 1, "strftime", 0),
    "updated_at": ("TEXT", 1, "strftime", 0),
}


def test_the_cache_has_exactly_the_columns_that_people_rely_on(rows: Rows) -> None:
    found = rows('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', CACHE)
    assert {
        name: (kind, not_null, default and default.split("(")[0], pk) for name, kind, not_null, default, pk in found
    } == (CACHE_COLUMNS)


def test_the_cache_is_indexed_by_key_designator_and_status(rows: Rows) -> None:
    found = rows(
        'SELECT i."unique", group_concat(c.name) FROM pragma_index_list(?) i, pragma_index_info(i.name) c '
        "WHERE i.origin <> 'pk' GROUP BY i.name ORDER BY 2",
        CACHE,
    )
    assert found == [(1, "cache_key"), (0, "flight_iata"), (0, "status")]


@pytest.mark.parametrize("status", ["stale", "CONFIRMED", "", None])
def test_no_other_status_is_let_in(rows: Rows, status: str | None) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        rows(
            "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, "
            "status) VALUES ('flight:NZ1', 'NZ1', 'NZ', 'AKL', 'CHC', ?)",
            status,
        )


def test_the_tables_beside_the_cache_are_there(database: Path) -> None:
    expected = {"route_legs", "proposals", "airlines", "airports", CACHE}
    assert expected <= set(column(database, "SELECT name FROM sqlite_master WHERE type = 'table'"))


def test_models_and_migrations_agree(db: Database) -> None:
    with db.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _differs_in_affinity})
        assert compare_metadata(context, SQLModel.metadata) == []


def _differs_in_affinity(
    context: MigrationContext, _column: object, _modelled: object, found: TypeEngine[Any], modelled: TypeEngine[Any]
) -> bool:
    """VARCHAR and TEXT are one to SQLite."""
    return found._type_affinity is not modelled.dialect_impl(context.dialect)._type_affinity


def test_a_new_file_is_made_with_its_folder_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "cache.db"
    assert upgrade(path) == ""
    assert column(path, "SELECT version_num FROM alembic_version") == [HEAD]
    assert column(path, "PRAGMA journal_mode") == ["delete"]
    assert path.parent.stat().st_mode & 0o077 == 0


def test_no_character_of_a_path_has_a_meaning(
    tmp_path: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a b%41?mode=ro#é&" / "cache?x=%2F.db"
    monkeypatch.setenv("FLIGHTCTL_DB", str(path))
    assert flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC").code == 0
    assert flightctl("lookup", "NZ527", "--offline", "--json").code == 3
    assert flightctl("db", "backup", str(path.with_name("copy?.db"))).code == 0
    assert sorted(file.name for file in path.parent.iterdir()) == ["cache?x=%2F.db", "copy?.db"]


def test_an_empty_file_is_made_into_a_cache(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    path.touch()
    upgrade(path)
    assert column(path, "SELECT count(*) > 1000 FROM airports") == [1]


def test_an_upgrade_of_a_current_file_changes_nothing(database: Path) -> None:
    before = database.read_bytes()
    assert upgrade(database) == HEAD
    assert database.read_bytes() == before


def test_a_file_of_the_first_revision_is_upgraded_by_the_next_command(
    database: Path, flightctl: Flightctl, cached: Cached
) -> None:
    downgrade(database, "0001")
    cached("NZ527")
    answer = flightctl("lookup", "NZ527", "--json")
    assert (answer.code, answer.answers[0]["outcome"], answer.err) == (0, "hit", "")
    assert column(database, "SELECT version_num FROM alembic_version") == [HEAD]


@pytest.mark.parametrize("revision", ["base", *REVISIONS])
def test_a_downgrade_leaves_a_file_that_works(
    database: Path, flightctl: Flightctl, cached: Cached, revision: str
) -> None:
    cached("NZ527")
    downgrade(database, revision)
    assert intact(database)
    answer = flightctl("lookup", "NZ527", "--offline", "--json").answers[0]
    assert answer["outcome"] == ("offline" if revision == "base" else "hit")


def test_a_downgrade_to_the_first_revision_drops_only_what_later_ones_added(database: Path, cached: Cached) -> None:
    cached("NZ527")
    downgrade(database, "0001")
    tables = set(column(database, "SELECT name FROM sqlite_master WHERE type = 'table'"))
    assert tables.isdisjoint(
        {"absences", "leases", "lookup_counts", "upstream_calls", "budget_cycles", "feeds", "flights"}
    )
    assert column(database, "SELECT flight_iata FROM aviationstack_cache") == ["NZ527"]


def test_a_downgrade_to_base_leaves_no_table_of_ours(database: Path) -> None:
    downgrade(database, "base")
    tables = column(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert tables == ["alembic_version"]


@pytest.mark.parametrize("revision", ["9999", "head", "", "0001; DROP TABLE airports"])
def test_a_revision_that_is_none_is_refused(database: Path, revision: str) -> None:
    with pytest.raises(UsageError):
        downgrade(database, revision)


def test_a_downgrade_does_not_go_up(database: Path) -> None:
    downgrade(database, "0001")
    with pytest.raises(UsageError):
        downgrade(database, "0002")


def test_a_newer_file_is_refused_and_left_alone(database: Path) -> None:
    make_newer(database)
    before = database.read_bytes()
    for refused in (lambda: upgrade(database), lambda: downgrade(database, "0001"), lambda: open_reader(database)):
        with pytest.raises(Newer):
            refused()
    assert database.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    make_foreign(path)
    before = path.read_bytes()
    for refused in (lambda: upgrade(path), lambda: downgrade(path, "0001"), lambda: open_reader(path)):
        with pytest.raises(Corrupt):
            refused()
    assert path.read_bytes() == before


def test_a_file_that_was_put_into_wal_mode_is_turned_back(database: Path, cached: Cached) -> None:
    cached("NZ527")
    change(database, "PRAGMA journal_mode = WAL")
    upgrade(database)
    assert column(database, "PRAGMA journal_mode") == ["delete"]
    assert column(database, "SELECT flight_iata FROM aviationstack_cache") == ["NZ527"]


def test_a_file_that_others_hold_in_wal_mode_works_as_it_is(
    database: Path, flightctl: Flightctl, cached: Cached
) -> None:
    change(database, "PRAGMA journal_mode = WAL")
    with held(database, "SELECT count(*) FROM airports"):
        cached("NZ527")
        upgrade(database)
        assert flightctl("lookup", "NZ527", "--json").code == 0
        assert flightctl("add-manual", "NZ528", "--from", "AKL", "--to", "CHC").code == 0
    assert column(database, "SELECT count(*) FROM aviationstack_cache") == [2]


def test_24_processes_that_open_a_new_file_at_once_all_succeed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "new" / "cache.db"
    monkeypatch.setenv("FLIGHTCTL_DB", str(path))
    ended = crowd([["lookup", "NZ527", "--offline", "--json"]] * 24, at_once=24)
    assert {(one.result.code, one.result.answers[0]["error"]["code"]) for one in ended} == {(3, "offline")}
    assert intact(path)
    assert column(path, "SELECT version_num FROM alembic_version") == [HEAD]


@pytest.mark.parametrize("start", ["nothing", "0001"])
def test_a_migration_that_is_killed_leaves_a_file_that_works(
    tmp_path: Path, empty_cache: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    path = tmp_path / "cache.db"
    if start != "nothing":
        shutil.copy(empty_cache, path)
        downgrade(path, start)
        # The airports are loaded again in the same transaction, which makes it long enough to be killed in.
        change(path, "UPDATE reference_versions SET version = 'old'", "DELETE FROM airports WHERE iata <> 'AKL'")
    monkeypatch.setenv("FLIGHTCTL_DB", str(path))
    _kill_while_it_writes(path)
    assert set(column(path, "SELECT name FROM sqlite_master")).isdisjoint({"absences"})
    assert flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC").code == 0
    assert intact(path)


def _kill_while_it_writes(path: Path) -> None:
    journal = path.with_name(path.name + "-journal")
    with subprocess.Popen([sys.executable, "-m", "flightctl", "db", "upgrade"], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (journal.exists() and journal.stat().st_size):
            time.sleep(0.001)
        process.kill()
    assert process.returncode < 0, "it was done before it was killed"


def test_a_new_edition_replaces_packaged_rows_and_keeps_learned_ones(database: Path, rows: Rows) -> None:
    learned = "INSERT INTO airlines (iata, icao, name, rank, source) VALUES ('1X', '', 'Learned Air', 2, 'learned')"
    change(
        database,
        "UPDATE reference_versions SET version = 'an older one'",
        "UPDATE airlines SET name = 'Old Name' WHERE icao = 'ANZ'",
        "INSERT INTO airlines (iata, icao, name, rank, source) VALUES ('2X', 'QQQ', 'Gone Since', 1, 'package')",
        learned,
        "UPDATE airports SET name = 'Old Field' WHERE iata = 'AKL'",
        "INSERT INTO airports (iata, icao, name, source) VALUES ('Q9Q', '', 'Learned Field', 'learned')",
    )
    upgrade(database)
    names = "SELECT name FROM airlines WHERE icao IN ('ANZ', 'QQQ') OR iata = '1X' ORDER BY name"
    assert [name for (name,) in rows(names)] == ["Air New Zealand", "Learned Air"]
    airports = "SELECT name FROM airports WHERE iata IN ('AKL', 'Q9Q') ORDER BY iata"
    assert [name for (name,) in rows(airports)] == ["Auckland International Airport", "Learned Field"]
    assert rows("SELECT count(*) FROM reference_versions WHERE version = 'an older one'") == [(0,)]


def test_a_new_edition_takes_over_what_was_learned_with_the_same_codes(database: Path, rows: Rows) -> None:
    change(
        database,
        "UPDATE reference_versions SET version = 'an older one'",
        "UPDATE airlines SET name = 'As Told', rank = 2, source = 'learned' WHERE icao = 'ANZ'",
        "UPDATE airports SET name = 'As Told', zone = '', source = 'learned' WHERE iata = 'AKL'",
    )
    upgrade(database)
    assert rows("SELECT name, rank, source FROM airlines WHERE icao = 'ANZ'") == [("Air New Zealand", 1, "package")]
    assert rows("SELECT zone, source FROM airports WHERE iata = 'AKL'") == [("Pacific/Auckland", "package")]


def test_a_file_of_an_earlier_revision_is_no_hit_but_to_be_upgraded(database: Path) -> None:
    downgrade(database, "0001")
    with pytest.raises(TablesMissing):
        open_reader(database)
