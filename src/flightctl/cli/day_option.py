"""``--date``, for every command that knows days."""

from __future__ import annotations

from typing import Annotated

import typer


def _days(incomplete: str) -> list[str]:
    return [word for word in ("today", "tomorrow", "yesterday", "+3") if word.startswith(incomplete)]


Day = Annotated[
    str | None,
    typer.Option(
        "--date",
        metavar="DAY",
        help="Flights of one day: 2026-12-03, today, tomorrow or +3; the origin's local day.",
        autocompletion=_days,
        show_default=False,
    ),
]
