"""AeroAPI's pages: 15 rows each, and an opaque cursor that leads to the next one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar
from urllib.parse import urlencode

from .aeroapi_query import InvalidQuestionError, read_max_pages

ROWS_A_PAGE = 15

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which pages of an answer are asked for."""

    path: str
    """Without /aeroapi, as links have it."""
    query: Mapping[str, str]
    offset: int
    """Rows that earlier pages held."""
    max_pages: int

    def chosen(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of these pages."""
        return rows[self.offset : self._end]

    def pages(self, rows: Sequence[T]) -> int:
        """How many pages these rows fill; an empty answer is one too."""
        return max(1, -(-len(self.chosen(rows)) // ROWS_A_PAGE))

    def next_link(self, rows: Sequence[T]) -> str | None:
        """The reference to what follows; None at the end."""
        if self._end >= len(rows):
            return None
        cursor = f"{_seal(self.path, self.query)}{self._end:x}"
        return f"{self.path}?{urlencode({**self.query, 'cursor': cursor}, safe=':')}"

    @property
    def _end(self) -> int:
        return self.offset + self.max_pages * ROWS_A_PAGE


def read_paging(path: str, query: Mapping[str, str]) -> Paging:
    """The pages that `query` asks for; raises InvalidQuestionError, also for the cursor of another question."""
    return Paging(path, query, _read_cursor(path, query), read_max_pages(query))


def _read_cursor(path: str, query: Mapping[str, str]) -> int:
    given, seal = query.get("cursor"), _seal(path, query)
    if given is None:
        return 0
    if not re.fullmatch(seal + r"[0-9a-f]{1,6}", given):
        raise InvalidQuestionError("cursor is not one that was handed out for this question")
    return int(given.removeprefix(seal), 16)


def _seal(path: str, query: Mapping[str, str]) -> str:
    """The question without its place in the answer, short."""
    question = sorted((name, value) for name, value in query.items() if name not in ("cursor", "max_pages"))
    return blake2b(repr((path, question)).encode(errors="surrogatepass"), digest_size=6).hexdigest()
