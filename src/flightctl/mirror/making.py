"""The bucket itself: made as it should be, mended, taken away."""

from __future__ import annotations

from typing import Any

from flightctl.errors import BucketMissing, MirrorError
from flightctl.mirror.api import Refusal, ask
from flightctl.mirror.connection import Connection
from flightctl.mirror.terms import BucketTerms

_ALREADY_THERE = 10058
_ADJUSTABLE = ("num_replicas", "max_msgs_per_subject", "allow_direct", "allow_rollup_hdrs", "deny_delete", "discard")


async def make(connection: Connection, terms: BucketTerms) -> None:
    """Make the bucket, or adjust one that is kept otherwise. Raises MirrorError where that cannot be."""
    wanted = _configuration(terms)
    try:
        await ask(connection, terms, f"STREAM.CREATE.{terms.stream}", wanted)
    except Refusal as refusal:
        if refusal.number != _ALREADY_THERE:
            raise _with_hint(refusal) from None
        await _adjust(connection, terms, wanted)


async def incarnation(connection: Connection, terms: BucketTerms) -> str:
    """When the bucket was made: another one after it was wiped."""
    return str((await ask(connection, terms, f"STREAM.INFO.{terms.stream}"))["created"])


async def wipe(connection: Connection, terms: BucketTerms) -> None:
    """Take the bucket away with all that is in it; also where there is none."""
    try:
        await ask(connection, terms, f"STREAM.DELETE.{terms.stream}")
    except BucketMissing:
        return


async def _adjust(connection: Connection, terms: BucketTerms, wanted: dict[str, Any]) -> None:
    there = (await ask(connection, terms, f"STREAM.INFO.{terms.stream}"))["config"]
    if there.get("subjects") != wanted["subjects"]:
        raise MirrorError(f"{terms.stream} in NATS is no key-value bucket", hint="choose another nats.bucket")
    if there.get("storage") != wanted["storage"]:
        raise MirrorError(
            f"the bucket {terms.name} is kept in {there.get('storage')}, nats.storage says {terms.storage}",
            hint="set nats.storage to what it is, choose another nats.bucket, or delete the stream in NATS",
        )
    changed = there | {name: wanted[name] for name in _ADJUSTABLE}
    if changed != there:
        try:
            await ask(connection, terms, f"STREAM.UPDATE.{terms.stream}", changed)
        except Refusal as refusal:
            raise _with_hint(refusal) from None


def _with_hint(refusal: Refusal) -> MirrorError:
    hint = "check nats.replicas (as many servers with room have to be there) and nats.history, nats.storage"
    return MirrorError(refusal.message, hint=hint, cause=refusal.cause)


def _configuration(terms: BucketTerms) -> dict[str, Any]:
    """A stream as clients of key-value buckets expect it."""
    return {
        "name": terms.stream,
        "subjects": [terms.subject(">")],
        "num_replicas": terms.replicas,
        "max_msgs_per_subject": terms.history,
        "storage": terms.storage,
        "retention": "limits",
        "discard": "new",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msg_size": -1,
        "max_age": 0,
        "allow_direct": True,
        "allow_rollup_hdrs": True,
        "allow_msg_ttl": True,
        "deny_delete": True,
    }
