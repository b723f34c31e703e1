"""What costs money: who is billed, at which price, and the ways to ask a provider; the sandbox's stand-in is free."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from flightctl.domain.caller import OpenTo, Role
from flightctl.errors import NotAllowed
from flightctl.settings import Settings
from flightctl.store_parts import Clock, Stores

if TYPE_CHECKING:
    from flightctl.domain.billing import Account, Price
    from flightctl.providers.aviationstack import AviationStack
    from flightctl.services.day_endpoints import DayEndpoints
    from flightctl.services.kept_routes import KeptRoutes
    from flightctl.services.paid_routes import PaidRoutes
    from flightctl.services.shared_days import SharedDays
    from flightctl.services.shared_routes import SharedRoutes
    from flightctl.services.spending import Spending
    from flightctl.store.engine import Database

_WHOAMI = "'flightctl whoami' shows your tier and who decided it"
_SANDBOX = "sandbox"
_AVIATIONSTACK = "aviationstack"


class PaidParts:
    """What a paid call needs, each part made when it is first asked for: a hit needs next to nothing of it."""

    def __init__(self, settings: Settings, stores: Stores, clock: Clock, *, sandbox: bool) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._sandbox = sandbox

    @property
    def provider(self) -> str:
        """The name of who is paid: ``aviationstack``, or ``sandbox``."""
        return _SANDBOX if self._sandbox else _AVIATIONSTACK

    @property
    def may_spend(self) -> bool:
        """Whether this caller may make paid calls."""
        return self._stores.caller.may_spend(OpenTo(self._settings["aviationstack.open_to"]))

    @property
    def may_try_to_spend(self) -> bool:
        """The same before the remote, which decides, has been asked: a cached answer does not need it."""
        return self._stores.has_remote or self.may_spend

    @property
    def account(self) -> Account:
        """Who is billed. Raises NoKey and other ConfigurationErrors."""
        from flightctl.services import billed_accounts

        if self._sandbox:
            return billed_accounts.sandbox_account(self._settings)
        return billed_accounts.within(billed_accounts.account(self._settings, _AVIATIONSTACK), self._stores.terms)

    @property
    def known_accounts(self) -> list[Account]:
        """The same for who only looks on, for every provider that has a key. Raises ConfigurationError."""
        from flightctl.services import billed_accounts

        if self._sandbox:
            return [billed_accounts.sandbox_account(self._settings)]
        known = billed_accounts.known_accounts(self._settings)
        return [billed_accounts.within(one, self._stores.terms) for one in known]

    @property
    def price(self) -> Price:
        """What one call costs; nothing in the sandbox. Raises ConfigurationError."""
        from flightctl.services import billed_accounts

        if self._sandbox:
            return billed_accounts.sandbox_account(self._settings).price
        return billed_accounts.price_of_a_call(self._settings, _AVIATIONSTACK)

    @cached_property
    def spending(self) -> Spending:
        """What paid calls to AviationStack, or the sandbox, go through; raises NoKey and other ConfigurationErrors."""
        from flightctl.services.spending import Spending

        return Spending(self.account, self._database, self._clock, time.sleep)

    @property
    def spendings(self) -> list[Spending]:
        """Of the accounts that this run was ready to pay from; one may stand there twice."""
        routes = [self.spending] if "spending" in self.__dict__ else []
        return routes + (self.days.spendings if "days" in self.__dict__ else [])

    @cached_property
    def routes(self) -> SharedRoutes:
        """The paid step of look-ups, behind the single flight; raises NotAllowed, NoKey, other ConfigurationErrors."""
        if not self.may_spend:
            raise NotAllowed("not in the cache; live lookups are for subscribers", hint=_WHOAMI)
        from flightctl.services.paid_pages import PaidPages
        from flightctl.services.shared_routes import SharedRoutes
        from flightctl.services.single_flight import SingleFlight

        single = SingleFlight(self._database, self._clock, time.sleep)
        pages = PaidPages(self._upstream, self.spending, self._keeping, self._database, self._clock)
        return SharedRoutes(self._paid, pages, single, self._clock, shares=self._settings["cache.enabled"])

    @cached_property
    def days(self) -> SharedDays:
        """The paid step of look-ups for one day; raises ConfigurationError."""
        return self._day_endpoints.shared()

    def close(self) -> None:
        """Close the connections to providers."""
        for opened in ("_paid", "_day_endpoints"):
            if opened in self.__dict__:
                self.__dict__[opened].close()

    def _database(self) -> Database:
        return self._stores.database

    @property
    def _learns(self) -> bool:
        """Whether providers' answers teach the reference tables; those of a remote are service's to write."""
        return not self._stores.has_remote or self._stores.caller.role >= Role.SERVICE

    @cached_property
    def _paid(self) -> PaidRoutes:
        from flightctl.services.paid_routes import PaidRoutes

        return PaidRoutes(self._upstream, self.spending, self._keeping, self._database, self._clock)

    @cached_property
    def _keeping(self) -> KeptRoutes:
        from flightctl.services.kept_routes import KeepSettings, KeptRoutes

        settings = KeepSettings(
            self.provider,
            self._stores.ttl,
            self._stores.negative_ttl,
            keep_payload=self._settings["cache.store_payload"],
            keep=self._settings["cache.enabled"],
            learns=self._learns,
        )
        return KeptRoutes(self._database, settings)

    @cached_property
    def _day_endpoints(self) -> DayEndpoints:
        from flightctl.services.day_endpoints import DayEndpoints, Surroundings

        return DayEndpoints(
            Surroundings(
                self._settings,
                self._stores.caller,
                database=self._database,
                clock=self._clock,
                aviationstack=lambda: self._upstream,
                spending=lambda: self.spending,
                lifetimes=self._stores.flight_lifetimes,
                negative_ttl=self._stores.negative_ttl,
                sandbox=self._sandbox,
                terms=self._stores.terms,
                learns=self._learns,
            )
        )

    @cached_property
    def _upstream(self) -> AviationStack:
        from flightctl.providers.aviationstack import Access, AviationStack, Plan

        if self._sandbox:
            from flightctl.providers.sandbox.transport import SandboxTransport

            access = Access("http://127.0.0.1/v1", "sandbox", Plan.PAID)
            return AviationStack(access, provider=_SANDBOX, transport=SandboxTransport(self._clock))
        from flightctl.keys import provider_key

        plan = Plan(self._settings["aviationstack.plan"])
        key = provider_key(self._settings, _AVIATIONSTACK)
        return AviationStack(Access(self._settings["aviationstack.url"], key, plan))
