"""Comparing the bucket with SQL, mending it, and making it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flightctl.domain.key_space import HEARTBEAT_KEY, index_key, list_key, master_key
from flightctl.domain.listing import Kind
from flightctl.errors import BucketMissing
from flightctl.mirror.entries import Stored, Write
from flightctl.services import local_file, mirror_run
from flightctl.services.mirror_run import MirrorRun
from people import flight_id
from postgres import BASIC, OTHER
from services.mirroring.conftest import HOUR, World
from store.engines import locally

FLIGHT = flight_id()
LISTED = list_key(BASIC, Kind.OWNED, FLIGHT)
FOREIGN = "somebody.elses.key"
Mirrored = Callable[[], dict[str, Stored]]


@pytest.fixture
def full(world: World) -> World:
    """Lists and shares, mirrored."""
    world.track(BASIC)
    world.track(OTHER, 1)
    world.share(BASIC)
    world.mirror()
    return world


def spoil(world: World, *keys: str, value: bytes = b"", is_deletion: bool = False) -> None:
    held = world.bucket.held(keys)
    writes = [Write(key, held[key].version, held[key].revision, value, is_deletion) for key in keys]
    assert world.bucket.write(writes) == []


def test_what_was_mirrored_is_what_sql_says(full: World) -> None:
    found = full.check.compare()
    assert (found.wrong, found.keys) == (set(), 8)


def test_what_is_noted_and_not_mirrored_yet_is_missing(full: World) -> None:
    full.check._wait_for_mirrors = lambda: None  # type: ignore[method-assign]
    full.track(BASIC, 1)
    assert full.check.compare().missing == {list_key(BASIC, Kind.OWNED, flight_id(1))}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [("different", LISTED, b"{}"), ("different", index_key(FLIGHT), b"["), ("extra", FOREIGN, b"x")],
)
def test_what_was_tampered_with_is_found_and_mended(full: World, kind: str, key: str, value: bytes) -> None:
    spoil(full, key, value=value)
    found = full.check.compare()
    assert dict(found.by_kind()) == {"missing": set(), "different": set(), "extra": set(), kind: {key}}
    full.check.mend(found.wrong)
    assert full.check.compare().wrong == set()


def test_what_was_deleted_is_found_and_mended(full: World) -> None:
    spoil(full, LISTED, master_key(FLIGHT), is_deletion=True)
    found = full.check.compare()
    assert found.missing == {LISTED, master_key(FLIGHT)}
    full.check.mend(found.wrong)
    assert full.check.compare().wrong == set()


def test_the_far_end_of_an_index_that_nobody_needs_is_taken_away(full: World) -> None:
    spoil(full, index_key(FLIGHT, 2), index_key(FLIGHT, 5), value=b"[]")
    found = full.check.compare()
    assert found.extra == {index_key(FLIGHT, 2), index_key(FLIGHT, 5)}
    full.check.mend(found.wrong)
    assert full.check.compare().wrong == set()


def test_what_was_mended_has_a_higher_version(full: World) -> None:
    before = full.stored()[LISTED].version
    spoil(full, LISTED, value=b"{}")
    full.check.mend({LISTED})
    assert full.stored()[LISTED].version > before


def test_a_bucket_that_was_wiped_is_made_anew_with_higher_versions(full: World) -> None:
    before = {key: one.version for key, one in full.stored().items()}
    full.bucket.wipe()
    with pytest.raises(BucketMissing):
        full.check.is_due()
    assert full.check.rebuild(lambda _: None) == len(before)
    assert {key for key, version in before.items() if full.stored()[key].version <= version} == set()
    assert not full.check.is_due()


def test_a_rebuild_takes_away_what_sql_does_not_know(full: World) -> None:
    spoil(full, FOREIGN, list_key("nobody", Kind.SHARED, FLIGHT), value=b"{}")
    full.check.rebuild(lambda _: None)
    assert full.check.compare().wrong == set()


def test_a_bucket_that_somebody_else_made_anew_is_due(full: World) -> None:
    full.bucket.wipe()
    full.bucket.make()
    assert full.check.is_due()


class _Never:
    """A signal that never comes."""

    file = 1

    def has_changed(self) -> bool:
        return False

    def look_again(self) -> None:
        pass

    def notice(self) -> str:
        return ""

    def close(self) -> None:
        pass


@pytest.fixture
def run(world: World) -> MirrorRun:
    return MirrorRun(world.database, world.bucket, world.mirroring, world.check, _Never(), world.now)


def test_a_mirror_fills_a_bucket_that_is_not_there(world: World, run: MirrorRun) -> None:
    world.track(BASIC)
    world.bucket.wipe()
    assert run.step().rebuilt == 4
    assert world.check.compare().wrong == set()


def test_a_mirror_brings_what_is_noted_and_what_has_run_out_without_being_told(world: World, run: MirrorRun) -> None:
    world.track(BASIC)
    world.share(BASIC, lasts=HOUR)
    world.ahead = 2 * HOUR
    assert run.step().rows >= 4
    assert not any(key.startswith("shares.pending.") for key in world.stored())


def test_a_mirror_tells_that_it_is_alive(world: World, run: MirrorRun) -> None:
    assert mirror_run.status(world.database, world.bucket).beat_at is None
    run.step()
    assert HEARTBEAT_KEY in world.stored()
    found = mirror_run.status(world.database, world.bucket)
    assert (found.is_on, found.rows, found.trouble) == (True, 0, None)
    assert found.beat_at is not None


def test_the_status_tells_of_what_waits_where_the_bucket_is_gone(world: World) -> None:
    world.track(BASIC)
    world.bucket.wipe()
    found = mirror_run.status(world.database, world.bucket)
    assert isinstance(found.trouble, BucketMissing)
    assert found.rows == 2


@locally
def test_a_file_that_was_restored_is_mirrored_anew(full: World, run: MirrorRun, engine: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    local_file.backed_up(engine, copy)
    full.untrack(BASIC)
    full.mirror()
    local_file.restored(engine, copy)
    assert run.step().rebuilt > 0
    assert LISTED in full.stored()
    assert full.check.compare().wrong == set()
