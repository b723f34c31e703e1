"""A local file that cannot be used: what commands say, and that a look-up still answers where it can."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import nursery
from crowd import Ended, crowd
from running import Cached, Flightctl, Result, Rows
from store import engines
from trouble import (
    NO_RIGHTS_TO_LAY_DOWN,
    change,
    column,
    held,
    intact,
    make_foreign,
    make_newer,
    spoil_header,
    truncate,
    zero_page,
    zero_tables,
)
from upstream import Upstream, row

engine = engines.of_files

ADD = ("add-manual", "NZ9", "--from", "AKL", "--to", "CHC")
USELESS: dict[str, tuple[Callable[[Path], object], str]] = {
    "header": (spoil_header, "local_corrupt"),
    "zeroed pages": (lambda path: zero_tables(path, "aviationstack_cache", "proposals"), "local_corrupt"),
    "zeroed first page": (lambda path: zero_page(path, 1), "local_corrupt"),
    "half of it": (truncate, "local_corrupt"),
    "no revision table": (lambda path: change(path, "DROP TABLE alembic_version"), "local_corrupt"),
    "no cache table": (lambda path: change(path, "DROP TABLE aviationstack_cache"), "local_corrupt"),
    "another program's": (make_foreign, "local_corrupt"),
    "newer": (make_newer, "local_newer"),
}
useless = pytest.mark.parametrize(("damage", "code"), USELESS.values(), ids=USELESS)

Damage = Callable[[Path], object]


def explains(result: Result, code: str) -> bool:
    """Exit 8, one line on stderr that says what to do, no traceback, the same in JSON."""
    assert result.code == 8, result
    assert result.err.count("\n") == 1, result.err
    assert "(" in result.err
    assert "Traceback" not in result.err
    return bool(result.json["error"]["code"] == code and result.json["error"]["hint"])


@pytest.mark.parametrize("command", [ADD, ("pending",), ("confirm", "NZ9"), ("stats",), ("refresh-stale",)])
@useless
def test_a_command_says_what_is_wrong_with_the_file_and_what_to_do(
    flightctl: Flightctl, database: Path, damage: Damage, code: str, command: Sequence[str]
) -> None:
    damage(database)
    before = database.read_bytes()
    done = flightctl(*command, "--json")
    assert explains(done, code)
    assert database.read_bytes() == before


@useless
def test_a_look_up_says_what_is_wrong_with_the_file_and_what_to_do(
    flightctl: Flightctl, database: Path, upstream: Upstream, damage: Damage, code: str
) -> None:
    damage(database)
    done = flightctl("lookup", "NZ527", "--json")
    answer = done.answers[0]
    assert (done.code, answer["outcome"], answer["error"]["code"]) == (8, "error", code)
    assert answer["error"]["hint"]
    assert "the cache was not used" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("options", [(), ("--refresh",), ("--stale-if-error",)])
@useless
def test_a_run_that_cannot_write_down_what_it_pays_pays_for_nothing(
    flightctl: Flightctl, database: Path, upstream: Upstream, damage: Damage, code: str, options: Sequence[str]
) -> None:
    damage(database)
    upstream.rows = [row(f"NZ{number}", "AKL", "CHC") for number in range(1, 6)]
    done = flightctl("lookup", "NZ1", "NZ2", "NZ", "NZ1", *options, "--json")
    assert (done.code, {answer["error"]["code"] for answer in done.answers}) == (8, {code})
    assert upstream.asked == []
    assert done.json["metrics"]["upstream_calls"] == 0


def test_an_answer_that_can_no_longer_be_kept_is_shown_with_a_warning_and_nothing_more_is_paid(
    flightctl: Flightctl, database: Path, upstream: Upstream
) -> None:
    upstream.rows = [row("NZ1", "AKL", "CHC"), row("NZ2")]
    upstream.while_asked = lambda: spoil_header(database)
    done = flightctl("lookup", "NZ1", "NZ2", "NZ1", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (9, ["miss", "error", "miss"])
    assert (done.answers[0]["arrival_iata"], "not kept" in done.answers[0]["warning"]) == ("CHC", True)
    assert len(upstream.asked) == 1


@useless
def test_offline_nothing_is_left_to_answer_from(
    flightctl: Flightctl, database: Path, upstream: Upstream, damage: Damage, code: str
) -> None:
    damage(database)
    done = flightctl("lookup", "NZ527", "--offline", "--json")
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["error"]["code"]) == (8, "error", code)
    assert "Traceback" not in done.err
    assert upstream.asked == []


@useless
def test_without_a_key_the_file_is_what_has_to_be_mended(
    flightctl: Flightctl, database: Path, damage: Damage, code: str
) -> None:
    damage(database)
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (8, code)


def test_a_folder_in_the_files_place_is_told_of(flightctl: Flightctl, database: Path) -> None:
    database.unlink()
    database.mkdir()
    assert explains(flightctl(*ADD, "--json"), "local_file")
    assert flightctl("lookup", "NZ527", "--offline").code == 8


def test_a_file_where_the_folder_should_be_is_told_of(
    flightctl: Flightctl, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "folder").write_text("no folder")
    monkeypatch.setenv("FLIGHTCTL_DB", str(home / "folder" / "cache.db"))
    assert explains(flightctl(*ADD, "--json"), "local_file")


def test_status_and_backup_of_a_damaged_file_end_with_8(flightctl: Flightctl, database: Path) -> None:
    spoil_header(database)
    for command in (("db", "status"), ("db", "backup", str(database.with_name("copy.db"))), ("db", "upgrade")):
        assert explains(flightctl(*command, "--json"), "local_corrupt")


# Locked: each lock is waited for once, by all commands side by side.


@pytest.fixture
def locked_out(database: Path, upstream: Upstream, cached: Cached, request: pytest.FixtureRequest) -> dict[str, Ended]:
    """What commands say while another process holds this lock; about 6 s."""
    copy = database.with_name("copy.db")
    shutil.copy(database, copy)
    cached("NZ527")
    upstream.rows = [row(f"NZ{number}") for number in (1, 2)]
    commands = {
        "hit": ("lookup", "NZ527", "--json"),
        "offline": ("lookup", "NZ527", "--offline", "--json"),
        "misses": ("lookup", "NZ1", "NZ2", "--json"),
        "add": (*ADD, "--json"),
        "confirm": ("confirm", "NZ9", "--json"),
        "stats": ("stats", "--json"),
        "status": ("db", "status", "--json"),
        "backup": ("db", "backup", str(database.with_name("new copy.db")), "--json"),
        "restore": ("db", "restore", str(copy), "--yes", "--json"),
    }
    with held(database, request.param):
        ended = crowd(list(commands.values()))
    return dict(zip(commands, ended, strict=True))


@pytest.mark.parametrize("locked_out", ["BEGIN EXCLUSIVE"], indirect=True)
def test_a_file_that_is_held_for_itself_alone_is_waited_for_and_then_told_of(
    locked_out: dict[str, Ended], upstream: Upstream, database: Path
) -> None:
    for name in ("add", "confirm", "stats", "status", "backup", "restore"):
        assert explains(locked_out[name].result, "local_locked"), name
    offline = locked_out["offline"].result
    assert (offline.code, offline.answers[0]["error"]["code"]) == (8, "local_locked")
    misses = locked_out["misses"].result
    assert (misses.code, [answer["error"]["code"] for answer in misses.answers]) == (8, ["local_locked"] * 2)
    assert "the cache was not used" in misses.err
    assert upstream.asked == []


@pytest.mark.parametrize("locked_out", ["BEGIN IMMEDIATE"], indirect=True)
def test_a_file_that_can_be_read_but_not_written_answers_what_it_holds(
    locked_out: dict[str, Ended], upstream: Upstream, database: Path, rows: Rows
) -> None:
    for name in ("hit", "offline"):
        hit = locked_out[name].result
        assert (hit.code, hit.answers[0]["outcome"]) == (0, "hit")
        assert "this was not counted" in hit.err
    assert {locked_out[name].result.code for name in ("stats", "status", "backup")} == {0}
    for name in ("add", "confirm", "restore"):
        assert explains(locked_out[name].result, "local_locked"), name
    misses = locked_out["misses"].result
    assert (misses.code, [answer["error"]["code"] for answer in misses.answers]) == (8, ["local_locked"] * 2)
    assert upstream.asked == []
    assert rows("SELECT count(*) FROM upstream_calls") == [(0,)]


# Full: what a limit on the size of files does, and a disk of a megabyte.


def _flightctl_within(limit_bytes: int, *command: str) -> Result:
    """Run a command line in a process that cannot write beyond this offset of any file."""
    done = subprocess.run(
        [sys.executable, "-m", "flightctl", *command],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes)),
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_file_that_may_not_be_made_is_told_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_DB", str(home / "new.db"))
    assert explains(_flightctl_within(64 * 1024, *ADD, "--json"), "local_full")


def test_a_file_that_may_not_grow_takes_nothing_in_and_keeps_what_it_has(database: Path, cached: Cached) -> None:
    cached("NZ527")
    assert explains(_flightctl_within(1, *ADD, "--json"), "local_full")
    assert intact(database)
    assert column(database, "SELECT flight_iata FROM aviationstack_cache") == ["NZ527"]


def test_a_hit_in_a_file_that_may_not_grow_is_answered_with_a_warning(database: Path, cached: Cached) -> None:
    cached("NZ527")
    done = _flightctl_within(1, "lookup", "NZ527")
    assert (done.code, "NZ527" in done.out) == (0, True)
    assert "this was not counted" in done.err


def test_a_miss_that_there_is_no_room_for_is_not_paid_for(database: Path, upstream: Upstream) -> None:
    upstream.rows = [row("NZ1"), row("NZ2")]
    done = _flightctl_within(1, "lookup", "NZ1", "NZ2", "--json")
    assert (done.code, [answer["error"]["code"] for answer in done.answers]) == (8, ["local_full"] * 2)
    assert upstream.asked == []
    assert column(database, "SELECT used FROM budget_cycles") == []


@contextmanager
def _mounted(*arguments: str) -> Iterator[None]:
    target = arguments[-1]
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)


def test_a_disk_that_is_full_is_told_of_and_loses_nothing(
    tmp_path: Path, empty_cache: Path, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = empty_cache.stat().st_size + 256 * 1024
    with _mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)):
        path = disk / "cache.db"
        path.write_bytes(empty_cache.read_bytes())
        monkeypatch.setenv("FLIGHTCTL_DB", str(path))
        acknowledged = _add_until_it_fails(flightctl, disk)
        assert intact(path)
        assert column(path, "SELECT count(*) FROM proposals") == [acknowledged]
        assert flightctl("lookup", "NZ1", "--offline").code == 3


def _add_until_it_fails(flightctl: Flightctl, disk: Path) -> int:
    """How many were acknowledged before the disk was full; something else takes what room there is."""
    for number in range(1, 60):
        done = flightctl("add-manual", f"NZ{number}", "--from", "AKL", "--to", "CHC", "--note", "x" * 9_000, "--json")
        if done.code:
            assert explains(done, "local_full")
            return number - 1
    raise AssertionError("the disk was never full")


# Read only: closed to writing, or a file system that takes no writes.


def _heeding_permissions(*command: str) -> Result:
    with nursery.Child("trouble:heeding_permissions", command) as child:
        out, err = child.communicate(60)
    if child.returncode == NO_RIGHTS_TO_LAY_DOWN:
        pytest.skip("this root cannot lay down its rights")
    assert child.returncode is not None
    return Result(child.returncode, out.decode(), err.decode())


@pytest.fixture(params=["file", "file and folder"])
def closed(database: Path, cached: Cached, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The local file, with an entry, closed to writing."""
    cached("NZ527")
    folder = database.parent
    database.chmod(0o444)
    folder.chmod(0o555 if request.param == "file and folder" else 0o755)
    yield database
    folder.chmod(0o755)


