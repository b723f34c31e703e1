"""Lists of keys in pieces that one statement can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

AT_ONCE = 500
"""Below SQLite's limit on parameters, and short enough that a reader never holds up a commit."""


def in_chunks(values: Iterable[str], most: int = AT_ONCE) -> Iterator[list[str]]:
    """The values in lists of at most so many."""
    listed = list(values)
    for start in range(0, len(listed), most):
        yield listed[start : start + most]
