"""What goes while one mirror makes a key of it: another one, which hears of it first, finds nothing to take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Held
from postgres import BASIC
from services.mirroring.conftest import HOUR, World


class _Slow:
    """A bucket in front of which, once, something happens just before a write."""

    def __init__(self, bucket: Bucket, happens: Callable[[], object]) -> None:
        self._bucket = bucket
        self._happens = [happens]

    def write(self, writes: Any) -> Any:
        if self._happens:
            self._happens.pop()()
        return self._bucket.write(writes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)


class _Lagging:
    """A bucket of which, for a while, a server answers that is a moment behind: it has nothing yet."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.is_behind = False

    def held(self, keys: Any) -> Any:
        return dict.fromkeys(keys, Held(0, 0)) if self.is_behind else self._bucket.held(keys)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)


def untracked(world: World) -> None:
    world.untrack(BASIC)
    world.mirror()


def expired(world: World) -> None:
    world.ahead = 2 * HOUR
    world.mirroring.deliver_expired()


@pytest.mark.parametrize("goes", [untracked, expired])
def test_what_has_gone_while_it_was_written_is_taken_away_again(world: World, goes: Callable[[World], None]) -> None:
    world.track(BASIC)
    if goes is expired:
        world.mirror()
        world.share(BASIC, lasts=HOUR)
    slow = world.another_mirror(_Slow(world.bucket, lambda: goes(world)))  # type: ignore[arg-type]
    while slow.deliver():
        pass
    world.mirror()
    assert world.check.compare().wrong == set()


def test_what_a_mirror_made_itself_it_takes_away_whatever_a_server_that_is_behind_says(world: World) -> None:
    lagging = _Lagging(world.bucket)
    mirror = world.another_mirror(lagging)  # type: ignore[arg-type]
    world.track(BASIC)
    mirror.deliver()
    world.untrack(BASIC)
    lagging.is_behind = True
    mirror.deliver()
    lagging.is_behind = False
    mirror.deliver()
    assert world.check.compare().wrong == set()
