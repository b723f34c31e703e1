"""The parts that know NATS, put together when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flightctl.domain.caller import Role
from flightctl.domain.listing import list_user
from flightctl.errors import ConfigurationError
from flightctl.settings import Settings
from flightctl.store_parts import Stores

if TYPE_CHECKING:
    from flightctl.domain.flight import Flight
    from flightctl.mirror.bucket import Bucket
    from flightctl.mirror.terms import BucketTerms
    from flightctl.mirror.watch import MirrorWatch
    from flightctl.services.mirror_check import MirrorCheck
    from flightctl.services.mirror_run import MirrorRun
    from flightctl.services.mirroring import Mirroring


class MirrorParts:
    """What mirrors, and what it is mirrored to."""

    def __init__(self, settings: Settings, stores: Stores, clock: Callable[[], datetime], *, sandbox: bool) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._sandbox = sandbox

    @property
    def is_configured(self) -> bool:
        """Whether there is a NATS; the sandbox has none."""
        return bool(self._settings["nats.url"]) and not self._sandbox

    @cached_property
    def terms(self) -> BucketTerms:
        """Where the bucket is. Raises ConfigurationError."""
        from flightctl.keys import nats_credentials, nats_url
        from flightctl.mirror.terms import BucketTerms

        if not self.is_configured:
            hint = "set FLIGHTCTL_NATS_URL, such as nats://127.0.0.1:4222; the sandbox has none"
            raise ConfigurationError("no NATS is configured", hint=hint)
        names = ("bucket", "replicas", "history", "storage")
        name, replicas, history, storage = (self._settings[f"nats.{name}"] for name in names)
        credentials, api = nats_credentials(self._settings), self._settings["nats.api"]
        return BucketTerms(nats_url(self._settings), name, replicas, history, storage, credentials, api)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket. Raises ConfigurationError."""
        from flightctl.mirror.bucket import Bucket

        return Bucket(self.terms)

    @cached_property
    def mirroring(self) -> Mirroring:
        """What brings SQL's facts into the bucket; for service. Raises ConfigurationError, NotAllowed, StoreError."""
        from flightctl.services.mirroring import Mirroring

        self._stores.caller.require(Role.SERVICE, "mirror")
        return Mirroring(self._stores.database, self.bucket, _shape, self._clock)

    @cached_property
    def check(self) -> MirrorCheck:
        """What compares them, and makes the bucket anew. Raises as ``mirroring``."""
        from flightctl.services.mirror_check import MirrorCheck

        return MirrorCheck(self._stores.database, self.bucket, self.mirroring)

    def run(self) -> MirrorRun:
        """A mirror at work. Raises as ``mirroring``."""
        from flightctl.services.mirror_run import MirrorRun

        parts = self.mirroring, self.check, self._stores.signal()
        return MirrorRun(self._stores.database, self.bucket, *parts, self._clock)

    def signal(self, user: str) -> MirrorWatch:
        """How NATS tells that somebody's list has changed. Raises ConfigurationError, BadUser."""
        from flightctl.mirror.watch import MirrorWatch

        return MirrorWatch(self.terms, list_user(user), self._clock)

    @property
    def servers(self) -> str:
        """Where they are, without what they are entered with. Raises ConfigurationError."""
        from flightctl.mirror.terms import title

        return title(self.terms.url)

    def close(self) -> None:
        """Let go of the connection."""
        if "bucket" in self.__dict__:
            self.bucket.close()


def _shape(flight: Flight) -> dict[str, Any]:
    from flightctl.render.flights import flight_shape

    return flight_shape(flight)
