"""A mirror at work: brings what is noted as soon as it is, tells that it is alive, and fills a bucket that is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from flightctl.domain.key_space import HEARTBEAT_KEY
from flightctl.errors import BucketMissing, FlightctlError, LocalFileError, MirrorError
from flightctl.mirror.bucket import Bucket
from flightctl.services.mirror_check import MirrorCheck
from flightctl.services.mirroring import Mirroring
from flightctl.services.watching import Signal
from flightctl.store import outbox
from flightctl.store.engine import Database

BEAT_EVERY_S = 3.0
_LOOK_EVERY_S = 1.0
_UNCOUNTED = -1


class Round(NamedTuple):
    """What was done in one round."""

    rows: int = 0
    """Of the outbox."""
    rebuilt: int = 0
    """Keys that were written because the bucket was new, or the file another one."""


class MirrorStatus(NamedTuple):
    """How far the bucket is behind."""

    is_on: bool
    rows: int
    """Noted, and not mirrored yet."""
    oldest: datetime | None
    beat_at: datetime | None
    """When a mirror was last alive; none where none ever was."""
    trouble: FlightctlError | None
    """Why the bucket could not be asked."""


@dataclass(slots=True)
class _Due:
    """When something is to be done again."""

    every_s: float
    at: float = 0.0

    def now(self) -> bool:
        """Whether it is; then it is not again for a while."""
        if monotonic() < self.at:
            return False
        self.at = monotonic() + self.every_s
        return True


class MirrorRun:
    """``step`` is called over and over. Raises StoreError, NotAllowed, and MirrorError; then call it again later."""

    def __init__(
        self,
        database: Database,
        bucket: Bucket,
        mirroring: Mirroring,
        check: MirrorCheck,
        signal: Signal,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._bucket = bucket
        self._mirroring = mirroring
        self._check = check
        self._signal = signal
        self._file = signal.file
        self._clock = clock
        self._look, self._beat = _Due(_LOOK_EVERY_S), _Due(BEAT_EVERY_S)

    def step(self) -> Round:
        """One round; next to nothing where nothing was noted."""
        rebuilt = self._filled_from_another() if self._signal.file != self._file else 0
        rebuilt += self._kept_alive() if self._beat.now() else 0
        is_due = self._look.now()
        if not (self._signal.has_changed() or is_due):
            return Round(0, rebuilt)
        rows = self._mirroring.deliver(self._beat_anyway)
        if rows:
            self._signal.look_again()
        if is_due:
            rows += self._mirroring.deliver_expired()
        return Round(rows, rebuilt)

    def drain(self) -> Round:
        """Everything that is noted now."""
        rebuilt = self._kept_alive()
        rows = self._mirroring.deliver_expired()
        while more := self._mirroring.deliver(self._beat_anyway):
            rows += more
        return Round(rows, rebuilt)

    def failed(self) -> None:
        """A round has raised: what may have been missed is looked for in the next one."""
        self._signal.look_again()
        self._look.at = self._beat.at = 0.0

    def close(self) -> None:
        """Let go of what it listens on."""
        self._signal.close()

    def _filled_from_another(self) -> int:
        """Another file was put in the place of the one that is open: what it noted, and when, says nothing."""
        file = self._signal.file
        self._database.close()
        self._mirroring.forget()
        if not file:
            # To open it would make it.
            raise LocalFileError("the local file is gone", hint="'flightctl track' makes another one")
        rebuilt = self._check.rebuild(lambda _: self._beat_anyway())
        self._file = file
        return rebuilt

    def _kept_alive(self) -> int:
        rebuilt = self._filled()
        with self._database.reading() as session:
            waiting = outbox.waiting(session).rows
        self._tell_alive(waiting)
        return rebuilt

    def _filled(self) -> int:
        """Fill a bucket that is new or was wiped; how many keys that took."""
        try:
            if not self._check.is_due():
                return 0
        except BucketMissing:
            pass
        return self._check.rebuild(lambda _: self._beat_anyway())

    def _beat_anyway(self) -> None:
        """In the middle of what may take minutes."""
        if self._beat.now():
            self._tell_alive(_UNCOUNTED)

    def _tell_alive(self, waiting: int) -> None:
        self._bucket.beat(json.dumps({"at": f"{self._clock():%Y-%m-%dT%H:%M:%SZ}", "waiting": waiting}).encode())


def status(database: Database, bucket: Bucket) -> MirrorStatus:
    """How far the bucket is behind. Raises StoreError, NotAllowed; what NATS does not answer is in it."""
    with database.reading() as session:
        waiting, state = outbox.waiting(session), outbox.state(session)
    try:
        beats = [json.loads(one.value)["at"] for one in bucket.everything(HEARTBEAT_KEY) if not one.is_deleted]
    except MirrorError as error:
        return MirrorStatus(state.is_on, waiting.rows, waiting.oldest, None, error)
    beat_at = datetime.fromisoformat(beats[-1]) if beats else None
    return MirrorStatus(state.is_on, waiting.rows, waiting.oldest, beat_at, None)
