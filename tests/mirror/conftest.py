"""A NATS server that the tests of a worker share, and a bucket of each test's own on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from flightctl.mirror.bucket import Bucket
from flightctl.mirror.terms import BucketTerms
from nats_servers import NatsServer


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def terms(nats_server: NatsServer) -> BucketTerms:
    return BucketTerms(nats_server.url, f"b{uuid.uuid4().hex[:12]}", storage="memory")


@pytest.fixture
def bucket(terms: BucketTerms) -> Iterator[Bucket]:
    """One that is made."""
    with Bucket(terms) as bucket:
        bucket.make()
        yield bucket
        bucket.wipe()
