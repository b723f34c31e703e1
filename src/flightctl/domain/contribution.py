"""What somebody paid for and brought into the shared cache."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Contribution(NamedTuple):
    """One answer of a provider, and who paid for it."""

    number: int
    cache_key: str
    """``flight:NZ527``, ``dated:NZ527:2026-12-03``."""
    paid_by: str
    brought_at: datetime
    undone_by: str
    """Staff who have put back what stood before; empty where nobody has."""
