"""A check-up: ``flightctl.doctor/1``."""

from __future__ import annotations

from collections.abc import Iterable

from flightctl.domain.checkup import Check
from flightctl.render.plain import ListView

_COLUMNS = ("check", "state", "message", "hint")


def checkup_view(checks: Iterable[Check]) -> ListView:
    """One line a check."""
    items = [
        {"check": one.name, "state": one.state.value, "message": one.message, "hint": one.hint or None}
        for one in checks
    ]
    return ListView("flightctl.doctor/1", "checks", _COLUMNS, items, wide=("hint",))
