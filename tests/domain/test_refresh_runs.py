"""What whole refresh runs cost, over feeds that are made up here."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.due import AIRLINES, entries, of_all, work_of
from flightctl.domain.feed import Feed
from flightctl.domain.refresh_plan import Work, next_step
from flightctl.domain.route import RouteEntry


class Service:
    """Feeds in some order of their rows, and the calls that a run makes of them."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        self.rows = rows
        self.pages = 0
        self.singles: list[str] = []

    def run(self, work: Work) -> int:
        """Work until nothing is left; the calls that it took."""
        while work.due:
            step = next_step(work, None)
            if step.feed is None:
                self.singles.append(work.due.pop(step.due[0].key).key)
            else:
                self.read(work, step.feed)
        return self.pages + len(self.singles)

    def read(self, work: Work, feed: Feed) -> None:
        rows = self.rows[feed.filter.airline]
        page = rows[feed.read : feed.read + 100]
        self.pages += 1
        for flight in page:
            work.due.pop(f"flight:{flight}", None)
        read = feed.read + len(page)
        work.learn(replace(feed, total=len(rows), told=True, read=read), {})
        if read == len(rows):
            work.close(feed.filter.airline)
            work.due = {key: due for key, due in work.due.items() if due.airline != feed.filter.airline}


def rows_of(due: Sequence[RouteEntry], factor: float, known: float, chance: random.Random) -> dict[str, list[str]]:
    """Feeds so many times as large as what is due, which have a part of it, in no order."""
    feeds: dict[str, list[str]] = {}
    for airline, n in Counter(one.route.airline_iata for one in due).items():
        have = [f"{airline}{number}" for number in range(1, n + 1) if chance.random() < known]
        feeds[airline] = have + [f"{airline}{5000 + number}" for number in range(round(n * factor) - len(have))]
        chance.shuffle(feeds[airline])
    return feeds


COUNTS = st.dictionaries(st.sampled_from(AIRLINES), st.integers(1, 80), min_size=1, max_size=4)


@settings(deadline=None)
@given(COUNTS, st.floats(1, 10), st.floats(0, 1), st.randoms(use_true_random=False))
def test_feeds_up_to_ten_times_as_large_as_what_is_due_never_cost_more_than_look_ups(
    counts: dict[str, int], factor: float, known: float, chance: random.Random
) -> None:
    due = of_all(**counts)
    assert Service(rows_of(due, factor, known, chance)).run(work_of(due)) <= len(due)


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.floats(1, 60), st.randoms(use_true_random=False), st.booleans())
def test_however_large_a_feed_is_a_run_costs_at_most_a_page_an_airline_more_than_look_ups(
    counts: dict[str, int], factor: float, chance: random.Random, is_known: bool
) -> None:
    """None more where its size was known."""
    due = of_all(**counts)
    rows = {
        airline: sorted(flights, key=len, reverse=True) for airline, flights in rows_of(due, factor, 1, chance).items()
    }
    totals = {f"airline:{airline}": len(flights) for airline, flights in rows.items()} if is_known else {}
    assert Service(rows).run(work_of(due, totals)) <= len(due) + (0 if is_known else len(counts))


@pytest.mark.parametrize("feeds", [2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("factor", "most"), [(1, 24), (3, 68), (10, 204)])
def test_two_thousand_entries_of_twelve_airlines_cost_a_call_a_page(factor: int, most: int, feeds: int) -> None:
    due = [one for number, airline in enumerate(AIRLINES) for one in entries(airline, 167 if number < 8 else 166)]
    assert len(due) == 2_000
    for seed in range(feeds):
        service = Service(rows_of(due, factor, 0.95, random.Random(seed)))
        assert service.run(work_of(due)) <= most


@pytest.mark.parametrize("factor", [1, 10])
def test_twelve_entries_of_twelve_airlines_cost_twelve_calls(factor: int) -> None:
    due = of_all(**dict.fromkeys(AIRLINES, 1))
    service = Service(rows_of(due, factor, 1, random.Random(1)))
    assert (service.run(work_of(due)), service.pages) == (12, 0)
