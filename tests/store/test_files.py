"""The local file as a whole: copies, putting a copy back, and what a killed process leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flightctl.errors import Corrupt, FlightctlError, LocalFileError, Newer, NotFound, UsageError
from flightctl.store import files
from flightctl.store.local_engine import LocalFile
from flightctl.store.migrate import downgrade
from flightctl.store.schema import HEAD
from running import Cached, Flightctl, Rows
from store import engines
from trouble import (
    change,
    column,
    intact,
    leave_hot_journal,
    make_foreign,
    make_newer,
    spoil_header,
    truncate,
    zero_tables,
)

engine = engines.of_files

FLIGHTS = "SELECT flight_iata FROM aviationstack_cache ORDER BY 1"
Damage = Callable[[Path], object]
DAMAGE: dict[str, Damage] = {
    "header": spoil_header,
    "half of it": truncate,
    "a page": lambda path: zero_tables(path, "airports"),
}


@pytest.fixture
def copy(database: Path, cached: Cached, rows: Rows) -> Path:
    """A backup that holds NZ527, while the file itself has gone on to NZ528."""
    cached("NZ527")
    copy = database.with_name("copy.db")
    files.backup(database, copy)
    rows("UPDATE aviationstack_cache SET cache_key = 'flight:NZ528', flight_iata = 'NZ528'")
    return copy


def test_the_status_says_what_the_file_is(database: Path, cached: Cached) -> None:
    cached("NZ527")
    status = files.status(database)
    assert (status.path, status.revision, status.journal_mode, status.intact) == (database, HEAD, "delete", True)
    assert (status.rows["aviationstack_cache"], status.rows["proposals"]) == (1, 0)
    assert status.size_bytes == database.stat().st_size


def test_the_status_of_a_damaged_file_says_so(database: Path) -> None:
    change(database, "PRAGMA writable_schema = 1", "DELETE FROM sqlite_master WHERE name = 'proposals_cache_key'")
    assert not files.status(database).intact


def test_the_status_of_a_file_without_tables_has_no_revision(database: Path) -> None:
    downgrade(database, "base")
    status = files.status(database)
    assert (status.revision, status.rows) == ("", {})


@pytest.mark.parametrize("use", [files.status, lambda path: files.backup(path, path.with_name("copy.db"))])
def test_what_is_not_there_is_not_made(tmp_path: Path, use: Callable[[Path], object]) -> None:
    with pytest.raises(NotFound):
        use(tmp_path / "cache.db")
    assert list(tmp_path.glob("*.db")) == []


def test_a_backup_is_a_whole_cache_and_nothing_beside_it(database: Path, cached: Cached) -> None:
    cached("NZ527")
    target = database.parent / "backups"
    target.mkdir()
    files.backup(database, target / "copy.db")
    assert [file.name for file in target.iterdir()] == ["copy.db"]
    assert intact(target / "copy.db")
    assert column(target / "copy.db", FLIGHTS) == ["NZ527"]


def test_a_backup_replaces_an_older_one(database: Path, copy: Path) -> None:
    files.backup(database, copy)
    assert column(copy, FLIGHTS) == ["NZ528"]


def test_a_backup_that_fails_leaves_the_older_one(database: Path, copy: Path) -> None:
    truncate(database)
    with pytest.raises(LocalFileError):
        files.backup(database, copy)
    assert column(copy, FLIGHTS) == ["NZ527"]
    assert [file.name for file in copy.parent.iterdir() if file.name.startswith(".flightctl")] == []


def test_a_backup_to_a_folder_that_is_not_there_says_so(database: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="cannot be written"):
        files.backup(database, tmp_path / "nowhere" / "copy.db")


def test_a_backup_onto_the_file_itself_is_refused(database: Path, cached: Cached) -> None:
    cached("NZ527")
    before = database.stat()
    with pytest.raises(UsageError):
        files.backup(database, database.parent / "." / database.name)
    assert database.stat().st_ino == before.st_ino


def test_backups_taken_while_others_write_are_each_one_state(
    database: Path, local_db: LocalFile, tmp_path: Path
) -> None:
    """Two rows are always written together; no copy has only one of them."""
    change(database, "CREATE TABLE pairs (side TEXT, n INTEGER)", "INSERT INTO pairs VALUES ('a', 0), ('b', 0)")
    done = threading.Event()
    writer = threading.Thread(target=_write_pairs, args=(local_db, done))
    writer.start()
    copies = [tmp_path / f"{n}.db" for n in range(12)]
    for copy in copies:
        files.backup(database, copy)
    done.set()
    writer.join()
    pairs = [column(copy, "SELECT n FROM pairs") for copy in copies]
    assert all(a == b for a, b in pairs)
    assert len({a for a, _ in pairs}) > 1, "nothing was written meanwhile"


def _write_pairs(db: LocalFile, done: threading.Event) -> None:
    while not done.wait(0.005):
        with db.connection() as connection:
            connection.exec_driver_sql("UPDATE pairs SET n = n + 1 WHERE side = 'a'")
            connection.exec_driver_sql("UPDATE pairs SET n = n + 1 WHERE side = 'b'")


def test_a_copy_is_put_back_into_a_healthy_file(database: Path, copy: Path) -> None:
    before = database.stat().st_ino
    files.restore(database, copy)
    assert column(database, FLIGHTS) == ["NZ527"]
    assert intact(database)
    assert database.stat().st_ino == before, "others who have it open would go on writing into a file that has gone"


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_copy_is_put_in_the_place_of_a_damaged_file(database: Path, copy: Path, damage: Damage) -> None:
    damage(database)
    files.restore(database, copy)
    assert column(database, FLIGHTS) == ["NZ527"]
    assert intact(database)


def test_a_copy_is_put_where_no_file_is(database: Path, copy: Path) -> None:
    database.unlink()
    files.restore(database, copy)
    assert column(database, FLIGHTS) == ["NZ527"]


def test_a_copy_is_put_in_the_place_of_a_newer_file(database: Path, copy: Path) -> None:
    make_newer(database)
    files.restore(database, copy)
    assert column(database, "SELECT version_num FROM alembic_version") == [HEAD]


def test_a_copy_that_is_not_there_is_refused(database: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        files.restore(database, tmp_path / "copy.db")


REFUSED: dict[str, tuple[Damage, type[FlightctlError]]] = {
    "no database": (spoil_header, Corrupt),
    "half a copy": (truncate, Corrupt),
    "a zeroed page": (lambda path: zero_tables(path, "airports"), Corrupt),
    "another program's": (make_foreign, Corrupt),
    "empty": (lambda path: path.write_bytes(b""), Corrupt),
    "text": (lambda path: path.write_text("flight,from,to\n" * 500), Corrupt),
    "newer": (make_newer, Newer),
}


@pytest.mark.parametrize(("damage", "error"), REFUSED.values(), ids=REFUSED)
def test_a_copy_that_is_no_good_is_refused_and_the_file_stays(
    database: Path, copy: Path, damage: Damage, error: type[FlightctlError]
) -> None:
    damage(copy)
    with pytest.raises(error):
        files.restore(database, copy)
    assert column(database, FLIGHTS) == ["NZ528"]


def test_a_copy_is_not_put_onto_itself(database: Path, cached: Cached) -> None:
    cached("NZ527")
    with pytest.raises(UsageError):
        files.restore(database, database)
    assert column(database, FLIGHTS) == ["NZ527"]


def test_a_copy_of_an_earlier_revision_is_upgraded_by_the_command(
    flightctl: Flightctl, database: Path, copy: Path
) -> None:
    downgrade(copy, "0001")
    done = flightctl("db", "restore", str(copy), "--yes", "--json")
    assert (done.code, done.json["revision"]) == (0, HEAD)
    assert flightctl("lookup", "NZ527", "--offline").code == 0


def test_a_restored_file_serves_what_the_copy_knew(flightctl: Flightctl, database: Path, copy: Path) -> None:
    spoil_header(database)
    assert flightctl("lookup", "NZ527", "--offline").code == 8
    assert flightctl("db", "restore", str(copy), "--yes").code == 0
    assert flightctl("lookup", "NZ527", "--offline").code == 0


def test_a_half_written_commit_is_undone_by_the_next_command(
    database: Path, flightctl: Flightctl, cached: Cached, rows: Rows
) -> None:
    cached("NZ527")
    leave_hot_journal(database)
    answer = flightctl("lookup", "NZ527", "--offline", "--json").answers[0]
    assert answer["departure_name"] == "Auckland International Airport"
    assert not database.with_name("cache.db-journal").exists()
    assert rows("SELECT count(*) FROM airports WHERE name = 'half written'") == [(0,)]


def test_a_backup_of_a_half_written_file_is_of_what_was_committed(database: Path, tmp_path: Path) -> None:
    leave_hot_journal(database)
    files.backup(database, tmp_path / "copy.db")
    assert column(tmp_path / "copy.db", "SELECT count(*) FROM airports WHERE name = 'half written'") == [0]


def test_removing_takes_what_is_beside_the_file_too(database: Path) -> None:
    for ending in ("-journal", "-wal", "-shm"):
        database.with_name(database.name + ending).touch()
    assert files.remove(database)
    assert list(database.parent.glob("cache.db*")) == []
    assert not files.remove(database)
