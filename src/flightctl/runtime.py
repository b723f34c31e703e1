"""The one place where the parts are put together, each only when it is needed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flightctl import settings as configuration
from flightctl.domain.caller import Caller, OpenTo, Role, Tier
from flightctl.domain.strategy import Strategy
from flightctl.domain.text import storable
from flightctl.render.output import Format, Output
from flightctl.settings import DEFAULT, Settings
from flightctl.store.hits import LocalReader, TablesMissing, open_reader

if TYPE_CHECKING:
    from flightctl.domain.billing import Account, Price
    from flightctl.domain.departure_day import DepartureDay
    from flightctl.domain.flight_freshness import FlightLifetimes
    from flightctl.domain.renewal import RefreshOrder
    from flightctl.providers.aviationstack import AviationStack
    from flightctl.services.dated_lookup import DatedLookups
    from flightctl.services.day_endpoints import DayEndpoints
    from flightctl.services.flight_refresh import FlightRefresh
    from flightctl.services.ingesting import Ingesting
    from flightctl.services.kept_routes import KeptRoutes
    from flightctl.services.lists import Lists
    from flightctl.services.local_tier import LocalTier
    from flightctl.services.lookup import Lookups
    from flightctl.services.manual_flights import ManualFlights
    from flightctl.services.paid_routes import PaidRoutes
    from flightctl.services.refresh import Refresh
    from flightctl.services.review import Review
    from flightctl.services.shared_days import SharedDays
    from flightctl.services.shared_routes import SharedRoutes
    from flightctl.services.sharing import Sharing
    from flightctl.services.spending import Spending
    from flightctl.services.watching import Watching
    from flightctl.store.engine import Database

_LOOK_WAIT_S = 0.1
SANDBOX = "sandbox"
AVIATIONSTACK = "aviationstack"


class Options:
    """The global options of a command line, filled in while it is read."""

    def __init__(self, *, sandbox: bool = False) -> None:
        self.sandbox = sandbox
        self.format = Format.TABLE.value
        self.quiet = self.verbose = self.yes = False
        self.flags: dict[str, str] = {}
        """Settings that were given as options."""


class LookupFlags(NamedTuple):
    """The options of one look-up."""

    offline: bool = False
    refresh: bool = False
    stale_if_error: bool = False
    explain: bool = False


def utc_now() -> datetime:
    """The clock, in one place."""
    return datetime.now(UTC)


class Runtime:
    """What a command line has at hand. Nothing is read or opened before it is asked for."""

    def __init__(self, options: Options, environ: Mapping[str, str], clock: Callable[[], datetime] = utc_now) -> None:
        self.options = options
        self.environ = environ
        self.clock = clock

    @cached_property
    def settings(self) -> Settings:
        """Flags over environment over file over defaults; raises ConfigurationError."""
        return configuration.load(self.environ).with_flags(self.options.flags)

    @cached_property
    def output(self) -> Output:
        """Streams and format; raises ConfigurationError for a bad ``output.*`` setting."""
        return Output(
            Format(self.options.format),
            self.settings["output.color"],
            quiet=self.options.quiet,
            verbose=self.options.verbose,
            csv_safe=self.settings["output.csv_safe"],
        )

    @cached_property
    def caller(self) -> Caller:
        """Who asks: without a remote, the owner of the local file, whom the environment can lower for a trial."""
        tier, role = self.settings.value("caller.tier"), self.settings.value("caller.role")
        lowered = [value.origin for value in (tier, role) if value.origin != DEFAULT]
        return Caller(
            storable(self.settings["caller.user"]) or _login(),
            Tier(tier.parsed()),
            Role[role.parsed().upper()],
            "; ".join(["local file", *dict.fromkeys(lowered)]),
        )

    @cached_property
    def path(self) -> Path:
        """The local SQLite file; the sandbox has its own."""
        return configuration.cache_path(self.settings, sandbox=self.options.sandbox)

    @property
    def ttl(self) -> timedelta:
        """How long a route is fresh."""
        return timedelta(days=self.settings["cache.ttl_days"])

    @property
    def negative_ttl(self) -> timedelta:
        """How long, more or less, "no such flight" is remembered."""
        return timedelta(minutes=self.settings["cache.negative_ttl_minutes"])

    @property
    def provider(self) -> str:
        """The name of who is paid: ``aviationstack``, or ``sandbox``."""
        return SANDBOX if self.options.sandbox else AVIATIONSTACK

    @property
    def may_spend(self) -> bool:
        """Whether this caller may make paid calls."""
        return self.caller.may_spend(OpenTo(self.settings["aviationstack.open_to"]))

    def reader(self) -> LocalReader:
        """The reader of local hits; makes or upgrades the file first where that is due. Raises LocalFileError."""
        try:
            return open_reader(self.path)
        except TablesMissing:
            from flightctl.store.migrate import upgrade

            upgrade(self.path)
            return open_reader(self.path)

    @cached_property
    def local(self) -> LocalTier:
        """The local tier of look-ups."""
        from flightctl.services.local_tier import LocalTier

        return LocalTier(self.reader)

    @cached_property
    def database(self) -> Database:
        """The local file for reading and writing, its tables up to date. Raises LocalFileError."""
        if self.local.trouble is not None:
            # It has been waited for once; another wait would end the same.
            raise self.local.trouble
        from flightctl.store.engine import Database
        from flightctl.store.migrate import upgrade

        upgrade(self.path)
        return Database(self.path)

    def lookups(self, flags: LookupFlags) -> Lookups:
        """A look-up with the strategy that this caller is entitled to; raises ConfigurationError."""
        from flightctl.services.lookup import Lookups, Upstream

        upstream = Upstream(self.provider, lambda: self.shared)
        price = self.price if flags.explain else None
        return Lookups(self.local, upstream, self._strategy(flags), self.clock, explained_price=price)

    def dated_lookups(self, flags: LookupFlags, day: DepartureDay) -> DatedLookups:
        """A look-up for one day; raises ConfigurationError."""
        from flightctl.services.dated_lookup import DatedLookups

        strategy = self._strategy(flags)
        return DatedLookups(
            self.local, lambda: self.days, strategy, self.lifetimes, day, self.clock, explains=flags.explain
        )

    @property
    def lifetimes(self) -> FlightLifetimes:
        """How long dated flights are fresh. Raises ConfigurationError."""
        from flightctl.domain.flight_freshness import FlightLifetimes

        near, week, far = (self.settings[f"flights.ttl_{name}"] for name in ("near_minutes", "week_hours", "far_hours"))
        return FlightLifetimes(timedelta(minutes=near), timedelta(hours=week), timedelta(hours=far))

    @cached_property
    def days(self) -> SharedDays:
        """The paid step of look-ups for one day; raises ConfigurationError."""
        return self.day_endpoints.shared()

    @cached_property
    def day_endpoints(self) -> DayEndpoints:
        """What can be asked for one day."""
        from flightctl.services.day_endpoints import DayEndpoints, Surroundings

        return DayEndpoints(
            Surroundings(
                self.settings,
                self.caller,
                database=lambda: self.database,
                clock=self.clock,
                aviationstack=lambda: self._upstream,
                spending=lambda: self.spending,
                lifetimes=self.lifetimes,
                negative_ttl=self.negative_ttl,
                sandbox=self.options.sandbox,
            )
        )

    @cached_property
    def paid(self) -> PaidRoutes:
        """The paid step; raises NoKey and other ConfigurationErrors."""
        from flightctl.services.paid_routes import PaidRoutes

        return PaidRoutes(self._upstream, self.spending, self._keeping, lambda: self.database, self.clock)

    @cached_property
    def _keeping(self) -> KeptRoutes:
        from flightctl.services.kept_routes import KeepSettings, KeptRoutes

        settings = KeepSettings(
            self.provider,
            self.ttl,
            self.negative_ttl,
            keep_payload=self.settings["cache.store_payload"],
            keep=self.settings["cache.enabled"],
        )
        return KeptRoutes(lambda: self.database, settings)

    @cached_property
    def spending(self) -> Spending:
        """What all paid calls go through; raises NoKey and other ConfigurationErrors."""
        from flightctl.services.spending import Spending

        return Spending(self.account, lambda: self.database, self.clock, time.sleep)

    @property
    def account(self) -> Account:
        """Who is billed. Raises NoKey and other ConfigurationErrors."""
        from flightctl.services import billed_accounts

        if self.options.sandbox:
            return billed_accounts.sandbox_account(self.settings)
        return billed_accounts.account(self.settings, AVIATIONSTACK)

    @property
    def known_accounts(self) -> list[Account]:
        """The same for who only looks on, for every provider that has a key. Raises ConfigurationError."""
        from flightctl.services import billed_accounts

        if self.options.sandbox:
            return [billed_accounts.sandbox_account(self.settings)]
        return billed_accounts.known_accounts(self.settings)

    @property
    def price(self) -> Price:
        """What one call costs; nothing in the sandbox. Raises ConfigurationError."""
        from flightctl.services import billed_accounts

        if self.options.sandbox:
            return billed_accounts.sandbox_account(self.settings).price
        return billed_accounts.price_of_a_call(self.settings, AVIATIONSTACK)

    @cached_property
    def shared(self) -> SharedRoutes:
        """The paid step behind the single flight; raises as ``paid``."""
        from flightctl.services.paid_pages import PaidPages
        from flightctl.services.shared_routes import SharedRoutes
        from flightctl.services.single_flight import SingleFlight

        single = SingleFlight(lambda: self.database, self.clock, time.sleep)
        pages = PaidPages(self._upstream, self.spending, self._keeping, lambda: self.database, self.clock)
        return SharedRoutes(self.paid, pages, single, self.clock, shares=self.settings["cache.enabled"])

    def review(self) -> Review:
        """Manual entries; raises LocalFileError."""
        from flightctl.services.review import Review

        return Review(self.database, self.caller, self.clock, self.ttl)

    def manual_flights(self) -> ManualFlights:
        """Manual flights of one day, and the history of any flight; raises LocalFileError."""
        from flightctl.services.manual_flights import ManualFlights

        return ManualFlights(self.database, self.caller, self.clock, self.review())

    def lists(self) -> Lists:
        """The caller's list; raises LocalFileError."""
        from flightctl.services.lists import Lists

        return Lists(self.database, self.caller, self.clock)

    def flight_refresh(self) -> FlightRefresh:
        """A refresh of tracked flights; raises LocalFileError and ConfigurationError."""
        from flightctl.services.flight_refresh import FlightRefresh

        return FlightRefresh(self.database, self.lifetimes, self.clock)

    def watching(self) -> Watching:
        """The caller's list as it changes; raises LocalFileError and BadUser."""
        from flightctl.services.watching import Watching
        from flightctl.store.engine import Database

        # Nobody waits for a lock in front of a live table: it is looked at again soon.
        return Watching(Database(self.database.path, wait_s=_LOOK_WAIT_S), self.caller, self.clock)

    def ingesting(self) -> Ingesting:
        """What takes up flight updates; raises LocalFileError."""
        from flightctl.services.ingesting import Ingesting

        return Ingesting(self.database, self.caller, self.clock)

    def sharing(self) -> Sharing:
        """Shares and claims; raises LocalFileError and ConfigurationError."""
        from flightctl.render.flights import flight_shape
        from flightctl.services.sharing import Sharing

        return Sharing(self.database, self.caller, flight_shape, self.settings["sharing.max_failed_claims"])

    def refresh(self, order: RefreshOrder) -> Refresh:
        """A refresh run; raises LocalFileError."""
        from flightctl.services.refresh import Refresh

        return Refresh(self.database, order, self.provider, self.clock)

    def close(self) -> None:
        """Let go of what was opened."""
        for opened in ("local", "database", "paid", "day_endpoints"):
            if opened in self.__dict__:
                self.__dict__[opened].close()

    def _strategy(self, flags: LookupFlags) -> Strategy:
        return Strategy(
            self.ttl,
            may_ask=self.may_spend,
            offline=flags.offline,
            refresh=flags.refresh,
            cache_enabled=self.settings["cache.enabled"],
            stale_if_error=flags.stale_if_error or self.settings["cache.stale_if_error"],
        )

    @cached_property
    def _upstream(self) -> AviationStack:
        from flightctl.providers.aviationstack import Access, AviationStack, Plan

        if self.options.sandbox:
            from flightctl.providers.sandbox.transport import SandboxTransport

            access = Access("http://127.0.0.1/v1", "sandbox", Plan.PAID)
            return AviationStack(access, provider=SANDBOX, transport=SandboxTransport(self.clock))
        plan = Plan(self.settings["aviationstack.plan"])
        return AviationStack(Access(self.settings["aviationstack.url"], self._key, plan))

    @cached_property
    def _key(self) -> str:
        from flightctl.keys import provider_key

        return provider_key(self.settings, AVIATIONSTACK)


def fallback_output(options: Options) -> Output:
    """Streams for a failure that comes before, or from, the settings."""
    return Output(Format(options.format), "never", quiet=options.quiet, verbose=options.verbose)


def _login() -> str:
    """The OS login; the numeric user where it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
