"""How old what a watcher sees is."""

from __future__ import annotations

from datetime import datetime

from flightctl.services.watching import Look


def notice_text(look: Look, now: datetime) -> str:
    """Why changes are not told of at once, and how old the list is that is shown."""
    if look.read_at is None:
        return look.notice
    age_s = max(0, round((now - look.read_at).total_seconds()))
    return f"{look.notice}; looking every few seconds instead, last {age_s} s ago ({look.read_at:%H:%M:%S} UTC)"
