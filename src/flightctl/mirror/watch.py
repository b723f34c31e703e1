"""Noticing through NATS that one user's lists have changed, for ``flightctl watch``.

What is delivered says only that there is something new: what it is, is read from SQL. NATS tells a watcher of a broken
line, but neither of a bucket that was wiped nor of a mirror that has stopped. So the mirror writes a heartbeat every
few seconds, and a watcher that hears none watches again; meanwhile its reader looks now and then without being told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import uniform
from threading import Event
from time import monotonic

from flightctl.domain.key_space import HEARTBEAT_KEY, listed_keys
from flightctl.errors import FlightctlError
from flightctl.mirror.background import Background
from flightctl.mirror.connection import Connection, NotYet
from flightctl.mirror.consumer import Consumer
from flightctl.mirror.permissions import inbox
from flightctl.mirror.terms import BucketTerms, addresses

SILENT_FOR_S = 15.0
"""After so long without a heartbeat it is watched again; the mirror writes one every 3 s."""
_LOOK_EVERY_S = 5.0
_CHECKED_EVERY_S = 0.25
_LONGEST_WAIT_S = 16.0
_BEGINS_WITHIN_S = 5.0
"""It is told of the last heartbeat, or the next one, at once; that nothing is heard yet says nothing before."""


class MirrorWatch:
    """Stands for ``store.file_watch.FileWatch`` where NATS tells of changes. NATS need not be there yet.

    Raises ConfigurationError for addresses that are none.
    """

    file = 1
    """There is but one."""

    def __init__(self, terms: BucketTerms, user: str, clock: Callable[[], datetime]) -> None:
        addresses(terms.url)
        self._terms = terms
        self._user = user
        self._clock = clock
        self._changed = Event()
        self._changed.set()
        self._heard_at = clock()
        self._started_at = monotonic()
        self._beat_at = self._looked_at = float("-inf")
        self.is_sound = False
        """Whether changes are told of; else they are looked for every 5 s."""
        self.trouble = ""
        """Why it was watched anew last; empty as long as nothing has happened."""
        self._background = Background("flightctl-watch")
        self._watching = self._background.start(self._watch_on())

    def has_changed(self) -> bool:
        """Whether something may have changed since the last call; also at first, and whenever it is watched anew."""
        if self._watching.done():
            self._watching.result()
        now = monotonic()
        if not self._changed.is_set() and (self.is_sound or now - self._looked_at < _LOOK_EVERY_S):
            return False
        # Before it is read: what comes during the reading counts for the next call.
        self._changed.clear()
        self._looked_at = now
        return True

    def look_again(self) -> None:
        """What was read is not all yet: the next call says that there may be more."""
        self._changed.set()

    def notice(self) -> str:
        """Why changes are not told of at once; empty where they are."""
        if self.is_sound or monotonic() - self._started_at < _BEGINS_WITHIN_S:
            return ""
        why = self.trouble or "no mirror is at work"
        return f"NATS has told nothing for {self.silent_for().total_seconds():.0f} s ({why})"

    def silent_for(self) -> timedelta:
        """How long no heartbeat was heard; from the beginning where there was none."""
        return self._clock() - self._heard_at

    def close(self) -> None:
        """Let go of the connection."""
        if self._background.is_running:
            self._background.close()

    async def _watch_on(self) -> None:
        failures = 0
        while True:
            try:
                await self._watch()
            except FlightctlError as error:
                self.trouble = error.message
            failures = 0 if self.is_sound else failures + 1
            self.is_sound = False
            await asyncio.sleep(min(_LONGEST_WAIT_S, 2.0**failures) * uniform(0.75, 1.25))

    async def _watch(self) -> None:
        """Watch, until it is not sound any more: then raises why."""
        connection = Connection(self._terms, inbox(self._user))
        try:
            await connection.ready()
            consumers = [
                await Consumer.made(connection, self._terms, listed_keys(self._user), self._changed.set),
                await Consumer.made(connection, self._terms, HEARTBEAT_KEY, self._beat),
            ]
            self._beat_at = monotonic()
            # What came before is not told of.
            self._changed.set()
            while True:
                await asyncio.sleep(_CHECKED_EVERY_S)
                self._check(connection, consumers)
        finally:
            await connection.close()

    def _beat(self) -> None:
        self._beat_at = monotonic()
        self._heard_at = self._clock()
        self.is_sound = True

    def _check(self, connection: Connection, consumers: list[Consumer]) -> None:
        for consumer in consumers:
            consumer.check()
        if not connection.is_open:
            raise NotYet("the connection to NATS was lost")
        if monotonic() - self._beat_at > SILENT_FOR_S:
            raise NotYet(f"no mirror was heard of in NATS for {SILENT_FOR_S:g} s")
