"""Mirroring: what SQL says now is brought into the bucket, key by key.

The order of the steps keeps versions from going back, however many mirrors there are: first what the bucket holds, then
a number above all others, then what SQL says. Whoever wrote a key in between has made the write that rests on it void.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from flightctl.domain.key_space import list_key, master_key
from flightctl.domain.listing import Kind
from flightctl.domain.mirrored import Noted, Shape, Value, Work, keys_beyond, values, work_of
from flightctl.errors import MirrorTimedOut
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held, Write
from flightctl.store import mirror_facts, outbox
from flightctl.store.chunks import in_chunks
from flightctl.store.engine import Database, Transaction

_ROWS = 1000
"""Of the outbox at once."""
_FLIGHTS, _SHARES, _ENTRIES = 200, 500, 1000
"""In one piece of work."""
_UPDATED = 500
"""Flights in one piece of work that has no index: one of those may have megabytes."""
_RESERVED_FOR_S = 1.0
_TRIES = 40
_LONGEST_PAUSE_S = 0.5


class Mirroring:
    """Writes keys anew. Raises StoreError, NotAllowed, and MirrorError; what was not brought stays in the outbox."""

    def __init__(self, database: Database, bucket: Bucket, shape: Shape, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bucket = bucket
        self._shape = shape
        self._clock = clock
        self._outbox = outbox.Outbox(database, self._reserve)
        self._reserved, self._reserved_until = 0, 0.0

    def deliver(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Bring the oldest of what was noted; how many rows of the outbox it was.

        ``meanwhile`` is called now and then: of flights that many list, it may take minutes.
        """
        with self._outbox.taken(_ROWS) as taken:
            for bring, work in self._divided(taken.noted):
                bring(work)
                taken.stay_awake()
                meanwhile()
        return len(taken.noted)

    def forget(self) -> None:
        """What was taken last is not of the file that is there now."""
        self._outbox.forget()

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
        keys = list(work.concerned())
        return self._brought(work, keys, {}) if keys else {}

    def _renew(self, work: Work) -> dict[str, Value]:
        """The same for flights and those who list them, read from the bucket only where it is not remembered.

        Of an entry that is not, the key that most have is read; another one that SQL knows is read then. One that has
        gone is not looked for under both: that it went was noted, too.
        """
        keys = [[master_key(flight_id)] for flight_id in work.flights]
        keys += [[list_key(user, kind, flight_id) for kind in Kind] for flight_id, user in work.entries]
        known = self._bucket.remembered(key for alike in keys for key in alike)
        return self._brought(work, [alike[0] for alike in keys if known.keys().isdisjoint(alike)], known)

    def _brought(self, work: Work, keys: list[str], known: Mapping[str, Held]) -> dict[str, Value]:
        """Read these keys, and take the others to be as they are known, until somebody else proves to be there."""
        left, made = frozenset[str](), set[str]()
        for attempt in range(_TRIES):
            held = {**known, **self._held(keys)}
            version = self._version(held, are_ours=not keys)
            wanted = self.wanted(work)
            beyond = {*wanted, *keys_beyond(work, wanted, _there(held))} - held.keys()
            if beyond:
                keys += sorted(beyond)
                continue
            writes = [one for one in _writes(wanted, held, version) if not left or one.key in left]
            left = frozenset(one.key for one in self._bucket.write(writes))
            made |= {one.key for one in writes if not held[one.key].is_there} - left
            if not left:
                left, made = self._gone(work, made), set()
            if not left:
                return wanted
            keys, known = list(held), {}
            # Another mirror is at the same keys, or a server of a cluster is a moment behind.
            time.sleep(min(_LONGEST_PAUSE_S, 0.01 * 2**attempt))
        raise MirrorTimedOut("others keep writing the same keys of the bucket")

    def _held(self, keys: Sequence[str]) -> dict[str, Held]:
        """What the bucket has of these keys, and at least what was last written here: a server may be behind."""
        held = self._bucket.held(keys) if keys else {}
        newer = self._bucket.remembered(keys).items()
        return held | {key: one for key, one in newer if one.revision > held[key].revision}

    def _gone(self, work: Work, made: set[str]) -> frozenset[str]:
        """Those of the keys just made that SQL does not have any more.

        Another mirror that heard of it before they were there had nothing to take away, and so made no write void.
        """
        return frozenset(made - self.wanted(work).keys()) if made else frozenset()

    def wanted(self, work: Work) -> dict[str, Value]:
        """What SQL has now, by key."""
        with self._database.reading() as session:
            facts = mirror_facts.facts(session, work, self._clock())
        # Outside, because who reads a file holds up a commit; a flight is written out once, however many list it.
        return values(work, facts, cache(self._shape))

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

    def _divided(self, noted: Sequence[Noted]) -> Iterator[tuple[Callable[[Work], object], Work]]:
        """What was noted in pieces of a bearable size, and how to bring each; flights with all who list them."""
        whole = work_of(noted)
        by_themselves = set(whole.entries)
        for ids in in_chunks(whole.flights, _UPDATED):
            flights: Collection[str] = ids
            for pairs in self._listers(ids):
                yield self._renew, Work(flights, [pair for pair in pairs if pair not in by_themselves])
                flights = ()
            if flights:
                yield self._renew, Work(flights)
        yield self.bring, replace(whole, flights=())

    def _listers(self, ids: Collection[str]) -> Iterator[list[tuple[str, str]]]:
        after, is_last = ("", ""), False
        while not is_last:
            with self._database.reading() as session:
                pairs = mirror_facts.listers(session, ids, after, _ENTRIES)
            is_last = len(pairs) < _ENTRIES
            if pairs:
                after = (pairs[-1][1], pairs[-1][0])
                yield pairs

    def _flights_after(self, after: str) -> list[str]:
        with self._database.reading() as session:
            return mirror_facts.flight_ids_after(session, after, _FLIGHTS)

    def _shares_after(self, after: str) -> list[tuple[str, str]]:
        with self._database.reading() as session:
            return mirror_facts.shares_after(session, after, _SHARES)

    def _reserve(self, session: Transaction) -> None:
        """Draw the number for the next keys with the last ones' rows: a file is written by one at a time."""
        self._reserved, self._reserved_until = outbox.next_version(session, 0), time.monotonic() + _RESERVED_FOR_S

    def _version(self, held: Mapping[str, Held], *, are_ours: bool) -> int:
        """A number above all others; the reserved one, which others may have passed, only for keys last written here.

        Of those NATS has lost nothing since the number was drawn, or their writing is void.
        """
        above = max((one.version for one in held.values()), default=0)
        if are_ours and self._reserved > above and time.monotonic() < self._reserved_until:
            return self._reserved
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
