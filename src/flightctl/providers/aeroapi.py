"""FlightAware AeroAPI: what is asked, one paid result set a call (CONTRACT B1 to B3). Nothing is tried twice here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import httpx

from flightctl.domain.designator import Designator
from flightctl.domain.sighting_page import SightingsPage
from flightctl.errors import RequestRefused
from flightctl.providers.aeroapi_errors import refusal, says_unknown
from flightctl.providers.aeroapi_page import sightings_page
from flightctl.providers.aeroapi_terms import FLIGHTS, PRICES, SCHEDULES, Reach
from flightctl.providers.json_body import json_document
from flightctl.providers.reading import Reading, ZoneOf
from flightctl.providers.transport import DEADLINE_SECONDS, Gateway, check_base_url

__all__ = ["FLIGHTS", "PRICES", "SCHEDULES", "URL_SETTING", "Access", "AeroApi", "ZoneOf"]

URL_SETTING: Final = "aeroapi.url"


@dataclass(frozen=True, slots=True)
class Access:
    """Where AeroAPI is and with which key; the key goes into a header, never into a URL."""

    url: str
    key: str = field(repr=False)


class AeroApi:
    """Two endpoints. Each method makes exactly one HTTP request, or none where it raises before.

    ``max_pages`` is always 1, so that a request bills one result set (15 rows or fewer): whoever wants more asks
    again with the page's cursor, under a budget and a ceiling of their own. Both methods raise UpstreamError of every
    kind and ConfigurationError (as ``Gateway.get``); no error and no page holds the key. A flight that FlightAware
    does not know is an empty page. The constructor raises ConfigurationError for a URL that is not safe.

    ``provider`` is what sightings name as their source.
    """

    def __init__(
        self,
        access: Access,
        *,
        provider: str = "aeroapi",
        transport: httpx.BaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._access = access
        self._provider = provider
        self._secrets = (access.key,)
        self._gateway = Gateway(
            check_base_url(access.url, URL_SETTING),
            provider="AeroAPI",
            url_setting=URL_SETTING,
            secrets=self._secrets,
            transport=transport,
            deadline_seconds=deadline_seconds,
        )

    def flights(
        self, asked: Designator, start: datetime, end: datetime, *, now: datetime, zone_of: ZoneOf, cursor: str = ""
    ) -> SightingsPage:
        """Ask for one designator, best an ICAO one, scheduled to leave from ``start`` to before ``end`` (instants).

        Raises RequestRefused, before any request, where the window is not within ``FLIGHTS``. A codeshare is answered
        by its operating flight. The newest flights are on the first page.
        """
        _check(FLIGHTS, start, end, now)
        path = f"/flights/{_segment(str(asked))}"
        params = {"ident_type": "designator", "start": _instant(start), "end": _instant(end)}
        return self._page(path, params, cursor, FLIGHTS, Reading(self._provider, now, zone_of))

    def schedules(
        self,
        start: datetime,
        end: datetime,
        airline: str,
        flight_number: int | None = None,
        *,
        include_codeshares: bool,
        now: datetime,
        zone_of: ZoneOf,
        origin: str = "",
        destination: str = "",
        cursor: str = "",
    ) -> SightingsPage:
        """Ask for an airline's published schedule (its IATA or ICAO code), from ``start`` to before ``end`` (instants).

        ``flight_number`` has no suffix letter; ``origin`` and ``destination`` are airport codes. Raises
        RequestRefused, before any request, where the window is not within ``SCHEDULES``.
        """
        _check(SCHEDULES, start, end, now)
        path = f"/schedules/{_segment(_instant(start))}/{_segment(_instant(end))}"
        number = "" if flight_number is None else str(flight_number)
        wanted = {"airline": airline, "flight_number": number, "origin": origin, "destination": destination}
        params = {name: value for name, value in wanted.items() if value}
        params["include_codeshares"] = "true" if include_codeshares else "false"
        return self._page(path, params, cursor, SCHEDULES, Reading(self._provider, now, zone_of))

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

    def _page(self, path: str, params: Mapping[str, str], cursor: str, reach: Reach, reading: Reading) -> SightingsPage:
        asked = {**params, "max_pages": "1"} | ({"cursor": cursor} if cursor else {})
        reply = self._gateway.get(path, asked, {"x-apikey": self._access.key})
        document = json_document(reply.body, self._access.key)
        if says_unknown(reply, document):
            return SightingsPage()
        refused = refusal(reply, document, self._secrets)
        if refused is not None:
            raise refused
        return sightings_page(document, reach.endpoint, reading)


def _check(reach: Reach, start: datetime, end: datetime, now: datetime) -> None:
    fault = reach.fault(start, end, now)
    if fault:
        raise RequestRefused(fault, hint="ask for another date", was_sent=False)


def _segment(text: str) -> str:
    """One segment of a path, whatever it holds."""
    return quote(text, safe=":")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
