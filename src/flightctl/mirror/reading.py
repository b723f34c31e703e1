"""What the bucket holds of many keys, in few round trips."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nats.aio.msg import Msg

from flightctl.mirror.api import patiently, silence
from flightctl.mirror.connection import NO_RESPONDERS, Connection, headers, status
from flightctl.mirror.entries import Held, is_deletion, version
from flightctl.mirror.terms import BucketTerms

_KEYS_AT_ONCE = 500
_NOTHING = Held(0, 0)
_FOUND_ALL, _NOT_FOUND = "204", "404"


async def held(connection: Connection, terms: BucketTerms, keys: Sequence[str]) -> dict[str, Held]:
    """What is there of each key. A follower in a cluster may answer with what was there a moment ago."""
    found: dict[str, Held] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part = keys[start : start + _KEYS_AT_ONCE]
        found |= await patiently(lambda part=part: _held_together(connection, terms, part))  # type: ignore[misc]
    return {key: found.get(key, _NOTHING) for key in keys}


async def _held_together(connection: Connection, terms: BucketTerms, keys: Sequence[str]) -> dict[str, Held]:
    await connection.ready()
    body = {"multi_last": [terms.subject(key) for key in keys], "batch": len(keys)}
    sent = await connection.send(
        f"{terms.api}.DIRECT.GET.{terms.stream}", json.dumps(body).encode(), most=len(keys) + 1
    )
    *messages, last = await connection.answered(sent)
    if status(last) == NO_RESPONDERS:
        raise await silence(connection, terms)
    is_all = status(last) == _NOT_FOUND or (
        status(last) == _FOUND_ALL and headers(last).get("Nats-Num-Pending", "0") == "0"
    )
    found = {terms.key(headers(message)["Nats-Subject"]): _as_held(message) for message in messages}
    # Servers before 2.11 do not know the question; later ones end an answer that becomes too large.
    return found if is_all else found | await _held_singly(connection, terms, [key for key in keys if key not in found])


async def _held_singly(connection: Connection, terms: BucketTerms, keys: Sequence[str]) -> dict[str, Held]:
    subject = f"{terms.api}.DIRECT.GET.{terms.stream}"
    sent = [(key, await connection.send(f"{subject}.{terms.subject(key)}")) for key in keys]
    await connection.all_answered([answer for _, answer in sent])
    found = [(key, (await connection.answered(answer))[0]) for key, answer in sent]
    if any(status(message) == NO_RESPONDERS for _, message in found):
        raise await silence(connection, terms)
    return {key: _as_held(message) for key, message in found if status(message) != _NOT_FOUND}


def _as_held(message: Msg) -> Held:
    told = headers(message)
    return Held(int(told["Nats-Sequence"]), version(told), not is_deletion(told))
