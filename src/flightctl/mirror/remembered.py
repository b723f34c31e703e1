"""What this process wrote last, so that it need not ask for it before it writes again."""

from __future__ import annotations

from collections.abc import Iterable

from flightctl.mirror.entries import Held

_MOST = 100_000
"""Keys; some 30 MB."""


class Remembered:
    """Only what is there; the longest unwritten is forgotten first.

    All of it is forgotten when there is a new line, of so many: a server that went away may have lost what it had
    acknowledged, and count the same revisions again.
    """

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._line = 0

    def of(self, keys: Iterable[str], line: int) -> dict[str, Held]:
        """What is remembered of these keys."""
        self._on(line)
        return {key: self._held[key] for key in keys if key in self._held}

    def keep(self, key: str, held: Held, line: int) -> None:
        """What was just written."""
        self._on(line)
        self.forget(key)
        if held.is_there:
            self._held[key] = held
        if len(self._held) > _MOST:
            del self._held[next(iter(self._held))]

    def forget(self, key: str) -> None:
        """Somebody else has written it, or nobody knows who has."""
        self._held.pop(key, None)

    def _on(self, line: int) -> None:
        if line != self._line:
            self._held, self._line = {}, line
