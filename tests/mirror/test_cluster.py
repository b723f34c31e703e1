"""Three servers that keep the bucket together, one of which is killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from beating import beating, now, settled, until
from flightctl.domain.key_space import list_key
from flightctl.domain.listing import Kind
from flightctl.errors import MirrorError
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Write
from flightctl.mirror.terms import BucketTerms
from flightctl.mirror.watch import MirrorWatch
from nats_servers import NatsCluster

pytestmark = pytest.mark.slow
OWN = list_key("u1", Kind.OWNED, "F")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with NatsCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def replicated(cluster: NatsCluster) -> Iterator[tuple[Bucket, BucketTerms]]:
    """A bucket that all three have."""
    terms = BucketTerms(cluster.url, "b", replicas=3)
    with Bucket(terms) as bucket:
        assert until(lambda: _is_made(bucket), 60)
        yield bucket, terms


def _is_made(bucket: Bucket) -> bool:
    """A cluster takes a while to find together."""
    try:
        bucket.make()
    except MirrorError:
        return False
    return True


def _persistently(bucket: Bucket, writes: list[Write]) -> None:
    """Write as a mirror does: what is in conflict is looked at again."""
    left = writes
    while left:
        held = bucket.held([one.key for one in left])
        left = bucket.write(
            [one._replace(revision=held[one.key].revision) for one in left if held[one.key].version != one.version]
        )


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_one_of_three_servers_is_killed_and_nothing_acknowledged_is_lost(
    cluster: NatsCluster, replicated: tuple[Bucket, BucketTerms], victim: int
) -> None:
    bucket, terms = replicated
    for part in range(40):
        if part == 10:
            cluster.servers[victim].kill()
        _persistently(bucket, [Write(f"a.{part}.{n}", 1, 0, b"x" * 500) for n in range(100)])
    with Bucket(terms) as other:
        assert {one.key for one in other.everything()} == {f"a.{part}.{n}" for part in range(40) for n in range(100)}


def test_watching_goes_on_when_one_of_three_servers_is_killed(
    cluster: NatsCluster, replicated: tuple[Bucket, BucketTerms]
) -> None:
    bucket, terms = replicated
    with beating(terms):
        watch = MirrorWatch(terms, "u1", now)
        try:
            for victim in range(2):
                assert settled(watch, 45)
                cluster.servers[victim].kill()
                _persistently(bucket, [Write(OWN, victim + 1, 0, b"{}")])
                assert until(watch.has_changed, 20)
                cluster.servers[victim].start()
        finally:
            watch.close()


def test_a_bucket_with_one_replica_is_given_three(cluster: NatsCluster) -> None:
    terms = BucketTerms(cluster.url, "c")
    with Bucket(terms) as one, Bucket(terms._replace(replicas=3)) as three:
        assert until(lambda: _is_made(one), 60)
        one.write([Write(OWN, 1, 0, b"{}")])
        three.make()
        assert until(lambda: three.held([OWN])[OWN].is_there)
