"""A list as it changes: a live table in a terminal, with the keys that its user presses."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.text import Text

from flightctl.domain.flight import TIMES
from flightctl.domain.listing import Listed
from flightctl.render.console import colours, styled
from flightctl.render.flight_table import cells_of, flight_table
from flightctl.render.listed import name_of
from flightctl.render.output import Output
from flightctl.render.watched import notice_text
from flightctl.services.watching import Look

_MARKED_FOR = timedelta(seconds=10)
_POLL_S = 0.2
_MARK = "bold reverse"
_LINES_AROUND = 6
"""Head, headings, rule and foot."""
_QUIT = frozenset("qQ\x03")
_NO_LETTER = re.compile(r"\x1b[\[O][0-9;?]*[A-Za-z~]")
"""Arrows and other keys that send more than one character."""


def _columns_of(field: str) -> tuple[str, ...]:
    """Where a field of a flight stands in the table."""
    if field in TIMES:
        end = "out" if field.endswith(("_out", "_off")) else "in"
        return end, f"{end}_brief", f"{end}_utc", "delay"
    return _COLUMNS.get(field, ())


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "status": ("status", "status_brief"),
    "diverted_to": ("status", "status_brief"),
    "departure_gate": ("out_gate",),
    "departure_terminal": ("out_gate",),
    "arrival_gate": ("in_gate",),
    "arrival_terminal": ("in_gate",),
    "aircraft_type": ("type",),
}


def _by_delay(one: Listed) -> tuple[float, str]:
    delay = one.flight.arrival_delay or one.flight.departure_delay or timedelta()
    return -delay.total_seconds(), one.flight.flight_id


def _by_arrival(one: Listed) -> tuple[float, str]:
    arrival = one.flight.expected_arrival or one.flight.expected_departure
    return arrival.timestamp(), one.flight.flight_id


_ORDERS: Mapping[str, Callable[[Sequence[Listed]], list[Listed]]] = {
    "departure": list,
    "arrival": lambda listed: sorted(listed, key=_by_arrival),
    "delay": lambda listed: sorted(listed, key=_by_delay),
    "flight": lambda listed: sorted(listed, key=lambda one: (name_of(one.flight), one.flight.flight_id)),
}
"""By the words for them; a list comes with the next departure first."""


class LiveList:
    """What is on the screen."""

    def __init__(self, user: str) -> None:
        self._user = user
        self._look = Look((), ())
        self._marks: dict[tuple[str, str], datetime] = {}
        self._updated_at: datetime | None = None
        self._order = "departure"

    def take(self, look: Look, now: datetime) -> None:
        """What was seen now."""
        self._look = look
        self._marks = {mark: since for mark, since in self._marks.items() if now - since < _MARKED_FOR}
        self._marks |= {
            (change.flight_id, column): now for change in look.changes for column in _columns_of(change.field)
        }
        if look.changes:
            self._updated_at = now

    def press(self, key: str) -> bool:
        """A key; whether to go on."""
        if key in ("s", "S"):
            orders = list(_ORDERS)
            self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        return key not in _QUIT

    def frame(self, now: datetime, width: int, height: int) -> RenderableType:
        """The screen."""
        listed = _ORDERS[self._order](self._look.listed)
        shown = listed[: max(1, height - _LINES_AROUND - bool(self._look.notice))]
        parts: list[RenderableType] = [self._head(now)]
        if shown:
            parts.append(flight_table([self._line(one) for one in shown], width))
        else:
            parts.append(Text("your list is empty: 'flightctl track' adds flights"))
        if len(shown) < len(listed):
            parts.append(styled(f"and {len(listed) - len(shown)} more: make the window higher", "dim"))
        if self._look.trouble:
            trouble = styled(f"shown as it was: {self._look.trouble}", "red")
            trouble.truncate(width, overflow="ellipsis")
            parts.append(trouble)
        elif self._look.notice:
            notice = styled(notice_text(self._look, now), "yellow")
            notice.truncate(width, overflow="ellipsis")
            parts.append(notice)
        parts.append(styled(f"q quit   s sort (by {self._order})", "dim"))
        return Group(*parts)

    def _head(self, now: datetime) -> Text:
        n = len(self._look.listed)
        updated = f"last update {self._updated_at:%H:%M:%S}" if self._updated_at else "no update yet"
        return styled(f"{self._user}: {n} flight{'' if n == 1 else 's'}   {now:%H:%M:%S} UTC   {updated}", "bold")

    def _line(self, one: Listed) -> dict[str, str | Text]:
        line: dict[str, str | Text] = {"flight": name_of(one.flight), **cells_of(one.flight)}
        for flight_id, column in self._marks:
            if flight_id == one.flight.flight_id and line.get(column):
                line[column] = Text(str(line[column]), style=_MARK)
        return line


def show_live(output: Output, user: str, look: Callable[[], Look], clock: Callable[[], datetime]) -> None:
    """Draw until the user quits. The terminal is left as it was found, however this ends."""
    console = Console(file=output.stdout, force_terminal=True, no_color=not colours(output.stdout, output.color))
    live_list = LiveList(user)
    with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            # Not what COLUMNS says, which does not change with the window.
            console.size = ConsoleDimensions(*os.get_terminal_size(output.stdout.fileno()))
            live_list.take(look(), clock())
            live.update(live_list.frame(clock(), console.width, console.height), refresh=True)
            if not all(live_list.press(key) for key in pressed(_POLL_S)):
                return


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """How to wait a while for keys; where stdin is no terminal there are none."""
    if not sys.stdin.isatty():
        yield _no_keys
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield lambda seconds: _pressed(number, seconds)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _pressed(number: int, seconds: float) -> str:
    ready, _, _ = select.select([number], [], [], seconds)
    return _NO_LETTER.sub("", os.read(number, 32).decode("ascii", "replace")) if ready else ""


def _no_keys(seconds: float) -> str:
    select.select([], [], [], seconds)
    return ""
