"""The sandbox's one handler: a question in, the real service's kind of answer out.

Pure: the moment is passed in, and the same question at the same moment has the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from . import aeroapi
from .dialect import AVIATIONSTACK, INVALID_KEY
from .faults import Fault
from .query import FlightsQuery, InvalidQueryError, read_query
from .rows import Row, rows_at, rows_on
from .wire import WireAnswer, error_answer, json_answer

FLIGHTS_PATH = "/v1/flights"
KEY_PARAMETER = "access_key"
FREE_PREFIX = "free"
"""A key that begins so is on the free plan: no questions by date."""


_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def answer(
    path: str,
    query: Mapping[str, str],
    now: datetime,
    fault: Fault | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> WireAnswer:
    """The answer to GET `path`?`query` at `now`, spoiled by `fault` where one is given.

    `path` is as it was sent, still escaped: what begins with /aeroapi is for AeroAPI, all else for AviationStack.
    `headers` have lower-case names. Errors are answers; the only exception is ValueError for a `now` without a zone.
    """
    if now.tzinfo is None:
        raise ValueError("the sandbox needs a moment with a zone")
    if aeroapi.is_aeroapi(path):
        true_answer, dialect = aeroapi.answer(path, query, headers, now), aeroapi.dialect(path)
    else:
        true_answer, dialect = _refusal(path, query) or _flights(query, now), AVIATIONSTACK
    return fault.spoil(true_answer, dialect) if fault else true_answer


def _refusal(path: str, query: Mapping[str, str]) -> WireAnswer | None:
    key = query.get(KEY_PARAMETER, "")
    if not key:
        return error_answer(401, "missing_access_key", "The question came without an access key.")
    if key == INVALID_KEY:
        return error_answer(401, "invalid_access_key", "No account has this access key.")
    if path != FLIGHTS_PATH:
        return error_answer(404, "invalid_api_function", "There is no such endpoint.")
    if key.startswith(FREE_PREFIX) and "flight_date" in query:
        return error_answer(403, "function_access_restricted", "Questions by date need a paid plan.")
    return None


def _flights(query: Mapping[str, str], now: datetime) -> WireAnswer:
    try:
        asked = read_query(query)
    except InvalidQueryError as error:
        return _validation_error(error.problems)
    return _envelope(asked, asked.matching(_candidates(asked, now)))


def _candidates(asked: FlightsQuery, now: datetime) -> tuple[Row, ...]:
    if asked.flight_date is None:
        return rows_at(now, asked.flight_iata)
    return rows_on(asked.flight_date, now, asked.flight_iata)


def _envelope(asked: FlightsQuery, matching: list[Row]) -> WireAnswer:
    page = asked.page(matching)
    pagination = {"limit": asked.limit, "offset": asked.offset, "count": len(page), "total": len(matching)}
    return json_answer(200, {"pagination": pagination, "data": page})


def _validation_error(problems: Mapping[str, str]) -> WireAnswer:
    """The real service's HTTP status is undocumented; 422 is that of its maker's sister services."""
    context = {
        name: [{"key": f"invalid_{name}", "message": f"{name} {problem}."}] for name, problem in problems.items()
    }
    return error_answer(422, "validation_error", "Some parameters cannot be used.", context=context)
