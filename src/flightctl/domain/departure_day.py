"""Days as people type them; ``today`` is the origin's, wherever who asks may be."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from flightctl.errors import BadDate

_WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_AHEAD = re.compile(r"[+-][0-9]{1,3}")
_ISO = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


class DepartureDay(NamedTuple):
    """A local day of departure, given or counted from the origin's today."""

    given: date | None
    ahead: int = 0
    """Days after today, where no day is given."""

    def on(self, zone: tzinfo, now: datetime) -> date:
        """The day at an origin in this zone."""
        return self.given or now.astimezone(zone).date() + timedelta(days=self.ahead)


def parse_day(text: str) -> DepartureDay:
    """Read ``2026-12-03``, ``today``, ``tomorrow``, ``yesterday`` or ``+3``. Raises BadDate."""
    word = text.strip().lower()
    if word in _WORDS:
        return DepartureDay(None, _WORDS[word])
    if _AHEAD.fullmatch(word):
        return DepartureDay(None, int(word))
    if _ISO.fullmatch(word):
        try:
            return DepartureDay(date.fromisoformat(word))
        except ValueError as error:
            raise BadDate(f"{word} is no date: {error}") from None
    raise BadDate(f"{ascii(text)[:40]} is no date")