def test_a_file_closed_to_writing_answers_what_it_holds(closed: Path) -> None:
    done = _heeding_permissions("lookup", "NZ527", "--offline", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (0, "hit")
    assert "cannot be written; this was not counted" in done.err


@pytest.mark.parametrize("command", [ADD, ("forget", "NZ527", "--yes")])
def test_a_file_closed_to_writing_takes_nothing_in(closed: Path, command: Sequence[str]) -> None:
    assert explains(_heeding_permissions(*command, "--json"), "local_read_only")
    assert column(closed, "SELECT flight_iata FROM aviationstack_cache") == ["NZ527"]


def test_a_file_closed_to_writing_keeps_look_ups_from_paying(closed: Path, upstream: Upstream) -> None:
    upstream.rows = [row("NZ1"), row("NZ2")]
    done = _heeding_permissions("lookup", "NZ1", "NZ2", "NZ527", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (9, ["error", "error", "hit"])
    assert {answer["error"]["code"] for answer in done.answers if answer["error"]} == {"local_read_only"}
    assert upstream.asked == []


def test_what_only_reads_works_on_a_file_closed_to_writing(closed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    for command in (
        ("stats",),
        ("pending",),
        ("db", "status"),
        ("db", "backup", str(copy)),
        ("refresh-stale", "--dry-run"),
    ):
        done = _heeding_permissions(*command)
        assert (done.code, "Traceback" in done.err) == (0, False), (command, done.err)
    assert intact(copy)


def test_a_file_that_nobody_may_read_is_told_of(database: Path) -> None:
    database.chmod(0)
    done = _heeding_permissions("lookup", "NZ527", "--offline", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (8, "local_file")
    assert explains(_heeding_permissions(*ADD, "--json"), "local_file")


def test_a_folder_in_which_nothing_may_be_made_is_told_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "closed"
    folder.mkdir(mode=0o555)
    monkeypatch.setenv("FLIGHTCTL_DB", str(folder / "deeper" / "cache.db"))
    assert explains(_heeding_permissions(*ADD, "--json"), "local_file")
    monkeypatch.setenv("FLIGHTCTL_DB", str(folder / "cache.db"))
    assert explains(_heeding_permissions(*ADD, "--json"), "local_file")


def test_a_read_only_file_system_serves_what_it_holds(database: Path, flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    with _mounted("--bind", "-o", "ro", str(database.parent), str(database.parent)):
        hit = flightctl("lookup", "NZ527", "--json")
        assert (hit.code, hit.answers[0]["outcome"]) == (0, "hit")
        assert "this was not counted" in hit.err
        assert explains(flightctl(*ADD, "--json"), "local_read_only")
