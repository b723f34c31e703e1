"""The endpoints for days as the settings have them: who may ask them, with which key, at which price."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from flightctl.domain.billing import Price, Terms
from flightctl.domain.caller import Caller, OpenTo
from flightctl.domain.designator import AirlineCode, Designator
from flightctl.domain.flight_freshness import FlightLifetimes
from flightctl.domain.horizon import Endpoint, Permit
from flightctl.errors import NoKey
from flightctl.keys import provider_key
from flightctl.providers import aeroapi
from flightctl.providers.aeroapi import PRICES, AeroApi
from flightctl.providers.aviationstack import AviationStack, Plan
from flightctl.services.billed_accounts import AEROAPI, AVIATIONSTACK, SANDBOX, account, sandbox_account, within
from flightctl.services.day_sources import AeroApiFlights, AeroApiSchedules, AviationStackDays
from flightctl.services.flight_codes import icao_of, zone_of
from flightctl.services.paid_flights import DaySource, PaidFlights
from flightctl.services.shared_days import SharedDays
from flightctl.services.single_flight import SingleFlight
from flightctl.services.spending import Spending
from flightctl.settings import Settings
from flightctl.store.engine import Database

SANDBOX_URL = "http://127.0.0.1/aeroapi"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the endpoints are put together from."""

    settings: Settings
    caller: Caller
    database: Callable[[], Database]
    clock: Callable[[], datetime]
    aviationstack: Callable[[], AviationStack]
    """Its client. Raises NoKey and other ConfigurationErrors."""
    spending: Callable[[], Spending]
    """Of AviationStack's account, or the sandbox's."""
    lifetimes: FlightLifetimes
    negative_ttl: timedelta
    sandbox: bool
    terms: Mapping[str, Terms]
    """What holds for everybody together, by provider."""
    learns: bool
    """Whether names and codes go into the reference tables."""


class DayEndpoints:
    """Makes each endpoint when it is first asked."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._settings = around.settings

    def shared(self) -> SharedDays:
        """All endpoints behind the single flight. Raises ConfigurationError for a setting that is none."""
        single = SingleFlight(self._around.database, self._around.clock, time.sleep)
        kept = self._settings["cache.enabled"]
        return SharedDays(self._endpoints, self.permits(), single, self._around.lifetimes, shares=kept)

    def permits(self) -> dict[Endpoint, Permit]:
        """What stands between the caller and each endpoint. Raises ConfigurationError for a key that cannot be used."""
        stack, aero = self._permit(AVIATIONSTACK), self._permit(AEROAPI)
        has_dates = self._around.sandbox or Plan(self._settings["aviationstack.plan"]) is Plan.PAID
        by_date = stack if has_dates or stack is not Permit.GRANTED else Permit.PLAN_TOO_LOW
        permits = {Endpoint.FLIGHTS: aero, Endpoint.AVIATIONSTACK_DAY: by_date, Endpoint.SCHEDULES: aero}
        # A plan that has dates tells of the whole day; the real-time set may have only what is about to fly.
        return permits if has_dates else {**permits, Endpoint.AVIATIONSTACK: stack}

    def close(self) -> None:
        """Close the connections."""
        for client in ("_aeroapi", "_aviationstack"):
            if client in self.__dict__:
                self.__dict__[client].close()

    def _permit(self, provider: str) -> Permit:
        if not self._around.caller.may_spend(OpenTo(self._settings[f"{provider}.open_to"])):
            return Permit.SUBSCRIBERS_ONLY
        if self._around.sandbox:
            return Permit.GRANTED
        try:
            provider_key(self._settings, provider)
        except NoKey:
            return Permit.NO_KEY
        return Permit.GRANTED

    @property
    def _endpoints(self) -> Mapping[Endpoint, Callable[[], PaidFlights]]:
        return {
            Endpoint.FLIGHTS: lambda: self._paid(self._flights(), self._aeroapi_spending),
            Endpoint.SCHEDULES: lambda: self._paid(self._schedules(), self._aeroapi_spending),
            Endpoint.AVIATIONSTACK: lambda: self._paid(self._stack(by_date=False), self._around.spending()),
            Endpoint.AVIATIONSTACK_DAY: lambda: self._paid(self._stack(by_date=True), self._around.spending()),
        }

    def _paid(self, source: DaySource, spending: Spending) -> PaidFlights:
        around = self._around
        kept = self._settings["cache.enabled"]
        return PaidFlights(
            source, spending, around.database, around.clock, around.negative_ttl, keep=kept, learns=around.learns
        )

    def _flights(self) -> AeroApiFlights:
        price, pages = self._price(Endpoint.FLIGHTS), self._settings["aeroapi.max_pages"]
        return AeroApiFlights(self._aeroapi, self._name(AEROAPI), price, self._zone_of, self._icao_of, pages)

    def _schedules(self) -> AeroApiSchedules:
        price, pages = self._price(Endpoint.SCHEDULES), self._settings["aeroapi.max_pages"]
        return AeroApiSchedules(self._aeroapi, self._name(AEROAPI), price, self._zone_of, pages)

    def _stack(self, *, by_date: bool) -> AviationStackDays:
        price = self._around.spending().account.price
        return AviationStackDays(self._aviationstack, self._name(AVIATIONSTACK), price, self._zone_of, by_date=by_date)

    def _price(self, endpoint: Endpoint) -> Price:
        if self._around.sandbox:
            return sandbox_account(self._settings).price
        return PRICES[aeroapi.FLIGHTS.endpoint if endpoint is Endpoint.FLIGHTS else aeroapi.SCHEDULES.endpoint]

    def _name(self, provider: str) -> str:
        return SANDBOX if self._around.sandbox else provider

    @cached_property
    def _aviationstack(self) -> AviationStack:
        return self._around.aviationstack()

    @cached_property
    def _aeroapi(self) -> AeroApi:
        if self._around.sandbox:
            from flightctl.providers.sandbox.transport import SandboxTransport

            access = aeroapi.Access(SANDBOX_URL, SANDBOX)
            return AeroApi(access, provider=SANDBOX, transport=SandboxTransport(self._around.clock))
        return AeroApi(aeroapi.Access(self._settings["aeroapi.url"], provider_key(self._settings, AEROAPI)))

    @cached_property
    def _aeroapi_spending(self) -> Spending:
        if self._around.sandbox:
            return self._around.spending()
        return Spending(
            within(account(self._settings, AEROAPI), self._around.terms),
            self._around.database,
            self._around.clock,
            time.sleep,
        )

    @cached_property
    def _zone_of(self) -> Callable[[str], str]:
        return zone_of(self._around.database)

    def _icao_of(self, asked: Designator) -> Designator:
        if asked.airline_code is AirlineCode.ICAO:
            return asked
        with self._around.database().reading() as session:
            return asked._replace(airline=icao_of(session, asked.airline) or asked.airline)
