"""What a reader's credentials let through, on a real server: what arrives counts, not what is raised."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from beating import beating, now, settled, until
from flightctl.domain.key_space import HEARTBEAT_KEY, index_key, list_key, master_key, pending_share_key, sent_share_key
from flightctl.domain.listing import Kind
from flightctl.errors import BadUser
from flightctl.mirror.bucket import Bucket
from flightctl.mirror.entries import Stored, Write
from flightctl.mirror.permissions import account_api, inbox, password_variable, server_account, server_permissions
from flightctl.mirror.terms import BucketTerms
from flightctl.mirror.watch import MirrorWatch
from nats_servers import NatsServer

OWN = list_key("u1", Kind.OWNED, "F")
FOREIGN = [
    list_key("u2", Kind.OWNED, "F"),
    sent_share_key("u2", "s"),
    list_key("u11", Kind.OWNED, "F"),
    master_key("F"),
    index_key("F"),
    pending_share_key("s"),
]
PASSWORDS = {password_variable(user): f"word-of-{user}" for user in ("u1", "u2")}
ADMIN = "{user: admin, password: root}"
EXPORTS = """
  {service: "$JS.API.DIRECT.GET.KV_b.>", response_type: stream}
  {service: "$JS.API.CONSUMER.CREATE.KV_b.>"}
  {service: "$JS.API.STREAM.INFO.KV_b"}
  {stream: "_INBOX_u1.>"}
  {stream: "_INBOX_u2.>"}
"""
ONE = "authorization {{ users: [\n{admin}\n{entries}\n] }}"
OWNED = "accounts {{ FLIGHTCTL {{ jetstream: enabled, users: [{admin}], exports: [{exports}] }}\n{entries}\n}}"


class Place:
    """A server with a bucket that holds something of everybody's, and u1 on it."""

    def __init__(self, server: NatsServer, api: str) -> None:
        self.admin = BucketTerms(server.url.replace("//", "//admin:root@"), "b", storage="memory")
        self.reader = BucketTerms(server.url.replace("//", "//u1:word-of-u1@"), "b", api=api)

    def as_reader(self, act: Callable[[Client], Awaitable[Any]]) -> Any:
        """What an ordinary client with u1's password does."""

        async def ignore(_: Exception) -> None:
            """Refusals come here; what counts is what arrives."""

        async def connected() -> Any:
            options: dict[str, Any] = {"inbox_prefix": inbox("u1"), "error_cb": ignore}
            async with await nats.connect(self.reader.url, **options) as client:
                return await act(client)

        return asyncio.run(connected())

    def asked(self, *requests: tuple[str, object], reply: str = f"{inbox('u1')}.here") -> list[tuple[str, bytes]]:
        """All that arrives at u1 after these requests to JetStream."""

        async def ask(client: Client) -> list[tuple[str, bytes]]:
            heard: list[tuple[str, bytes]] = []

            async def hear(message: Any) -> None:
                heard.append((message.subject, message.data))

            await client.subscribe(f"{inbox('u1')}.>", cb=hear)
            for name, body in requests:
                await client.publish(f"{self.reader.api}.{name}", json.dumps(body).encode() if body else b"", reply)
            await client.flush()
            await asyncio.sleep(0.15)
            return heard

        found: list[tuple[str, bytes]] = self.as_reader(ask)
        return found


