"""Keys: what stands where, and that nothing in data reaches another key."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.key_space import (
    index_key,
    list_key,
    listed_keys,
    master_key,
    pending_share_key,
    sent_share_key,
    user_keys,
)
from flightctl.domain.listing import Kind

FLIGHT = "ANZ5272.2025-09-11.0830.NZAA.NZCH"
SHARE = "0f8fad5b-d9cb-469f-a165-70867728950e"
_LEGAL = re.compile(r"[-_=.A-Za-z0-9]+")
hostile = st.one_of(
    st.text(st.sampled_from(" .*>\n\r\t=/$-_aAé\0\ud800"), max_size=12),
    st.lists(st.text(st.sampled_from(".*>a= "), max_size=3), min_size=5, max_size=5).map(".".join),
    st.text(max_size=12),
    st.sampled_from([FLIGHT, "u1", "u2", "*", ">", "u1.>", "=2a", "=", "users", FLIGHT + ".users.2"]),
)
KEYS: list[Callable[[str, str], str]] = [
    lambda user, thing: list_key(user, Kind.OWNED, thing),
    lambda user, thing: list_key(user, Kind.SHARED, thing),
    sent_share_key,
    lambda _, thing: master_key(thing),
    lambda _, thing: index_key(thing),
    lambda _, thing: index_key(thing, 2),
    lambda _, thing: pending_share_key(thing),
]
keys = st.builds(lambda make, user, thing: make(user, thing), st.sampled_from(KEYS), hostile, hostile)


def matches(pattern: str, subject: str) -> bool:
    """As NATS does."""
    wanted, found = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        return len(found) >= len(wanted) and matches(".".join(wanted[:-1] or ["*"]), ".".join(found[: len(wanted) - 1]))
    return len(wanted) == len(found) and all(one in ("*", other) for one, other in zip(wanted, found, strict=True))


def test_the_keys_are_those_of_the_design() -> None:
    assert list_key("u1", Kind.OWNED, FLIGHT) == f"users.u1.flights.owned.{FLIGHT}"
    assert list_key("u1", Kind.SHARED, FLIGHT) == f"users.u1.flights.shared.{FLIGHT}"
    assert master_key(FLIGHT) == f"flights.master.{FLIGHT}"
    assert [index_key(FLIGHT), index_key(FLIGHT, 2)] == [
        f"index.flight.{FLIGHT}.users",
        f"index.flight.{FLIGHT}.users.2",
    ]
    assert pending_share_key(SHARE) == f"shares.pending.{SHARE}"
    assert sent_share_key("u-1_A", SHARE) == f"users.u-1_A.shares.sent.{SHARE}"
    assert (user_keys("u1"), listed_keys("u1")) == ("users.u1.>", "users.u1.flights.>")


@pytest.mark.parametrize(
    ("user", "token"), [("a.b", "=612e62"), ("*", "=2a"), (">", "=3e"), ("é", "=c3a9"), ("", "="), ("=", "=3d")]
)
def test_what_is_not_plain_is_written_as_hex(user: str, token: str) -> None:
    assert user_keys(user) == f"users.{token}.>"


@pytest.mark.parametrize("flight_id", ["A.B.C.D", "A.B.C.D.E.F", "A..C.D.E", ".B.C.D.E", "A.B.C.D.", "", "...."])
def test_what_is_no_flight_id_is_one_token(flight_id: str) -> None:
    assert master_key(flight_id).count(".") == 2


@given(keys)
def test_every_key_is_legal(key: str) -> None:
    assert _LEGAL.fullmatch(key)
    assert all(key.split("."))


@given(hostile, hostile, hostile, hostile)
def test_two_things_never_have_one_key(user: str, thing: str, other_user: str, other: str) -> None:
    for one in (sent_share_key, KEYS[0]):
        assert (one(user, thing) == one(other_user, other)) == ((user, thing) == (other_user, other))
    assert (master_key(thing) == master_key(other)) == (thing == other)


@given(hostile, hostile, hostile)
def test_two_families_never_share_a_key(user: str, other_user: str, thing: str) -> None:
    made = [make(user, thing) for make in KEYS] + [index_key(other_user, 2), index_key(other_user, 3)]
    assert len(set(made)) == len(made) - (thing == other_user)


@given(keys, keys)
def test_a_key_that_is_taken_for_a_pattern_matches_itself_only(key: str, other: str) -> None:
    assert matches(key, other) == (key == other)


@given(hostile, hostile, hostile)
def test_the_keys_of_a_user_are_that_user_s_alone(user: str, other: str, thing: str) -> None:
    for make in KEYS[:3]:
        assert matches(user_keys(user), make(other, thing)) == (user == other)
    for make in KEYS[3:]:
        assert not matches(user_keys(user), make(other, thing))
