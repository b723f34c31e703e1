"""Days and places for tests of dated flights: the program's clock cannot be set, so days are counted from now.

Days are those of the origin. Where the nearness of a day matters, the origin is one at which it is not about to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from running import Flightctl, Result
from upstream import Row, row

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Place(NamedTuple):
    """An airport that is in the program's table."""

    iata: str
    icao: str
    zone: str


AKL = Place("AKL", "NZAA", "Pacific/Auckland")
CHC = Place("CHC", "NZCH", "Pacific/Auckland")
WLG = Place("WLG", "NZWN", "Pacific/Auckland")
SYD = Place("SYD", "YSSY", "Australia/Sydney")
LAX = Place("LAX", "KLAX", "America/Los_Angeles")
SFO = Place("SFO", "KSFO", "America/Los_Angeles")
JFK = Place("JFK", "KJFK", "America/New_York")
YYZ = Place("YYZ", "CYYZ", "America/Toronto")
YUL = Place("YUL", "CYUL", "America/Toronto")
LHR = Place("LHR", "EGLL", "Europe/London")
EDI = Place("EDI", "EGPH", "Europe/London")
APW = Place("APW", "NSFA", "Pacific/Apia")
PPG = Place("PPG", "NSTU", "Pacific/Pago_Pago")


def utc_now() -> datetime:
    return datetime.now(UTC)


def today(place: Place) -> date:
    return datetime.now(ZoneInfo(place.zone)).date()


def local(place: Place, day: date, clock: str = "00:00", *, fold: int = 0) -> datetime:
    """The instant at which the clock shows this there, in UTC; ``fold`` is for the hour that happens twice."""
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(place.zone)).replace(fold=fold).astimezone(UTC)


def clock_at(place: Place, moment: datetime) -> str:
    """``08:30``, on the clock there."""
    return f"{moment.astimezone(ZoneInfo(place.zone)):%H:%M}"


class Line(NamedTuple):
    """An airline between two airports of one zone."""

    origin: Place
    destination: Place
    iata: str
    icao: str

    def flight(self, number: int) -> str:
        """``NZ527``."""
        return f"{self.iata}{number}"

    def both(self, number: int) -> str:
        """``ANZ527/NZ527``, as the row factories of AeroAPI take it."""
        return f"{self.icao}{number}/{self.iata}{number}"


def calm_line() -> Line:
    """Where it is neither about to be midnight nor just after: half a day lies between the two."""
    hour = datetime.now(ZoneInfo(AKL.zone)).hour
    return Line(AKL, CHC, "NZ", "ANZ") if 3 <= hour < 21 else Line(LHR, EDI, "BA", "BAW")


def summer_day(place: Place) -> date:
    """A day in the reach of timetables, weeks away, on which clocks there are put forward."""
    day = today(place) + 30 * DAY
    return next(one for one in _days_from(day) if _has_dst(place, one) and _has_dst(place, one + DAY))


_NEW_ZEALAND, _CALIFORNIA = Line(AKL, CHC, "NZ", "ANZ"), Line(LAX, SFO, "UA", "UAL")


def gap() -> tuple[Line, date]:
    """Where and when there is no 02:30 next, three days away at the least: within the year that timetables have."""
    return min(
        ((line, _first_day(line, shorter=True)) for line in (_NEW_ZEALAND, _CALIFORNIA)), key=lambda found: found[1]
    )


def fold() -> tuple[Line, date, str]:
    """The same for an hour that happens twice, and a time within it."""
    places = ((_NEW_ZEALAND, "02:30"), (_CALIFORNIA, "01:30"))
    found = ((line, _first_day(line, shorter=False), clock) for line, clock in places)
    return min(found, key=lambda one: one[1])


def _first_day(line: Line, *, shorter: bool) -> date:
    days = _days_from(today(line.origin) + 3 * DAY)
    return next(day for day in days if (_length(line.origin, day) - DAY) * (-1 if shorter else 1) > timedelta())


def _days_from(first: date) -> Iterator[date]:
    return (first + n * DAY for n in range(400))


def _length(place: Place, day: date) -> timedelta:
    return local(place, day + DAY) - local(place, day)


def _has_dst(place: Place, day: date) -> bool:
    return bool(datetime.combine(day, time(), ZoneInfo(place.zone)).dst())


def stack_row(
    flight: str, origin: Place, destination: Place, day: date, out: str = "12:00", in_: str = "13:25", **more: Any
) -> Row:
    """A row of AviationStack: wall clocks that claim to be UTC. ``in_days`` moves the day of the arrival.

    Further keywords: airline (name, iata, icao), status; ``departure`` and ``arrival`` change fields of an end.
    """
    changes = {"departure": more.pop("departure", {}), "arrival": more.pop("arrival", {})}
    in_day = day + more.pop("in_days", 0) * DAY
    made = row(flight, origin.iata, destination.iata, departure_icao=origin.icao, arrival_icao=destination.icao, **more)
    made["flight_date"] = day.isoformat()
    for end, place, on, clock in (("departure", origin, day, out), ("arrival", destination, in_day, in_)):
        stamp = f"{on}T{clock}:00+00:00"
        made[end] |= {"timezone": place.zone, "scheduled": stamp, "estimated": stamp, **changes[end]}
    return made


def look(flightctl: Flightctl, flight: str, day: date | str, *options: str) -> Result:
    """``lookup --date``, in JSON."""
    return flightctl("lookup", flight, "--date", str(day), "--json", *options)


def ids(done: Result) -> list[str]:
    """Of the first answer."""
    return [flight["flight_id"] for flight in done.answers[0]["flights"]]


def outcome(done: Result) -> str:
    """Of the first answer."""
    return str(done.answers[0]["outcome"])


def code(done: Result) -> str:
    """Of the first answer's error."""
    return str(done.answers[0]["error"]["code"])


def stamp(moment: datetime) -> str:
    """An instant as the JSON has it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stored(moment: datetime) -> str:
    """An instant as the local file has it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
