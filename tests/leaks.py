"""Whether a secret shows in what a command prints, in the logs, or in any file that it leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from running import Result


def traces_of(key: str) -> set[bytes]:
    """The key as it might be seen, and a good part of it."""
    return {key.encode(), key.upper().encode(), quote(key).encode(), key[:16].encode(), key[::-1].encode()}


def shows(text: bytes, traces: Collection[bytes]) -> bool:
    return any(trace in text for trace in traces)


@contextmanager
def no_trace(
    traces: Collection[bytes], home: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[Result], None]]:
    """Check a result at once; logs at every level, and every file in the home, when it is over."""
    caplog.set_level(logging.DEBUG)

    def check(done: Result) -> None:
        assert not shows(done.out.encode(), traces)
        assert not shows(done.err.encode(), traces)

    yield check
    assert not shows(caplog.text.encode(), traces)
    assert [path for path in home.rglob("*") if path.is_file() and shows(path.read_bytes(), traces)] == []
