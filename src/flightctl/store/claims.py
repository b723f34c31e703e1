"""Claiming a share in SQL: exactly one claimant wins, and who guesses has to wait.

On the remote it is one function, which knows more than any caller may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from flightctl.domain.listing import Kind
from flightctl.domain.share import ShareStatus
from flightctl.store import lists, shares
from flightctl.store.clock import database_now
from flightctl.store.engine import on_postgresql
from flightctl.store.remote_calls import call


class Won(NamedTuple):
    """What a claim brings."""

    share_id: str
    snapshot: Mapping[str, Any]
    """The flight as it was when it was shared."""


def is_throttled(session: Session, user: str, most_failures: int) -> bool:
    """Whether the user was refused so often within the hour that they have to wait; the remote tells when asked."""
    if on_postgresql(session):
        return False
    return shares.failures_of_the_hour(session, user, database_now(session)) >= most_failures


def attempt(session: Session, user: str, token_sha256: str, most_failures: int) -> Won | None:
    """Claim the share of this token for the user, or find that they have; none where it is refused, for whatever
    reason, which is then counted. The remote has a limit of its own.
    """
    if on_postgresql(session):
        won = call(session, "claim_share", token_sha256)
        return Won(won[0].share_id, won[0].snapshot) if won else None
    if is_throttled(session, user, most_failures):
        return None
    now = database_now(session)
    claimed = _claimed(session, user, token_sha256, now)
    if claimed is None:
        shares.count_failure(session, user, now)
    return claimed


def _claimed(session: Session, user: str, token_sha256: str, now: datetime) -> Won | None:
    share = shares.by_token(session, token_sha256, now)
    if share is None:
        return None
    if share.status is ShareStatus.CLAIMED:
        is_theirs = shares.claimed_by(session, share.share_id) == user
        return Won(share.share_id, share.snapshot) if is_theirs else None
    if not shares.claim(session, share.share_id, user, now):
        return None
    lists.add(session, user, share.flight_id, Kind.SHARED, now, share.snapshot)
    return Won(share.share_id, share.snapshot)
