"""Sharing a flight with a secret that works once; who claimed is told to nobody."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flightctl.domain.caller import Caller
from flightctl.domain.flight import Flight, parse_flight_id
from flightctl.domain.listing import list_user
from flightctl.domain.share import TOKEN_BYTES, Share, ShareStatus, token_hash
from flightctl.domain.text import storable
from flightctl.errors import NotFound, ShareOver, TokenRefused
from flightctl.services.lists import not_listed
from flightctl.store import claims, flights, lists, shares
from flightctl.store.clock import database_now
from flightctl.store.engine import Database

Snapshot = Callable[[Flight], dict[str, Any]]
"""An item of ``flightctl.flights/1``."""


@dataclass(frozen=True, slots=True)
class NewShare:
    """A share and its secret, which is told this once."""

    share: Share
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claimant gets."""

    share_id: str
    flight: dict[str, Any]
    """As it was when it was shared: an item of ``flightctl.flights/1``."""


class Sharing:
    """Every method is one short transaction, and raises BadUser and LocalFileError; the database's clock judges."""

    def __init__(self, database: Database, caller: Caller, snapshot: Snapshot, max_failed_claims: int) -> None:
        self._database = database
        self._caller = caller
        self._snapshot = snapshot
        self._max_failed_claims = max_failed_claims

    def share(self, flight_id: str, lasts: timedelta) -> NewShare:
        """Share a flight of one's own list. Raises BadFlightId, NotFound."""
        user, asked, token = list_user(self._caller.user), parse_flight_id(flight_id), _new_token()
        with self._database.writing() as session:
            flight = flights.find(session, str(asked))
            if flight is None or not lists.has(session, user, str(asked)):
                raise not_listed(asked)
            now, snapshot = database_now(session), self._snapshot(flight)
            made = shares.add(session, user, str(asked), token_hash(token), snapshot, now, lasts)
        return NewShare(made, token)

    def shares(self) -> list[Share]:
        """What the caller shared, the latest first."""
        user = list_user(self._caller.user)
        with self._database.reading() as session:
            return shares.of_sharer(session, user, database_now(session))

    def revoke(self, share_id: str) -> Share:
        """Take a share back; one that is over stays as it is. Raises NotFound, ShareOver for a claimed one."""
        user = list_user(self._caller.user)
        with self._database.writing() as session:
            share = shares.find(session, user, storable(share_id).strip().lower(), database_now(session))
            if share is None:
                raise NotFound(f"{ascii(share_id)[:60]}: you have no such share", hint="'flightctl shares' lists them")
            if share.status is ShareStatus.CLAIMED:
                raise ShareOver(f"{share.share_id} was claimed", hint="who has claimed a flight keeps it")
            if share.status is not ShareStatus.PENDING:
                return share
            shares.revoke(session, share.share_id)
            return share._replace(status=ShareStatus.REVOKED)

    def claim(self, token: str) -> Claimed:
        """Claim a share: exactly one claimant wins, and gets the same answer again. Raises TokenRefused."""
        user = list_user(self._caller.user)
        with self._database.reading() as session:
            # Whoever has to wait keeps nobody else from writing.
            may_try = not claims.is_throttled(session, user, self._max_failed_claims)
        won = self._tried(user, token_hash(token.strip())) if may_try else None
        if won is None:
            # Only now: the failure is to be counted whatever becomes of this process.
            raise TokenRefused("this token cannot be claimed")
        return Claimed(won.share_id, dict(won.snapshot))

    def _tried(self, user: str, token_sha256: str) -> claims.Won | None:
        with self._database.writing() as session:
            return claims.attempt(session, user, token_sha256, self._max_failed_claims)


def _new_token() -> str:
    # The last character of 256 bits in base64url is a letter or digit; in front, it keeps a token from looking like an
    # option of the command line that claims it.
    return secrets.token_urlsafe(TOKEN_BYTES)[::-1]
