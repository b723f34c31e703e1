"""The last message of every key, however many there are: a few at a time, in the order in which they were written."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator

from nats.aio.msg import Msg

from flightctl.errors import MirrorError, MirrorTimedOut
from flightctl.mirror.api import ask, patiently
from flightctl.mirror.connection import ANSWER_WITHIN_S, Connection, NotYet, headers, status
from flightctl.mirror.entries import Stored, is_deletion, version
from flightctl.mirror.terms import BucketTerms

_MESSAGES_AT_ONCE = 500
_BYTES_AT_ONCE = 4 * 1024 * 1024
_NANOSECONDS = 1_000_000_000
_FORGOTTEN_AFTER_S = 30


async def everything(connection: Connection, terms: BucketTerms, key_filter: str) -> AsyncGenerator[list[Stored], None]:
    """Some keys at a time. Raises MirrorError where the line is lost in the middle, or something is left out."""
    reader = _Reader(connection, terms)
    left, expected = await patiently(lambda: reader.begin(key_filter)), 1
    try:
        while left:
            messages = await reader.more()
            places = [message.metadata for message in messages]
            if [place.sequence.consumer for place in places] != list(range(expected, expected + len(places))):
                raise MirrorError("what NATS sent has a gap", hint="try again")
            yield [_as_stored(terms, message) for message in messages]
            left, expected = places[-1].num_pending, expected + len(places)
    finally:
        await reader.end()


class _Reader:
    """A consumer of its own in the server, which forgets it by itself where the line is lost."""

    def __init__(self, connection: Connection, terms: BucketTerms) -> None:
        self._connection = connection
        self._terms = terms
        self._name = f"flightctl-{secrets.token_hex(8)}"
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._inbox = ""

    async def begin(self, key_filter: str) -> int:
        """How many messages there are."""
        filtered = self._terms.subject(key_filter)
        settings = {
            "name": self._name,
            "filter_subject": filtered,
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "inactive_threshold": _FORGOTTEN_AFTER_S * _NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        body = {"stream_name": self._terms.stream, "config": settings}
        name = f"CONSUMER.CREATE.{self._terms.stream}.{self._name}.{filtered}"
        made = await ask(self._connection, self._terms, name, body)
        self._inbox = self._connection.new_inbox()
        self._subscription = await self._connection.subscribe(self._inbox, self._arrived.put)
        return int(made["num_pending"])

    async def more(self) -> list[Msg]:
        """The next ones, one or more."""
        body = {"batch": _MESSAGES_AT_ONCE, "no_wait": True, "max_bytes": self._most_bytes()}
        subject = f"{self._terms.api}.CONSUMER.MSG.NEXT.{self._terms.stream}.{self._name}"
        await self._connection.publish(subject, json.dumps(body).encode(), self._inbox)
        messages: list[Msg] = []
        # With max_bytes there is a status at the end of each batch, also of a full one.
        while not status(message := await self._next()):
            messages.append(message)
        if not messages:
            raise NotYet("NATS has ended the reading of the bucket in the middle", cause=f"status {status(message)}")
        return messages

    async def end(self) -> None:
        """Let go of it."""
        if self._connection.is_open:
            await self._subscription.unsubscribe()
            await ask(self._connection, self._terms, f"CONSUMER.DELETE.{self._terms.stream}.{self._name}")

    def _most_bytes(self) -> int:
        return max(_BYTES_AT_ONCE, 2 * self._connection.max_bytes)

    async def _next(self) -> Msg:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._arrived.get()
        except TimeoutError:
            raise MirrorTimedOut("NATS does not go on with the reading of the bucket") from None


def _as_stored(terms: BucketTerms, message: Msg) -> Stored:
    told = headers(message)
    revision = message.metadata.sequence.stream
    return Stored(terms.key(message.subject), revision, version(told), message.data, is_deletion(told))
