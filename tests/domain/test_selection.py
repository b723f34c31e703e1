"""Which rows of an answer count: the day, the rows of that day, and the way they chain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.legs import NOW, NZ527, TODAY, leg
from flightctl.domain.designator import Designator
from flightctl.domain.observed import ObservedLeg
from flightctl.domain.selection import choose_flight

DAYS = st.integers(-5, 5)


def ends(*legs: ObservedLeg, asked: Designator = NZ527, now: datetime = NOW) -> tuple[str, str] | None:
    """From where to where these rows say that the flight goes."""
    chosen = choose_flight(legs, asked, now)
    return (chosen.departure.iata, chosen.arrival.iata) if chosen else None


def day_chosen(*legs: ObservedLeg, now: datetime = NOW) -> int:
    """The day that counts, in days from ``TODAY``."""
    chosen = choose_flight(legs, NZ527, now)
    assert chosen is not None
    return (chosen.legs[0].flight_date - TODAY).days


def on(offset: int, cancelled: bool = False, zone: str = "UTC") -> ObservedLeg:
    return leg(day=TODAY + timedelta(days=offset), cancelled=cancelled, zone=zone)


@pytest.mark.parametrize(
    ("offsets", "chosen"),
    [
        ([0], 0),
        ([-1, 0, 1], 0),
        ([1, 0, -1], 0),
        ([-3, -1], -1),
        ([-1, 1], -1),
        ([-30, 1], -30),
        ([1, 2], 1),
        ([5, 3, 9], 3),
        ([-2], -2),
        ([400], 400),
    ],
)
def test_the_newest_day_that_has_come_counts_else_the_nearest(offsets: list[int], chosen: int) -> None:
    assert day_chosen(*map(on, offsets)) == chosen


@settings(deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=8))
def test_a_day_that_has_come_always_goes_before_one_to_come(offsets: list[int]) -> None:
    begun = [offset for offset in offsets if offset <= 0]
    assert day_chosen(*map(on, offsets)) == (max(begun) if begun else min(offsets))


@pytest.mark.parametrize(
    ("zone", "now", "chosen"),
    [
        ("Pacific/Auckland", "2026-11-20T10:59:59", 0),
        ("Pacific/Auckland", "2026-11-20T11:00:00", 1),
        ("Pacific/Honolulu", "2026-11-21T09:59:59", 0),
        ("Pacific/Honolulu", "2026-11-21T10:00:00", 1),
        ("Pacific/Kiritimati", "2026-11-20T10:00:00", 1),
        ("Pacific/Niue", "2026-11-20T10:59:59", -1),
        ("Asia/Kathmandu", "2026-11-20T18:14:59", 0),
        ("Asia/Kathmandu", "2026-11-20T18:15:00", 1),
        ("UTC", "2026-11-20T23:59:59", 0),
        ("UTC", "2026-11-21T00:00:00", 1),
    ],
)
def test_today_begins_at_the_origins_midnight(zone: str, now: str, chosen: int) -> None:
    rows = [on(offset, zone=zone) for offset in (-1, 0, 1)]
    assert day_chosen(*rows, now=datetime.fromisoformat(now).replace(tzinfo=UTC)) == chosen


def test_the_origins_midnight_moves_with_its_summer_time() -> None:
    rows = [leg(day=date(2026, 7, day), zone="Pacific/Auckland") for day in (1, 2)]
    chosen = choose_flight(rows, NZ527, datetime(2026, 7, 1, 11, 30, tzinfo=UTC))
    assert chosen is not None
    assert chosen.legs[0].flight_date == date(2026, 7, 1)


def test_the_arrivals_midnight_does_not_count() -> None:
    rows = [
        leg(day=TODAY + timedelta(days=offset), zone="Pacific/Honolulu", arrival_zone="Pacific/Auckland")
        for offset in (0, 1)
    ]
    assert day_chosen(*rows, now=datetime(2026, 11, 21, 9, tzinfo=UTC)) == 0


@pytest.mark.parametrize("zone", ["", "+8", "Arrabury", "America", "../UTC", "\0", "Pacific/Auckland ", "x" * 300])
def test_a_zone_that_is_none_is_read_as_utc(zone: str) -> None:
    rows = [on(offset, zone=zone) for offset in (0, 1)]
    assert day_chosen(*rows, now=datetime(2026, 11, 20, 23, 59, tzinfo=UTC)) == 0
    assert day_chosen(*rows, now=datetime(2026, 11, 21, tzinfo=UTC)) == 1


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_text_is_so_odd_a_zone_that_it_fails(zone: str) -> None:
    assert ends(leg(zone=zone)) == ("AKL", "CHC")


@pytest.mark.parametrize(
    ("flying", "cancelled", "chosen"),
    [
        ([0], [], 0),
        ([], [0], 0),
        ([-1], [0], -1),
        ([1], [0], 1),
        ([3], [-1, 0, 1], 3),
        ([], [-1, 0, 1], 0),
        ([], [2, 1], 1),
    ],
)
def test_cancelled_rows_count_only_where_there_is_nothing_else(
    flying: list[int], cancelled: list[int], chosen: int
) -> None:
    assert day_chosen(*map(on, flying), *(on(offset, cancelled=True) for offset in cancelled)) == chosen


def test_a_cancelled_row_of_the_day_that_counts_adds_no_leg() -> None:
    assert ends(leg("AKL", "CHC"), leg("CHC", "ZQN", "10:00", "11:00", cancelled=True)) == ("AKL", "CHC")


def test_rows_of_other_designators_are_ignored() -> None:
    others = [leg("SYD", "MEL", flight=flight) for flight in ("NZ52", "NZ5270", "NZ527A", "QF527", "N527")]
    assert ends(*others, leg("AKL", "CHC"), *others) == ("AKL", "CHC")


def test_an_answer_without_a_row_of_the_flight_says_nothing() -> None:
    assert ends(leg(flight="NZ5271"), leg(flight="")) is None


def test_an_empty_answer_says_nothing() -> None:
    assert ends() is None


def test_the_operating_flights_row_is_ignored_when_a_codeshare_is_asked() -> None:
    operating = leg("SIN", "LHR", flight="SQ322")
    assert ends(operating, leg("AKL", "CHC", flight="NZ527")) == ("AKL", "CHC")
    assert ends(operating) is None


def test_a_padded_designator_upstream_is_the_same_flight() -> None:
    assert ends(leg(flight="nz 0527")) == ("AKL", "CHC")


def test_a_suffix_letter_is_another_flight() -> None:
    rows = leg("AKL", "CHC"), leg("AKL", "WLG", flight="NZ527D")
    assert ends(*rows, asked=Designator("NZ", 527, "D")) == ("AKL", "WLG")


@pytest.mark.parametrize(
    ("flight", "icao", "asked", "found"),
    [
        ("NZ527", "ANZ527", Designator("NZ", 527), True),
        ("NZ527", "ANZ527", Designator("ANZ", 527), True),
        ("", "ANZ527", Designator("ANZ", 527), True),
        ("NZ527", "", Designator("ANZ", 527), False),
        ("", "ANZ527", Designator("NZ", 527), False),
        ("ANZ527", "", Designator("ANZ", 527), False),
        ("NZ527", "RLK527", Designator("ANZ", 527), False),
    ],
)
def test_each_kind_of_designator_is_compared_with_its_own_field(
    flight: str, icao: str, asked: Designator, found: bool
) -> None:
    assert (ends(leg(flight=flight, icao=icao), asked=asked) is not None) is found


def test_rows_that_differ_only_in_the_unread_rest_count_once() -> None:
    chosen = choose_flight([leg(), leg()], NZ527, NOW)
    assert chosen is not None
    assert len(chosen.legs) == 1


@pytest.mark.parametrize(("day", "zone"), [(date.min, "Pacific/Auckland"), (date.max, "Pacific/Honolulu")])
@pytest.mark.parametrize("out", ["00:00", "23:59", ""])
def test_the_ends_of_the_calendar_are_days_like_others(day: date, zone: str, out: str) -> None:
    assert ends(leg(day=day, zone=zone, out=out)) == ("AKL", "CHC")