@pytest.fixture(scope="module", params=["one account", "an account each"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The text as it is printed, in a server's configuration."""
    if request.param == "one account":
        config = ONE.format(admin=ADMIN, entries="\n".join(server_permissions(user, "b") for user in ("u1", "u2")))
    else:
        entries = "\n".join(server_account(user, "b", owner="FLIGHTCTL") for user in ("u1", "u2"))
        config = OWNED.format(admin=ADMIN, exports=EXPORTS, entries=entries)
    with NatsServer(tmp_path_factory.mktemp("permissions"), config, PASSWORDS) as server:
        made = Place(server, "$JS.API" if request.param == "one account" else account_api("b"))
        with Bucket(made.admin) as bucket:
            bucket.make()
        yield made


@pytest.fixture
def bucket(place: Place) -> Iterator[Bucket]:
    """As the mirror left it; whatever u1 does, it has to be so afterwards."""
    with Bucket(place.admin) as bucket:
        held = bucket.held([OWN, *FOREIGN])
        bucket.write([Write(key, 1, one.revision, f"of {key}".encode()) for key, one in held.items()])
        before = _facts(bucket)
        yield bucket
        assert _facts(bucket) == before


def _facts(bucket: Bucket) -> list[Stored]:
    return [one for one in bucket.everything() if one.key != HEARTBEAT_KEY]


def test_a_plain_client_reads_the_user_s_own_keys(place: Place, bucket: Bucket) -> None:
    async def read(client: Client) -> Any:
        return await (await client.jetstream(prefix=place.reader.api).key_value("b")).get(OWN)

    assert place.as_reader(read).value == f"of {OWN}".encode()


def test_a_watcher_with_the_user_s_password_hears_of_changes(place: Place) -> None:
    with Bucket(place.admin) as bucket, beating(place.admin):
        watch = MirrorWatch(place.reader, "u1", now)
        try:
            assert settled(watch)
            [held] = bucket.held([OWN]).values()
            bucket.write([Write(OWN, 2, held.revision, b"{}")])
            assert until(watch.has_changed, 2)
        finally:
            watch.close()


def test_nobody_else_s_value_is_read(place: Place, bucket: Bucket) -> None:
    bodies: list[object] = [{"last_by_subj": f"$KV.b.{key}"} for key in FOREIGN]
    bodies += [{"multi_last": [f"$KV.b.{key}"], "batch": 10} for key in FOREIGN]
    names = ["DIRECT.GET.KV_b", "STREAM.MSG.GET.KV_b", f"DIRECT.GET.KV_b.$KV.b.{OWN}"]
    heard = place.asked(
        *((f"DIRECT.GET.KV_b.$KV.b.{key}", "") for key in FOREIGN),
        *((name, body) for body in bodies for name in names),
        *((name, {"seq": 1, "next_by_subj": "$KV.b.>", "batch": 10}) for name in names),
    )
    assert not [data for _, data in heard if data]


def test_a_wildcard_in_a_request_reads_nothing(place: Place, bucket: Bucket) -> None:
    wild = ["users.*.flights.owned.F", ">", "users.u1.*", "users.>", "users.u1.>.F"]
    assert not [data for _, data in place.asked(*((f"DIRECT.GET.KV_b.$KV.b.{one}", "") for one in wild)) if data]


@pytest.mark.parametrize(
    ("subject", "filters"),
    [
        ("c", {}),
        ("c", {"filter_subject": "$KV.b.users.u1.>"}),
        ("c.$KV.b.users.u2.>", {"filter_subject": "$KV.b.users.u2.>"}),
        ("c.$KV.b.users.*.>", {"filter_subject": "$KV.b.users.*.>"}),
        ("c.$KV.b.>", {"filter_subject": "$KV.b.>"}),
        ("c.$KV.b.flights.>", {"filter_subject": "$KV.b.flights.>"}),
        ("c.$KV.b.users.u1.>", {}),
        ("c.$KV.b.users.u1.>", {"filter_subject": "$KV.b.users.u2.>"}),
        ("c.$KV.b.users.u1.>", {"filter_subject": "$KV.b.>"}),
        ("c.$KV.b.users.u1.>", {"filter_subjects": ["$KV.b.users.u1.>", "$KV.b.users.u2.>"]}),
        ("c.$KV.b.users.u1.>", {"filter_subjects": ["$KV.b.users.u2.>"]}),
        ("c.$KV.b.users.u1.>", {"filter_subject": "$KV.b.users.u1.>", "filter_subjects": ["$KV.b.users.u2.>"]}),
    ],
)
def test_no_consumer_brings_what_is_not_the_user_s_own(
    place: Place, bucket: Bucket, subject: str, filters: dict[str, object]
) -> None:
    config = {"name": "c", "deliver_policy": "all", "ack_policy": "none", "deliver_subject": f"{inbox('u1')}.d"}
    body = {"stream_name": "KV_b", "config": {**config, **filters, "inactive_threshold": 1_000_000_000}}
    heard = place.asked((f"CONSUMER.CREATE.KV_b.{subject}", body))
    assert not [name for name, _ in heard if name.startswith("$KV.")]


NOT_FOR_READERS: list[tuple[str, object]] = [
    ("STREAM.PURGE.KV_b", ""),
    ("STREAM.PURGE.KV_b", {"filter": "$KV.b.users.u2.>"}),
    ("STREAM.PURGE.KV_b", {"filter": "$KV.b.users.u1.>"}),
    ("STREAM.DELETE.KV_b", ""),
    ("STREAM.MSG.DELETE.KV_b", {"seq": 1}),
    ("STREAM.UPDATE.KV_b", {"name": "KV_b", "subjects": ["x"]}),
    ("STREAM.CREATE.mine", {"name": "mine", "subjects": ["y"], "mirror": {"name": "KV_b"}}),
    ("STREAM.SNAPSHOT.KV_b", {"deliver_subject": f"{inbox('u1')}.snapshot"}),
    ("STREAM.NAMES", ""),
    ("STREAM.LIST", ""),
    ("CONSUMER.NAMES.KV_b", ""),
    ("CONSUMER.LIST.KV_b", ""),
    ("CONSUMER.DELETE.KV_b.c", ""),
    ("CONSUMER.INFO.KV_b.c", ""),
    ("CONSUMER.MSG.NEXT.KV_b.c", ""),
    ("CONSUMER.DURABLE.CREATE.KV_b.c", {"stream_name": "KV_b", "config": {"durable_name": "c"}}),
    ("INFO", ""),
]


def test_jetstream_does_nothing_else_for_a_reader(place: Place, bucket: Bucket) -> None:
    assert place.asked(*NOT_FOR_READERS) == []


@pytest.mark.parametrize("headers", [{}, {"KV-Operation": "DEL"}, {"KV-Operation": "PURGE", "Nats-Rollup": "sub"}])
def test_a_reader_writes_deletes_and_purges_nothing(place: Place, bucket: Bucket, headers: dict[str, str]) -> None:
    async def publish(client: Client) -> None:
        for key in (OWN, *FOREIGN, "users.*.flights.owned.F", ">", "new"):
            await client.publish(f"$KV.b.{key}", b"mine", headers=headers)
        await client.flush()

    place.as_reader(publish)


def test_a_reader_hears_nobody_else_s_answers(place: Place, bucket: Bucket) -> None:
    async def listen(client: Client) -> list[str]:
        heard: list[str] = []

        async def hear(message: Any) -> None:
            heard.append(message.subject)

        for subject in (">", "_INBOX.>", "_INBOX_u2.>", "$KV.b.>", "$JS.>", "*.>"):
            await client.subscribe(subject, cb=hear)
        await client.flush()
        bucket.held(FOREIGN)
        bucket.beat(b"x")
        await client.flush()
        return heard

    assert place.as_reader(listen) == []


@pytest.fixture
def other(place: Place) -> str:
    """A key of u2's that nothing else looks at."""
    return list_key("u2", Kind.SHARED, f"G{time.monotonic_ns()}")


def test_an_answer_sent_to_somebody_else_s_key_is_kept_off_by_an_account_of_one_s_own(place: Place, other: str) -> None:
    """In one account for all it arrives there, which the printed text says; then this server has to be the reason."""
    place.asked((f"DIRECT.GET.KV_b.$KV.b.{OWN}", ""), ("STREAM.INFO.KV_b", ""), reply=f"$KV.b.{other}")
    with Bucket(place.admin) as bucket:
        arrived = bucket.held([other])[other].is_there
    assert arrived == (place.reader.api == "$JS.API")


@pytest.mark.parametrize("user", ["", "a.b", "*", ">", "u 1", "u1\n", 'u"1', "é", "a" * 64])
def test_who_cannot_own_a_list_gets_no_permissions(user: str) -> None:
    with pytest.raises(BadUser):
        server_permissions(user, "b")
    with pytest.raises(BadUser):
        server_account(user, "b", owner="FLIGHTCTL")


def test_names_of_keys_can_be_kept_from_a_reader() -> None:
    assert "STREAM.INFO.KV_b" in server_permissions("u1", "b")
    assert "STREAM.INFO" not in server_permissions("u1", "b", names=False)


def test_no_two_users_have_one_variable_for_their_passwords() -> None:
    users = ["a-b", "a_b", "A-b", "a_2Db", "a__b", "ab"]
    variables = {password_variable(user) for user in users}
    assert len(variables) == len(users)
    assert all(variable.replace("_", "").isalnum() for variable in variables)
