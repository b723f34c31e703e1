"""What a refresh asks for next: a page that renews many entries at once, or one flight."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.due import AIRLINES, entries, of_all, work_of
from domain.legs import entry
from flightctl.domain.feed import Feed, Filter, guessed_total
from flightctl.domain.refresh_plan import Step, dues, expected_calls, next_step, planned
from flightctl.domain.route import Route, direct

NZ, QF = Filter("NZ"), Filter("QF")
FROM_AKL = Filter("NZ", "AKL")
ENOUGH = None
"""No limit on calls."""


def flights_in(step: Step) -> list[str]:
    return [due.entry.route.flight_iata for due in step.due]


# The next step


@pytest.mark.parametrize(
    ("count", "total", "is_page"),
    [(1, 1, False), (1, 100, False), (2, 1, True), (2, 199, True), (2, 200, False), (100, 9_999, True)],
)
def test_a_page_pays_where_it_settles_more_than_one_entry(count: int, total: int, is_page: bool) -> None:
    step = next_step(work_of(entries("NZ", count), {"airline:NZ": total}), ENOUGH)
    assert (step.feed is not None) is is_page


def test_a_page_may_settle_all_entries_of_its_airline() -> None:
    step = next_step(work_of(of_all(NZ=4, QF=3)), ENOUGH)
    assert (step.feed and step.feed.filter, flights_in(step)) == (NZ, ["NZ1", "NZ2", "NZ3", "NZ4"])


def test_the_page_that_settles_most_comes_first() -> None:
    work = work_of(of_all(NZ=50, QF=40), {"airline:NZ": 5_000, "airline:QF": 200})
    step = next_step(work, ENOUGH)
    assert step.feed is not None
    assert (step.feed.filter, step.worth) == (QF, 20)


def test_without_a_page_that_pays_the_oldest_flight_comes_first() -> None:
    assert flights_in(next_step(work_of(of_all(QF=1, NZ=3)), ENOUGH)) == ["QF1"]


@pytest.mark.parametrize(
    ("route", "filters"),
    [
        (direct("NZ1", "NZ", "AKL", "CHC"), (NZ, FROM_AKL)),
        (Route("NZ1", "NZ", "AKL", "DUD", (("AKL", "CHC"), ("CHC", "DUD"))), (NZ,)),
        (direct("ANZ1", "NZ", "AKL", "CHC"), (Filter("ANZ"), Filter("ANZ", "AKL"))),
        (direct("NZ1", "QF", "AKL", "CHC"), ()),
    ],
    ids=["direct", "several legs", "by ICAO code", "flown by another airline"],
)
def test_an_entry_is_looked_for_where_upstream_has_its_rows(route: Route, filters: tuple[Filter, ...]) -> None:
    (due,) = dues([entry(route)], {})
    assert due.filters == filters


@pytest.mark.parametrize(("count", "total"), [(1, 300), (30, 300), (31, 310), (2_000, 20_000)])
def test_a_feed_that_was_never_read_is_guessed(count: int, total: int) -> None:
    assert guessed_total(count) == total
    assert work_of(entries("NZ", count)).feeds[NZ].total == total


def test_other_feeds_are_guessed_to_be_like_one_that_is_known() -> None:
    work = work_of(of_all(NZ=10, QF=4, BA=1), {"airline:NZ": 250})
    assert {filter: feed.total for filter, feed in work.feeds.items()} == {NZ: 250, QF: 100, Filter("BA"): 25}


def test_no_feed_is_guessed_to_be_larger_than_the_largest_that_is_known() -> None:
    """Of a known feed next to nothing may be due, because a run before this one has done the rest."""
    work = work_of(of_all(NZ=1, QF=30), {"airline:NZ": 250})
    assert work.feeds[QF].total == 250
    assert next_step(work, ENOUGH).feed == Feed(QF, 250)


def test_a_feed_without_rows_does_not_say_that_others_have_none() -> None:
    work = work_of(of_all(NZ=10, QF=4), {"airline:NZ": 0})
    assert next_step(work, ENOUGH).feed == Feed(QF, 1)


def test_what_a_page_tells_changes_the_other_guesses() -> None:
    work = work_of(of_all(NZ=10, QF=4))
    work.learn(Feed(NZ, 5_000, told=True, read=100), {})
    assert work.feeds[QF].total == 2_000


def test_a_page_tells_how_large_the_feed_of_an_airport_may_be() -> None:
    work = work_of(entries("NZ", 5, "AKL") + entries("NZ", 1, "WLG", first=9))
    work.learn(Feed(NZ, 1_000, told=True, read=100), {"AKL": 7, "WLG": 20, "CHC": 73})
    assert {filter: feed.total for filter, feed in work.feeds.items()} == {NZ: 1_000, FROM_AKL: 70}


def test_the_feed_of_an_airport_that_is_known_is_read_from_the_first_page_on() -> None:
    work = work_of(entries("NZ", 20), {"airline:NZ": 9_000, "airline:NZ from:AKL": 150})
    step = next_step(work, ENOUGH)
    assert step.feed == Feed(FROM_AKL, 150, told=True)


@pytest.mark.parametrize(("airline", "of_airport", "chosen"), [(500, 170, NZ), (1_700, 170, FROM_AKL)])
def test_of_airline_and_airport_the_one_is_read_that_costs_less_in_the_end(
    airline: int, of_airport: int, chosen: Filter
) -> None:
    """The next page of the airport settles more; but what it does not have has to be looked up."""
    totals = {"airline:NZ": airline, "airline:NZ from:AKL": of_airport}
    step = next_step(work_of(entries("NZ", 133), totals, read={"airline:NZ": 100}), ENOUGH)
    assert step.feed is not None
    assert step.feed.filter == chosen


def test_several_airports_are_read_one_after_the_other() -> None:
    due = entries("NZ", 20, "AKL") + entries("NZ", 30, "WLG", first=50)
    totals = {"airline:NZ": 9_000, "airline:NZ from:AKL": 90, "airline:NZ from:WLG": 90}
    work, read = work_of(due, totals), []
    while (step := next_step(work, ENOUGH)).feed:
        read.append(step.feed.filter.departure)
        work.learn(replace(step.feed, is_closed=True), {})
        for one in step.due[1:]:
            work.due.pop(one.key)
    assert read == ["WLG", "AKL"]
    assert list(planned(work)) == [("NZ", 2, 0, 2)]


def test_a_reading_that_was_interrupted_goes_on() -> None:
    work = work_of(entries("NZ", 2), {"airline:NZ": 500}, read={"airline:NZ": 400})
    assert next_step(work, ENOUGH).feed == Feed(NZ, 500, told=True, read=400)


def test_a_feed_that_was_read_and_not_made_use_of_comes_before_everything() -> None:
    work = work_of(of_all(QF=50, NZ=1), {"airline:NZ": 500}, read={"airline:NZ": 500})
    step = next_step(work, 1)
    assert step.feed is not None
    assert (step.feed.filter, step.feed.price) == (NZ, 0)


def test_a_closed_feed_is_not_read_again() -> None:
    work = work_of(entries("NZ", 50), {"airline:NZ": 50, "airline:NZ from:AKL": 50})
    work.close("NZ")
    assert next_step(work, ENOUGH).feed is None


def test_pages_smaller_than_a_hundred_rows_pay_less() -> None:
    feed = Feed(NZ, 1_000, told=True, page_rows=20)
    assert [feed.pays(n) for n in (50, 51)] == [False, True]


# Where calls do not suffice


def values_of(step: Step) -> list[float]:
    return [due.value for due in step.due]


def test_what_was_asked_for_most_comes_first_where_calls_do_not_suffice() -> None:
    work = work_of(of_all(NZ=3), asks={"flight:NZ2": 7})
    assert values_of(next_step(work, 2)) == [8]
    assert values_of(next_step(work, 3)) == [1]


def test_a_page_of_much_value_comes_before_a_flight_of_less_and_the_other_way_round() -> None:
    due = of_all(NZ=10, QF=1)
    for asks, is_page in ((8, True), (10, False)):
        step = next_step(work_of(due, {"airline:NZ": 100}, {"flight:QF1": asks}), 1)
        assert (step.feed is not None) is is_page


def test_a_page_is_worth_what_is_expected_to_be_on_it() -> None:
    work = work_of(of_all(NZ=10, QF=1), {"airline:NZ": 200}, {"flight:QF1": 4})
    assert next_step(work, 1).worth == pytest.approx(5)
    assert next_step(work, 1).feed is not None
    assert next_step(work_of(of_all(NZ=10, QF=1), {"airline:NZ": 200}, {"flight:QF1": 5}), 1).feed is None


@given(st.lists(st.integers(0, 50), min_size=2, max_size=12), st.integers(1, 12))
def test_single_look_ups_are_made_in_the_order_of_their_value(asked: list[int], calls: int) -> None:
    """As long as the calls do not suffice, which is to the end."""
    due = [one for airline, _ in zip(AIRLINES, asked, strict=False) for one in entries(airline, 1)]
    work = work_of(due, asks={one.route.cache_key: n for one, n in zip(due, asked, strict=True)})
    made = []
    for left in range(min(calls, len(due) - 1), 0, -1):
        (one,) = next_step(work, left).due
        made.append(work.due.pop(one.key).value)
    assert made == [1 + n for n in sorted(asked, reverse=True)[: len(made)]]


# What it will cost


@pytest.mark.parametrize(
    ("counts", "totals", "expected"),
    [
        ({"NZ": 3}, {}, [("NZ", 3, 0, 3)]),
        ({"NZ": 4}, {}, [("NZ", 4, 3, 0)]),
        ({"NZ": 4}, {"airline:NZ": 80}, [("NZ", 4, 1, 0)]),
        ({"NZ": 4}, {"airline:NZ": 900}, [("NZ", 4, 0, 4)]),
        ({"NZ": 166, "QF": 1}, {"airline:NZ": 200}, [("NZ", 166, 2, 0), ("QF", 1, 0, 1)]),
        ({"NZ": 50}, {"airline:NZ": 9_000, "airline:NZ from:AKL": 250}, [("NZ", 50, 3, 1)]),
        ({}, {}, []),
    ],
)
def test_the_plan_says_pages_and_look_ups_by_airline(
    counts: dict[str, int], totals: dict[str, int], expected: list[tuple[str, int, int, int]]
) -> None:
    work = work_of(of_all(**counts), totals)
    assert list(planned(work)) == expected
    assert expected_calls(work) == sum(pages + singles for _, _, pages, singles in expected)


def test_a_feed_at_hand_costs_nothing_in_the_plan() -> None:
    work = work_of(entries("NZ", 20), {"airline:NZ": 500}, read={"airline:NZ": 500})
    assert list(planned(work)) == [("NZ", 20, 0, 0)]


def test_what_no_feed_has_is_planned_as_look_ups() -> None:
    other = [entry(direct(f"NZ{number}", "QF", "AKL", "CHC")) for number in (7, 8)]
    assert list(planned(work_of([*entries("NZ", 4), *other], {"airline:NZ": 90}))) == [("NZ", 6, 1, 2)]


def test_without_pages_everything_is_planned_as_look_ups() -> None:
    assert list(planned(work_of(entries("NZ", 20)).without_pages())) == [("NZ", 20, 0, 20)]


@given(st.integers(1, 300), st.integers(0, 10**12))
def test_the_plan_never_costs_more_than_look_ups_would(count: int, total: int) -> None:
    assert expected_calls(work_of(entries("NZ", count), {"airline:NZ": total})) <= count
