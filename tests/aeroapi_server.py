"""A FlightAware AeroAPI on the loopback for tests of the whole program: it serves the rows it is given."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from aeroapi_bodies import airport, flight, refused, schedule

from dated import DAY, Place, local
from loopback import LoopbackServer

KEY = "Qm3vT9xKc7LzR2sWb8NdY4hJf6Gp1AeU"

Row = dict[str, Any]
_NEXT = "cursor-"
_REACHES = {"flights": (10 * DAY, 2 * DAY, 12 * DAY), "schedules": (90 * DAY, 365 * DAY, 21 * DAY)}
"""Back, ahead and the longest window."""
_NAMES = ("ident", "ident_icao", "ident_iata", "actual_ident", "actual_ident_icao", "actual_ident_iata")


class Asked(NamedTuple):
    """One request. A path is without the base URL's: ``/flights/ANZ527``."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]

    @property
    def endpoint(self) -> str:
        """``flights`` or ``schedules``."""
        return self.path.split("/")[1]

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From when to before when, whichever endpoint it is."""
        segments = self.path.split("/")
        texts = segments[2:4] if self.endpoint == "schedules" else [self.params["start"], self.params["end"]]
        start, end = (datetime.fromisoformat(text) for text in texts)
        return start, end

    def covers(self, place: Place, day: date) -> bool:
        """Whether the window has all of this day there."""
        start, end = self.window
        return start <= local(place, day) and local(place, day + DAY) <= end


class AeroApiServer(LoopbackServer):
    """``flights`` and ``schedules`` are filtered by name and window as the real service does, newest flights first.

    A page has ``page_rows`` rows at the most; ``asked`` holds every request.
    """

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.flights: list[Row] = []
        self.schedules: list[Row] = []
        self.asked: list[Asked] = []
        self.page_rows = 15
        self.delay_s = 0.0
        self.reply: tuple[int, str] | None = None
        """Overrides the rows."""
        self.fails_from_page = 1
        """Up to the page before this one, ``reply`` does not hold."""
        self.while_asked: Callable[[], object] = lambda: None
        """Called for each request before it is answered: what happens elsewhere meanwhile."""

    @property
    def url(self) -> str:
        """The base URL, as in ``aeroapi.url``."""
        return f"{self.address}/aeroapi"

    def fails(self, status: int, reason: str, detail: str = "", *, from_page: int = 1) -> None:
        """From now on answer with this error."""
        self.reply, self.fails_from_page = (status, json.dumps(refused(status, reason, detail))), from_page

    def works(self) -> None:
        """From now on answer with rows again."""
        self.reply, self.fails_from_page = None, 1

    def answer(self, asked: Asked) -> tuple[int, str]:
        """Status and body for a request."""
        self.asked.append(asked)
        self.while_asked()
        time.sleep(self.delay_s)
        first = int(asked.params.get("cursor", f"{_NEXT}0").removeprefix(_NEXT))
        if self.reply is not None and first // self.page_rows + 1 >= self.fails_from_page:
            return self.reply
        if fault := _fault(asked):
            return fault
        found = self._schedules(asked) if asked.endpoint == "schedules" else self._flights(asked)
        return 200, json.dumps(self._page(asked, found, first))

    def _flights(self, asked: Asked) -> list[Row]:
        ident = asked.path.split("/")[2]
        named = [row for row in self.flights if ident in {row["ident"], row["ident_iata"], *row["codeshares"]}]
        named += [row for row in self.flights if ident in row["codeshares_iata"] and row not in named]
        return sorted((row for row in named if _leaves_in(asked, row)), key=_departure, reverse=True)

    def _schedules(self, asked: Asked) -> list[Row]:
        wanted = asked.params["airline"] + asked.params["flight_number"]
        named = [row for row in self.schedules if wanted in {row[name] for name in _NAMES}]
        return sorted((row for row in named if _leaves_in(asked, row)), key=_departure)

    def _page(self, asked: Asked, found: list[Row], first: int) -> Row:
        rows, after = found[first : first + self.page_rows], first + self.page_rows
        links = {"next": f"{asked.path}?cursor={_NEXT}{after}"} if after < len(found) else None
        name = "scheduled" if asked.endpoint == "schedules" else "flights"
        return {name: rows, "links": links, "num_pages": 1}


def flight_row(
    number: str, origin: Place, destination: Place, out: datetime, *, lasts: timedelta = timedelta(hours=2), **more: Any
) -> Row:
    """A row of ``/flights``; ``number`` is the operator's, ``ANZ527/NZ527``, and ``out`` the gate departure."""
    icao, _, iata = number.partition("/")
    times = {"scheduled_out": _text(out), "scheduled_in": _text(out + lasts)}
    names: Row = {"ident": icao, "ident_icao": icao, "ident_iata": iata or None}
    names |= {"codeshares": [], "codeshares_iata": []}
    ends = {"origin": _airport(origin), "destination": _airport(destination)}
    made = {"fa_flight_id": f"{icao}-{int(out.timestamp())}-airline-0117", "scheduled_off": None, "scheduled_on": None}
    return flight(**{**names, **ends, **times, **made, **_texts(more)})


def schedule_row(
    number: str, origin: Place, destination: Place, out: datetime, *, lasts: timedelta = timedelta(hours=2), **more: Any
) -> Row:
    """A row of ``/schedules``; ``operated_as`` is the operator's number of a codeshare, as ``number``."""
    operator = str(more.pop("operated_as", ""))
    names = _names("ident", number) | (_names("actual_ident", operator) if operator else {})
    places = {"origin": origin, "destination": destination}
    ends = {end: place.icao for end, place in places.items()}
    ends |= {f"{end}_{kind}": getattr(place, kind) for end, place in places.items() for kind in ("icao", "iata")}
    times = {"scheduled_out": _text(out), "scheduled_in": _text(out + lasts)}
    return schedule(**{**names, **ends, **times, **_texts(more)})


def _fault(asked: Asked) -> tuple[int, str] | None:
    """What the real service would refuse."""
    (start, end), now = asked.window, datetime.now(UTC)
    back, ahead, longest = _REACHES[asked.endpoint]
    if asked.headers.get("x-apikey") != KEY:
        return 401, json.dumps(refused(401, "INVALID_API_KEY", "Invalid API key"))
    if not now - back <= start < end <= now + ahead or end - start > longest:
        return 400, json.dumps(refused(400, "INVALID_ARGUMENT", "start and end are out of range"))
    if asked.endpoint == "flights" and asked.params.get("ident_type") != "designator":
        return 400, json.dumps(refused(400, "INVALID_ARGUMENT", "ident_type: a registration may be meant"))
    return None


def _names(field: str, number: str) -> Row:
    icao, _, iata = number.partition("/")
    return {field: icao, f"{field}_icao": icao, f"{field}_iata": iata or None}


def _airport(place: Place) -> Row:
    return airport(place.icao, place.iata, place.zone)


def _texts(more: Row) -> Row:
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in more.items()}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _departure(row: Row) -> str:
    return str(row["scheduled_out"] or row.get("scheduled_off"))


def _leaves_in(asked: Asked, row: Row) -> bool:
    start, end = asked.window
    return start <= datetime.fromisoformat(_departure(row)) < end


def _handler(served: AeroApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = unquote(parts.path).removeprefix("/aeroapi")
            status, body = served.answer(Asked(path, params, {k.lower(): v for k, v in self.headers.items()}))
            sent = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
