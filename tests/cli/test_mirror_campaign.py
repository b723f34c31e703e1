"""Lists, shares and flights change without a pause, while SQL, mirrors and NATS are killed: the bucket comes to be
equal, and no version ever goes back.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import churn
import nursery
import postgres as postgres_server
from beating import until
from flightctl.domain.key_space import flight_named
from followers import Recorder, entries_of, is_whole
from machines import machine_of
from nats_servers import NatsCluster, NatsServer
from people import observe
from postgres import SERVICE, RemoteDatabase
from running import Result

pytestmark = pytest.mark.slow
KILLS = 50
WITHIN_S = 30.0
WRITERS = MIRRORS = 2
BUCKET = "campaign"
SETTINGS = "synchronous_commit = on\nfsync = off\nmax_connections = 100\n"
"""A crash of the server, and not of the machine, takes nothing from what the kernel was given."""
Rows = Callable[..., list[Any]]


@dataclass
class Campaign:
    """What goes on, and is started again when it ends."""

    addresses: dict[str, str]
    folder: Path
    environ: dict[str, str]
    chance: random.Random
    writers: list[nursery.Child] = field(default_factory=list)
    mirrors: list[nursery.Child] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What mirrors have said before they ended."""

    def start(self) -> None:
        """With some flights, and everybody at work."""
        with closing(churn.opened(self.addresses[SERVICE])) as db:
            for number in range(churn.FLIGHTS):
                observe(db, number)
        (self.folder / "tokens").touch()
        (self.folder / "done").touch()
        self.writers = [self._writer() for _ in range(WRITERS)]
        self.mirrors = [self._mirror() for _ in range(MIRRORS)]

    def go_on(self, for_s: float) -> None:
        """Let it go on; a mirror that ends, as where SQL is away when it starts, is started again."""
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            for place, mirror in enumerate(self.mirrors):
                if mirror.poll() is not None:
                    self.mirrors[place] = self._again(mirror)
            time.sleep(0.05)

    def kill_a_mirror(self) -> None:
        place = self.chance.randrange(MIRRORS)
        self.mirrors[place].kill()
        self.mirrors[place] = self._again(self.mirrors[place])

    def kill_a_writer(self) -> None:
        place = self.chance.randrange(WRITERS)
        self._ended(self.writers[place])
        self.writers[place] = self._writer()

    def stop_writing(self) -> None:
        while self.writers:
            self._ended(self.writers.pop())

    def stop(self) -> None:
        self.stop_writing()
        while self.mirrors:
            self._ended(self.mirrors.pop())

    def verify(self) -> Result:
        with nursery.flightctl("mirror", "verify", "--json", environ=self.environ) as child:
            out, err = child.communicate(60)
        return Result(child.wait(60), out.decode(), err.decode())

    def _writer(self) -> nursery.Child:
        return churn.started(self.addresses, self.folder, self.chance.randrange(1_000_000))

    def _mirror(self) -> nursery.Child:
        return nursery.flightctl("mirror", "run", environ=self.environ)

    def _again(self, mirror: nursery.Child) -> nursery.Child:
        self._ended(mirror)
        return self._mirror()

    def _ended(self, child: nursery.Child) -> None:
        child.kill()
        with child:
            self.said.append(child.communicate(30)[1].decode())


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as server:
        yield server


@pytest.fixture(scope="module")
def crashing() -> Iterator[RemoteDatabase]:
    folder = Path(tempfile.gettempdir()) / f"flightctl-mirrored-{uuid.uuid4().hex[:8]}"
    with postgres_server.running(folder, SETTINGS) as server, postgres_server.database(server) as made:
        yield made


def seeded() -> random.Random:
    seed = int(os.environ.get("CAMPAIGN_SEED", random.randrange(1_000_000)))
    sys.stdout.write(f"CAMPAIGN_SEED={seed}\n")
    return random.Random(seed)


