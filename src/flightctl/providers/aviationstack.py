"""AviationStack: what is asked, one paid request a call (CONTRACT A1 to A3). Nothing is tried twice here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import httpx

from flightctl.domain.designator import AirlineCode, Designator
from flightctl.domain.observed import FlightsPage
from flightctl.domain.sighting_page import SightingsPage
from flightctl.errors import PlanRefused
from flightctl.providers.aviationstack_errors import refusal
from flightctl.providers.aviationstack_rows import flight_rows, flights_page, observed_leg, says_more
from flightctl.providers.aviationstack_sightings import goes_by, sightings
from flightctl.providers.json_body import json_document
from flightctl.providers.reading import Reading, ZoneOf
from flightctl.providers.transport import DEADLINE_SECONDS, Gateway, check_base_url

URL_SETTING: Final = "aviationstack.url"
PAGE_ROWS: Final = 100
"""The most rows that every plan gives in one page."""


class Plan(Enum):
    """What the account is subscribed to, as far as it changes what may be asked."""

    FREE = "free"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Access:
    """Where AviationStack is and with which key; the key goes into the query, there is no header for it."""

    url: str
    key: str = field(repr=False)
    plan: Plan = Plan.FREE


class AviationStack:
    """The ``/flights`` endpoint. Each method makes exactly one HTTP request, or none where it raises before.

    All of them raise UpstreamError of every kind, QuotaUsedUp and ConfigurationError (as ``Gateway.get``);
    no error and no page holds the key. The constructor raises ConfigurationError for a URL that is not safe.

    ``provider`` is what sightings name as their source.
    """

    def __init__(
        self,
        access: Access,
        *,
        provider: str = "aviationstack",
        transport: httpx.BaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._access = access
        self._provider = provider
        self._secrets = (access.key,)
        self._gateway = Gateway(
            check_base_url(access.url, URL_SETTING),
            provider="AviationStack",
            url_setting=URL_SETTING,
            secrets=self._secrets,
            transport=transport,
            deadline_seconds=deadline_seconds,
        )

    def flight(self, designator: Designator, flight_date: date | None = None) -> FlightsPage:
        """Ask for one designator: all its rows, of the day before to the day after, in no promised order.

        With ``flight_date``, the rows of that local day of departure; raises PlanRefused, before any request,
        on the free plan.
        """
        return self._page(_named(designator), flight_date)

    def sightings(
        self, designator: Designator, flight_date: date | None = None, *, now: datetime, zone_of: ZoneOf
    ) -> SightingsPage:
        """Ask as ``flight`` does, and read the rows that go by this very designator as dated flights.

        Other rows are left out without a word. There is no cursor: whether there is more is all that is told.
        """
        document = self._document(_named(designator), flight_date)
        rows = [row for row in flight_rows(document) if goes_by(row, designator)]
        return sightings(rows, Reading(self._provider, now, zone_of), more=says_more(document))

    def airline(
        self, code: str, offset: int = 0, flight_date: date | None = None, *, departure: str = ""
    ) -> FlightsPage:
        """Ask for one page of an airline's rows, by IATA (two characters) or ICAO code; ``offset`` in rows.

        ``departure`` (an airport's IATA code) leaves only the rows from there; ``flight_date`` as for ``flight``.
        """
        params = {"airline_icao" if len(code) == 3 else "airline_iata": code}
        if departure:
            params["dep_iata"] = departure
        if offset > 0:
            params["offset"] = str(offset)
        return self._page(params, flight_date, offset)

    def close(self) -> None:
        """Close the connection."""
        self._gateway.close()

    def _page(self, params: dict[str, str], flight_date: date | None, offset: int = 0) -> FlightsPage:
        return flights_page(self._document(params, flight_date), offset)

    def _document(self, params: dict[str, str], flight_date: date | None) -> object:
        """The body of an answer that is no refusal."""
        if flight_date is not None:
            self._check_plan_has_dates()
            params["flight_date"] = flight_date.isoformat()
        params |= {"limit": str(PAGE_ROWS), "access_key": self._access.key}
        reply = self._gateway.get("/flights", params)
        document = json_document(reply.body, self._access.key)
        refused = refusal(reply, document, self._secrets)
        if refused is not None:
            raise refused
        return document

    def _check_plan_has_dates(self) -> None:
        if self._access.plan is Plan.FREE:
            raise PlanRefused("AviationStack's free plan answers no question about a given day", was_sent=False)


def _named(designator: Designator) -> dict[str, str]:
    return {"flight_icao" if designator.airline_code is AirlineCode.ICAO else "flight_iata": str(designator)}


def kept_page(rows: Sequence[Mapping[str, Any]], offset: int, count: int, total: int) -> FlightsPage:
    """A page again whose readable rows were kept as they came."""
    return FlightsPage(tuple(leg for leg in map(observed_leg, rows) if leg is not None), offset, count, total)
