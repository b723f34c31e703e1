"""Single flight: of all that miss a key at the same time one asks upstream, the others wait for what it stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

LEASE = timedelta(seconds=20)
"""The deadline of a call, 15 s, and a margin; a leader that is not heard of after it is taken for dead."""


_RENEW_BELOW = timedelta(seconds=15)


class LeaseLost(Exception):
    """Somebody else has taken the key meanwhile: what we were about to do is theirs to do."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a key. ``fence`` grows with each holder: a write under an older one comes too late."""

    key: str
    holder: str
    fence: int
    expires_at: datetime
    failure: str = ""
    """How the last holder's work failed; empty where it did not."""
    failed_at: datetime | None = None


def is_due_for_renewal(expires_at: datetime, now: datetime) -> bool:
    """Whether so little is left of a lease that who waits has to renew it."""
    return expires_at - now < _RENEW_BELOW


class Turn(Enum):
    """What somebody who wants a key does next."""

    TAKE = "answer with what is stored"
    SHARE_FAILURE = "fail as the leader did"
    WAIT = "wait for the leader"
    LEAD = "take the lease and ask"


def next_turn(stored: bool, lease: Lease | None, began: datetime, now: datetime, *, holder_gone: bool) -> Turn:
    """Decide.

    ``stored`` is whether the store has an answer that is good enough, ``began`` when we began to want one,
    ``holder_gone`` whether the lease's holder is known to have died. A failure is shared only with those who were
    waiting for it: who comes later tries anew.
    """
    if stored:
        return Turn.TAKE
    if lease is None:
        return Turn.LEAD
    if now < lease.expires_at and not holder_gone:
        return Turn.WAIT
    if lease.failed_at is not None and lease.failed_at >= began:
        return Turn.SHARE_FAILURE
    return Turn.LEAD
