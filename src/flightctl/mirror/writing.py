"""Many keys written in few round trips, each only where nobody else has written it meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from enum import Enum

from nats.aio.msg import Msg

from flightctl.errors import FlightctlError, MirrorError, MirrorTimedOut
from flightctl.mirror.api import explained, patiently, silence
from flightctl.mirror.connection import NO_RESPONDERS, Answer, Connection, NotYet, status
from flightctl.mirror.entries import OPERATION, VERSION, Held, Write
from flightctl.mirror.remembered import Remembered
from flightctl.mirror.terms import BucketTerms

_IN_FLIGHT = 500
_BYTES_IN_FLIGHT = 4 * 1024 * 1024
_HEADER_BYTES = 512
_EXPECTED = "Nats-Expected-Last-Subject-Sequence"
_WRITTEN_MEANWHILE = frozenset({10071, 10164})


async def write(
    connection: Connection, terms: BucketTerms, writes: Sequence[Write], remembered: Remembered
) -> list[Write]:
    """Those that somebody else had written meanwhile. Raises what a ``Bucket`` raises for the rest."""
    conflicts: list[Write] = []
    for part in _parts(writes):
        conflicts += await _Part(connection, terms, part, remembered).written()
    return conflicts


async def put(connection: Connection, terms: BucketTerms, key: str, value: bytes) -> None:
    """Write a key whatever is there."""

    async def once() -> None:
        await connection.ready()
        [message] = await connection.answered(await connection.send(terms.subject(key), value))
        if status(message) == NO_RESPONDERS:
            raise await silence(connection, terms)
        answer = json.loads(message.data)
        if "error" in answer:
            raise explained(answer["error"], connection, terms)

    await patiently(once)


def _parts(writes: Sequence[Write]) -> Iterator[list[Write]]:
    part: list[Write] = []
    size = 0
    for one in writes:
        if part and (len(part) == _IN_FLIGHT or size + len(one.value) > _BYTES_IN_FLIGHT):
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one.value)
    if part:
        yield part


class _Part:
    """As many writes as are on their way together; what is not acknowledged is sent again."""

    def __init__(self, connection: Connection, terms: BucketTerms, writes: list[Write], remembered: Remembered) -> None:
        self._connection = connection
        self._terms = terms
        self._left = writes
        self._remembered = remembered
        self._conflicts: list[Write] = []

    async def written(self) -> list[Write]:
        await patiently(self._send)
        return self._conflicts

    async def _send(self) -> None:
        await self._connection.ready()
        self._check_sizes()
        sent = [(one, await self._sent(one)) for one in self._left]
        await self._connection.all_answered([answer for _, answer in sent])
        troubles = self._sorted_out(sent)
        # What does not pass comes first; when nobody listens, it has to be asked why.
        troubles.sort(key=lambda error: isinstance(error, NotYet | MirrorTimedOut))
        if troubles and isinstance(troubles[0], _Unheard):
            raise await silence(self._connection, self._terms)
        if troubles:
            raise troubles[0]

    def _sorted_out(self, sent: list[tuple[Write, Answer]]) -> list[FlightctlError]:
        """Keep what is left to be written and what was in conflict; why the former is left."""
        self._left, troubles = [], []
        for one, answer in sent:
            heard = answer.result()
            came_of_it = heard if isinstance(heard, FlightctlError) else self._told(one, heard[0])
            if came_of_it is _End.WRITTEN:
                continue
            self._remembered.forget(one.key)
            if isinstance(came_of_it, FlightctlError):
                self._left.append(one)
                troubles.append(came_of_it)
            else:
                self._conflicts.append(one)
        return troubles

    def _told(self, one: Write, message: Msg) -> FlightctlError | _End:
        if status(message) == NO_RESPONDERS:
            return _UNHEARD
        answer = json.loads(message.data)
        if "error" not in answer:
            held = Held(int(answer["seq"]), one.version, not one.is_deletion)
            self._remembered.keep(one.key, held, self._connection.lines)
            return _End.WRITTEN
        if answer["error"].get("err_code") in _WRITTEN_MEANWHILE:
            return _End.CONFLICT
        return explained(answer["error"], self._connection, self._terms)

    async def _sent(self, one: Write) -> Answer:
        headers = {**one.headers, _EXPECTED: str(one.revision), VERSION: str(one.version)}
        if one.is_deletion:
            headers[OPERATION] = "DEL"
        try:
            return await self._connection.send(self._terms.subject(one.key), one.value, headers)
        except NotYet as error:
            lost: Answer = asyncio.get_running_loop().create_future()
            lost.set_result(error)
            return lost

    def _check_sizes(self) -> None:
        """The server ends the connection of who sends too much."""
        largest = max(self._left, key=lambda one: len(one.value))
        if len(largest.value) + _HEADER_BYTES > self._connection.max_bytes:
            raise MirrorError(
                f"{largest.key} has {len(largest.value)} bytes, more than NATS at {self._connection.title} takes",
                hint="raise max_payload in the server's configuration",
            )


class _End(Enum):
    """What became of a write that is not to be sent again."""

    WRITTEN = "acknowledged"
    CONFLICT = "somebody else was first"


class _Unheard(NotYet):
    """Nobody listens where it was published."""


_UNHEARD = _Unheard("")
