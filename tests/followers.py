"""Programs of others that follow the bucket: nats-py alone, nothing of the mirror's own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, NamedTuple

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError

import nursery

_TROUBLE = (nats.errors.Error, JetStreamError, OSError, TimeoutError)


@contextmanager
def mirror_at_work(**environ: str) -> Iterator[nursery.Child]:
    """``flightctl mirror run`` as a process; killed on leaving where it has not ended."""
    with nursery.flightctl("mirror", "run", environ={**os.environ, **environ}) as child:
        try:
            yield child
        finally:
            child.kill()


class Seen(NamedTuple):
    """What a watcher was told of a key."""

    key: str
    value: dict[str, Any]
    """Empty for a key that is gone."""
    revision: int


class Watcher:
    """``kv.watch(keys)`` as the client's documentation shows it; ``seen`` grows. Ends with the test."""

    def __init__(self, url: str, bucket: str, keys: str) -> None:
        self.seen: list[Seen] = []
        self._is_ready = Event()
        self._over = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._watch(url, bucket, keys)), daemon=True)
        self._thread.start()
        assert self._is_ready.wait(10)

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    async def _watch(self, url: str, bucket: str, keys: str) -> None:
        client = await nats.connect(url)
        watcher = await (await client.jetstream().key_value(bucket)).watch(keys)
        while not self._over.is_set():
            with suppress(nats.errors.TimeoutError):
                entry = await watcher.updates(timeout=0.2)  # type: ignore[no-untyped-call]
                if entry is None:
                    self._is_ready.set()
                else:
                    value = json.loads(entry.value) if entry.value else {}
                    self.seen.append(Seen(entry.key, value, entry.revision or 0))
        await client.close()


class Recorded(NamedTuple):
    """A message as the stream of the bucket has it."""

    sequence: int
    key: str
    version: int
    is_deletion: bool


class Recorder:
    """Every message of a bucket that is still there when it is fetched, whatever becomes of the servers meanwhile."""

    def __init__(self, url: str, bucket: str) -> None:
        self.found: list[Recorded] = []
        self.rewritten = 0
        """Sequences that came again with something else: the server has lost what it had acknowledged."""
        self._by_sequence: dict[int, Recorded] = {}
        self._bucket = bucket
        self._over = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._record(url.split(","))), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    async def _record(self, urls: list[str]) -> None:
        client = await nats.connect(
            urls, max_reconnect_attempts=-1, reconnect_time_wait=0.1, connect_timeout=1, error_cb=_unheard
        )
        while not self._over.is_set():
            with suppress(*_TROUBLE):
                await self._fetch(client)
            await asyncio.sleep(0.1)
        await client.close()

    async def _fetch(self, client: Client) -> None:
        stream = f"KV_{self._bucket}"
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=5, deliver_policy=DeliverPolicy.ALL)
        pulled = await client.jetstream(timeout=2).pull_subscribe(
            f"$KV.{self._bucket}.>", durable="recorder", stream=stream, config=config
        )
        while not self._over.is_set():
            with suppress(nats.errors.TimeoutError):
                for message in await pulled.fetch(500, timeout=0.3):
                    self._note(message)
                    await message.ack()

    @property
    def in_order(self) -> list[Recorded]:
        """What was recorded, as it was written."""
        return sorted(self.found)

    def _note(self, message: Msg) -> None:
        headers = message.headers or {}
        key = message.subject.removeprefix(f"$KV.{self._bucket}.")
        version, is_deletion = int(headers.get("Flightctl-Version", 0)), "KV-Operation" in headers
        one = Recorded(message.metadata.sequence.stream, key, version, is_deletion)
        before = self._by_sequence.setdefault(one.sequence, one)
        if before is one:
            self.found.append(one)
        elif before != one:
            self.rewritten += 1


def entries_of(url: str, bucket: str) -> dict[str, Any]:
    """By key what stands in the bucket now, as any client reads it."""
    found: dict[str, Any] = asyncio.run(_entries(url.split(","), bucket))
    return found


async def _entries(urls: list[str], bucket: str) -> dict[str, Any]:
    client = await nats.connect(urls, max_reconnect_attempts=3, error_cb=_unheard)
    try:
        watcher = await (await client.jetstream().key_value(bucket)).watch(">", ignore_deletes=True)
        found = {}
        while (entry := await watcher.updates(timeout=5)) is not None:  # type: ignore[no-untyped-call]
            found[entry.key] = json.loads(entry.value)
        return found
    finally:
        await client.close()


def is_whole(url: str, bucket: str) -> bool:
    """Whether every server of the cluster that is to have the bucket has all of it."""
    return asyncio.run(_is_whole(url.split(","), bucket))


async def _is_whole(urls: list[str], bucket: str) -> bool:
    client = await nats.connect(urls, max_reconnect_attempts=3, error_cb=_unheard)
    try:
        with suppress(*_TROUBLE):
            found = await client.jetstream().stream_info(f"KV_{bucket}")
            copies = (found.cluster and found.cluster.replicas) or []
            return len(copies) == len(urls) - 1 and all(one.current and not one.offline for one in copies)
        return False
    finally:
        await client.close()


async def _unheard(_error: Exception) -> None:
    """Servers are killed on purpose."""
