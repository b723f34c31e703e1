"""What stands in the shared key space: which keys a change concerns, and what their values say now."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from flightctl.domain.flight import CONFIRMED, Flight
from flightctl.domain.key_space import (
    flight_named,
    index_key,
    list_key,
    master_key,
    pending_share_key,
    sent_share_key,
    text_of,
)
from flightctl.domain.listing import Kind
from flightctl.domain.share import Share, ShareStatus

MOST_IDS = 20_000
"""In one array of the index (DESIGN section 7)."""
MOST_BYTES = 900_000
"""Of one array; a NATS message holds a million unless its server says otherwise."""
PARTS_HEADER = "Flightctl-Parts"
"""On the first array of an index: in how many arrays it stands."""

Shape = Callable[[Flight], dict[str, Any]]
"""How a flight is written: an item of ``flightctl.flights/1``."""


class Topic(Enum):
    """What was changed."""

    FLIGHT = "flight"
    ENTRY = "entry"
    INDEX = "index"
    SHARE = "share"


class Noted(NamedTuple):
    """A row of the outbox: it says only what is to be written anew."""

    topic: Topic
    subject: str
    """A flight's id, or a share's."""
    user: str = ""
    """Whose entry, or who shared."""


class MirroredEntry(NamedTuple):
    """A flight in somebody's list."""

    user: str
    flight_id: str
    kind: Kind
    added_at: datetime
    snapshot: Mapping[str, Any]
    """As it was shared; empty for what is owned."""
    sharer: str


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be written at once."""

    flights: Collection[str] = ()
    entries: Collection[tuple[str, str]] = ()
    """(flight, user)."""
    indexes: Collection[str] = ()
    shares: Collection[tuple[str, str]] = ()
    """(share, sharer)."""

    def concerned(self) -> Iterator[str]:
        """Every key that it concerns, but for what an index that is very long goes on in."""
        yield from map(master_key, self.flights)
        for flight_id, user in self.entries:
            yield from (list_key(user, kind, flight_id) for kind in Kind)
        yield from map(index_key, self.indexes)
        for share_id, sharer in self.shares:
            yield pending_share_key(share_id)
            yield sent_share_key(sharer, share_id)


@dataclass(slots=True)
class Facts:
    """What SQL says of some work."""

    flights: Mapping[str, Flight] = field(default_factory=dict)
    said: Mapping[tuple[str, str], Flight] = field(default_factory=dict)
    """(flight, user): what somebody said themselves of a flight that waits."""
    entries: Sequence[MirroredEntry] = ()
    watchers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shares: Sequence[tuple[str, Share]] = ()
    """(sharer, share)."""


class Value(NamedTuple):
    """What a key is to hold; the version is added when it is known."""

    content: dict[str, Any] | list[str]
    headers: Mapping[str, str] = {}

    def text(self, version: int) -> bytes:
        """As it is written."""
        content = {**self.content, "version": version} if isinstance(self.content, dict) else self.content
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def work_of_key(key: str) -> Work:
    """The work that writes this key anew, or takes it away; none for a key that nothing is mirrored to."""
    match key.split("."):
        case ["flights", "master", *flight]:
            work = Work(flights=[flight_named(flight)])
        case ["users", user, "flights", _, *flight]:
            work = Work(entries=[(flight_named(flight), text_of(user))])
        case ["users", user, "shares", "sent", share_id]:
            work = Work(shares=[(text_of(share_id), text_of(user))])
        case ["shares", "pending", share_id]:
            work = Work(shares=[(text_of(share_id), "")])
        case ["index", "flight", *flight, "users"] | ["index", "flight", *flight, "users", _]:
            work = Work(indexes=[flight_named(flight)])
        case _:
            work = Work()
    return work


def work_of(noted: Iterable[Noted]) -> Work:
    """What was noted, each thing once."""
    by_topic: dict[Topic, dict[tuple[str, str], None]] = {topic: {} for topic in Topic}
    for one in noted:
        by_topic[one.topic][one.subject, one.user] = None
    return Work(
        [subject for subject, _ in by_topic[Topic.FLIGHT]],
        list(by_topic[Topic.ENTRY]),
        [subject for subject, _ in by_topic[Topic.INDEX]],
        list(by_topic[Topic.SHARE]),
    )


def values(work: Work, facts: Facts, shape: Shape) -> dict[str, Value]:
    """By key what is to stand there; keys of the work that are missing are to be gone."""
    found: dict[str, Value] = {}
    for flight_id in work.flights:
        flight = facts.flights.get(flight_id)
        if flight is not None and flight.review == CONFIRMED:
            found[master_key(flight_id)] = Value(_flight_value(flight, shape))
    for entry in facts.entries:
        found[list_key(entry.user, entry.kind, entry.flight_id)] = Value(_entry_value(entry, facts, shape))
    for flight_id in work.indexes:
        found |= index_values(flight_id, facts.watchers.get(flight_id, ()))
    for sharer, share in facts.shares:
        found |= _share_values(sharer, share)
    return found


def keys_beyond(work: Work, wanted: Collection[str], there: Collection[str]) -> Iterator[str]:
    """Keys in which the indexes of this work go on, or went on: up to the first that neither is wanted nor there."""
    for flight_id in work.indexes:
        part = 2
        while (key := index_key(flight_id, part)) in wanted or key in there:
            yield key
            part += 1
        yield key


def index_values(flight_id: str, users: Iterable[str]) -> dict[str, Value]:
    """The index of a flight in arrays that each fit into one message; nothing where nobody lists it."""
    parts = list(_divided(sorted(users)))
    headers = {PARTS_HEADER: str(len(parts))}
    return {
        index_key(flight_id, number): Value(part, headers if number == 1 else {})
        for number, part in enumerate(parts, start=1)
    }


def _divided(users: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for user in users:
        size += len(user) + 3
        if len(part) == MOST_IDS or size > MOST_BYTES:
            yield part
            part, size = [], len(user) + 3
        part.append(user)
    if part:
        yield part


def _flight_value(flight: Flight, shape: Shape) -> dict[str, Any]:
    return {"flightID": flight.flight_id, "status": flight.status.value, "flightData": shape(flight)}


def _entry_value(entry: MirroredEntry, facts: Facts, shape: Shape) -> dict[str, Any]:
    flight = facts.flights.get(entry.flight_id)
    if flight is None or flight.review != CONFIRMED:
        flight = facts.said.get((entry.flight_id, entry.user), flight)
    value = (
        _flight_value(flight, shape) if flight else {"flightID": entry.flight_id, "status": None, "flightData": None}
    )
    value["addedAt"] = _utc(entry.added_at)
    if entry.kind is Kind.SHARED:
        value |= {"sharerID": entry.sharer or None, "sharedDataSnapshot": entry.snapshot}
    return value


def _share_values(sharer: str, share: Share) -> dict[str, Value]:
    value: dict[str, Any] = {
        "shareID": share.share_id,
        "flightID": share.flight_id,
        "sharerID": sharer,
        "status": share.status.value,
        "sharedDataSnapshot": share.snapshot,
        "createdAt": _utc(share.created_at),
        "expiresAt": _utc(share.expires_at),
    }
    found = {sent_share_key(sharer, share.share_id): Value({**value, "claimedAt": _utc(share.claimed_at)})}
    if share.status is ShareStatus.PENDING:
        found[pending_share_key(share.share_id)] = Value(value)
    return found


def _utc(moment: datetime | None) -> str | None:
    """As ``render.times`` writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
