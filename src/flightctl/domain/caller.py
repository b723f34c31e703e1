"""Who asks, and what they may spend and see."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

from flightctl.errors import NotAllowed


class Tier(Enum):
    """May this caller spend paid calls of a provider that is open to subscribers only?"""

    BASIC = "basic"
    SUBSCRIBER = "subscriber"


class Role(IntEnum):
    """Each role includes the one before."""

    USER = 1
    STAFF = 2
    SERVICE = 3


class OpenTo(Enum):
    """Who may make a provider's paid calls."""

    EVERYONE = "everyone"
    SUBSCRIBERS = "subscribers"


class Caller(NamedTuple):
    """The person or program behind a command."""

    user: str
    tier: Tier
    role: Role
    decided_by: str
    """What decided tier and role: ``local file``, or ``environment`` where it lowered them."""

    def may_spend(self, open_to: OpenTo) -> bool:
        """Whether this caller may make paid calls of a provider with this setting."""
        return open_to is OpenTo.EVERYONE or self.tier is Tier.SUBSCRIBER

    def require(self, role: Role, what: str) -> None:
        """Raise NotAllowed unless the caller holds ``role``; ``what`` completes "... is for staff"."""
        if self.role < role:
            raise NotAllowed(
                f"{what} is for {role.name.lower()}; you are {self.role.name.lower()}",
                hint="'flightctl whoami' shows your role and who decided it",
            )
