"""A bucket on a real server, and mirrors that fill it from a file or from a remote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from flightctl.domain.listing import Kind
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Stored
from flightctl.mirror.terms import BucketTerms
from flightctl.render.flights import flight_shape
from flightctl.services.mirror_check import MirrorCheck
from flightctl.services.mirroring import Mirroring
from flightctl.store import claims, lists, outbox, shares
from flightctl.store.engine import Database
from mirror.conftest import bucket, nats_server, terms  # noqa: F401 - fixtures
from people import flight_id, observe
from store.conftest import as_login, as_service, as_user, db, engine, rows  # noqa: F401 - fixtures
from store.engines import AsUser

HOUR = timedelta(hours=1)


@dataclass
class World:
    """People with lists, over one database, and a mirror of it."""

    database: Database
    as_user: AsUser
    bucket: Bucket
    terms: BucketTerms

    def __post_init__(self) -> None:
        self.ahead = timedelta()
        self.mirroring = self.another_mirror()
        self.check = MirrorCheck(self.database, self.bucket, self.mirroring)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def another_mirror(self, to: Bucket | None = None) -> Mirroring:
        return Mirroring(self.database, to or self.bucket, flight_shape, self.now)

    def observe(self, number: int = 0, **more: object) -> None:
        observe(self.database, number, **{"observed_at": datetime.now(UTC), **more})

    def track(self, user: str, number: int = 0) -> None:
        with self.as_user(user).writing() as session:
            lists.add(session, user, flight_id(number), Kind.OWNED, datetime.now(UTC))

    def untrack(self, user: str, number: int = 0, kind: Kind | None = None) -> None:
        with self.as_user(user).writing() as session:
            lists.remove(session, user, flight_id(number), kind)

    def share(self, user: str, number: int = 0, lasts: timedelta = HOUR) -> tuple[str, str]:
        """The share's id and its token's hash."""
        token, flight = uuid4().hex * 2, flight_id(number)
        with self.as_user(user).writing() as session:
            made = shares.add(session, user, flight, token, {"flight_id": flight}, datetime.now(UTC), lasts)
        return made.share_id, token

    def claim(self, user: str, token: str) -> bool:
        with self.as_user(user).writing() as session:
            return claims.attempt(session, user, token, 10) is not None

    def revoke(self, user: str, share_id: str) -> None:
        with self.as_user(user).writing() as session:
            shares.revoke(session, share_id)

    def mirror(self) -> int:
        """Bring everything that is noted; how many rows that was."""
        count = self.mirroring.deliver_expired()
        while more := self.mirroring.deliver():
            count += more
        return count

    def stored(self, key_filter: str = ">") -> dict[str, Stored]:
        """What stands in the bucket, by key."""
        found = {one.key: one for one in self.bucket.everything(key_filter)}
        return {key: one for key, one in found.items() if not one.is_deleted}


@pytest.fixture
def world(db: Database, as_user: AsUser, bucket: Bucket, terms: BucketTerms) -> World:  # noqa: F811
    """Two flights, nobody's list, and a mirror that has begun."""
    made = World(db, as_user, bucket, terms)
    for number in range(2):
        made.observe(number)
    made.check.rebuild(lambda _: None)
    return made


@pytest.fixture
def mirrored(world: World) -> Callable[[], dict[str, Stored]]:
    """Mirror, and what stands in the bucket then."""

    def everything() -> dict[str, Stored]:
        world.mirror()
        return world.stored()

    return everything


@pytest.fixture
def waiting(world: World) -> Callable[[], int]:
    """How many rows wait in the outbox."""

    def count() -> int:
        with world.database.reading() as session:
            return outbox.waiting(session).rows

    return count
