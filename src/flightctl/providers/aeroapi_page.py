"""One answer of AeroAPI: ``{"flights" or "scheduled": [row, ...], "links": {"next": ...}, "num_pages": n}``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from flightctl.domain.sighting import Sighting
from flightctl.domain.sighting_page import Rejected, SightingsPage
from flightctl.errors import Unreadable
from flightctl.providers.aeroapi_diversions import diversions
from flightctl.providers.aeroapi_rows import sighting
from flightctl.providers.aeroapi_terms import FLIGHTS, SCHEDULES
from flightctl.providers.fields import member
from flightctl.providers.reading import Reading

_CURSOR = re.compile(r"[!-~]{1,2000}")
_MOST_RESULT_SETS = 1000
"""One is asked for; a broken answer shall not use up more of a budget than this."""


_LISTS = MappingProxyType({FLIGHTS.endpoint: "flights", SCHEDULES.endpoint: "scheduled"})


def sightings_page(document: object, endpoint: str, reading: Reading) -> SightingsPage:
    """Read the body of an answer of this endpoint that is no refusal.

    Raises Unreadable where the body has another shape.
    """
    rows = _rows(document, _LISTS[endpoint])
    objects = [row for row in rows if isinstance(row, dict)]
    read = [_timetabled(one, endpoint) for one in _sightings(objects, reading)]
    no_objects = tuple(Rejected("", "no JSON object") for _ in range(len(rows) - len(objects)))
    link = member(document, "links").get("next")
    return SightingsPage(
        sightings=tuple(sorted((one for one in read if isinstance(one, Sighting)), key=_leads_elsewhere)),
        rejected=(*(one for one in read if isinstance(one, Rejected)), *no_objects),
        result_sets=_result_sets(document),
        more=bool(link),
        cursor=cursor_of(link, endpoint),
    )


def cursor_of(link: object, endpoint: str) -> str:
    """The cursor in a relative reference such as ``/flights/ANZ527?cursor=b42...``; empty where it is anything else.

    Only the cursor is ever used: the next page is asked for at our own address. A reference that names a host, or
    another endpoint, has none.
    """
    if not isinstance(link, str):
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not _is_of(parts.path, endpoint):
        return ""
    pairs = (pair.partition("=") for pair in parts.query.split("&"))
    # A plus sign stays one: a cursor is opaque and may be base64, and none has a space.
    cursors = [unquote(value) for name, _, value in pairs if name == "cursor"]
    return cursors[0] if len(cursors) == 1 and _CURSOR.fullmatch(cursors[0]) else ""


def _is_of(path: str, endpoint: str) -> bool:
    segments = unquote(path).split("/")
    return not path or (endpoint in segments and not {".", ".."} & set(segments))


def _rows(document: object, name: str) -> Sequence[object]:
    if not isinstance(document, dict) or not isinstance(document.get(name), list):
        raise Unreadable(f"AeroAPI's answer has no list of {name}")
    rows: list[object] = document[name]
    if rows and not any(isinstance(row, dict) for row in rows):
        raise Unreadable(f"AeroAPI's {name} are no flights")
    return rows


def _sightings(rows: Sequence[Mapping[str, Any]], reading: Reading) -> list[Sighting | Rejected]:
    elsewhere = diversions(rows)
    read = [sighting(row, reading) for row in rows]
    return [_diverted(one, elsewhere[i]) if i in elsewhere else one for i, one in enumerate(read)]


def _timetabled(one: Sighting | Rejected, endpoint: str) -> Sighting | Rejected:
    is_timetable = endpoint == SCHEDULES.endpoint and isinstance(one, Sighting)
    return replace(one, from_timetable=True) if is_timetable and isinstance(one, Sighting) else one


def _diverted(one: Sighting | Rejected, code: str) -> Sighting | Rejected:
    return replace(one, diverted_to=code) if isinstance(one, Sighting) else one


def _leads_elsewhere(one: Sighting) -> bool:
    return bool(one.diverted_to) and one.diverted_to == one.destination.code


def _result_sets(document: object) -> int:
    """``num_pages``: as many are billed, and one at the least."""
    told = document.get("num_pages") if isinstance(document, dict) else None
    return max(1, min(told, _MOST_RESULT_SETS)) if type(told) is int else 1
