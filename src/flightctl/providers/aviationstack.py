"""AviationStack: what is asked, one paid request a call (CONTRACT A1 to A3). Nothing is tried twice here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Final

import httpx

from flightctl.domain.designator import AirlineCode, Designator
from flightctl.domain.observed import FlightsPage
from flightctl.errors import PlanRefused
from flightctl.providers.aviationstack_errors import refusal
from flightctl.providers.aviationstack_rows import flights_page, observed_leg
from flightctl.providers.json_body import json_document
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

    Both methods raise UpstreamError of every kind, QuotaUsedUp and ConfigurationError (as ``Gateway.get``);
    no error and no page holds the key. The constructor raises ConfigurationError for a URL that is not safe.
    """

    def __init__(
        self,
        access: Access,
        *,
        transport: httpx.BaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._access = access
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
        by_icao = designator.airline_code is AirlineCode.ICAO
        return self._page({"flight_icao" if by_icao else "flight_iata": str(designator)}, flight_date)

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
        if flight_date is not None:
            self._check_plan_has_dates()
            params["flight_date"] = flight_date.isoformat()
        params |= {"limit": str(PAGE_ROWS), "access_key": self._access.key}
        reply = self._gateway.get("/flights", params)
        document = json_document(reply.body, self._access.key)
        refused = refusal(reply, document, self._secrets)
        if refused is not None:
            raise refused
        return flights_page(document, offset)

    def _check_plan_has_dates(self) -> None:
        if self._access.plan is Plan.FREE:
            raise PlanRefused("AviationStack's free plan answers no question about a given day", was_sent=False)


def kept_page(rows: Sequence[Mapping[str, Any]], offset: int, count: int, total: int) -> FlightsPage:
    """A page again whose readable rows were kept as they came."""
    return FlightsPage(tuple(leg for leg in map(observed_leg, rows) if leg is not None), offset, count, total)
