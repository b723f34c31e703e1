"""A feed read page by page: when it is over, and when that was all there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.legs import NOW, leg
from flightctl.domain.feed_reading import FeedReading
from flightctl.domain.observed import FlightsPage, ObservedLeg


def legs(count: int, first: int = 1) -> tuple[ObservedLeg, ...]:
    """Rows of flights with these numbers."""
    return tuple(leg(flight=f"NZ{number}") for number in range(first, first + count))


def page(first: int = 1, rows: int = 100, total: int = 250, *, offset: int | None = None) -> FlightsPage:
    """A page of flights numbered from ``first``, which is its place in the feed unless said otherwise."""
    return FlightsPage(legs(rows, first), first - 1 if offset is None else offset, rows, total)


def reading(*pages: FlightsPage) -> FeedReading:
    read = FeedReading()
    for number, one in enumerate(pages):
        read = read.goes_on(one, NOW + timedelta(seconds=number))
    return read


ALL = (page(1), page(101), page(201, 50))


def test_a_reading_begins_with_nothing() -> None:
    nothing = FeedReading()
    assert (nothing.read, nothing.total, nothing.is_over, nothing.is_complete) == (0, 0, False, False)


def test_each_page_goes_on_where_the_one_before_ended() -> None:
    assert [reading(*ALL[:n]).read for n in range(4)] == [0, 100, 200, 250]
    assert [reading(*ALL[:n]).is_over for n in range(4)] == [False, False, False, True]


def test_it_began_with_its_first_page_and_ended_with_its_last() -> None:
    read = reading(*ALL)
    assert (read.began_at, read.ended_at) == (NOW, NOW + timedelta(seconds=2))


def test_rows_that_cannot_be_read_are_counted_all_the_same() -> None:
    first = FlightsPage(legs(99), 0, 100, 150)
    read = reading(first, page(101, 50, 150))
    assert (read.read, len(read.legs), read.is_complete) == (150, 149, True)


INCOMPLETE: dict[str, Sequence[FlightsPage]] = {
    "a row came twice": (page(1), page(100, offset=100), page(201, 50)),
    "the total grew": (page(1, total=249), page(101), page(201, 50)),
    "the total shrank": (page(1, total=251), page(101), page(201, 50)),
    "no total was said": (page(1, 50, -1),),
    "a total was said once": (page(1), page(101, total=-1)),
    "the last pages are empty": (page(1), page(101), page(201, 0)),
    "there is none although there should be": (page(1, 0, 250),),
    "more rows than there are": (page(1, 100, 99),),
    "the same page again": (page(1, total=200), page(1, total=200, offset=100)),
    "the same page, and it says so": (page(1, total=200), page(1, total=200)),
    "another page than was asked for": (page(1, total=200), page(101, total=200, offset=0)),
}


@pytest.mark.parametrize("pages", list(INCOMPLETE.values()), ids=list(INCOMPLETE))
def test_a_reading_can_be_over_and_not_complete(pages: Sequence[FlightsPage]) -> None:
    read = reading(*pages)
    assert (read.is_over, read.is_complete) == (True, False)


@pytest.mark.parametrize("pages", [(page(1, 0, 0),), (page(1, 100, 100),), ALL])
def test_a_reading_is_complete_where_every_row_was_seen(pages: Sequence[FlightsPage]) -> None:
    read = reading(*pages)
    assert (read.is_over, read.is_complete) == (True, True)


@settings(deadline=None)
@given(st.integers(1, 400), st.data())
def test_a_feed_that_stands_still_is_complete_at_its_end_and_not_before(total: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, total))
    read = FeedReading()
    for first in range(1, total + 1, size):
        assert not read.is_over
        read = read.goes_on(page(first, min(size, total - first + 1), total), NOW)
    assert read.is_complete


@settings(deadline=None)
@given(st.integers(2, 300), st.data())
def test_a_feed_that_moves_back_between_two_pages_is_never_complete(total: int, data: st.DataObject) -> None:
    """What was at the end of the first page comes again in the second."""
    first = data.draw(st.integers(1, total - 1))
    back = data.draw(st.integers(1, first))
    second = page(first + 1 - back, total - first, total, offset=first)
    assert not reading(page(1, first, total), second).is_complete


def test_departures_count_what_was_read_of_each_airport() -> None:
    pages = FlightsPage((leg("AKL", "CHC"), leg("WLG", "CHC"), leg("AKL", "DUD"), leg("", "DUD")), 0, 4, 4)
    assert reading(pages).departures == {"AKL": 2, "WLG": 1}
