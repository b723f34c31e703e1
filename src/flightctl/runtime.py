"""The one place where the parts are put together, each only when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from flightctl import settings as configuration
from flightctl.domain.caller import Caller, Role
from flightctl.domain.strategy import Strategy
from flightctl.paid_parts import PaidParts
from flightctl.render.output import Format, Output
from flightctl.settings import Settings
from flightctl.store_parts import Clock, Stores

if TYPE_CHECKING:
    from flightctl.domain.checkup import Check
    from flightctl.domain.departure_day import DepartureDay
    from flightctl.domain.renewal import RefreshOrder
    from flightctl.mirror_parts import MirrorParts
    from flightctl.services.dated_lookup import DatedLookups
    from flightctl.services.flight_refresh import FlightRefresh
    from flightctl.services.ingesting import Ingesting
    from flightctl.services.lists import Lists
    from flightctl.services.local_tier import LocalTier
    from flightctl.services.lookup import Lookups
    from flightctl.services.manual_flights import ManualFlights
    from flightctl.services.refresh import Refresh
    from flightctl.services.review import Review
    from flightctl.services.sharing import Sharing
    from flightctl.services.watching import Watching
    from flightctl.store.engine import Database

_LOOK_WAIT_S = 0.1


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
        self.clock = Clock(clock)

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
    def stores(self) -> Stores:
        """The local file and the remote; raises ConfigurationError."""
        return Stores(self.settings, self.clock, sandbox=self.options.sandbox)

    @cached_property
    def paying(self) -> PaidParts:
        """What costs money; raises ConfigurationError."""
        return PaidParts(self.settings, self.stores, self.clock, sandbox=self.options.sandbox)

    @cached_property
    def mirror(self) -> MirrorParts:
        """What knows NATS; raises ConfigurationError."""
        from flightctl.mirror_parts import MirrorParts

        return MirrorParts(self.settings, self.stores, self.clock, sandbox=self.options.sandbox)

    @property
    def caller(self) -> Caller:
        """Who asks. Raises RemoteError, NotAllowed."""
        return self.stores.caller

    @property
    def database(self) -> Database:
        """Where the facts are: the remote, or the local file. Raises StoreError, NotAllowed."""
        return self.stores.database

    @property
    def ttl(self) -> timedelta:
        """How long a route is fresh."""
        return self.stores.ttl

    def lookups(self, flags: LookupFlags) -> Lookups:
        """A look-up with the strategy that this caller is entitled to; raises ConfigurationError."""
        from flightctl.services.lookup import Lookups, Upstream

        upstream = Upstream(self.paying.provider, lambda: self.paying.routes)
        price = self.paying.price if flags.explain else None
        return Lookups(self._tiers(flags), upstream, self._strategy(flags), self.clock, explained_price=price)

    def dated_lookups(self, flags: LookupFlags, day: DepartureDay) -> DatedLookups:
        """A look-up for one day; raises ConfigurationError."""
        from flightctl.services.dated_lookup import DatedLookups

        strategy, lifetimes = self._strategy(flags), self.stores.flight_lifetimes
        return DatedLookups(
            self._tiers(flags), lambda: self.paying.days, strategy, lifetimes, day, self.clock, explains=flags.explain
        )

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

        return FlightRefresh(self.database, self.stores.flight_lifetimes, self.clock)

    def watching(self) -> Watching:
        """The caller's list as it changes; raises LocalFileError and BadUser."""
        from flightctl.services.watching import Watching

        caller, database = self.caller, self.database
        if not self.stores.has_remote:
            from flightctl.store.local_engine import LocalFile

            # Nobody waits for a lock in front of a live table: it is looked at again soon.
            database = LocalFile(self.stores.local_file.path, wait_s=_LOOK_WAIT_S)
        signal = self.mirror.signal(caller.user) if self.mirror.is_configured else self.stores.signal()
        return Watching(database, signal, caller, self.clock)

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

        if not self.stores.has_remote:
            return status_facts(self.stores.path, with_pending=self.caller.role >= Role.STAFF)
        # The local file is of one's own: what it holds of others is copies of what everybody may read.
        local = status_facts(self.stores.local_file.path)
        return {**local, **remote_facts(self.stores.remote, self.stores.local_file, self.stores.remote.title)}

    def checkup(self) -> Iterator[Check]:
        """What ``doctor`` looks at; raises nothing of what it finds."""
        from flightctl.services import doctor

        yield from doctor.settings_checks(self.settings)
        yield from doctor.key_checks(self.settings)
        yield from doctor.file_checks(self.stores.path)
        if self.stores.has_remote:
            yield from doctor.remote_checks(lambda: self.stores.remote)
        else:
            yield from doctor.list_checks(lambda: self.stores.local_file)
            yield doctor.NO_REMOTE
        yield from self._nats_checks()

    def _nats_checks(self) -> Iterator[Check]:
        from flightctl.services import doctor

        if not self.mirror.is_configured:
            yield doctor.NO_NATS
            return
        yield from doctor.nats_checks(lambda: self.mirror.signal(self.caller.user), lambda: self.mirror.servers)

    def refresh(self, order: RefreshOrder) -> Refresh:
        """A refresh run; raises StoreError, and NotAllowed where the remote is not this caller's to write."""
        self._require_service("refresh-stale")
        from flightctl.services.refresh import Refresh

        return Refresh(self.database, order, self.paying.provider, self.clock)

    def close(self) -> None:
        """Let go of what was opened."""
        for opened in ("mirror", "stores", "paying"):
            if opened in self.__dict__:
                self.__dict__[opened].close()

    def _require_service(self, what: str) -> None:
        """What writes for everybody is for service, where there is anybody else."""
        if self.stores.has_remote:
            self.caller.require(Role.SERVICE, what)

    def _tiers(self, flags: LookupFlags) -> LocalTier:
        return self.stores.local if flags.offline else self.stores.tiers

    def _strategy(self, flags: LookupFlags) -> Strategy:
        return Strategy(
            self.ttl,
            may_ask=self.paying.may_try_to_spend,
            offline=flags.offline,
            refresh=flags.refresh,
            cache_enabled=self.settings["cache.enabled"],
            stale_if_error=flags.stale_if_error or self.settings["cache.stale_if_error"],
        )


def fallback_output(options: Options) -> Output:
    """Streams for a failure that comes before, or from, the settings."""
    return Output(Format(options.format), "never", quiet=options.quiet, verbose=options.verbose)
