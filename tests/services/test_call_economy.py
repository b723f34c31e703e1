"""However often and by however many flights are asked for, each is paid for once; and who waits is in nobody's way."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crowd import Ended, crowd
from flightctl.services.single_flight import SingleFlight, Wish
from flightctl.store import leases
from services.payers import NOW, Payers
from trouble import held
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

PROCESSES = 8
NUMBERS = range(1, 61)
KNOWN = [number for number in NUMBERS if number % 10]
"""The others are asked for, too, and upstream does not know them."""
SPELLINGS = ("NZ{}", "nz {:04}", "NZ0{}", "ANZ{}")
Asked = list[tuple[str, int]]
"""What is typed, and the number that is meant."""


@pytest.fixture
def upstream(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    upstream.rows = [row(f"NZ{number}", "AKL", "CHC") for number in KNOWN]
    upstream.delay_s = 0.02
    return upstream


def zipf(count: int) -> Asked:
    """Look-ups of flights of which the nth is asked for 1/n as often as the first, typed in several ways."""
    numbers = random.choices(NUMBERS, [1 / number for number in NUMBERS], k=count)
    return [(random.choice(SPELLINGS).format(number), number) for number in numbers]


def looked_up(asked: Asked) -> list[Ended]:
    """In eight processes at once."""
    shares = [[typed for typed, _ in asked[share::PROCESSES]] for share in range(PROCESSES)]
    return crowd([["lookup", *share, "--json"] for share in shares], at_once=PROCESSES)


def test_a_zipf_of_look_ups_costs_a_call_for_each_distinct_flight(upstream: Upstream) -> None:
    asked = zipf(300)
    ended = looked_up(asked)
    paid = sorted(query["flight_iata"] for query in upstream.asked)
    assert paid == sorted({f"NZ{number}" for _, number in asked})
    assert sum(one.result.json["metrics"]["upstream_calls"] for one in ended) == len(paid)


def test_everybody_who_looks_up_gets_the_right_answer(upstream: Upstream) -> None:
    asked = zipf(80)
    answers = [answer for one in looked_up(asked) for answer in one.result.answers]
    right = Counter((typed, f"NZ{number}", "CHC" if number in KNOWN else None) for typed, number in asked)
    assert Counter((one["query"], one["flight_iata"], one["arrival_iata"]) for one in answers) == right


def test_who_waits_for_others_calls_leaves_them_the_write_lock(payers: Payers, database: Path) -> None:
    """As many calls are under way as may be; somebody holds the lock from the first look to the fifth."""
    payers.others_have_under_way(5)
    with ExitStack() as lock:
        looks = {1: lambda: lock.enter_context(held(database, "BEGIN IMMEDIATE")), 5: lock.close}
        payers.meanwhile = lambda: looks.get(len(payers.sleeps), lambda: None)()
        assert payers.ask(None) == 1


def test_who_has_waited_for_long_looks_less_often(payers: Payers) -> None:
    """A hundred who look ten times a second leave no time to the one they wait for."""
    with payers.database.writing() as session:
        leases.take(session, "flight:NZ1", "elsewhere/1/1/x", NOW)

    def answered_after_ten_seconds(_session: object) -> datetime | None:
        return payers.now if payers.now > NOW + timedelta(seconds=10) else None

    single = SingleFlight(lambda: payers.database, lambda: payers.now, payers.sleep)
    assert single.fly(Wish("flight:NZ1", look=answered_after_ten_seconds, ask=lambda _lease: NOW)).waited
    assert len(payers.sleeps) < 50
    assert sum(payers.sleeps[:5]) < 1 < sum(payers.sleeps[-5:])
