"""The bucket, on a real server: written where nobody else has, read in few round trips, and as others see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import nats
import pytest
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from flightctl.domain.key_space import HEARTBEAT_KEY
from flightctl.errors import BucketMissing, MirrorError
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held, Stored, Write
from flightctl.mirror.terms import BucketTerms

KEY, OTHER = "users.u1.flights.owned.ANZ1.2026-11-21.0830.NZAA.NZCH", "flights.master.ANZ1.2026-11-21.0830.NZAA.NZCH"


def outside(terms: BucketTerms, act: Callable[[KeyValue], Awaitable[Any]]) -> Any:
    """What an ordinary client does with the bucket."""

    async def connected() -> Any:
        async with await nats.connect(terms.url) as client:
            return await act(await client.jetstream().key_value(terms.name))

    return asyncio.run(connected())


def numbered(count: int, revision: int = 0) -> list[Write]:
    return [Write(f"users.u{n}.flights.owned.F", 1, revision, b"x" * 1000) for n in range(count)]


def test_what_is_written_is_held_with_its_version(bucket: Bucket) -> None:
    assert bucket.write([Write(KEY, 7, 0, b"{}"), Write(OTHER, 8, 0, b"[]")]) == []
    assert bucket.held([OTHER, KEY, "nothing"]) == {
        OTHER: Held(2, 8, True),
        KEY: Held(1, 7, True),
        "nothing": Held(0, 0, False),
    }


def test_an_ordinary_client_reads_what_is_written(bucket: Bucket, terms: BucketTerms) -> None:
    bucket.write([Write(KEY, 7, 0, b'{"status": "active"}')])
    assert outside(terms, lambda kv: kv.get(KEY)).value == b'{"status": "active"}'


def test_an_ordinary_client_sees_a_deletion_as_one(bucket: Bucket, terms: BucketTerms) -> None:
    bucket.write([Write(KEY, 1, 0, b"{}")])
    bucket.write([Write(KEY, 2, 1, is_deletion=True)])
    with pytest.raises(KeyNotFoundError):
        outside(terms, lambda kv: kv.get(KEY))


def test_a_deletion_keeps_its_version_and_what_comes_after_rests_on_it(bucket: Bucket) -> None:
    bucket.write([Write(KEY, 1, 0, b"{}")])
    bucket.write([Write(KEY, 2, 1, is_deletion=True)])
    assert bucket.held([KEY]) == {KEY: Held(2, 2, False)}
    assert bucket.write([Write(KEY, 3, 2, b"{}")]) == []


def test_who_wrote_meanwhile_is_not_written_over(bucket: Bucket, terms: BucketTerms) -> None:
    outside(terms, lambda kv: kv.put(KEY, b"theirs"))
    late, fine = Write(KEY, 9, 0, b"ours"), Write(OTHER, 9, 0, b"ours")
    assert bucket.write([late, fine]) == [late]
    assert outside(terms, lambda kv: kv.get(KEY)).value == b"theirs"
    assert bucket.held([KEY, OTHER]) == {KEY: Held(1, 0, True), OTHER: Held(2, 9, True)}


def test_headers_of_a_write_arrive_beside_ours(bucket: Bucket, terms: BucketTerms) -> None:
    bucket.write([Write(KEY, 7, 0, b"[]", headers={"Flightctl-Parts": "2"})])

    async def told(kv: KeyValue) -> Any:
        return (await kv._js.get_last_msg(kv._stream, f"$KV.{terms.name}.{KEY}", direct=True)).headers

    headers = outside(terms, told)
    assert (headers["Flightctl-Parts"], headers["Flightctl-Version"]) == ("2", "7")


def test_thousands_of_keys_are_written_and_held(bucket: Bucket) -> None:
    writes = numbered(2300)
    assert bucket.write(writes) == []
    assert set(bucket.held([one.key for one in writes]).values()) == {Held(n, 1, True) for n in range(1, 2301)}


def test_a_thousand_keys_that_are_not_there_are_told_as_such(bucket: Bucket) -> None:
    assert set(bucket.held([f"a.{n}" for n in range(1000)]).values()) == {Held(0, 0, False)}


def test_large_values_go_through(bucket: Bucket) -> None:
    writes = [Write(f"index.flight.F{n}.users", 1, 0, b"x" * 900_000) for n in range(20)]
    assert bucket.write(writes) == []
    assert all(one.is_there for one in bucket.held([one.key for one in writes]).values())
    assert [len(one.value) for one in bucket.everything()] == [900_000] * 20


def test_a_value_that_no_message_holds_is_refused_and_the_line_goes_on(bucket: Bucket) -> None:
    with pytest.raises(MirrorError, match="1048576 bytes"):
        bucket.write([Write(KEY, 1, 0, b"x" * 1024 * 1024)])
    assert bucket.held([KEY]) == {KEY: Held(0, 0, False)}


@pytest.mark.parametrize(
    "key", ["users.*.flights", "users.>", ">", "", ".a", "a.", "a..b", "a b", "a\n", "é", "a" * 2000]
)
def test_what_is_no_key_is_neither_written_nor_read(bucket: Bucket, key: str) -> None:
    with pytest.raises(MirrorError, match="cannot be a key"):
        bucket.write([Write(key, 1, 0, b"x")])
    with pytest.raises(MirrorError, match="cannot be a key"):
        bucket.held([key])
    assert list(bucket.everything()) == []


def test_everything_is_the_last_of_each_key_with_deletions(bucket: Bucket) -> None:
    bucket.write([Write(KEY, 1, 0, b"old"), Write(OTHER, 1, 0, b"m")])
    bucket.write([Write(KEY, 2, 1, b"new")])
    bucket.write([Write(OTHER, 3, 2, is_deletion=True)])
    assert list(bucket.everything()) == [Stored(KEY, 3, 2, b"new", False), Stored(OTHER, 4, 3, b"", True)]


def test_everything_under_a_filter_is_no_more_than_that(bucket: Bucket) -> None:
    bucket.write([Write(KEY, 1, 0, b"a"), Write(OTHER, 1, 0, b"b")])
    assert [one.key for one in bucket.everything("users.u1.>")] == [KEY]


def test_everything_of_thousands_of_keys_comes_once_each(bucket: Bucket) -> None:
    writes = numbered(3000)
    bucket.write(writes)
    assert [one.key for one in bucket.everything()] == [one.key for one in writes]


def test_who_stops_reading_everything_in_the_middle_may_go_on_with_something_else(bucket: Bucket) -> None:
    bucket.write(numbered(1200))
    reading = bucket.everything()
    assert next(reading).revision == 1
    reading.close()
    assert len(list(bucket.everything())) == 1200


def test_what_changes_while_everything_is_read_is_in_it(bucket: Bucket) -> None:
    bucket.write(numbered(1500))
    reading = bucket.everything()
    next(reading)
    bucket.write([Write("users.u1400.flights.owned.F", 2, 1401, b"newer")])
    assert {one.key: one.version for one in reading}["users.u1400.flights.owned.F"] == 2


def test_a_heartbeat_is_written_again_and_again(bucket: Bucket, terms: BucketTerms) -> None:
    bucket.beat(b"1")
    bucket.beat(b"2")
    assert outside(terms, lambda kv: kv.get(HEARTBEAT_KEY)).value == b"2"


@pytest.mark.parametrize(
    "ask",
    [
        lambda bucket: bucket.held([KEY]),
        lambda bucket: bucket.write([Write(KEY, 1, 0, b"x")]),
        lambda bucket: list(bucket.everything()),
        lambda bucket: bucket.beat(b"x"),
        lambda bucket: bucket.incarnation(),
    ],
)
def test_a_bucket_that_is_not_there_is_told_of_and_who_makes_it(
    terms: BucketTerms, ask: Callable[[Bucket], Any]
) -> None:
    with Bucket(terms) as bucket, pytest.raises(BucketMissing, match=terms.name) as missing:
        ask(bucket)
    assert "mirror rebuild" in missing.value.hint


def test_a_bucket_is_wiped_with_all_that_is_in_it_also_twice(bucket: Bucket) -> None:
    bucket.write([Write(KEY, 1, 0, b"x")])
    bucket.wipe()
    bucket.wipe()
    bucket.make()
    assert list(bucket.everything()) == []


def test_a_bucket_that_is_made_again_is_another_one(bucket: Bucket) -> None:
    first = bucket.incarnation()
    bucket.make()
    assert bucket.incarnation() == first
    bucket.wipe()
    bucket.make()
    assert bucket.incarnation() != first


def test_a_bucket_that_is_there_is_adjusted_and_keeps_what_it_holds(bucket: Bucket, terms: BucketTerms) -> None:
    bucket.write([Write(KEY, 1, 0, b"x")])
    with Bucket(terms._replace(history=5)) as other:
        other.make()
    assert outside(terms, lambda kv: kv.status()).history == 5
    assert bucket.held([KEY]) == {KEY: Held(1, 1, True)}


def test_a_bucket_made_by_somebody_else_without_direct_reading_is_adjusted(terms: BucketTerms) -> None:
    async def make() -> None:
        async with await nats.connect(terms.url) as client:
            await client.jetstream().create_key_value(bucket=terms.name, storage="memory", direct=False)

    asyncio.run(make())
    with Bucket(terms) as bucket:
        bucket.make()
        assert bucket.held([KEY]) == {KEY: Held(0, 0, False)}
        bucket.wipe()


def test_a_bucket_kept_elsewhere_is_not_touched(bucket: Bucket, terms: BucketTerms) -> None:
    with (
        Bucket(terms._replace(storage="file")) as other,
        pytest.raises(MirrorError, match=r"kept in memory.*says file"),
    ):
        other.make()


def test_replicas_that_one_server_cannot_keep_are_told_of(terms: BucketTerms) -> None:
    with Bucket(terms._replace(replicas=3)) as bucket, pytest.raises(MirrorError, match="replicas") as refused:
        bucket.make()
    assert "nats.replicas" in refused.value.hint
