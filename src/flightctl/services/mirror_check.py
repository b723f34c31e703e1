"""The bucket beside SQL: made anew as a whole, compared key by key, and mended."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flightctl.domain.key_space import HEARTBEAT_KEY
from flightctl.domain.mirrored import Value, work_of_key
from flightctl.errors import MirrorTimedOut
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Write
from flightctl.services.mirroring import Mirroring
from flightctl.store import outbox
from flightctl.store.engine import Database

_SETTLES_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.2
_TRIES = 5


@dataclass(slots=True)
class Comparison:
    """Where the bucket and SQL differ, by key."""

    keys: int = 0
    """How many SQL has."""
    missing: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)

    def by_kind(self) -> list[tuple[str, set[str]]]:
        """The three kinds, with their names."""
        return [("missing", self.missing), ("different", self.different), ("extra", self.extra)]

    @property
    def wrong(self) -> set[str]:
        """All of them."""
        return self.missing | self.different | self.extra


class MirrorCheck:
    """Raises StoreError, NotAllowed, and MirrorError."""

    def __init__(self, database: Database, bucket: Bucket, mirroring: Mirroring) -> None:
        self._database = database
        self._bucket = bucket
        self._mirroring = mirroring

    def is_due(self) -> bool:
        """Whether this bucket was never filled: it is new, or another one than it was."""
        with self._database.reading() as session:
            state = outbox.state(session)
        return not state.is_on or state.bucket != self._bucket.incarnation()

    def rebuild(self, progress: Callable[[int], None]) -> int:
        """Make the bucket if there is none, write everything, take away what nobody knows; how many keys there are.

        ``progress`` is told how many were written, now and then. What changes meanwhile is in the outbox.
        """
        self._bucket.make()
        incarnation = self._bucket.incarnation()
        with self._database.writing() as session:
            outbox.begin(session)
        unknown = {one.key for one in self._bucket.everything() if not one.is_deleted} - {HEARTBEAT_KEY}
        written = 0
        for work in self._mirroring.everything():
            wanted = self._mirroring.bring(work)
            unknown -= wanted.keys()
            written += len(wanted)
            progress(written)
        self.mend(unknown)
        with self._database.writing() as session:
            outbox.is_complete(session, incarnation)
        return written

    def compare(self) -> Comparison:
        """Everything in the bucket beside everything in SQL.

        Both change meanwhile, so what differs at first is compared once more when what was noted till then is mirrored.
        """
        first = self._compared()
        if not first.wrong:
            return first
        self._wait_for_mirrors()
        second = self._compared()
        second.missing &= first.wrong
        second.different &= first.wrong
        second.extra &= first.wrong
        return second

    def mend(self, keys: set[str]) -> None:
        """Write these keys anew, or take them away, as SQL says now."""
        for key in sorted(keys):
            work = work_of_key(key)
            wanted = self._mirroring.bring(work)
            if key not in wanted and key not in set(work.concerned()):
                # No key of ours, or the far end of an index; of the latter it may just have become the end.
                self._take_away(key)
                self._mirroring.bring(work)

    def _compared(self) -> Comparison:
        there = {one.key: _digest_of(one.value) for one in self._bucket.everything() if not one.is_deleted}
        there.pop(HEARTBEAT_KEY, None)
        found = Comparison()
        for key, value in self._all_values():
            found.keys += 1
            digest = there.pop(key, b"")
            if not digest:
                found.missing.add(key)
            elif digest != _digest(value):
                found.different.add(key)
        found.extra = set(there)
        return found

    def _all_values(self) -> Iterator[tuple[str, Value]]:
        for work in self._mirroring.everything():
            yield from self._mirroring.wanted(work).items()

    def _wait_for_mirrors(self) -> None:
        until = time.monotonic() + _SETTLES_WITHIN_S
        while time.monotonic() < until:
            with self._database.reading() as session:
                if not outbox.waiting(session).rows:
                    return
            time.sleep(_LOOK_EVERY_S)

    def _take_away(self, key: str) -> None:
        """A key that nothing in SQL stands behind."""
        for _ in range(_TRIES):
            held = self._bucket.held([key])[key]
            if not held.is_there or not self._bucket.write([Write(key, held.version, held.revision, is_deletion=True)]):
                return
        raise MirrorTimedOut("others keep writing the same keys of the bucket")


def _digest_of(text: bytes) -> bytes:
    """Of a value as it was written, whatever its version."""
    try:
        content = json.loads(text)
    except ValueError:
        return b"unreadable"
    if isinstance(content, dict):
        content.pop("version", None)
    return _hashed(content)


def _digest(value: Value) -> bytes:
    return _hashed(value.content)


def _hashed(content: object) -> bytes:
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=12).digest()
