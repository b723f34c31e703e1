"""An AviationStack on the loopback for tests of the whole program: it serves the rows it is given."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback import LoopbackServer

KEY = "5f0c2a9e7b1d4c63a8f2e6d09b7c1a35"

Row = dict[str, Any]


class Upstream(LoopbackServer):
    """``rows`` are filtered as the real service does; ``reply`` overrides them; ``asked`` holds every query.

    ``asked_at`` has the moment of each, by the monotonic clock.
    """

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.rows: list[Row] = []
        self.reply: tuple[int, str] | None = None
        self.headers: dict[str, str] = {}
        """Sent with ``reply``."""
        self.delay_s = 0.0
        self.while_asked: Callable[[], object] = lambda: None
        """Called for each query before it is answered: what happens elsewhere meanwhile."""
        self.page_rows = 100
        self.asked: list[dict[str, str]] = []
        self.asked_at: list[float] = []

    @property
    def url(self) -> str:
        """The base URL, as in ``aviationstack.url``."""
        return f"{self.address}/v1"

    def fails(self, status: int, code: str, **headers: str) -> None:
        """From now on answer with this error; ``Retry_After="5"`` becomes a header."""
        self.reply = status, json.dumps({"error": {"code": code, "message": f"The service says {code}."}})
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def works(self) -> None:
        """From now on answer with rows again."""
        self.reply, self.headers = None, {}

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        """Status and body for a query."""
        self.asked.append(query)
        self.asked_at.append(time.monotonic())
        self.while_asked()
        time.sleep(self.delay_s)
        if self.reply is not None:
            return self.reply
        found = [row for row in self.rows if _matches(row, query)]
        offset = int(query.get("offset", 0))
        page = found[offset : offset + self.page_rows]
        pagination = {"limit": self.page_rows, "offset": offset, "count": len(page), "total": len(found)}
        return 200, json.dumps({"pagination": pagination, "data": page})


def row(flight: str = "NZ527", departure: str = "AKL", arrival: str = "CHC", **more: Any) -> Row:
    """One row as AviationStack sends it. ``days`` moves its date from today (UTC), ``out`` and ``in_`` are HH:MM.

    ``zone`` is both airports'; further keywords: airline (name, iata, icao), status, icao codes of the airports.
    """
    day = (datetime.now(UTC) + timedelta(days=more.get("days", 0))).date()
    name, iata, icao = more.get("airline", ("Air New Zealand", flight[:2], "ANZ"))
    zone = more.get("zone", "UTC")
    return {
        "flight_date": day.isoformat(),
        "flight_status": more.get("status", "scheduled"),
        "departure": _stop(departure, more.get("departure_icao"), zone, f"{day}T{more.get('out', '00:00')}"),
        "arrival": {
            **_stop(arrival, more.get("arrival_icao"), zone, f"{day}T{more.get('in_', '01:20')}"),
            "baggage": None,
        },
        "airline": {"name": name, "iata": iata, "icao": icao},
        "flight": {
            "number": flight[2:],
            "iata": flight,
            "icao": f"{icao}{flight[2:]}" if icao else None,
            "codeshared": None,
        },
        "aircraft": None,
        "live": None,
    }


def _stop(iata: str | None, icao: str | None, zone: str | None, scheduled: str) -> Row:
    return {
        "airport": f"Airport {iata}",
        "timezone": zone,
        "iata": iata,
        "icao": icao,
        "terminal": None,
        "gate": "5",
        "delay": None,
        "scheduled": f"{scheduled}:00+00:00",
        "estimated": f"{scheduled}:00+00:00",
        "actual": None,
        "estimated_runway": None,
        "actual_runway": None,
    }


_FILTERS = {
    "flight_iata": ("flight", "iata"),
    "flight_icao": ("flight", "icao"),
    "airline_iata": ("airline", "iata"),
    "airline_icao": ("airline", "icao"),
    "dep_iata": ("departure", "iata"),
}


def _matches(row: Row, query: dict[str, str]) -> bool:
    return all(row[thing][code] == query[name] for name, (thing, code) in _FILTERS.items() if name in query)


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            status, body = upstream.answer(query)
            sent = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            for name, value in upstream.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