@pytest.fixture
def of_a_file(database: Path, tmp_path: Path) -> Iterator[Campaign]:
    """Over the local file."""
    with _over(Campaign(churn.addresses_of(database), tmp_path, dict(os.environ), seeded())) as campaign:
        yield campaign


@pytest.fixture
def of_a_remote(crashing: RemoteDatabase, tmp_path: Path, home: Path, empty_cache: Path) -> Iterator[Campaign]:
    """Over a PostgreSQL of its own."""
    crashing.rows("UPDATE sharing_terms SET max_failed_claims = 1000000")
    machine = machine_of(SERVICE, crashing, home, empty_cache)
    with _over(Campaign(churn.addresses_of(crashing), tmp_path, {**os.environ, **machine}, seeded())) as campaign:
        yield campaign


@contextmanager
def _over(campaign: Campaign) -> Iterator[Campaign]:
    try:
        yield campaign
    finally:
        campaign.stop()


# What stands where


def expected(rows: Rows) -> dict[str, Any]:
    """By key what a reader is to find, as it follows from the tables; of each value what tells it from an older one."""
    gates = dict(rows("SELECT flight_id, departure_gate FROM flights"))
    found: dict[str, Any] = {f"flights.master.{flight}": gate for flight, gate in gates.items()}
    for user, flight, kind in rows("SELECT user_id, flight_id, kind FROM user_flights"):
        found[f"users.{user}.flights.{kind}.{flight}"] = gates[flight]
    for flight, user in rows("SELECT flight_id, user_id FROM flight_watchers ORDER BY user_id"):
        found.setdefault(f"index.flight.{flight}.users", []).append(user)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    for share_id, sharer, status, expires_at in rows("SELECT share_id, sharer_id, status, expires_at FROM shares"):
        is_over = status == "pending" and expires_at <= now
        found[f"users.{sharer}.shares.sent.{share_id}"] = "expired" if is_over else status
        if status == "pending" and not is_over:
            found[f"shares.pending.{share_id}"] = status
    return found


def told(entries: dict[str, Any]) -> dict[str, Any]:
    """The same of what stands in the bucket."""
    found: dict[str, Any] = {}
    for key, value in entries.items():
        if key.startswith("index."):
            found[key] = value
        elif ".sent." in key or ".pending." in key:
            found[key] = value["status"]
        elif key != "mirror.heartbeat":
            assert value["flightData"]["flight_id"] == flight_named(key.split(".")[-5:])
            found[key] = value["flightData"]["departure_gate"]
    return found


def difference(rows: Rows, url: str) -> dict[str, Any]:
    """By key where bucket and tables differ."""
    wanted, there = expected(rows), told(entries_of(url, BUCKET))
    keys = wanted.keys() | there.keys()
    return {key: (wanted.get(key), there.get(key)) for key in keys if wanted.get(key) != there.get(key)}


def equal_after_s(campaign: Campaign, rows: Rows, url: str) -> float:
    """How long it takes until the tables and the bucket are equal, by our account and by the program's."""
    began, found = time.monotonic(), difference(rows, url)
    while found:
        assert time.monotonic() - began < WITHIN_S, found
        time.sleep(0.2)
        found = difference(rows, url)
    while (done := campaign.verify()).code:
        assert time.monotonic() - began < WITHIN_S, done
    return time.monotonic() - began


def versions_that_went_back(recorder: Recorder) -> list[Any]:
    """(before, after) of each message whose version is not above that of the one before it under the same key."""
    last: dict[str, Any] = {}
    found = []
    for one in recorder.in_order:
        before = last.get(one.key)
        if one.key != "mirror.heartbeat" and before and before.version >= one.version:
            found.append((before, one))
        last[one.key] = one
    return found


def killed(campaign: Campaign, ways: dict[str, Callable[[], None]]) -> Counter[str]:
    """Fifty times one of these ways, chosen by chance, at a moment chosen by chance."""
    count: Counter[str] = Counter()
    campaign.start()
    campaign.go_on(3)
    for _ in range(KILLS):
        way = campaign.chance.choice(list(ways))
        ways[way]()
        count[way] += 1
        campaign.go_on(campaign.chance.uniform(0, 1.5))
    return count


