"""What is written again and again is not read before: what the mirror wrote itself it knows, until others write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from flightctl.domain.key_space import list_key, master_key
from flightctl.domain.listing import Kind
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held, Stored, Write
from people import flight_id
from postgres import BASIC, OTHER
from running import Rows
from services.mirroring.conftest import World

FLIGHT = flight_id()
OWNED, SHARED = Kind
Mirrored = Callable[[], dict[str, Stored]]


class Overheard:
    """A bucket, and which keys were read from it."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.read: list[str] = []

    def held(self, keys: Sequence[str]) -> dict[str, Held]:
        self.read += keys
        return self._bucket.held(keys)

    def remembered(self, keys: Iterable[str]) -> dict[str, Held]:
        return self._bucket.remembered(keys)

    def write(self, writes: Sequence[Write]) -> list[Write]:
        return self._bucket.write(writes)


@pytest.fixture
def overheard(world: World, mirrored: Mirrored) -> Overheard:
    """The world's mirror, which has just written that one user lists a flight."""
    world.track(BASIC)
    mirrored()
    bucket = Overheard(world.bucket)
    world.mirroring = world.another_mirror(bucket)  # type: ignore[arg-type]
    return bucket


def gate(stored: dict[str, Stored], key: str) -> Any:
    return json.loads(stored[key].value)["flightData"]["departure_gate"]


def test_an_update_of_what_was_written_here_reads_nothing(
    world: World, mirrored: Mirrored, overheard: Overheard
) -> None:
    world.observe(departure_gate="24")
    stored = mirrored()
    assert overheard.read == []
    assert {gate(stored, key) for key in (master_key(FLIGHT), list_key(BASIC, OWNED, FLIGHT))} == {"24"}


def test_versions_rise_over_updates_that_read_nothing(world: World, mirrored: Mirrored, overheard: Overheard) -> None:
    versions = []
    for number in range(4):
        world.observe(departure_gate=str(number))
        versions.append(mirrored()[list_key(BASIC, OWNED, FLIGHT)].version)
    assert overheard.read == []
    assert versions == sorted(set(versions))


def test_what_somebody_else_has_written_is_read_again_and_passed(
    world: World, mirrored: Mirrored, overheard: Overheard
) -> None:
    key = list_key(BASIC, OWNED, FLIGHT)
    before = world.bucket.held([key])[key]
    with Bucket(world.terms) as another:
        another.write([Write(key, before.version + 50_000, before.revision, b"{}")])
    world.observe(departure_gate="24")
    stored = mirrored()
    assert key in overheard.read
    assert gate(stored, key) == "24"
    assert stored[key].version > before.version + 50_000


def test_a_wiped_bucket_is_written_with_higher_versions(world: World, mirrored: Mirrored, overheard: Overheard) -> None:
    key = list_key(BASIC, OWNED, FLIGHT)
    before = world.bucket.held([key])[key]
    with Bucket(world.terms) as another:
        another.wipe()
        another.make()
    world.observe(departure_gate="24")
    assert mirrored()[key].version > before.version


def test_an_entry_that_came_with_a_share_is_found_by_an_update(
    world: World, mirrored: Mirrored, overheard: Overheard
) -> None:
    _, token = world.share(BASIC)
    world.claim(OTHER, token)
    mirrored()
    with Bucket(world.terms) as fresh:
        world.mirroring = world.another_mirror(fresh)
        world.observe(departure_gate="24")
        assert gate(mirrored(), list_key(OTHER, SHARED, FLIGHT)) == "24"


def test_an_entry_that_goes_while_its_flight_changes_is_gone(
    world: World, mirrored: Mirrored, overheard: Overheard
) -> None:
    world.observe(departure_gate="24")
    world.untrack(BASIC)
    assert [key for key in mirrored() if key.startswith("users.")] == []


def test_one_of_two_entries_that_goes_while_the_flight_changes_is_gone(
    world: World, mirrored: Mirrored, overheard: Overheard
) -> None:
    _, token = world.share(BASIC)
    world.claim(OTHER, token)
    world.track(OTHER)
    mirrored()
    world.observe(departure_gate="24")
    world.untrack(OTHER, kind=SHARED)
    stored = mirrored()
    assert list_key(OTHER, SHARED, FLIGHT) not in stored
    assert gate(stored, list_key(OTHER, OWNED, FLIGHT)) == "24"


def test_a_flight_that_is_not_confirmed_any_more_loses_its_master(
    world: World, mirrored: Mirrored, overheard: Overheard, rows: Rows
) -> None:
    rows("UPDATE flights SET review = 'pending', version = version + 1 WHERE flight_id = ?", FLIGHT)
    assert master_key(FLIGHT) not in mirrored()


def test_a_file_at_rest_is_not_written(world: World, overheard: Overheard, rows: Rows) -> None:
    world.mirroring.deliver()
    before = rows("SELECT version FROM mirror_state") + rows("SELECT count(*) FROM outbox")
    for _ in range(3):
        assert world.mirroring.deliver() == 0
    assert rows("SELECT version FROM mirror_state") + rows("SELECT count(*) FROM outbox") == before
