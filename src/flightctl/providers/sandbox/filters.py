"""The filters of /v1/flights: from a parameter's text to a test on a row.

Every builder raises ValueError, worded to follow the parameter's name, for a text it cannot read.
Codes are compared as written: whether the real service forgives lower case or leading zeros is
not known, so the sandbox does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import reduce
from typing import Any

from .progress import Status
from .rows import Row

RowTest = Callable[[Row], bool]
Filter = Callable[[str], RowTest]


def read_number(text: str) -> int:
    """A whole number, 0 or more, of at most nine digits."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("must be a whole number of at most nine digits")
    return int(text)


def read_date(text: str) -> date:
    """A date written YYYY-MM-DD, and in no other way."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"is no date: {error}") from error
    raise ValueError("must be a date written YYYY-MM-DD")


def _member(row: Row, path: tuple[str, ...]) -> Any:
    return reduce(lambda part, name: part[name], path, row)


def _equals(*path: str) -> Filter:
    return lambda text: lambda row: bool(_member(row, path) == text)


def _named(*path: str) -> Filter:
    return lambda text: lambda row: (_member(row, path) or "").casefold() == text.casefold()


def _status(text: str) -> RowTest:
    if text not in set(Status):
        raise ValueError(f"must be one of {', '.join(Status)}")
    return lambda row: bool(row["flight_status"] == text)


def _scheduled_on(end: str) -> Filter:
    def build(text: str) -> RowTest:
        day = read_date(text).isoformat()
        return lambda row: bool(row[end]["scheduled"][:10] == day)

    return build


def _delay_from(end: str) -> Filter:
    def build(text: str) -> RowTest:
        least = read_number(text)
        return lambda row: row[end]["delay"] is not None and row[end]["delay"] >= least

    return build


def _delay_up_to(end: str) -> Filter:
    def build(text: str) -> RowTest:
        most = read_number(text)
        return lambda row: row[end]["delay"] is not None and row[end]["delay"] <= most

    return build


FILTERS: dict[str, Filter] = {
    "flight_iata": _equals("flight", "iata"),
    "flight_icao": _equals("flight", "icao"),
    "flight_number": _equals("flight", "number"),
    "flight_status": _status,
    "airline_name": _named("airline", "name"),
    "airline_iata": _equals("airline", "iata"),
    "airline_icao": _equals("airline", "icao"),
    "dep_iata": _equals("departure", "iata"),
    "dep_icao": _equals("departure", "icao"),
    "arr_iata": _equals("arrival", "iata"),
    "arr_icao": _equals("arrival", "icao"),
    "min_delay_dep": _delay_from("departure"),
    "max_delay_dep": _delay_up_to("departure"),
    "min_delay_arr": _delay_from("arrival"),
    "max_delay_arr": _delay_up_to("arrival"),
    "dep_scheduled_time_dep": _scheduled_on("departure"),
    "arr_scheduled_time_arr": _scheduled_on("arrival"),
}
"""By the parameter's name; the last two are spelled as the real service spells them."""
