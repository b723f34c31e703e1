"""A push consumer of one's own: what is new under a filter, and whether anything of it was missed.

nats-py's own watcher asks for a consumer without a filter in the subject, which no permission can limit to a user,
and says nothing when the consumer is gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic

from nats.aio.msg import Msg

from flightctl.mirror.api import ask
from flightctl.mirror.connection import Connection, NotYet, headers, status
from flightctl.mirror.terms import BucketTerms

_NANOSECONDS = 1_000_000_000
_HEARTBEAT_EVERY_S = 2
_MISSED_AFTER_S = 7.0
_FORGOTTEN_AFTER_S = 30
_HEARTBEAT = "100"


class Consumer:
    """Calls ``tell`` for whatever is written from now on; ``check`` raises once something may be missed."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._sequence = 0
        self._heard_at = monotonic()
        self._fault = ""

    @classmethod
    async def made(cls, connection: Connection, terms: BucketTerms, keys: str, tell: Callable[[], None]) -> Consumer:
        """One that listens. Raises BucketMissing, MirrorRefused, NotYet, MirrorTimedOut."""
        consumer = cls(tell)
        deliver_to = connection.new_inbox()
        await connection.subscribe(deliver_to, consumer.hear)
        name, filtered = f"flightctl-{secrets.token_hex(8)}", terms.subject(keys)
        settings = {
            "name": name,
            "filter_subject": filtered,
            "deliver_subject": deliver_to,
            # What is there already is read from SQL once it is watched.
            "deliver_policy": "new",
            "headers_only": True,
            "ack_policy": "none",
            "idle_heartbeat": _HEARTBEAT_EVERY_S * _NANOSECONDS,
            # Nobody may delete consumers; the server forgets those that nobody listens to.
            "inactive_threshold": _FORGOTTEN_AFTER_S * _NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        body = {"stream_name": terms.stream, "config": settings}
        await ask(connection, terms, f"CONSUMER.CREATE.{terms.stream}.{name}.{filtered}", body)
        return consumer

    async def hear(self, message: Msg) -> None:
        """A change, or the server's word that there was none."""
        self._heard_at = monotonic()
        told = status(message)
        if told == _HEARTBEAT:
            self._expect(self._sequence, int(headers(message).get("Nats-Last-Consumer", 0)))
        elif told:
            self._fault = "NATS has ended the watch"
        else:
            self._expect(self._sequence + 1, message.metadata.sequence.consumer)
            self._sequence += 1
            self._tell()

    def check(self) -> None:
        """Raises NotYet where something was missed, or nothing was heard for too long."""
        if not self._fault and monotonic() - self._heard_at > _MISSED_AFTER_S:
            self._fault = f"NATS has said nothing for {_MISSED_AFTER_S:g} s"
        if self._fault:
            raise NotYet(self._fault)

    def _expect(self, sequence: int, found: int) -> None:
        if found != sequence:
            self._fault = "something that NATS sent was lost"