def check(campaign: Campaign, rows: Rows, url: str, recorder: Recorder, kills: Counter[str]) -> None:
    campaign.stop_writing()
    took = equal_after_s(campaign, rows, url)
    time.sleep(1)
    recorder.close()
    figures = {"kills": dict(kills), "done": churn.done_in(campaign.folder), "recorded": len(recorder.found)}
    figures |= {"equal after s": round(took, 1), "rewritten": recorder.rewritten, "keys": len(expected(rows))}
    sys.stdout.write(f"{json.dumps(figures)}\n")
    assert versions_that_went_back(recorder) == []
    assert [words for words in campaign.said if "Traceback" in words or "bug in" in words] == []
    assert churn.done_in(campaign.folder) > 500


def restarted(server: NatsServer) -> Callable[[], None]:
    def restart() -> None:
        server.kill()
        server.start()

    return restart


def test_whatever_is_killed_the_bucket_comes_to_equal_the_file(
    of_a_file: Campaign, nats: NatsServer, rows: Rows
) -> None:
    of_a_file.environ |= {"FLIGHTCTL_NATS_URL": nats.url, "FLIGHTCTL_NATS_BUCKET": BUCKET}
    recorder = Recorder(nats.url, BUCKET)
    ways = {"sql": of_a_file.kill_a_writer, "mirror": of_a_file.kill_a_mirror, "nats": restarted(nats)}
    kills = killed(of_a_file, ways)
    check(of_a_file, rows, nats.url, recorder, kills)


def test_whatever_is_killed_the_bucket_comes_to_equal_the_remote(
    of_a_remote: Campaign, nats: NatsServer, crashing: RemoteDatabase
) -> None:
    of_a_remote.environ |= {"FLIGHTCTL_NATS_URL": nats.url, "FLIGHTCTL_NATS_BUCKET": BUCKET}
    recorder = Recorder(nats.url, BUCKET)
    ways = {"sql": crashing.server.crash, "mirror": of_a_remote.kill_a_mirror, "nats": restarted(nats)}
    kills = killed(of_a_remote, ways)
    check(of_a_remote, crashing.rows, nats.url, recorder, kills)


def told_again_after_s(campaign: Campaign, recorder: Recorder) -> float:
    """How long it takes until others hear of changes again: a cluster chooses another leader for some seconds."""
    began, before = time.monotonic(), len(recorder.found)
    while len(recorder.found) < before + 100:
        assert time.monotonic() - began < WITHIN_S
        campaign.go_on(0.5)
    return time.monotonic() - began


def test_one_of_three_servers_is_killed_under_load_and_no_update_is_lost(
    of_a_file: Campaign, tmp_path: Path, rows: Rows
) -> None:
    """Each in turn; meanwhile others are still told of what changes."""
    with NatsCluster(tmp_path / "cluster") as cluster:
        of_a_file.environ |= {"FLIGHTCTL_NATS_URL": cluster.url, "FLIGHTCTL_NATS_BUCKET": BUCKET}
        of_a_file.environ["FLIGHTCTL_NATS_REPLICAS"] = "3"
        recorder = Recorder(cluster.url, BUCKET)
        of_a_file.start()
        for server in cluster.servers:
            assert until(lambda: is_whole(cluster.url, BUCKET), 60)
            server.kill()
            sys.stdout.write(f"told again after {told_again_after_s(of_a_file, recorder):.0f} s\n")
            server.start()
        check(of_a_file, rows, cluster.url, recorder, Counter(nats=3))
        last = {one.key: one.version for one in recorder.in_order}
        values = entries_of(cluster.url, BUCKET).items()
        assert {key: value["version"] for key, value in values if "version" in value}.items() <= last.items()
