"""Where facts are kept, for whom and for how long: the local file, the remote where there is one, and who asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flightctl import settings as configuration
from flightctl.domain.caller import Caller, Role, Tier
from flightctl.domain.text import storable
from flightctl.errors import LocalFileError
from flightctl.settings import DEFAULT, Settings
from flightctl.store.hits import LocalReader, TablesMissing, open_reader

if TYPE_CHECKING:
    from flightctl.domain.billing import Terms
    from flightctl.domain.flight_freshness import FlightLifetimes
    from flightctl.services.local_tier import LocalTier
    from flightctl.services.watching import Signal
    from flightctl.store.engine import Database
    from flightctl.store.identity import Identity
    from flightctl.store.local_engine import LocalFile
    from flightctl.store.remote_engine import Remote


class Clock:
    """Now; by the remote's clock, as soon as it is known, so that all machines mean the same."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.remote_is_ahead = timedelta()

    def __call__(self) -> datetime:
        """The moment in UTC."""
        return self._now() + self.remote_is_ahead


class Stores:
    """The local file and the remote, each opened when it is first used."""

    def __init__(self, settings: Settings, clock: Clock, *, sandbox: bool) -> None:
        self._settings = settings
        self._clock = clock
        self._sandbox = sandbox
        self._has_handed_over = False

    @cached_property
    def caller(self) -> Caller:
        """Who asks: whom the remote says, or the owner of the local file; the environment can lower them for a trial.

        Raises RemoteError, NotAllowed.
        """
        if self.has_remote:
            from flightctl.services.identity import caller_of

            return caller_of(self._identity, self._settings, self.remote.title)
        tier, role = self._settings.value("caller.tier"), self._settings.value("caller.role")
        lowered = [value.origin for value in (tier, role) if value.origin != DEFAULT]
        return Caller(
            storable(self._settings["caller.user"]) or _login(),
            Tier(tier.parsed()),
            Role[role.parsed().upper()],
            "; ".join(["local file", *dict.fromkeys(lowered)]),
        )

    @property
    def terms(self) -> Mapping[str, Terms]:
        """What holds for everybody together, by provider, as the remote says. Raises as ``caller``."""
        return self._identity.terms if self.has_remote else {}

    @property
    def has_remote(self) -> bool:
        """Whether a shared database is configured; the sandbox has none."""
        return bool(self._settings["remote.url"]) and not self._sandbox

    @cached_property
    def remote(self) -> Remote:
        """The shared database, whoever asks. Raises ConfigurationError."""
        from flightctl.keys import remote_url
        from flightctl.store.remote_engine import Remote

        return Remote(remote_url(self._settings))

    @cached_property
    def path(self) -> Path:
        """The local SQLite file; the sandbox has its own."""
        return configuration.cache_path(self._settings, sandbox=self._sandbox)

    @property
    def ttl(self) -> timedelta:
        """How long a route is fresh."""
        return timedelta(days=self._settings["cache.ttl_days"])

    @property
    def negative_ttl(self) -> timedelta:
        """How long, more or less, "no such flight" is remembered."""
        return timedelta(minutes=self._settings["cache.negative_ttl_minutes"])

    @property
    def flight_lifetimes(self) -> FlightLifetimes:
        """How long dated flights are fresh. Raises ConfigurationError."""
        from flightctl.domain.flight_freshness import FlightLifetimes

        near, week, far = (
            self._settings[f"flights.ttl_{name}"] for name in ("near_minutes", "week_hours", "far_hours")
        )
        return FlightLifetimes(timedelta(minutes=near), timedelta(hours=week), timedelta(hours=far))

    @cached_property
    def local(self) -> LocalTier:
        """The local tier of look-ups."""
        from flightctl.services.local_tier import LocalTier

        return LocalTier(self._reader, reports=self.has_remote)

    @cached_property
    def tiers(self) -> LocalTier:
        """The local tier, with the remote behind it where there is one."""
        if not self.has_remote:
            return self.local
        from flightctl.domain.tiers import CopyLifetimes
        from flightctl.services.two_tiers import Behind, TwoTiers

        lifetimes = CopyLifetimes(self.ttl, timedelta(hours=self._settings["cache.local_ttl_hours"]))
        behind = Behind(lambda: self.database, lambda: self.local_file, lifetimes, self._clock)
        return TwoTiers(self._reader, behind)

    @property
    def database(self) -> Database:
        """Where the facts are: the remote, or the local file. Raises StoreError, NotAllowed."""
        if not self.has_remote:
            return self.local_file
        # Who is let in at all is known first, and what time it is there.
        _ = self.caller
        self._hand_over()
        return self.remote

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

    def signal(self) -> Signal:
        """How it is noticed that the facts have changed. Raises ConfigurationError."""
        if self.has_remote:
            from flightctl.store.remote_watch import RemoteWatch

            return RemoteWatch(self._settings["remote.listen_url"] or self._settings["remote.url"])
        from flightctl.store.file_watch import FileWatch

        return FileWatch(self.path)

    def close(self) -> None:
        """Let go of what was opened."""
        for opened in ("local", "tiers", "local_file", "remote"):
            if opened in self.__dict__:
                self.__dict__[opened].close()

    @cached_property
    def _identity(self) -> Identity:
        from flightctl.services.identity import read_identity

        known, self._clock.remote_is_ahead = read_identity(self.remote)
        return known

    def _reader(self) -> LocalReader:
        """The reader of local hits; makes or upgrades the file first where that is due. Raises LocalFileError."""
        try:
            return open_reader(self.path)
        except TablesMissing:
            from flightctl.store.migrate import upgrade

            upgrade(self.path)
            return open_reader(self.path)

    def _hand_over(self) -> None:
        """What was counted here goes along, once in a run; where the file is in trouble, the next time."""
        if not self._has_handed_over:
            self._has_handed_over = True
            from flightctl.services.counting import hand_over

            with suppress(LocalFileError):
                hand_over(self.local_file, self.remote)


def _login() -> str:
    """The OS login; the numeric user where it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
