"""The one place where the parts are put together, each only when it is needed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flightctl import settings as configuration
from flightctl.domain.caller import Caller, OpenTo, Role, Tier
from flightctl.domain.strategy import Strategy
from flightctl.domain.text import storable
from flightctl.errors import LocalFileError, NotAllowed
from flightctl.render.output import Format, Output
from flightctl.settings import DEFAULT, Settings
from flightctl.store.hits import LocalReader, TablesMissing, open_reader

if TYPE_CHECKING:
    from flightctl.domain.billing import Account, Price, Terms
    from flightctl.domain.checkup import Check
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
    from flightctl.store.local_engine import LocalFile
    from flightctl.store.remote_engine import Remote

_LOOK_WAIT_S = 0.1
_WHOAMI = "'flightctl whoami' shows your tier and who decided it"
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
        self._clock = clock
        self._remote_is_ahead = timedelta()
        self._has_handed_over = False
        self._shared_terms: Mapping[str, Terms] = {}

    def clock(self) -> datetime:
        """Now; by the remote's clock, as soon as it is known, so that all machines mean the same."""
        return self._clock() + self._remote_is_ahead

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
        """Who asks: whom the remote says, or the owner of the local file; the environment can lower them for a trial.

        Raises RemoteError, NotAllowed.
        """
        if self.has_remote:
            from flightctl.services.identity import caller_of, read_identity

            known, self._remote_is_ahead = read_identity(self._remote)
            self._shared_terms = known.terms
            return caller_of(known, self.settings, self._remote.title)
        tier, role = self.settings.value("caller.tier"), self.settings.value("caller.role")
        lowered = [value.origin for value in (tier, role) if value.origin != DEFAULT]
        return Caller(
            storable(self.settings["caller.user"]) or _login(),
            Tier(tier.parsed()),
            Role[role.parsed().upper()],
            "; ".join(["local file", *dict.fromkeys(lowered)]),
        )

    @property
    def has_remote(self) -> bool:
        """Whether a shared database is configured; the sandbox has none."""
        return bool(self.settings["remote.url"]) and not self.options.sandbox

    @cached_property
    def _remote(self) -> Remote:
        from flightctl.keys import remote_url
        from flightctl.store.remote_engine import Remote

        return Remote(remote_url(self.settings))

    @property
    def _terms(self) -> Mapping[str, Terms]:
        """What holds for everybody together, by provider, as the remote says."""
        _ = self.caller
        return self._shared_terms

    @property
    def _learns(self) -> bool:
        """Whether providers' answers teach the reference tables; those of a remote are service's to write."""
        return not self.has_remote or self.caller.role >= Role.SERVICE

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

    @property
    def _may_try_to_spend(self) -> bool:
        """The same before the remote, which decides, has been asked: a cached answer does not need it."""
        return self.has_remote or self.may_spend

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

        return LocalTier(self.reader, reports=self.has_remote)

    @cached_property
    def tiers(self) -> LocalTier:
        """The local tier, with the remote behind it where there is one."""
        if not self.has_remote:
            return self.local
        from flightctl.domain.tiers import CopyLifetimes
        from flightctl.services.two_tiers import Behind, TwoTiers

        lifetimes = CopyLifetimes(self.ttl, timedelta(hours=self.settings["cache.local_ttl_hours"]))
        behind = Behind(lambda: self.database, lambda: self.local_file, lifetimes, self.clock)
        return TwoTiers(self.reader, behind)

    @property
    def database(self) -> Database:
        """Where the facts are: the remote, or the local file. Raises StoreError, NotAllowed."""
        if not self.has_remote:
            return self.local_file
        # Who is let in at all is known first, and what time it is there.
        _ = self.caller
        self._hand_over()
        return self._remote

    def _hand_over(self) -> None:
        """What was counted here goes along, once in a run; where the file is in trouble, the next time."""
        if not self._has_handed_over:
            self._has_handed_over = True
            from flightctl.services.counting import hand_over

            with suppress(LocalFileError):
                hand_over(self.local_file, self._remote)

    @cached_property
    def local_file(self) -> LocalFile:
        """The local file for reading and writing, its tables up to date. Raises LocalFileError."""
        if self.local.trouble is not None:
            # It has been waited for once; another wait would end the same.
            raise self.local.trouble
        from flightctl.store.local_engine import LocalFile
        from flightctl.store.migrate import upgrade

        upgrade(self.path)
        return LocalFile(self.path)

    def lookups(self, flags: LookupFlags) -> Lookups:
        """A look-up with the strategy that this caller is entitled to; raises ConfigurationError."""
        from flightctl.services.lookup import Lookups, Upstream

        upstream = Upstream(self.provider, lambda: self.shared)
        price = self.price if flags.explain else None
        return Lookups(self._tiers(flags), upstream, self._strategy(flags), self.clock, explained_price=price)

    def dated_lookups(self, flags: LookupFlags, day: DepartureDay) -> DatedLookups:
        """A look-up for one day; raises ConfigurationError."""
        from flightctl.services.dated_lookup import DatedLookups

        strategy = self._strategy(flags)
        return DatedLookups(
            self._tiers(flags), lambda: self.days, strategy, self.lifetimes, day, self.clock, explains=flags.explain
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
                terms=self._terms,
                learns=self._learns,
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
            learns=self._learns,
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
        return billed_accounts.within(billed_accounts.account(self.settings, AVIATIONSTACK), self._terms)

    @property
    def known_accounts(self) -> list[Account]:
        """The same for who only looks on, for every provider that has a key. Raises ConfigurationError."""
        from flightctl.services import billed_accounts

        if self.options.sandbox:
            return [billed_accounts.sandbox_account(self.settings)]
        return [billed_accounts.within(one, self._terms) for one in billed_accounts.known_accounts(self.settings)]

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
        if not self.may_spend:
            raise NotAllowed("not in the cache; live lookups are for subscribers", hint=_WHOAMI)
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
        """A refresh of tracked flights; raises StoreError, ConfigurationError, and NotAllowed as ``refresh``."""
        self._require_service("refresh-stale")
        from flightctl.services.flight_refresh import FlightRefresh

        return FlightRefresh(self.database, self.lifetimes, self.clock)

    def watching(self) -> Watching:
        """The caller's list as it changes; raises LocalFileError and BadUser."""
        from flightctl.services.watching import Watching

        if self.has_remote:
            from flightctl.store.remote_watch import RemoteWatch

            signal = RemoteWatch(self.settings["remote.listen_url"] or self.settings["remote.url"])
            return Watching(self.database, signal, self.caller, self.clock)
        from flightctl.store.file_watch import FileWatch
        from flightctl.store.local_engine import LocalFile

        # Nobody waits for a lock in front of a live table: it is looked at again soon.
        file = LocalFile(self.local_file.path, wait_s=_LOOK_WAIT_S)
        return Watching(file, FileWatch(self.path), self.caller, self.clock)

    def ingesting(self) -> Ingesting:
        """What takes up flight updates; raises LocalFileError."""
        from flightctl.services.ingesting import Ingesting

        return Ingesting(self.database, self.caller, self.clock)

    def sharing(self) -> Sharing:
        """Shares and claims; raises LocalFileError and ConfigurationError."""
        from flightctl.render.flights import flight_shape
        from flightctl.services.sharing import Sharing

        return Sharing(self.database, self.caller, flight_shape, self.settings["sharing.max_failed_claims"])

    def database_facts(self) -> dict[str, Any]:
        """What ``db status`` shows. Raises NotFound, StoreError, NotAllowed."""
        from flightctl.services.local_file import remote_facts, status_facts

        if not self.has_remote:
            return status_facts(self.path, with_pending=self.caller.role >= Role.STAFF)
        # The local file is of one's own: what it holds of others is copies of what everybody may read.
        local = status_facts(self.local_file.path)
        return {**local, **remote_facts(self._remote, self.local_file, self._remote.title)}

    def checkup(self) -> Iterator[Check]:
        """What ``doctor`` looks at; raises nothing of what it finds."""
        from flightctl.services import doctor

        yield from doctor.settings_checks(self.settings)
        yield from doctor.key_checks(self.settings)
        yield from doctor.file_checks(self.path)
        if self.has_remote:
            yield from doctor.remote_checks(lambda: self._remote)
        else:
            yield from doctor.list_checks(lambda: self.local_file)
            yield doctor.NO_REMOTE

    def refresh(self, order: RefreshOrder) -> Refresh:
        """A refresh run; raises StoreError, and NotAllowed where the remote is not this caller's to write."""
        self._require_service("refresh-stale")
        from flightctl.services.refresh import Refresh

        return Refresh(self.database, order, self.provider, self.clock)

    def close(self) -> None:
        """Let go of what was opened."""
        for opened in ("local", "tiers", "local_file", "_remote", "paid", "day_endpoints"):
            if opened in self.__dict__:
                self.__dict__[opened].close()

    def _require_service(self, what: str) -> None:
        """What writes for everybody is for service, where there is anybody else."""
        if self.has_remote:
            self.caller.require(Role.SERVICE, what)

    def _tiers(self, flags: LookupFlags) -> LocalTier:
        return self.local if flags.offline else self.tiers

    def _strategy(self, flags: LookupFlags) -> Strategy:
        return Strategy(
            self.ttl,
            may_ask=self._may_try_to_spend,
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
