"""A program that redraws its terminal: what is on the screen, and how it left the terminal."""

from __future__ import annotations

import os
import re
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pexpect

import nursery

PATIENCE_S = 20.0
_HOME = "\x1b[H"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MARKED = re.compile(r"\x1b\[(?:\d+;)*7(?:;\d+)*m([^\x1b]*)")


@dataclass(frozen=True)
class Frame:
    """What was drawn at once."""

    raw: str

    @property
    def lines(self) -> list[str]:
        """As they are read."""
        return [line.rstrip() for line in _ESCAPES.sub("", self.raw).replace("\r", "").split("\n")]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    @property
    def marked(self) -> list[str]:
        """What stands in reverse."""
        return [cell.strip() for cell in _MARKED.findall(self.raw)]

    @property
    def coloured(self) -> bool:
        """Whether anything has a colour."""
        return re.search(r"\x1b\[(?:\d+;)*(?:3|4|9)[0-7]", self.raw) is not None


def spawned(*arguments: str, lines: int, columns: int, started: bool, **environ: str) -> pexpect.spawn:
    """A command line in a terminal of its own: forked, or ``started`` as users do."""
    command, more = ([sys.executable, "-m", "flightctl"], {}) if started else nursery.stand_in()
    # Test runners that know readline leave the size of their own terminal behind.
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return pexpect.spawn(
        command[0],
        [*command[1:], *arguments],
        env={**inherited, "TERM": "xterm-256color", **more, **environ},
        dimensions=(lines, columns),
        encoding="utf-8",
        timeout=30,
    )


class Terminal:
    """A command line in a terminal of its own."""

    def __init__(
        self, *arguments: str, lines: int = 24, columns: int = 80, started: bool = False, **environ: str
    ) -> None:
        self.child = spawned(*arguments, lines=lines, columns=columns, started=started, **environ)
        self.found = self.attributes
        """As it was before the program has changed anything: the interpreter has not even started."""
        self.written = ""
        """All that came."""

    @property
    def attributes(self) -> list[Any]:
        """What the terminal does with keys and lines."""
        return termios.tcgetattr(self.child.child_fd)

    def until(self, holds: Callable[[Frame], object]) -> Frame:
        """Wait for a whole frame of which this holds."""
        deadline = time.monotonic() + PATIENCE_S
        frame = Frame("")
        while not (frame.raw and holds(frame)):
            assert time.monotonic() < deadline, (
                f"in vain; the last frame:\n{frame.text}\nall:\n{self.written[-2000:]!r}"
            )
            assert self.read(), f"it has ended:\n{self.written[-2000:]}"
            # The last one may still be on its way.
            frame = Frame(self.written.split(_HOME)[-2] if self.written.count(_HOME) > 1 else "")
        return frame

    def shows(self, *texts: str) -> Frame:
        """Wait for a frame that has all these texts."""
        return self.until(lambda frame: all(text in frame.text for text in texts))

    def next_frames(self, number: int) -> list[Frame]:
        """So many frames that are drawn from now on."""
        drawn = self.written.count(_HOME)
        self.until(lambda _: self.written.count(_HOME) > drawn + number + 1)
        return [Frame(one) for one in self.written.split(_HOME)[drawn + 1 : -1]]

    def press(self, keys: str) -> None:
        """Type."""
        self.child.send(keys)

    def resize(self, lines: int, columns: int) -> None:
        """As somebody does with a mouse; the program hears of it by SIGWINCH."""
        self.child.setwinsize(lines, columns)

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.read():
            assert time.monotonic() < deadline, f"it goes on:\n{self.written[-2000:]!r}"
        self.left = self.attributes
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)

    @property
    def is_as_found(self) -> bool:
        """After its end: keys and lines as before, the cursor shown, the first screen back."""
        is_shown = _is_last(self.written, "\x1b[?25h", "\x1b[?25l")
        is_back = _is_last(self.written, "\x1b[?1049l", "\x1b[?1049h")
        return self.left == self.found and is_shown and is_back

    def read(self) -> bool:
        """Take what has come; false once nothing more will."""
        try:
            self.written += self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True


def _is_last(written: str, on: str, off: str) -> bool:
    """Whether the first of these was written after the other."""
    return written.rfind(on) >= written.rfind(off)


def ended(child: pexpect.spawn) -> tuple[int, str]:
    """Wait for the end; exit code and what was on the screen since the last expectation."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before


def interrupt_question(child: pexpect.spawn) -> None:
    """Press Ctrl-C at a question.

    Between writing the question and waiting for keys the interpreter keeps a Ctrl-C until the next one, so a second is
    pressed where the first did not end it.
    """
    child.sendintr()
    if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=5) == 1:
        child.sendintr()
