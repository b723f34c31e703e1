"""Who may own a list, and in which order a list stands."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.listing import Kind, Listed, in_order, list_user
from flightctl.errors import BadUser
from flights import flight, utc

NOW = utc("2026-12-02 12:00")
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
minutes = st.integers(-3000, 3000)


def listed(away_min: float, kind: Kind = Kind.OWNED, flight_id: str = "ANZ1.2026-12-03.0830.NZAA.NZCH") -> Listed:
    departs = NOW + timedelta(minutes=away_min)
    return Listed(flight(flight_id=flight_id, scheduled_out=departs), kind, NOW)


def away_min(one: Listed) -> float:
    return (one.flight.expected_departure - NOW).total_seconds() / 60


@given(st.text(ALPHABET, min_size=1, max_size=63))
def test_letters_digits_underscore_and_hyphen_own_a_list_as_they_are_written(user: str) -> None:
    assert list_user(user) == user


@pytest.mark.parametrize(
    "user",
    ["", " ", "a b", "a.b", "a*", "a>", "a/b", "a\n", "\na", "é", "ａ", "٣", "a'b", "a" * 64, "user@host", "$x", "\0"],
)
def test_no_other_name_owns_a_list_and_the_hint_names_the_variable(user: str) -> None:
    with pytest.raises(BadUser) as refused:
        list_user(user)
    assert "FLIGHTCTL_USER" in refused.value.hint
    assert refused.value.exit_code == 10


@given(st.text(max_size=100))
def test_a_name_is_let_in_exactly_if_it_is_a_role_and_a_subject_token(user: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,63}", user, re.ASCII):
        assert list_user(user) == user
    else:
        with pytest.raises(BadUser) as refused:
            list_user(user)
        assert refused.value.message.isascii()


@given(st.lists(minutes, max_size=12))
def test_the_next_departure_is_first_and_what_has_left_comes_after_the_latest_first(away: list[int]) -> None:
    order = [away_min(one) for one in in_order([listed(one) for one in away], NOW)]
    assert order == sorted(one for one in away if one >= 0) + sorted((one for one in away if one < 0), reverse=True)


@given(st.permutations([(5, Kind.OWNED), (5, Kind.SHARED), (-5, Kind.OWNED), (-5, Kind.SHARED), (0, Kind.OWNED)]))
def test_the_order_does_not_depend_on_how_the_list_was_read(entries: list[tuple[int, Kind]]) -> None:
    order = [(away_min(one), one.kind) for one in in_order([listed(*one) for one in entries], NOW)]
    assert order == [(0, Kind.OWNED), (5, Kind.OWNED), (5, Kind.SHARED), (-5, Kind.OWNED), (-5, Kind.SHARED)]


def test_flights_of_one_minute_stand_in_the_order_of_their_ids() -> None:
    ids = ["ANZ2.2026-12-03.0830.NZAA.NZCH", "ANZ1.2026-12-03.0830.NZAA.NZCH"]
    order = in_order([listed(5, flight_id=one) for one in ids], NOW)
    assert [one.flight.flight_id for one in order] == sorted(ids)


def test_what_is_expected_now_counts_and_not_the_schedule() -> None:
    late = Listed(flight(scheduled_out=NOW, estimated_out=NOW + timedelta(hours=3)), Kind.OWNED, NOW)
    assert in_order([late, listed(60)], NOW) == [listed(60), late]
