"""What a question to AeroAPI asks for, read strictly so that a client's slips show.

Every reader raises InvalidQuestionError, whose text names the parameter.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from .schedule import Leg

_DAY = timedelta(days=1)
_FLIGHTS_BACK, _FLIGHTS_AHEAD = 10 * _DAY, 2 * _DAY
_SCHEDULES_BACK_MONTHS, _SCHEDULES_AHEAD_MONTHS = 3, 12
_SCHEDULES_SPAN = timedelta(weeks=3)
_IDENT_TYPES = ("designator", "registration", "fa_flight_id")
_LARGEST_NUMBER = 2**31 - 1

_DATE = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})")


class InvalidQuestionError(ValueError):
    """The service refuses the question; the text tells why."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`, UTC."""

    start: datetime
    end: datetime

    def days_of(self, leg: Leg) -> Iterator[date]:
        """The origin's local dates on which the leg is scheduled to leave within the window."""
        day = self.start.astimezone(leg.departure.zone).date()
        while (out := leg.scheduled_out(day)) < self.end:
            if out >= self.start:
                yield day
            day += _DAY

    def holds(self, other: Window) -> bool:
        """Whether all of the other lies within this one."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class TimetableQuery:
    """Which published departures; None filters nothing."""

    window: Window
    airline: str | None
    """IATA or ICAO designator, of the number that the flight is sold under."""
    flight_number: int | None
    origin: str | None
    destination: str | None
    include_codeshares: bool


def flights_window(query: Mapping[str, str], now: datetime) -> Window:
    """`start` and `end` of /flights; the whole reach where they are absent."""
    today = now.replace(microsecond=0)
    reach = Window(today - _FLIGHTS_BACK, today + _FLIGHTS_AHEAD)
    start, end = query.get("start"), query.get("end")
    window = Window(
        reach.start if start is None else _read_moment("start", start),
        reach.end if end is None else _read_moment("end", end),
    )
    return _checked("start and end", window, reach)


def timetable_query(date_start: str, date_end: str, query: Mapping[str, str], now: datetime) -> TimetableQuery:
    """All that /schedules is asked."""
    read_flag(query, "include_regional")  # which flights are regional the timetable does not know
    return TimetableQuery(
        window=_schedules_window(date_start, date_end, now),
        airline=query.get("airline"),
        flight_number=_read_flight_number(query),
        origin=query.get("origin"),
        destination=query.get("destination"),
        include_codeshares=read_flag(query, "include_codeshares"),
    )


def is_by_designator(query: Mapping[str, str]) -> bool:
    """Whether an ident is a designator, as it is where nothing else is said: no registration here looks like one."""
    given = query.get("ident_type", _IDENT_TYPES[0])
    if given not in _IDENT_TYPES:
        raise InvalidQuestionError(f"ident_type must be one of {', '.join(_IDENT_TYPES)}")
    return given == _IDENT_TYPES[0]


def read_flag(query: Mapping[str, str], name: str) -> bool:
    """`true`, also where it is absent, or `false`."""
    given = query.get(name, "true")
    if given not in ("true", "false"):
        raise InvalidQuestionError(f"{name} must be true or false")
    return given == "true"


def read_max_pages(query: Mapping[str, str]) -> int:
    """1 or more, and 1 where it is absent."""
    given = query.get("max_pages", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", given):
        raise InvalidQuestionError("max_pages must be a whole number from 1")
    return int(given)


def _read_flight_number(query: Mapping[str, str]) -> int | None:
    given = query.get("flight_number")
    if given is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,9}", given) or int(given) > _LARGEST_NUMBER:
        raise InvalidQuestionError("flight_number must be a whole number without leading zeros or letters")
    return int(given)


def _schedules_window(date_start: str, date_end: str, now: datetime) -> Window:
    """A bare date at the end means that day to its end."""
    shift = _DAY if _DATE.fullmatch(date_end) else timedelta()
    window = Window(_read_moment("date_start", date_start), _read_moment("date_end", date_end) + shift)
    today = now.replace(microsecond=0)
    reach = Window(_months_away(today, -_SCHEDULES_BACK_MONTHS), _months_away(today, _SCHEDULES_AHEAD_MONTHS))
    if window.end - window.start > _SCHEDULES_SPAN:
        raise InvalidQuestionError("date_start and date_end must not be more than 3 weeks apart")
    return _checked("date_start and date_end", window, reach)


def _checked(names: str, window: Window, reach: Window) -> Window:
    if window.start >= window.end:
        raise InvalidQuestionError(f"{names}: the window must end after it starts")
    if not reach.holds(window):
        raise InvalidQuestionError(f"{names} must be from {reach.start:%Y-%m-%dT%H:%MZ} to {reach.end:%Y-%m-%dT%H:%MZ}")
    return window


def _read_moment(name: str, text: str) -> datetime:
    """A date, which is its midnight in UTC, or an instant."""
    if _DATE.fullmatch(text) or _INSTANT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise InvalidQuestionError(f"{name} is no date: {error}") from error
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise InvalidQuestionError(f"{name} must be a date, or a date and time with its offset from UTC")


def _months_away(moment: datetime, months: int) -> datetime:
    """The same day of another month, or its last day."""
    years, month = divmod(moment.month - 1 + months, 12)
    last = monthrange(moment.year + years, month + 1)[1]
    return moment.replace(year=moment.year + years, month=month + 1, day=min(moment.day, last))
