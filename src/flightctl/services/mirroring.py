"""Mirroring: what SQL says now is brought into the bucket, key by key.

The order of the steps keeps versions from going back, however many mirrors there are: first what the bucket holds, then
a number above all others, then what SQL says. Whoever wrote a key in between has made the write that rests on it void.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flightctl.domain.mirrored import Noted, Shape, Value, Work, keys_beyond, values, work_of
from flightctl.errors import MirrorTimedOut
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held, Write
from flightctl.store import mirror_facts, outbox
from flightctl.store.chunks import in_chunks
from flightctl.store.engine import Database

_ROWS = 1000
"""Of the outbox at once."""
_FLIGHTS, _KEYS = 200, 500
"""In one piece of work."""
_TRIES = 40
_LONGEST_PAUSE_S = 0.5


class Mirroring:
    """Writes keys anew. Raises StoreError, NotAllowed, and MirrorError; what was not brought stays in the outbox."""

    def __init__(self, database: Database, bucket: Bucket, shape: Shape, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bucket = bucket
        self._shape = shape
        self._clock = clock

    def deliver(self) -> int:
        """Bring the oldest of what was noted; how many rows of the outbox it was."""
        with outbox.taken(self._database, _ROWS) as noted:
            for work in self._divided(noted):
                self.bring(work)
        return len(noted)

    def deliver_expired(self) -> int:
        """Bring the shares that have run out since this was last done; how many."""
        now = self._clock()
        with self._database.reading() as session:
            noted = outbox.expired(session, outbox.state(session).expired_until, now)
        if noted:
            self.bring(work_of(noted))
            with self._database.writing() as session:
                outbox.expired_are_mirrored(session, now)
        return len(noted)

    def bring(self, work: Work) -> dict[str, Value]:
        """Write all keys of this work as SQL has them now; what SQL has, by key."""
        keys, left = list(work.concerned()), frozenset[str]()
        for attempt in range(_TRIES):
            held = self._bucket.held(keys)
            version = self._version(held)
            wanted = self.wanted(work)
            beyond = set(keys_beyond(work, wanted, _there(held))) - held.keys()
            if beyond:
                keys += sorted(beyond)
                continue
            writes = [one for one in _writes(wanted, held, version) if not left or one.key in left]
            left = frozenset(one.key for one in self._bucket.write(writes))
            if not left:
                return wanted
            # Another mirror is at the same keys, or a server of a cluster is a moment behind.
            time.sleep(min(_LONGEST_PAUSE_S, 0.01 * 2**attempt))
        raise MirrorTimedOut("others keep writing the same keys of the bucket")

    def wanted(self, work: Work) -> dict[str, Value]:
        """What SQL has now, by key."""
        with self._database.reading() as session:
            return values(work, mirror_facts.facts(session, work, self._clock()), self._shape)

    def everything(self) -> Iterator[Work]:
        """All that SQL knows, in pieces."""
        after = ""
        while ids := self._flights_after(after):
            yield Work(flights=ids, indexes=ids)
            yield from (Work(entries=pairs) for pairs in self._listers(ids))
            after = ids[-1]
        after = ""
        while shares := self._shares_after(after):
            yield Work(shares=shares)
            after = shares[-1][0]

    def _divided(self, noted: Sequence[Noted]) -> Iterator[Work]:
        """What was noted in pieces of a bearable size; flights with all who list them."""
        whole, told = work_of(noted), set[tuple[str, str]]()
        for ids in in_chunks(whole.flights, _FLIGHTS):
            pages = self._listers(ids)
            for work in (Work(flights=ids, entries=next(pages, [])), *(Work(entries=pairs) for pairs in pages)):
                told.update(work.entries)
                yield work
        yield replace(whole, flights=(), entries=[pair for pair in whole.entries if pair not in told])

    def _listers(self, ids: Collection[str]) -> Iterator[list[tuple[str, str]]]:
        after, is_last = ("", ""), False
        while not is_last:
            with self._database.reading() as session:
                pairs = mirror_facts.listers(session, ids, after, _KEYS)
            is_last = len(pairs) < _KEYS
            if pairs:
                after = (pairs[-1][1], pairs[-1][0])
                yield pairs

    def _flights_after(self, after: str) -> list[str]:
        with self._database.reading() as session:
            return mirror_facts.flight_ids_after(session, after, _FLIGHTS)

    def _shares_after(self, after: str) -> list[tuple[str, str]]:
        with self._database.reading() as session:
            return mirror_facts.shares_after(session, after, _KEYS)

    def _version(self, held: Mapping[str, Held]) -> int:
        above = max((one.version for one in held.values()), default=0)
        with self._database.writing() as session:
            return outbox.next_version(session, above)


def _there(held: Mapping[str, Held]) -> set[str]:
    return {key for key, one in held.items() if one.is_there}


def _writes(wanted: Mapping[str, Value], held: Mapping[str, Held], version: int) -> Iterator[Write]:
    for key, before in held.items():
        value = wanted.get(key)
        if value is not None:
            yield Write(key, version, before.revision, value.text(version), headers=value.headers)
        elif before.is_there:
            yield Write(key, version, before.revision, is_deletion=True)
