"""A mirror that does nothing but to be alive, and waiting for what a watcher notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from flightctl.errors import MirrorError
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.terms import BucketTerms
from flightctl.mirror.watch import MirrorWatch


def now() -> datetime:
    """The clock of whoever watches."""
    return datetime.now(UTC)


@contextmanager
def beating(terms: BucketTerms) -> Iterator[None]:
    """Heartbeats, many a second, for as long as there is a bucket for them."""
    is_over = Event()

    def beat() -> None:
        with Bucket(terms) as bucket:
            while not is_over.wait(0.05):
                try:
                    bucket.beat(b"{}")
                except MirrorError:
                    continue

    thread = Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def until(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether it comes true in this time."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def settled(watch: MirrorWatch, within_s: float = 10.0) -> bool:
    """Whether it comes to watch soundly; what changed before is taken note of."""
    is_sound = until(lambda: watch.is_sound, within_s)
    until(lambda: not watch.has_changed())
    return is_sound
