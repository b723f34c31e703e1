"""Many people claim at once, in processes, forked, of which some are killed at a random moment."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import nursery
from flightctl.errors import TokenRefused
from flightctl.store.local_engine import LocalFile
from people import person

UNLIMITED = 10**9
_PATIENCE_S = 3600
"""For a campaign on a machine that has other things to do."""


class Attempt(NamedTuple):
    """Somebody claims a token."""

    user: str
    token: str


class Ended(NamedTuple):
    """What came of it, as far as its process could say."""

    user: str
    token: str
    won: bool


def claims(
    database: Path,
    attempts: Sequence[Attempt],
    *,
    workers: int,
    max_failed: int = UNLIMITED,
    killed_within_s: float = 0,
) -> list[Ended]:
    """Divide the attempts among workers, which begin at the same moment; all are killed if a span is given.

    What a killed one had not yet answered is left out.
    """
    order = [str(database), attempts, workers, max_failed, killed_within_s]
    return [Ended(*one) for one in nursery.call("claiming:answers_to", order, timeout=_PATIENCE_S)]


def answers_to(order: tuple[str, list[list[str]], int, int, float]) -> list[list[object]]:
    """The forking side of ``claims``."""
    database, attempts, workers, max_failed, killed_within_s = order
    ready, go = os.pipe()
    with TemporaryDirectory() as name:
        answers = [Path(name) / str(number) for number in range(workers)]
        pids = []
        for number, path in enumerate(answers):
            if not (pid := os.fork()):
                os.close(go)
                os.read(ready, 1)
                _work(Path(database), attempts[number::workers], path, max_failed)
                os._exit(0)
            pids.append(pid)
        os.close(go)
        if killed_within_s:
            _kill(pids, killed_within_s)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        assert not any(code and code != -signal.SIGKILL for code in codes), codes
        return [one for path in answers for one in _answered(path)]


def _kill(pids: Sequence[int], within_s: float) -> None:
    began = time.monotonic()
    for delay, pid in sorted((random.uniform(0, within_s), pid) for pid in pids):
        time.sleep(max(0, began + delay - time.monotonic()))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _work(database: Path, attempts: Sequence[Sequence[str]], answers: Path, max_failed: int) -> None:
    with closing(LocalFile(database)) as own, answers.open("w", buffering=1) as told:
        for user, token in attempts:
            try:
                person(own, user, max_failed=max_failed).sharing.claim(token)
                won = True
            except TokenRefused:
                won = False
            told.write(json.dumps([user, token, won]) + "\n")


def _answered(path: Path) -> Iterator[list[object]]:
    if path.exists():
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)
