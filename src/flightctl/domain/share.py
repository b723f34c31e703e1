"""Sharing a flight with somebody: a secret that is shown once and works once."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

TOKEN_BYTES = 32
"""256 bits."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_NO_TOKEN_S_HASH = ""


class ShareStatus(Enum):
    """What became of a share."""

    PENDING = "pending"
    CLAIMED = "claimed"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Share(NamedTuple):
    """A share as its sharer sees it; who claimed it is in no field."""

    share_id: str
    flight_id: str
    status: ShareStatus
    snapshot: dict[str, Any]
    """The flight as it was when it was shared: an item of ``flightctl.flights/1``."""
    created_at: datetime
    expires_at: datetime
    claimed_at: datetime | None


def token_hash(token: str) -> str:
    """SHA-256 (hex) of the token's text; empty for what is no token, which no share has."""
    if not _TOKEN.fullmatch(token):
        return _NO_TOKEN_S_HASH
    return hashlib.sha256(token.encode("ascii")).hexdigest()
