"""The sentences of ``--explain``."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.legs import NOW, TTL, entry
from flightctl.domain.answer import REMOTE
from flightctl.domain.billing import Price
from flightctl.domain.explanation import (
    NO_BILL,
    NO_ENTRY,
    Bill,
    TiersAsked,
    age,
    of_move,
    of_price,
    of_repetition,
    of_tiers,
    unasked,
)
from flightctl.domain.strategy import Move, Strategy

PLAIN = Strategy(TTL, may_ask=True)
PRICE = Price(Decimal("0.01"), "USD")


def test_a_fresh_entry_says_its_age_and_how_long_it_lasts() -> None:
    said = of_tiers(entry(age=timedelta(days=3, hours=4)), None, PLAIN, NOW)
    assert said == ["local: confirmed entry, 3 d 4 h old, fresh until 2026-12-17 08:00 UTC"]


def test_a_stale_entry_says_since_when() -> None:
    said = of_tiers(entry(age=TTL), None, PLAIN, NOW)
    assert said == ["local: confirmed entry, 30 d 0 h old, stale since 2026-11-20 12:00 UTC"]


def test_no_entry_is_said_so() -> None:
    assert of_tiers(None, None, PLAIN, NOW) == ["local: no confirmed entry"]


def test_a_remembered_absence_says_until_when() -> None:
    said = of_tiers(None, NOW + timedelta(minutes=50), PLAIN, NOW)
    assert said[1:] == ["local: upstream did not know it; remembered until 2026-11-20 12:50 UTC"]


def test_a_refresh_says_that_the_cache_is_passed_over() -> None:
    said = of_tiers(entry(), None, PLAIN._replace(refresh=True), NOW)
    assert said[-1] == "local: passed over, because of --refresh"


def test_what_the_remote_had_stands_after_what_the_local_tier_lacked() -> None:
    asked = TiersAsked(REMOTE, local=NO_ENTRY)
    assert of_tiers(entry(age=timedelta(hours=4)), None, PLAIN, NOW, asked) == [
        "local: no confirmed entry",
        "remote: confirmed entry, 4 h 0 min old, fresh until 2026-12-20 08:00 UTC",
    ]


def test_a_remote_that_could_not_be_asked_is_told_of() -> None:
    said = of_tiers(None, None, PLAIN, NOW, TiersAsked(remote=unasked("it is gone")))
    assert said == ["local: no confirmed entry", "remote: could not be asked, it is gone"]


def test_an_absence_and_a_refresh_are_of_their_tiers() -> None:
    asked = TiersAsked(REMOTE, REMOTE, local=NO_ENTRY)
    said = of_tiers(entry(), NOW + timedelta(minutes=50), PLAIN._replace(refresh=True), NOW, asked)
    assert [line.partition(":")[0] for line in said] == ["local", "remote", "remote", "remote"]


def test_a_cache_that_is_switched_off_is_not_described() -> None:
    assert of_tiers(entry(), NOW, PLAIN._replace(cache_enabled=False, refresh=True), NOW) == [
        "local: not read, cache.enabled is false"
    ]


@pytest.mark.parametrize(
    ("move", "reason"),
    [
        (Move.ANSWER, "not asked, the entry is fresh"),
        (Move.ANSWER_ABSENT, "not asked, it did not know the flight lately"),
        (Move.REFUSE_OFFLINE, "not asked, because of --offline"),
        (Move.REFUSE_DENIED, "not asked, it is open to subscribers only"),
    ],
)
def test_every_move_says_why_a_call_was_or_was_not_made(move: Move, reason: str) -> None:
    assert of_move(move, "aviationstack", NO_BILL).startswith(f"aviationstack: {reason}")


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        (Bill(calls=1), "asked, one paid call"),
        (Bill(calls=2), "asked, 2 paid calls"),
        (Bill(calls=1, by_another=True), "asked, one paid call"),
        (Bill(calls=1, failure="it failed"), "asked, one paid call"),
        (Bill(by_another=True), "not asked, another process has just done so"),
        (Bill(failure="all paid calls are frozen"), "no paid call was made: all paid calls are frozen"),
    ],
)
def test_asking_says_what_came_of_it(bill: Bill, said: str) -> None:
    assert of_move(Move.ASK, "aviationstack", bill) == f"aviationstack: {said}"


@pytest.mark.parametrize(
    ("move", "bill", "said"),
    [
        (Move.ANSWER, NO_BILL, "nothing; a call would have been 0.01 USD"),
        (Move.ANSWER_ABSENT, NO_BILL, "nothing was paid"),
        (Move.REFUSE_OFFLINE, NO_BILL, "nothing was paid"),
        (Move.REFUSE_DENIED, NO_BILL, "nothing was paid"),
        (Move.ASK, Bill(failure="the budget is reached"), "nothing was paid"),
        (Move.ASK, Bill(used=38, cap=100, by_another=True), "nothing, another process paid"),
        (Move.ASK, Bill(1, used=38, cap=100), "0.01 USD; 38 of 100 calls of this cycle used"),
        (Move.ASK, Bill(1, used=1, cap=1), "0.01 USD; 1 of 1 calls of this cycle used"),
        (Move.ASK, Bill(1, used=1), "0.01 USD; 1 call of this cycle used"),
        (Move.ASK, Bill(1, used=38), "0.01 USD; 38 calls of this cycle used"),
        (Move.ASK, Bill(2, used=38, cap=100), "0.02 USD; 38 of 100 calls of this cycle used"),
        (Move.ASK, Bill(1, used=38, cap=100, by_another=True), "0.01 USD; 38 of 100 calls of this cycle used"),
    ],
)
def test_an_answer_has_its_price(move: Move, bill: Bill, said: str) -> None:
    assert of_price(move, bill, PRICE) == f"price: {said}"


@pytest.mark.parametrize(
    ("found", "price"), [(True, "nothing; a call would have been 0.01 USD"), (False, "nothing was paid")]
)
def test_what_is_asked_for_twice_is_paid_once(found: bool, price: str) -> None:
    assert of_repetition(found, PRICE)[-1] == f"price: {price}"


def test_no_move_is_left_unexplained() -> None:
    assert len({of_move(move, "aviationstack", NO_BILL) for move in Move}) == len(Move)


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [
        (timedelta(), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=1), "1 d 0 h"),
        (timedelta(days=30, hours=23, minutes=59), "30 d 23 h"),
        (timedelta(days=-2), "0 min"),
    ],
)
def test_an_age_is_told_in_the_two_units_that_matter(elapsed: timedelta, shown: str) -> None:
    assert age(NOW - elapsed, NOW) == shown
