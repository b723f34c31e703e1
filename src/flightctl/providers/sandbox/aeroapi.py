"""FlightAware AeroAPI's two endpoints: the sandbox's second face, over the same timetable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from .aeroapi_idents import legs_by_ident
from .aeroapi_pages import read_paging
from .aeroapi_query import InvalidQuestionError, flights_window, is_by_designator, timetable_query
from .aeroapi_rows import Row, flight_rows
from .aeroapi_timetable import listed
from .aeroapi_wire import dialect_of, key_refused, page_answer, refusal_answer
from .dialect import INVALID_KEY, Dialect
from .wire import WireAnswer

AEROAPI_ROOT = "/aeroapi"
KEY_HEADER = "x-apikey"

_FLIGHTS, _SCHEDULES = dialect_of("flights"), dialect_of("scheduled")


def is_aeroapi(path: str) -> bool:
    """Whether the question is one for AeroAPI."""
    return path == AEROAPI_ROOT or path.startswith(f"{AEROAPI_ROOT}/")


def dialect(path: str) -> Dialect:
    """The words in which `path` is refused."""
    return _SCHEDULES if path.startswith(f"{AEROAPI_ROOT}/schedules/") else _FLIGHTS


def answer(path: str, query: Mapping[str, str], headers: Mapping[str, str], now: datetime) -> WireAnswer:
    """The answer to GET `path`?`query`; the names of `headers` are in lower case. Errors are answers."""
    key = headers.get(KEY_HEADER, "")
    if not key:
        return key_refused("No key came with the request.")
    if key == INVALID_KEY:
        return key_refused("No account has this key.")
    try:
        return _rows(path.removeprefix(AEROAPI_ROOT), query, now)
    except InvalidQuestionError as error:
        return refusal_answer(400, "INVALID_ARGUMENT", f"{error}.")


def _rows(path: str, query: Mapping[str, str], now: datetime) -> WireAnswer:
    match [unquote(segment) for segment in path.split("/")]:
        case ["", "flights", ident]:
            return _flights(path, ident, query, now)
        case ["", "schedules", date_start, date_end]:
            return _schedules(path, (date_start, date_end), query, now)
        case _:
            return refusal_answer(404, "NOT_FOUND", "There is no such endpoint.")


def _flights(path: str, ident: str, query: Mapping[str, str], now: datetime) -> WireAnswer:
    """The newest departure first. A number that is only sold is answered by the flight that is flown."""
    paging, window = read_paging(path, query), flights_window(query, now)
    flown = legs_by_ident().get(ident, ()) if is_by_designator(query) else ()
    rows = [row for leg in flown for day in window.days_of(leg) for row in flight_rows(leg, day, now)]
    rows.sort(key=_scheduled_out, reverse=True)
    return page_answer("flights", paging.chosen(rows), paging.next_link(rows), paging.pages(rows))


def _schedules(path: str, dates: tuple[str, str], query: Mapping[str, str], now: datetime) -> WireAnswer:
    paging, found = read_paging(path, query), listed(timetable_query(*dates, query, now))
    rows = [one.row(now) for one in paging.chosen(found)]
    return page_answer("scheduled", rows, paging.next_link(found), paging.pages(found))


def _scheduled_out(row: Row) -> str:
    scheduled: str = row["scheduled_out"]
    return scheduled
