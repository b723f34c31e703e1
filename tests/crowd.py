"""Many command lines at once, each a process of its own, forked; some killed at a random moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nursery
from running import Result

Command = Sequence[str]
_KILLED = -signal.SIGKILL
_POLL_S = 0.002


@dataclass(frozen=True)
class Ended:
    """One command line of a crowd and how it ended."""

    command: list[str]
    result: Result

    @property
    def killed(self) -> bool:
        """Whether it was killed before it could end by itself."""
        return self.result.code == _KILLED


def crowd(commands: Sequence[Command], *, at_once: int = 32, kill_within_s: Sequence[float | None] = ()) -> list[Ended]:
    """Run every command, so many at once, the first of them behind a start barrier.

    ``kill_within_s`` has, for each, the span in which it is killed, if it is.
    """
    order = {"commands": [list(command) for command in commands], "at_once": at_once, "kill": list(kill_within_s)}
    results = nursery.call("crowd:results_of", order)
    return [Ended(list(command), Result(**ended)) for command, ended in zip(commands, results, strict=True)]


def results_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The forking side of ``crowd``."""
    with TemporaryDirectory() as folder:
        return [asdict(result) for result in _Crowd(order, Path(folder)).run()]


def as_processes(
    commands: Sequence[Command], *, at_once: int = 32, kill_within_s: Sequence[float | None] = ()
) -> list[Ended]:
    """The same with interpreters of their own, for campaigns."""
    ended: list[Ended] = []
    for start in range(0, len(commands), at_once):
        spans = list(kill_within_s[start : start + at_once])
        running = [_started(command) for command in commands[start : start + at_once]]
        begun = time.monotonic()
        for moment, process in sorted((random.uniform(0, span), i) for i, span in enumerate(spans) if span):
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            running[process].kill()
        ended += [_ended(command, process) for command, process in zip(commands[start:], running, strict=False)]
    return ended


def _started(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "flightctl", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _ended(command: Command, process: subprocess.Popen[bytes]) -> Ended:
    out, err = process.communicate(timeout=300)
    return Ended(list(command), Result(process.returncode, out.decode(), err.decode()))


class _Crowd:
    """The forking side."""

    def __init__(self, order: dict[str, Any], folder: Path) -> None:
        self._commands: list[list[str]] = order["commands"]
        self._kill: list[float | None] = order["kill"] or [None] * len(self._commands)
        self._at_once: int = order["at_once"]
        self._folder = folder
        self._gate, self._bar = os.pipe()
        """Everybody takes a byte at the gate; there are none before the bar is lifted."""
        self._alive: dict[int, tuple[int, float]] = {}
        """Command number and moment of death by process."""
        self._codes: dict[int, int] = {}

    def run(self) -> list[Result]:
        waiting = list(enumerate(self._commands))
        self._start_some(waiting)
        os.write(self._bar, bytes(len(self._commands)))
        while waiting or self._alive:
            self._start_some(waiting)
            self._kill_who_is_due()
            if not self._reaped():
                time.sleep(_POLL_S)
        return [Result(self._codes[n], self._text(n, "out"), self._text(n, "err")) for n in range(len(self._commands))]

    def _start_some(self, waiting: list[tuple[int, list[str]]]) -> None:
        while waiting and len(self._alive) < self._at_once:
            self._start(*waiting.pop(0))

    def _start(self, number: int, command: list[str]) -> None:
        span = self._kill[number]
        moment = time.monotonic() + random.uniform(0, span) if span else float("inf")
        process = os.fork()
        if not process:
            self._be(number, command)
        self._alive[process] = number, moment

    def _be(self, number: int, command: list[str]) -> None:
        """Become that command; never returns."""
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(self._folder / f"{number}.{name}", os.O_WRONLY | os.O_CREAT), descriptor)
        os.read(self._gate, 1)
        nursery.leave(lambda: nursery.become(command))

    def _kill_who_is_due(self) -> None:
        now = time.monotonic()
        for process, (number, moment) in self._alive.items():
            if moment < now:
                os.kill(process, signal.SIGKILL)
                self._alive[process] = number, float("inf")

    def _reaped(self) -> bool:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return False
        number, _ = self._alive.pop(process)
        self._codes[number] = os.waitstatus_to_exitcode(status)
        return True

    def _text(self, number: int, name: str) -> str:
        file = self._folder / f"{number}.{name}"
        return file.read_text() if file.exists() else ""
