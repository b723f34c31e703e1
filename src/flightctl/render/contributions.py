"""What was brought into the shared cache: ``flightctl.contributions/1``."""

from __future__ import annotations

from collections.abc import Iterable

from flightctl.domain.contribution import Contribution
from flightctl.render.plain import ListView
from flightctl.render.times import utc_text

_COLUMNS = ("number", "key", "paid_by", "brought_at", "undone_by")


def contributions_view(contributions: Iterable[Contribution]) -> ListView:
    """One line each, the latest first."""
    items = [
        {
            "number": one.number,
            "key": one.cache_key,
            "paid_by": one.paid_by,
            "brought_at": utc_text(one.brought_at),
            "undone_by": one.undone_by or None,
        }
        for one in contributions
    ]
    return ListView("flightctl.contributions/1", "contributions", _COLUMNS, items)
