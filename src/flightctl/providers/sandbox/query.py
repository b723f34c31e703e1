"""What a question to /v1/flights asks for, read strictly so that a client's slips show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from .filters import FILTERS, RowTest, read_date, read_number
from .rows import Row

MAX_LIMIT = 100
"""Rows a page may hold, and does hold unless fewer are asked for."""

T = TypeVar("T")
D = TypeVar("D")


class InvalidQueryError(ValueError):
    """The service refuses the question; `problems` tells why, by parameter."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name} {problem}" for name, problem in problems.items()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class FlightsQuery:
    """One page of the rows that pass every test."""

    limit: int
    offset: int
    """Rows, not pages, to leave out."""
    flight_date: date | None
    """None asks for the real-time set."""
    flight_iata: str | None
    """Also among the tests; here to find its rows without making all the others."""
    tests: tuple[RowTest, ...]

    def matching(self, rows: Iterable[Row]) -> list[Row]:
        """The rows of all pages together, in their order."""
        return [row for row in rows if all(test(row) for test in self.tests)]

    def page(self, matching: list[Row]) -> list[Row]:
        """The rows of this page alone."""
        return matching[self.offset : self.offset + self.limit]


def read_query(query: Mapping[str, str]) -> FlightsQuery:
    """The question in `query`; what it does not know it ignores.

    Raises InvalidQueryError naming every parameter that cannot be read, blank ones included.
    """
    reader = _Reader(query)
    asked = FlightsQuery(
        limit=reader.read("limit", _read_limit, MAX_LIMIT),
        offset=reader.read("offset", read_number, 0),
        flight_date=reader.read("flight_date", read_date, None),
        flight_iata=query.get("flight_iata"),
        tests=tuple(reader.tests()),
    )
    reader.read("callback", _refuse_script, None)
    if reader.problems:
        raise InvalidQueryError(reader.problems)
    return asked


class _Reader:
    """Reads parameters one by one and gathers what is wrong with them."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self.problems: dict[str, str] = {}

    def read(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        """`default` where the parameter is absent, or a problem."""
        text = self._query.get(name)
        if text is None:
            return default
        try:
            return parse(_filled(text))
        except ValueError as problem:
            self.problems[name] = str(problem)
            return default

    def tests(self) -> Iterator[RowTest]:
        """One for each filter that is asked for."""
        for name, build in FILTERS.items():
            test = self.read(name, build, None)
            if test is not None:
                yield test


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _read_limit(text: str) -> int:
    limit = read_number(text)
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"must be from 1 to {MAX_LIMIT}")
    return limit


def _refuse_script(text: str) -> None:
    raise ValueError("would turn the answer into a script, and the sandbox sends none")
