"""Requests to JetStream itself, answered in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from flightctl.errors import BucketMissing, FlightctlError, MirrorError, MirrorTimedOut, MirrorUnreachable
from flightctl.mirror.connection import NO_RESPONDERS, Connection, NotYet, status
from flightctl.mirror.terms import BucketTerms

PATIENCE_S = 15.0
"""How long what may pass is waited for: a cluster that loses a leader has another one after some seconds."""
_TRIED_EVERY_S = 0.25
_NO_STREAM = 10059
_OFF = frozenset({10039, 10076})
_UNAVAILABLE = 503

_T = TypeVar("_T")


class Refusal(MirrorError):
    """What JetStream answers to a request that it does not carry out."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message, cause=f"JetStream error {number}")
        self.number = number


async def ask(connection: Connection, terms: BucketTerms, name: str, body: dict[str, Any] | None = None) -> Any:
    """What JetStream answers. Raises Refusal, BucketMissing, NotYet and what ``Connection`` raises."""
    await connection.ready()
    payload = json.dumps(body).encode() if body else b""
    [message] = await connection.answered(await connection.send(f"{terms.api}.{name}", payload))
    if status(message) == NO_RESPONDERS:
        raise MirrorUnreachable(f"NATS at {connection.title} has no JetStream")
    answer = json.loads(message.data)
    if "error" in answer:
        raise explained(answer["error"], connection, terms)
    return answer


def explained(error: dict[str, Any], connection: Connection, terms: BucketTerms) -> FlightctlError:
    """An error of JetStream's as one of ours."""
    number, text = int(error.get("err_code", 0)), str(error.get("description", ""))
    if number == _NO_STREAM:
        return BucketMissing(f"there is no bucket {terms.name} in NATS at {connection.title}")
    if number in _OFF:
        return MirrorUnreachable(f"NATS at {connection.title} has no JetStream", cause=text)
    if error.get("code") == _UNAVAILABLE:
        return NotYet(f"JetStream of NATS at {connection.title} is not available", cause=text)
    return Refusal(f"NATS at {connection.title} refuses: {text}", number)


async def silence(connection: Connection, terms: BucketTerms) -> FlightctlError:
    """Why nobody answers for the bucket."""
    try:
        found = await ask(connection, terms, f"STREAM.INFO.{terms.stream}")
    except (MirrorError, MirrorUnreachable) as error:
        return error
    if not found["config"].get("allow_direct"):
        return MirrorError(
            f"the bucket {terms.name} does not allow direct reading", hint="'flightctl mirror rebuild' makes it anew"
        )
    return NotYet(f"nobody answers for the bucket {terms.name} in NATS at {connection.title}")


async def patiently(action: Callable[[], Awaitable[_T]], within_s: float = PATIENCE_S) -> _T:
    """What it returns, tried again while what it raises may pass."""
    clock = asyncio.get_running_loop().time
    until = clock() + within_s
    while True:
        try:
            return await action()
        except (NotYet, MirrorTimedOut):
            if clock() > until:
                raise
        await asyncio.sleep(_TRIED_EVERY_S)
