"""The bucket, for callers that are plain synchronous code."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from types import TracebackType

from flightctl.domain.key_space import HEARTBEAT_KEY
from flightctl.errors import MirrorError
from flightctl.mirror import making, reading, reading_all, writing
from flightctl.mirror.api import patiently
from flightctl.mirror.background import Background
from flightctl.mirror.connection import Connection
from flightctl.mirror.entries import Held, Stored, Write
from flightctl.mirror.remembered import Remembered
from flightctl.mirror.terms import BucketTerms

_KEY = re.compile(r"[-/_=A-Za-z0-9]+(?:\.[-/_=A-Za-z0-9]+)*")
_LONGEST_KEY = 1500


class Bucket:
    """Connects when it is first asked for something, and again after the line was lost.

    Raises ConfigurationError for addresses that are none. All else raise MirrorUnreachable, MirrorTimedOut and
    MirrorRefused, and BucketMissing where there is no bucket. What may pass, as when a cluster chooses another
    leader, is tried again for 15 s; a server that is not there is told of at once.
    """

    def __init__(self, terms: BucketTerms) -> None:
        self._terms = terms
        self._background = Background("flightctl-mirror")
        self._connection = Connection(terms)
        self._remembered = Remembered()

    @property
    def is_alive(self) -> bool:
        """Whether there is a connection, as far as is known without asking."""
        return self._connection.is_open

    def make(self) -> None:
        """The bucket as it should be: made, or adjusted. Raises MirrorError where it cannot be adjusted."""
        self._background.run(patiently(lambda: making.make(self._connection, self._terms)))

    def incarnation(self) -> str:
        """Which bucket it is: one that was wiped and made again is another."""
        return self._background.run(patiently(lambda: making.incarnation(self._connection, self._terms)))

    def wipe(self) -> None:
        """Take it away with all that is in it; also where there is none."""
        self._background.run(patiently(lambda: making.wipe(self._connection, self._terms)))

    def held(self, keys: Sequence[str]) -> dict[str, Held]:
        """What is there of these keys; revision and version 0 where there is nothing.

        In a cluster it may be what was there a moment ago: then a write that rests on it is a conflict.
        """
        _check(keys)
        return self._background.run(reading.held(self._connection, self._terms, keys))

    def remembered(self, keys: Iterable[str]) -> dict[str, Held]:
        """What this object wrote last of those of these keys that it remembers, if it was no deletion.

        Others may have written since: then a write that rests on it is a conflict.
        """
        return self._remembered.of(keys, self._connection.lines)

    def write(self, writes: Sequence[Write]) -> list[Write]:
        """Write each key that is still at the revision given; return those that are not.

        One key stands once. A write whose acknowledgement was lost is sent again, and may so be in conflict with
        itself. Raises MirrorError for a value that is too large.
        """
        _check([one.key for one in writes])
        return self._background.run(writing.write(self._connection, self._terms, writes, self._remembered))

    def beat(self, value: bytes) -> None:
        """Write the key by which watchers know that there is a mirror, whatever is there."""
        self._background.run(writing.put(self._connection, self._terms, HEARTBEAT_KEY, value))

    def everything(self, key_filter: str = ">") -> Generator[Stored, None, None]:
        """The last message of every key that matches, deletions too, in the order in which they were written.

        What is written meanwhile may come twice, the newer one later. Raises MirrorError in the middle where the
        line is lost: begin anew.
        """
        parts = reading_all.everything(self._connection, self._terms, key_filter)
        try:
            while part := self._background.run(_next_of(parts)):
                yield from part
        finally:
            self._background.run(parts.aclose())

    def close(self) -> None:
        """Let go of the connection."""
        if self._background.is_running:
            self._background.run(self._connection.close())
            self._background.close()

    def __enter__(self) -> Bucket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _next_of(parts: AsyncGenerator[list[Stored], None]) -> list[Stored]:
    return await anext(parts, [])


def _check(keys: Sequence[str]) -> None:
    """A wildcard would reach other keys; a line that is too long ends the connection."""
    for key in keys:
        if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
            raise MirrorError(f"{ascii(key)[:100]} cannot be a key")
