"""Many people claim the same tokens at once, and somebody guesses a million: ``python benchmarks/claims.py``.

Run it with the Python of an environment where flightctl and its test dependencies are installed (see README.md).
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import nursery
from claiming import Attempt, claims
from flightctl.store.local_engine import LocalFile
from flightctl.store.migrate import upgrade
from people import flight_id, observe, person, unequal

TOKENS, CLAIMERS, WORKERS = 500, 8, 16
GUESSES = 1_000_000
_AT_ONCE = 20_000
_GUESSERS = 100_000
"""Users, so that nobody's failures of the hour are many."""
_GUESSED = ("guessed0.db", "guessed1.db")
"""Guesses are independent of each other: on two files, they do not wait for each other's lock."""
_KILLED_WITHIN_S = (0.3, 0.6, 1.0, 2.0)


class Line(NamedTuple):
    """One line of the report: what came out, and what should."""

    what: str
    figure: int
    wanted: int
    seconds: float


def _shared(database: Path, tokens: int) -> list[str]:
    """Tokens of one flight that its sharer lists."""
    with closing(LocalFile(database)) as db:
        observe(db)
        sharer = person(db, "alice")
        sharer.lists.track(flight_id())
        return [sharer.sharing.share(flight_id(), timedelta(days=1)).token for _ in range(tokens)]


def _attempts(tokens: list[str]) -> list[Attempt]:
    attempts = [Attempt(f"user{n}-{place}", token) for place, token in enumerate(tokens) for n in range(CLAIMERS)]
    random.shuffle(attempts)
    return attempts


def winners(database: Path, tokens: int) -> Line:
    """Tokens that exactly one of their claimers won, the lists and their index equal."""
    began = time.perf_counter()
    ended = claims(database, _attempts(_shared(database, tokens)), workers=WORKERS)
    won = Counter(one.token for one in ended if one.won)
    exact = sum(count == 1 for count in won.values()) - len(_unequal(database))
    return Line(f"{tokens} tokens, {CLAIMERS} claimers each: one winner", exact, tokens, time.perf_counter() - began)


def killed(database: Path, tokens: int, within_s: float) -> Line:
    """The same with every worker killed, then repeated: who was told that they won still wins, and nobody else."""
    began = time.perf_counter()
    attempts = _attempts(_shared(database, tokens))
    told = {
        one.token: one.user for one in claims(database, attempts, workers=WORKERS, killed_within_s=within_s) if one.won
    }
    broken = len(_unequal(database))
    ended = [one for one in claims(database, attempts, workers=WORKERS) if one.won]
    again = {one.token: one.user for one in ended}
    kept = sum(again.get(token) == user for token, user in told.items()) == len(told) and len(ended) == len(again)
    figure = len(again) - broken if kept else 0
    what = f"{WORKERS} workers killed within {within_s} s, {len(told)} told, then repeated"
    return Line(what, figure, tokens, time.perf_counter() - began)


def guessed(databases: Sequence[Path], guesses: int) -> Line:
    """Guesses that were right, as many at each database; nobody is made to wait."""
    began = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        right = sum(pool.map(_right, databases, [guesses // len(databases)] * len(databases)))
    what = f"{guesses:,} guesses, {TOKENS} shares in each of {len(databases)} files: right"
    return Line(what, right, 0, time.perf_counter() - began)


def _right(database: Path, guesses: int) -> int:
    _shared(database, TOKENS)
    right = 0
    for start in range(0, guesses, _AT_ONCE):
        count = min(_AT_ONCE, guesses - start)
        attempts = [Attempt(f"guesser{(start + n) % _GUESSERS}", secrets.token_urlsafe(32)) for n in range(count)]
        ended = claims(database, attempts, workers=1)
        assert len(ended) == count
        right += sum(one.won for one in ended)
    return right


def _unequal(database: Path) -> list[object]:
    with closing(LocalFile(database)) as db:
        return unequal(db)


def _lines(folder: Path, tokens: int, guesses: int) -> Iterator[Line]:
    def fresh(name: str) -> Path:
        upgrade(folder / name)
        return folder / name

    yield winners(fresh("winners.db"), tokens)
    for n, within_s in enumerate(_KILLED_WITHIN_S):
        yield killed(fresh(f"killed{n}.db"), tokens, within_s)
    yield guessed([fresh(name) for name in _GUESSED], guesses)


def main() -> int:
    """Count, print, and with ``--check`` fail where a figure is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="that are claimed (default: %(default)s)")
    parser.add_argument("--guesses", type=int, default=GUESSES, help="(default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure is not what it should be")
    arguments = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory(prefix="flightctl-claims-") as folder:
        for line in _lines(Path(folder), arguments.tokens, arguments.guesses):
            verdict = "ok" if line.figure == line.wanted else f"MISSED, not {line.wanted}"
            print(f"{line.what:<66}{line.figure:>6}  {verdict:<8}{line.seconds:>8.1f} s", flush=True)
            met = met and line.figure == line.wanted
    nursery.close()
    return 1 if arguments.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
