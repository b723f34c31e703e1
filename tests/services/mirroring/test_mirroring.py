"""What stands in the bucket is what SQL says, whatever has happened, and its versions only rise."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from flightctl.domain.key_space import index_key, list_key, master_key, pending_share_key, sent_share_key
from flightctl.domain.listing import Kind
from flightctl.errors import MirrorError
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Stored
from people import flight_id
from postgres import BASIC, OTHER, SUBSCRIBER
from running import Rows
from services.mirroring.conftest import HOUR, World
from store.engines import locally

FLIGHT = flight_id()
OWNED, SHARED = Kind
Mirrored = Callable[[], dict[str, Stored]]
_FAR = timedelta(days=300)


def told(stored: dict[str, Stored], key: str) -> Any:
    return json.loads(stored[key].value)


def keys_of(stored: dict[str, Stored], start: str) -> list[str]:
    return sorted(key for key in stored if key.startswith(start))


# The six families


def test_every_stored_flight_has_a_master(mirrored: Mirrored) -> None:
    stored = mirrored()
    assert keys_of(stored, "flights.") == [master_key(flight_id(number)) for number in range(2)]
    value = told(stored, master_key(FLIGHT))
    assert (value["flightID"], value["status"], value["flightData"]["flight_id"]) == (FLIGHT, "scheduled", FLIGHT)
    assert value["version"] == stored[master_key(FLIGHT)].version > 0


def test_a_tracked_flight_stands_in_the_list_and_in_the_index(world: World, mirrored: Mirrored) -> None:
    for user in (OTHER, BASIC):
        world.track(user)
    stored = mirrored()
    value = told(stored, list_key(BASIC, OWNED, FLIGHT))
    assert (value["flightID"], value["flightData"]["origin_iata"]) == (FLIGHT, "AKL")
    assert told(stored, index_key(FLIGHT)) == sorted([BASIC, OTHER])


def test_an_update_reaches_the_master_and_every_list(world: World, mirrored: Mirrored) -> None:
    for user in (BASIC, OTHER):
        world.track(user)
    before = mirrored()
    world.observe(departure_gate="24")
    stored = mirrored()
    for key in (master_key(FLIGHT), list_key(BASIC, OWNED, FLIGHT), list_key(OTHER, OWNED, FLIGHT)):
        assert told(stored, key)["flightData"]["departure_gate"] == "24"
        assert told(stored, key)["version"] > told(before, key)["version"]
    assert stored[master_key(flight_id(1))] == before[master_key(flight_id(1))]


def test_what_is_no_longer_tracked_is_gone(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    mirrored()
    world.untrack(BASIC)
    assert keys_of(mirrored(), "users.") == keys_of(mirrored(), "index.") == []


def test_a_share_that_waits_tells_of_the_flight_and_the_sharer_and_not_of_the_secret(
    world: World, mirrored: Mirrored
) -> None:
    world.track(BASIC)
    share_id, token = world.share(BASIC)
    stored = mirrored()
    value = told(stored, pending_share_key(share_id))
    assert (value["flightID"], value["sharerID"], value["status"]) == (FLIGHT, BASIC, "pending")
    assert told(stored, sent_share_key(BASIC, share_id))["status"] == "pending"
    assert token not in "".join(f"{key}{one.value!r}" for key, one in stored.items())


def test_a_claimed_share_is_no_longer_pending_and_stands_in_the_claimants_list(
    world: World, mirrored: Mirrored
) -> None:
    world.track(BASIC)
    share_id, token = world.share(BASIC)
    mirrored()
    assert world.claim(OTHER, token)
    stored = mirrored()
    assert pending_share_key(share_id) not in stored
    assert told(stored, sent_share_key(BASIC, share_id))["status"] == "claimed"
    value = told(stored, list_key(OTHER, SHARED, FLIGHT))
    assert (value["sharerID"], value["sharedDataSnapshot"]) == (BASIC, {"flight_id": FLIGHT})
    assert told(stored, index_key(FLIGHT)) == sorted([BASIC, OTHER])


def test_who_claimed_stands_nowhere_among_what_the_sharer_reads(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    _, token = world.share(BASIC)
    world.claim(OTHER, token)
    theirs = [one for key, one in mirrored().items() if key.startswith((f"users.{BASIC}.", "shares."))]
    assert OTHER.encode() not in b"".join(one.value for one in theirs)


def test_a_revoked_share_is_no_longer_pending(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    share_id, _ = world.share(BASIC)
    mirrored()
    world.revoke(BASIC, share_id)
    stored = mirrored()
    assert pending_share_key(share_id) not in stored
    assert told(stored, sent_share_key(BASIC, share_id))["status"] == "revoked"


def test_a_share_that_has_run_out_is_no_longer_pending_though_nobody_touched_it(
    world: World, mirrored: Mirrored
) -> None:
    world.track(BASIC)
    share_id, _ = world.share(BASIC, lasts=HOUR)
    mirrored()
    world.ahead = 2 * HOUR
    stored = mirrored()
    assert pending_share_key(share_id) not in stored
    assert told(stored, sent_share_key(BASIC, share_id))["status"] == "expired"
    assert world.mirroring.deliver_expired() == 0


def test_a_flight_that_waits_for_staff_has_no_master(world: World, mirrored: Mirrored, rows: Rows) -> None:
    rows("UPDATE flights SET review = 'pending', version = version + 1 WHERE flight_id = ?", FLIGHT)
    assert master_key(FLIGHT) not in mirrored()


# The index that outgrows a message


@locally
def test_an_index_goes_on_in_numbered_keys_and_the_first_says_so(world: World, mirrored: Mirrored, rows: Rows) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)"
    rows(f"INSERT INTO flight_watchers {many} SELECT ?, 'u' || i FROM n", FLIGHT)
    stored = mirrored()
    assert [len(told(stored, index_key(FLIGHT, part))) for part in (1, 2)] == [20_000, 1]
    assert parts_of(world) == "2"
    rows("DELETE FROM flight_watchers WHERE user_id = 'u7'")
    assert keys_of(mirrored(), "index.") == [index_key(FLIGHT)]
    assert parts_of(world) == "1"


def parts_of(world: World) -> str:
    import asyncio

    import nats

    async def read() -> str:
        client = await nats.connect(world.terms.url)
        message = await client.jetstream().get_last_msg(world.terms.stream, world.terms.subject(index_key(FLIGHT)))
        await client.close()
        return str((message.headers or {})["Flightctl-Parts"])

    return asyncio.run(read())


# Whatever somebody is called


@locally
@pytest.mark.parametrize("hostile", ["*", ">", "a.b", "a b", "a\nb", "ü", "users.u1.>"])
def test_a_hostile_flight_reaches_no_other_key(world: World, mirrored: Mirrored, rows: Rows, hostile: str) -> None:
    world.track(BASIC)
    before = mirrored()
    rows(
        "INSERT INTO flights SELECT ?, ident, departure_date, departure_hhmm, origin, destination, local_date, "
        f"{', '.join(_after_the_id(rows))} FROM flights WHERE flight_id = ?",
        hostile,
        FLIGHT,
    )
    stored = mirrored()
    added = stored.keys() - before.keys()
    assert len(added) == 1
    assert {key: one for key, one in stored.items() if key not in added} == before
    assert world.check.compare().wrong == set()
    world.check.mend(set(stored))
    assert world.stored().keys() == stored.keys()


def _after_the_id(rows: Rows) -> list[str]:
    return [row[1] for row in rows("PRAGMA table_info(flights)")][7:]


# Failures and repetitions


def test_what_could_not_be_brought_waits(world: World, waiting: Callable[[], int]) -> None:
    world.track(BASIC)
    world.bucket.wipe()
    with pytest.raises(MirrorError):
        world.mirroring.deliver()
    assert waiting() == 2


def test_the_same_again_changes_nothing_but_the_version(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    before = mirrored()
    world.check.mend(set(before))
    stored = mirrored()
    assert stored.keys() == before.keys()
    for key, one in stored.items():
        assert one.version > before[key].version
        assert without_version(one) == without_version(before[key])


def without_version(one: Stored) -> Any:
    value = json.loads(one.value)
    return {**value, "version": 0} if isinstance(value, dict) else value


def test_a_deletion_has_a_version_above_that_of_the_value(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    key = list_key(BASIC, OWNED, FLIGHT)
    before = mirrored()[key].version
    world.untrack(BASIC)
    world.mirror()
    [gone] = world.bucket.everything(key)
    assert gone.is_deleted
    assert gone.version > before


def test_what_is_gone_already_is_not_taken_away_again(world: World, mirrored: Mirrored) -> None:
    world.track(BASIC)
    world.untrack(BASIC)
    mirrored()
    world.track(BASIC)
    world.untrack(BASIC)
    world.mirror()
    before = list(world.bucket.everything("users.>"))
    world.check.mend({list_key(BASIC, OWNED, FLIGHT)})
    assert list(world.bucket.everything("users.>")) == before


def test_a_mirror_that_was_overtaken_writes_what_is_true_now(world: World, bucket: Bucket) -> None:
    """Between reading and writing somebody else writes the same keys: the write is void, and made anew."""
    world.track(SUBSCRIBER)
    overtaken = world.another_mirror(_Overtaken(bucket, lambda: overtake(world)))  # type: ignore[arg-type]
    while overtaken.deliver():
        pass
    world.mirror()
    assert json.loads(world.stored()[list_key(SUBSCRIBER, OWNED, FLIGHT)].value)["flightData"]["departure_gate"] == "7"
    assert world.check.compare().wrong == set()


def overtake(world: World) -> None:
    world.observe(departure_gate="7")
    world.check.mend({list_key(SUBSCRIBER, OWNED, FLIGHT), master_key(FLIGHT), index_key(FLIGHT)})


class _Overtaken:
    """A bucket in front of which, once, something happens just before a write."""

    def __init__(self, bucket: Bucket, happens: Callable[[], None]) -> None:
        self._bucket = bucket
        self._happens = [happens]

    def held(self, keys: Any) -> Any:
        return self._bucket.held(keys)

    def remembered(self, keys: Any) -> Any:
        return self._bucket.remembered(keys)

    def write(self, writes: Any) -> Any:
        if self._happens:
            self._happens.pop()()
        return self._bucket.write(writes)
