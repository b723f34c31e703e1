"""Reading who lists a flight from NATS: by the index, and by a scan of everybody's keys, in buckets of two sizes."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import nats
from listed_flights import FLIGHTS_OF_USER, planned
from nats.aio.client import Client
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue

_USERS = 8
"""Of a flight."""
_KEYS_OF_FLIGHT = _USERS + 2
_PAUSE_EVERY = 2_000
"""Keys; what is sent faster than it is stored is dropped."""
_GETS, _SCANS = 2_000, 10


class Bucket(NamedTuple):
    """One that holds so many flights."""

    flights: int
    keys: KeyValue


class Reads(NamedTuple):
    """Medians, in milliseconds."""

    keys: int
    get_ms: float
    scan_ms: float


def measured(url: str, *sizes: int) -> list[Reads]:
    """Of buckets with so many keys, read in turns. Raises SystemExit where an answer is wrong."""
    return asyncio.run(_measured(url, [size // _KEYS_OF_FLIGHT for size in sizes]))


async def _measured(url: str, sizes: list[int]) -> list[Reads]:
    client = await nats.connect(url)
    buckets = [await _filled(client, flights) for flights in sizes]
    gets = await _in_turns(_got, buckets, _GETS)
    scans = await _in_turns(_scanned, buckets, _SCANS)
    await client.close()
    keys = [flights * _KEYS_OF_FLIGHT for flights in sizes]
    return [Reads(*row) for row in zip(keys, gets, scans, strict=True)]


async def _filled(client: Client, flights: int) -> Bucket:
    js = client.jetstream(timeout=60)
    name = f"of{flights}flights"
    bucket = await js.create_key_value(KeyValueConfig(bucket=name, direct=True))
    for number, (key, value) in enumerate(_contents(flights), start=1):
        send = client.publish if number % _PAUSE_EVERY else js.publish
        await send(f"$KV.{name}.{key}", value)
    await bucket.put("filled", b"")
    stored = (await bucket.status()).values
    if stored != flights * _KEYS_OF_FLIGHT + 1:
        raise SystemExit(f"the bucket holds {stored} keys")
    return Bucket(flights, bucket)


def _contents(flights: int) -> Iterator[tuple[str, bytes]]:
    """Of each flight its own key, its index, and an entry of each user."""
    for index in range(flights):
        flight_id, users = planned(index).flight_id, _users(index, flights)
        yield f"flights.master.{flight_id}", b"{}"
        yield f"index.flight.{flight_id}.users", json.dumps(users).encode()
        yield from ((f"users.{user}.flights.owned.{flight_id}", b"{}") for user in users)


def _users(index: int, flights: int) -> list[str]:
    users = flights * _USERS // FLIGHTS_OF_USER
    return sorted(f"u{(index + place * users // _USERS) % users}" for place in range(_USERS))


async def _in_turns(
    read: Callable[[Bucket, str], Awaitable[list[str]]], buckets: list[Bucket], runs: int
) -> list[float]:
    """The median of reads of flights drawn at random, by bucket."""
    chosen, took = random.Random(527), [list[float]() for _ in buckets]
    for _ in range(runs):
        for bucket, of_bucket in zip(buckets, took, strict=True):
            index = chosen.randrange(bucket.flights)
            began = time.perf_counter()
            users = await read(bucket, planned(index).flight_id)
            of_bucket.append(1000 * (time.perf_counter() - began))
            if sorted(users) != _users(index, bucket.flights):
                raise SystemExit(f"{users} do not list flight {index}")
    return [statistics.median(of_bucket) for of_bucket in took]


async def _got(bucket: Bucket, flight_id: str) -> list[str]:
    entry = await bucket.keys.get(f"index.flight.{flight_id}.users")
    users: list[str] = json.loads(entry.value or b"[]")
    return users


async def _scanned(bucket: Bucket, flight_id: str) -> list[str]:
    watcher: Any = await bucket.keys.watch(f"users.*.flights.*.{flight_id}", meta_only=True)
    users = []
    while entry := await watcher.updates():
        users.append(entry.key.split(".")[1])
    await watcher.stop()
    return users
