"""Billing cycles, caps, prices and what stands for a key."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flightctl.domain.billing import (
    Account,
    Budget,
    Cause,
    Cycle,
    Price,
    cycle_at,
    fingerprint_of,
    money,
    runs_out_on,
)

NOVEMBER = Cycle(date(2026, 11, 1), date(2026, 12, 1))
ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC) | ZONES)
DAYS = st.integers(1, 31)
LOOKUPS = [Cause.COLD, Cause.EXPIRED, Cause.NEGATIVE_EXPIRED, Cause.BYPASSED]
BACKGROUND = [Cause.REFRESH, Cause.VERIFY]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(now=INSTANTS, start_day=DAYS)
def test_now_is_within_its_cycle(now: datetime, start_day: int) -> None:
    cycle = cycle_at(now, start_day)
    assert cycle.starts_at <= now < cycle.ends_at


@given(now=INSTANTS, start_day=DAYS)
def test_cycles_touch_and_do_not_overlap(now: datetime, start_day: int) -> None:
    cycle = cycle_at(now, start_day)
    assert cycle_at(cycle.ends_at, start_day).start == cycle.resets_on
    assert cycle_at(cycle.starts_at - timedelta.resolution, start_day).resets_on == cycle.start
    assert cycle_at(cycle.ends_at - timedelta.resolution, start_day) == cycle


@given(now=INSTANTS, start_day=DAYS)
def test_a_cycle_is_about_a_month(now: datetime, start_day: int) -> None:
    cycle = cycle_at(now, start_day)
    assert 28 <= (cycle.resets_on - cycle.start).days <= 31


@given(now=INSTANTS, start_day=DAYS)
def test_a_cycle_starts_on_its_day_or_on_the_last_of_a_shorter_month(now: datetime, start_day: int) -> None:
    start = cycle_at(now, start_day).start
    is_last_of_month = (start + timedelta(days=1)).month != start.month
    assert start.day == start_day or (start.day < start_day and is_last_of_month)


@given(now=INSTANTS, start_day=DAYS, zone=ZONES)
def test_a_cycle_is_the_same_seen_from_every_zone(now: datetime, start_day: int, zone: timezone) -> None:
    assert cycle_at(now.astimezone(zone), start_day) == cycle_at(now, start_day)


@pytest.mark.parametrize(
    ("now", "start_day", "start", "resets_on"),
    [
        ("2026-11-20 10:00", 1, "2026-11-01", "2026-12-01"),
        ("2026-12-31 23:59:59.999999", 1, "2026-12-01", "2027-01-01"),
        ("2027-01-01 00:00", 1, "2027-01-01", "2027-02-01"),
        ("2026-11-20 10:00", 20, "2026-11-20", "2026-12-20"),
        ("2026-11-19 23:59:59", 20, "2026-10-20", "2026-11-20"),
        ("2027-01-05 12:00", 15, "2026-12-15", "2027-01-15"),
        ("2027-02-27 12:00", 31, "2027-01-31", "2027-02-28"),
        ("2027-02-28 00:00", 31, "2027-02-28", "2027-03-31"),
        ("2028-02-28 12:00", 31, "2028-01-31", "2028-02-29"),
        ("2028-02-29 12:00", 30, "2028-02-29", "2028-03-30"),
        ("2028-02-29 12:00", 29, "2028-02-29", "2028-03-29"),
        ("2100-02-28 12:00", 29, "2100-02-28", "2100-03-29"),
        ("2027-04-30 00:00", 31, "2027-04-30", "2027-05-31"),
    ],
)
def test_cycles_around_short_months_leap_years_and_new_year(
    now: str, start_day: int, start: str, resets_on: str
) -> None:
    assert cycle_at(utc(now), start_day) == Cycle(date.fromisoformat(start), date.fromisoformat(resets_on))


def test_a_cycle_starts_with_the_first_instant_of_a_utc_day() -> None:
    in_auckland = datetime.fromisoformat("2026-12-01T12:59:59+13:00")
    assert cycle_at(in_auckland, 1) == NOVEMBER
    assert cycle_at(in_auckland + timedelta(seconds=1), 1).start == date(2026, 12, 1)


@pytest.mark.parametrize("cause", LOOKUPS)
def test_a_look_up_may_spend_to_the_cap(cause: Cause) -> None:
    assert Budget(100, 10, 1).limit(cause) == 100


@pytest.mark.parametrize(
    ("cap", "reserve_percent", "limit"),
    [(100, 10, 90), (100, 0, 100), (100, 100, 0), (0, 10, 0), (1, 10, 0), (5, 10, 4), (99, 10, 89), (1000, 0.1, 999),
     (3000, 1.1, 2967), (10, 33.4, 6), (7, 50, 3)],
)  # fmt: skip
@pytest.mark.parametrize("cause", BACKGROUND)
def test_the_reserve_is_rounded_up_and_is_not_for_the_background(
    cause: Cause, cap: int, reserve_percent: float, limit: int
) -> None:
    assert Budget(cap, reserve_percent, 1).limit(cause) == limit


@given(cap=st.integers(0, 10**6), tenths=st.integers(0, 1000))
@example(cap=3000, tenths=11)
def test_the_reserve_is_the_least_whole_number_that_is_as_much_as_was_asked_for(cap: int, tenths: int) -> None:
    limit = Budget(cap, float(f"{tenths / 10:.1f}"), 1).limit(Cause.REFRESH)
    assert limit is not None
    reserve, wanted = cap - limit, Fraction(cap * tenths, 1000)
    assert 0 <= limit <= cap
    assert wanted <= reserve < wanted + 1


@pytest.mark.parametrize("cause", Cause)
def test_without_a_cap_nothing_is_limited(cause: Cause) -> None:
    assert Budget(None, 10, 1).limit(cause) is None


@pytest.mark.parametrize(
    ("cap", "used", "warned"),
    [(100, 79, False), (100, 80, True), (100, 100, True), (100, 130, True), (5, 3, False), (5, 4, True),
     (3, 2, False), (3, 3, True), (None, 10**9, False)],
)  # fmt: skip
def test_a_budget_is_nearly_used_from_80_percent_on(cap: int | None, used: int, warned: bool) -> None:
    assert Budget(cap, 10, 1).is_nearly_used(used) is warned


@pytest.mark.parametrize(
    ("micros", "said"),
    [(0, "0.00 USD"), (10_000, "0.01 USD"), (350_000, "0.35 USD"), (1, "0.000001 USD"), (12_500, "0.0125 USD"),
     (1_000_000, "1.00 USD"), (1_500_000, "1.50 USD"), (100_000_000, "100.00 USD"), (-2_500_000, "-2.50 USD")],
)  # fmt: skip
def test_money_has_at_least_two_decimals_and_no_more_than_it_needs(micros: int, said: str) -> None:
    assert money(micros, "USD") == said


@given(micros=st.integers(-(10**15), 10**15))
def test_money_says_the_exact_amount(micros: int) -> None:
    amount, currency = money(micros, "EUR").split(" ")
    assert (Decimal(amount) * 1_000_000, currency) == (Decimal(micros), "EUR")
    assert re.fullmatch(r"-?\d+\.\d{2,6}", amount)


@given(micros=st.integers(0, 10**12), units=st.integers(0, 10**6))
def test_the_price_of_many_is_that_of_one_so_many_times(micros: int, units: int) -> None:
    price = Price(Decimal(micros) / 1_000_000, "NZD")
    assert price.micros == micros
    assert price.of(units) == money(micros * units, "NZD")


@given(key=st.text(min_size=4))
def test_a_fingerprint_is_short_plain_and_holds_nothing_of_the_key(key: str) -> None:
    fingerprint = fingerprint_of(key)
    assert re.fullmatch(r"[0-9a-f]{12}", fingerprint)
    assume(not re.fullmatch(r"[0-9a-f]{4}", key))  # four digits may stand in it by chance
    assert key not in fingerprint


@given(keys=st.sets(st.text(), min_size=2, max_size=2))
def test_another_key_has_another_fingerprint_and_the_same_key_the_same(keys: set[str]) -> None:
    one, other = keys
    assert fingerprint_of(one) != fingerprint_of(other)
    assert fingerprint_of(one) == fingerprint_of(one)


def test_an_account_s_cycle_starts_on_its_budget_s_day() -> None:
    account = Account("aviationstack", "f1", Budget(100, 10, 20), Price(Decimal(), "USD"))
    assert account.cycle(utc("2026-11-20 10:00")).start == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("used", "cap", "now", "day"),
    [
        (50, 100, "2026-11-11 00:00", "2026-11-21"),
        (99, 100, "2026-11-11 00:00", "2026-11-11"),
        (100, 100, "2026-11-11 12:00", "2026-11-11"),
        (130, 100, "2026-11-11 12:00", "2026-11-11"),
        (33, 100, "2026-11-11 00:00", None),
        (1, 100, "2026-11-30 23:59", None),
        (0, 100, "2026-11-30 23:59", None),
        (0, 0, "2026-11-11 00:00", None),
        (10**6, None, "2026-11-11 00:00", None),
    ],
)
def test_the_day_on_which_the_budget_is_used_up_if_the_cycle_goes_on_as_it_began(
    used: int, cap: int | None, now: str, day: str | None
) -> None:
    assert runs_out_on(used, cap, NOVEMBER, utc(now)) == (date.fromisoformat(day) if day else None)


def test_the_first_hours_of_a_cycle_count_as_a_day() -> None:
    """Five calls within the first minute are no 7,200 a day."""
    assert runs_out_on(5, 100, NOVEMBER, utc("2026-11-01 00:01")) == date(2026, 11, 20)


@given(used=st.integers(0, 10**9), cap=st.integers(0, 10**9), now=INSTANTS, start_day=DAYS)
def test_a_budget_runs_out_from_today_on_and_within_the_cycle_or_not_at_all(
    used: int, cap: int, now: datetime, start_day: int
) -> None:
    cycle = cycle_at(now, start_day)
    day = runs_out_on(used, cap, cycle, now)
    assert day is None or now.astimezone(UTC).date() <= day < cycle.resets_on
