"""What other lifetimes of answers would have cost: the recorded look-ups of a flight, asked again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flightctl.domain.answer import LookupKind


class Replay:
    """One key's cache with its own lifetimes; it is asked in the order of time.

    What renews entries without being asked (a refresh, a page of an airline) is not in the history, so it is not
    in the replay: both lifetimes that are compared do without it.
    """

    __slots__ = ("_absent_at_s", "_found_at_s", "_negative_ttl_s", "_ttl_s")

    def __init__(self, ttl: timedelta, negative_ttl: timedelta) -> None:
        self._ttl_s = ttl.total_seconds()
        self._negative_ttl_s = negative_ttl.total_seconds()
        self._found_at_s: int | None = None
        self._absent_at_s: int | None = None

    def pays(self, asked_at_s: int, kind: LookupKind) -> bool:
        """Whether this look-up would have been a call; what the call brings is kept."""
        if kind is not LookupKind.BYPASSED and self._knows(asked_at_s):
            return False
        if kind is LookupKind.ABSENT:
            self._absent_at_s = asked_at_s
        elif kind is not LookupKind.FAILED:
            self._found_at_s, self._absent_at_s = asked_at_s, None
        return True

    def _knows(self, now_s: int) -> bool:
        """Whether a route is fresh, or an absence remembered."""
        found, absent = self._found_at_s, self._absent_at_s
        if found is not None and now_s - found < self._ttl_s:
            return True
        return absent is not None and now_s - absent < self._negative_ttl_s


def calls(events: Iterable[tuple[int, LookupKind]], ttl: timedelta, negative_ttl: timedelta) -> int:
    """How many calls the look-ups of one key would have cost; ``events`` are Unix times in order, each with its kind.

    The first is always a call: nothing is known before it.
    """
    replay = Replay(ttl, negative_ttl)
    return sum(replay.pays(asked_at_s, kind) for asked_at_s, kind in events)
