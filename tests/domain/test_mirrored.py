"""Which keys a change concerns, and what stands in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sightings import IN, OUT, flight, sighting
from flightctl.domain.flight import PENDING
from flightctl.domain.key_space import index_key, list_key, master_key, pending_share_key, sent_share_key
from flightctl.domain.listing import Kind
from flightctl.domain.mirrored import (
    MOST_BYTES,
    MOST_IDS,
    PARTS_HEADER,
    Facts,
    MirroredEntry,
    Noted,
    Topic,
    Value,
    Work,
    index_values,
    keys_beyond,
    values,
    work_of,
    work_of_key,
)
from flightctl.render.flights import flight_shape

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
texts = st.text(min_size=1, max_size=12)
flight_ids = st.one_of(st.from_regex(r"[A-Z]{3}[0-9]{1,4}\.2026-12-03\.0830\.NZAA\.NZCH", fullmatch=True), texts)
works = st.one_of(
    st.builds(lambda one: Work(flights=[one]), flight_ids),
    st.builds(lambda one, user: Work(entries=[(one, user)]), flight_ids, texts),
    st.builds(lambda one: Work(indexes=[one]), flight_ids),
    st.builds(lambda one, user: Work(shares=[(one, user)]), texts, texts),
)


@given(works)
def test_the_work_of_a_key_concerns_the_key(work: Work) -> None:
    for key in work.concerned():
        assert key in set(work_of_key(key).concerned())


@given(flight_ids, st.integers(2, 9))
def test_the_work_of_any_part_of_an_index_is_the_index(flight_id: str, part: int) -> None:
    assert work_of_key(index_key(flight_id, part)) == Work(indexes=[flight_id])


@pytest.mark.parametrize(
    "key", ["mirror.heartbeat", "a", "users.u1", "users.u1.shares.sent", "flights.other.x", "x.y.z"]
)
def test_nothing_is_mirrored_to_other_keys(key: str) -> None:
    assert list(work_of_key(key).concerned()) == []


@given(st.lists(st.builds(Noted, st.sampled_from(Topic), st.sampled_from("ab"), st.sampled_from("uv"))))
def test_what_was_noted_often_is_work_once(noted: list[Noted]) -> None:
    keys = list(work_of(noted).concerned())
    assert set(keys) == {key for one in noted for key in work_of([one]).concerned()}
    assert len(keys) - len(set(keys)) <= len(
        {one for one in noted if one.topic in (Topic.FLIGHT, Topic.INDEX, Topic.SHARE)}
    )


@given(st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,63}", fullmatch=True), unique=True, max_size=50))
def test_an_index_holds_everybody_in_order(users: list[str]) -> None:
    parts = index_values("F", users)
    assert [user for part in parts.values() for user in part.content] == sorted(users)


@pytest.mark.parametrize(("users", "parts"), [(0, 0), (1, 1), (MOST_IDS, 1), (MOST_IDS + 1, 2), (3 * MOST_IDS, 3)])
def test_an_array_holds_at_most_twenty_thousand(users: int, parts: int) -> None:
    found = index_values("F", [f"u{number:06}" for number in range(users)])
    assert list(found) == [index_key("F", number) for number in range(1, parts + 1)]
    assert all(len(part.content) <= MOST_IDS for part in found.values())
    if parts:
        assert found[index_key("F")].headers == {PARTS_HEADER: str(parts)}


def test_an_array_of_the_longest_names_fits_into_a_message() -> None:
    found = index_values("F", [f"{number:063}" for number in range(MOST_IDS)])
    assert len(found) == 2
    assert all(len(part.text(1)) <= MOST_BYTES + 2 for part in found.values())


def test_an_index_that_became_shorter_is_followed_to_its_old_end() -> None:
    there = {index_key("F", part) for part in (1, 2, 3)}
    assert list(keys_beyond(Work(indexes=["F"]), {}, there)) == [index_key("F", part) for part in (2, 3, 4)]


def test_a_flight_that_is_gone_leaves_nothing() -> None:
    assert (
        values(Work(flights=["F"], entries=[("F", "u")], indexes=["F"], shares=[("S", "u")]), Facts(), flight_shape)
        == {}
    )


def test_a_value_says_its_version_and_an_index_is_a_bare_array() -> None:
    assert json.loads(Value({"flightID": "F"}).text(7)) == {"flightID": "F", "version": 7}
    assert json.loads(Value(["u"]).text(7)) == ["u"]


def entry(user: str, kind: Kind = Kind.OWNED) -> MirroredEntry:
    return MirroredEntry(user, flight().flight_id, kind, NOW, {"flight_id": "snapshot"}, "u9")


def test_of_a_flight_that_waits_everybody_has_what_they_said_and_others_nothing() -> None:
    waits = flight(sighting(OUT, IN), review=PENDING)
    said = waits._replace(note="mine")
    work = Work(flights=[waits.flight_id], entries=[(waits.flight_id, "u1")])
    facts = Facts({}, {(waits.flight_id, "u1"): said}, [entry("u1"), entry("u2")])
    found = values(work, facts, lambda one: {"note": one.note})
    assert found[list_key("u1", Kind.OWNED, waits.flight_id)].content["flightData"] == {"note": "mine"}  # type: ignore[call-overload]
    assert found[list_key("u2", Kind.OWNED, waits.flight_id)].content["flightData"] is None  # type: ignore[call-overload]
    assert master_key(waits.flight_id) not in found


@pytest.mark.parametrize("kind", Kind)
def test_only_what_is_shared_says_who_shared_it(kind: Kind) -> None:
    found = values(Work(), Facts({}, {}, [entry("u1", kind)]), flight_shape)
    content = found[list_key("u1", kind, flight().flight_id)].content
    assert isinstance(content, dict)
    assert ("sharerID" in content, "sharedDataSnapshot" in content) == (kind is Kind.SHARED, kind is Kind.SHARED)


def test_a_share_concerns_what_waits_and_what_was_sent() -> None:
    assert list(Work(shares=[("S", "u")]).concerned()) == [pending_share_key("S"), sent_share_key("u", "S")]
