"""Shares: ``flightctl.share/1``, ``flightctl.shares/1`` and ``flightctl.claim/1``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flightctl.domain.share import Share
from flightctl.render.times import short_utc, utc_text, utc_text_or_none
from flightctl.services.sharing import Claimed, NewShare

if TYPE_CHECKING:
    from rich.console import RenderableType

_KEYS = ("share_id", "flight_id", "status", "created_at", "expires_at", "claimed_at")
_HEADINGS = ("SHARE ID", "FLIGHT ID", "STATUS", "CREATED (UTC)", "EXPIRES (UTC)", "CLAIMED (UTC)")


def share_facts(made: NewShare, *, sandbox: bool = False) -> dict[str, str]:
    """A new share with its secret and what the other person types."""
    share = made.share
    return {
        "share_id": share.share_id,
        "token": made.token,
        "flight_id": share.flight_id,
        "expires_at": utc_text(share.expires_at),
        "claim_command": f"flightctl {'--sandbox ' if sandbox else ''}claim {made.token}",
    }


@dataclass(frozen=True, slots=True)
class SharesView:
    """What somebody shared."""

    shares: Sequence[Share]
    columns: Sequence[str] = _KEYS

    def document(self) -> Mapping[str, Any]:
        """``flightctl.shares/1``."""
        return {"schema": "flightctl.shares/1", "shares": list(self.rows())}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """One share a row."""
        return [
            {
                "share_id": share.share_id,
                "flight_id": share.flight_id,
                "status": share.status.value,
                "created_at": utc_text(share.created_at),
                "expires_at": utc_text(share.expires_at),
                "claimed_at": utc_text_or_none(share.claimed_at),
            }
            for share in self.shares
        ]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """One line a share."""
        from flightctl.render.console import table

        rows = []
        for share in self.shares:
            claimed = short_utc(share.claimed_at) if share.claimed_at else ""
            times = (short_utc(share.created_at), short_utc(share.expires_at), claimed)
            rows.append((share.share_id, share.flight_id, share.status.value, *times))
        return [table(_HEADINGS, rows)] if rows else []

    def footer(self) -> str:
        """``3 shares``."""
        return f"{len(self.shares)} share{'' if len(self.shares) == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What a claim brought."""

    claimed: Claimed
    columns: Sequence[str] = (
        "share_id",
        "flight_id",
        "flight_iata",
        "origin_iata",
        "destination_iata",
        "scheduled_out",
    )

    def document(self) -> Mapping[str, Any]:
        """``flightctl.claim/1``."""
        return {"schema": "flightctl.claim/1", "share_id": self.claimed.share_id, "flight": self.claimed.flight}

    def rows(self) -> Iterable[Mapping[str, Any]]:
        """The flight, with the share."""
        return [{"share_id": self.claimed.share_id, **self.claimed.flight}]

    def tables(self, width: int) -> Iterable[RenderableType]:
        """What it is."""
        from flightctl.render.console import table

        flight = self.claimed.flight
        lines = [(name.replace("_", " "), str(flight.get(name) or "")) for name in self.columns[1:]]
        return [table(("WHAT", "VALUE"), lines)]

    def footer(self) -> str:
        """What can be done now."""
        return "it is in your list: 'flightctl flights'"
