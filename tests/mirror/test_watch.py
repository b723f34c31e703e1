"""A watcher: told of its user's changes and no other's, and never sure of what it does not hear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beating import beating, now, settled, until
from flightctl.domain.key_space import list_key, master_key, sent_share_key
from flightctl.domain.listing import Kind
from flightctl.errors import ConfigurationError
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Write
from flightctl.mirror.terms import BucketTerms
from flightctl.mirror.watch import MirrorWatch
from nats_servers import NatsServer, free_port

Watching = Callable[..., MirrorWatch]
OWN = list_key("u1", Kind.OWNED, "ANZ1.2026-11-21.0830.NZAA.NZCH")


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Watch; it is closed in the end."""
    opened: list[MirrorWatch] = []

    def watch(terms: BucketTerms, clock: Callable[[], datetime] = now) -> MirrorWatch:
        opened.append(MirrorWatch(terms, "u1", clock))
        return opened[-1]

    yield watch
    for one in opened:
        one.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[NatsServer]:
    """One that a test may kill."""
    with NatsServer(tmp_path / "own") as server:
        yield server


def test_a_watcher_is_to_read_at_first_and_not_again_when_nothing_happens(
    bucket: Bucket, terms: BucketTerms, watching: Watching
) -> None:
    with beating(terms):
        watch = watching(terms)
        assert watch.has_changed()
        assert settled(watch)
        assert not until(watch.has_changed, 0.3)


@pytest.mark.parametrize("is_deletion", [False, True])
def test_a_change_of_the_user_s_list_is_told(
    bucket: Bucket, terms: BucketTerms, watching: Watching, is_deletion: bool
) -> None:
    with beating(terms):
        watch = watching(terms)
        assert settled(watch)
        bucket.write([Write(OWN, 1, 0, is_deletion=is_deletion)])
        assert until(watch.has_changed, 2)
        assert not watch.has_changed()


@pytest.mark.parametrize(
    "key",
    [
        list_key("u2", Kind.OWNED, "F"),
        list_key("u1.flights", Kind.OWNED, "F"),
        master_key("F"),
        sent_share_key("u1", "s"),
    ],
)
def test_what_is_not_in_the_user_s_list_is_not_told(
    bucket: Bucket, terms: BucketTerms, watching: Watching, key: str
) -> None:
    with beating(terms):
        watch = watching(terms)
        assert settled(watch)
        bucket.write([Write(key, 1, 0, b"{}")])
        assert not until(watch.has_changed, 0.3)


def test_every_change_of_many_is_told(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    with beating(terms):
        watch = watching(terms)
        assert settled(watch)
        for revision in range(20):
            [held] = bucket.held([OWN]).values()
            bucket.write([Write(OWN, revision + 1, held.revision, b"{}")])
            assert until(watch.has_changed, 2)


def test_who_is_to_look_again_looks_again(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    with beating(terms):
        watch = watching(terms)
        assert settled(watch)
        watch.look_again()
        assert watch.has_changed()


def test_the_silence_is_counted_from_the_last_heartbeat(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    times = [datetime(2026, 11, 21, tzinfo=UTC)]
    watch = watching(terms, lambda: times[-1])
    times.append(times[-1] + timedelta(minutes=5))
    assert watch.silent_for() == timedelta(minutes=5)
    with beating(terms):
        assert until(lambda: watch.silent_for() == timedelta(0))


def test_an_old_heartbeat_is_none(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    bucket.beat(b"{}")
    watch = watching(terms)
    assert not until(lambda: watch.is_sound, 0.5)


def test_without_a_heartbeat_it_is_looked_now_and_then(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    watch = watching(terms)
    began = time.monotonic()
    assert watch.has_changed()
    until(watch.has_changed, 0.5)
    assert until(watch.has_changed, 7)
    assert time.monotonic() - began > 4


def test_nats_need_not_be_there_yet(tmp_path: Path, watching: Watching) -> None:
    with NatsServer(tmp_path / "late") as server:
        terms = BucketTerms(server.url, "b")
        server.kill()
        watch = watching(terms)
        assert until(lambda: "cannot be reached" in watch.trouble)
        server.start()
        with Bucket(terms) as bucket, beating(terms):
            bucket.make()
            assert settled(watch, 15)


def test_a_server_that_was_killed_is_watched_again_and_the_list_read_again(
    own_server: NatsServer, watching: Watching
) -> None:
    terms = BucketTerms(own_server.url, "b")
    with Bucket(terms) as bucket, beating(terms):
        bucket.make()
        watch = watching(terms)
        assert settled(watch)
        own_server.kill()
        assert until(lambda: not watch.is_sound, 3)
        own_server.start()
        assert until(lambda: watch.is_sound, 20)
        assert watch.has_changed()
        bucket.write([Write(OWN, 1, 0, b"{}")])
        assert until(watch.has_changed, 2)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
def test_a_wiped_bucket_is_noticed_within_15_s_and_watched_within_30_s_of_its_return(
    own_server: NatsServer, watching: Watching, kept: bool
) -> None:
    terms = BucketTerms(own_server.url, "b")
    with Bucket(terms) as bucket, beating(terms):
        bucket.make()
        watch = watching(terms)
        assert settled(watch)
        if kept:
            bucket.wipe()
        else:
            own_server.kill()
            own_server.wipe()
            own_server.start()
        assert until(lambda: not watch.is_sound, 15)
        assert until(lambda: "no bucket" in watch.trouble, 15)
        time.sleep(5)
        bucket.make()
        assert until(lambda: watch.is_sound, 30)
        assert watch.has_changed()


@pytest.mark.slow
def test_a_mirror_that_has_stopped_is_noticed(bucket: Bucket, terms: BucketTerms, watching: Watching) -> None:
    with beating(terms):
        watch = watching(terms)
        assert settled(watch)
    assert until(lambda: not watch.is_sound, 20)
    assert "no mirror" in watch.trouble
    with beating(terms):
        assert until(lambda: watch.is_sound, 30)


@pytest.mark.slow
def test_a_server_that_is_frozen_is_noticed(own_server: NatsServer, watching: Watching) -> None:
    terms = BucketTerms(own_server.url, "b")
    with Bucket(terms) as bucket, beating(terms):
        bucket.make()
        watch = watching(terms)
        assert settled(watch)
        own_server.freeze()
        assert until(lambda: not watch.is_sound, 15)
        own_server.thaw()
        assert until(lambda: watch.is_sound, 30)


def test_who_closes_does_not_wait(watching: Watching) -> None:
    watch = watching(BucketTerms(f"nats://127.0.0.1:{free_port()}", "b"))
    began = time.monotonic()
    watch.close()
    watch.close()
    assert time.monotonic() - began < 2


def test_an_address_that_is_none_is_told_at_once(watching: Watching) -> None:
    with pytest.raises(ConfigurationError):
        watching(BucketTerms("nats://nats.example", "b"))
