"""``refresh-stale`` in bulk: which pages it reads, and where it asks for a flight by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import Cached, Flightctl, Result, Rows
from services.refreshing import paging
from stale import DAY_S, STALE_S, counts, fill, flights, flights_asked, fresh_in, others, outcomes, pages_asked, rows_of
from upstream import Row, Upstream, row


def refresh(flightctl: Flightctl, *options: str) -> Result:
    return flightctl("refresh-stale", *options, "--json")


def test_one_page_renews_a_hundred_entries(flightctl: Flightctl, upstream: Upstream, database: Path) -> None:
    fill(database, flights("NZ", 100))
    upstream.rows = rows_of(flights("NZ", 100))
    done = refresh(flightctl)
    assert (done.code, done.json["upstream_calls"], counts(done)) == (0, 1, {"unchanged": 100})
    assert len(fresh_in(database)) == 100


@pytest.mark.parametrize(("entries", "pages", "singles"), [(1, 0, 1), (3, 0, 3), (4, 1, 0)])
def test_a_page_is_read_where_it_is_expected_to_settle_more_than_one_entry(
    flightctl: Flightctl, upstream: Upstream, database: Path, entries: int, pages: int, singles: int
) -> None:
    """An airline that was never asked for is taken to have 300 rows."""
    fill(database, flights("NZ", entries))
    upstream.rows = rows_of(flights("NZ", entries))
    refresh(flightctl)
    assert (len(pages_asked(upstream)), len(flights_asked(upstream))) == (pages, singles)


def test_pages_are_asked_for_from_the_first_row_on_a_hundred_at_a_time(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 250))
    upstream.rows = rows_of(flights("NZ", 250))
    refresh(flightctl)
    assert pages_asked(upstream) == [("NZ", 0), ("NZ", 100), ("NZ", 200)]
    assert {query["limit"] for query in upstream.asked} == {"100"}


def test_paging_stops_where_the_next_page_would_not_pay(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = others("NZ", 1000) + rows_of(flights("NZ", 4))
    assert counts(refresh(flightctl)) == {"unchanged": 4}
    assert pages_asked(upstream) == [("NZ", 0)]
    assert flights_asked(upstream) == ["NZ1", "NZ2", "NZ3", "NZ4"]


@pytest.mark.parametrize(("seconds", "pages"), [(-30 * DAY_S + 60, 0), (-30 * DAY_S - 60, 1)])
def test_the_size_of_a_feed_is_believed_for_30_days(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows, seconds: int, pages: int
) -> None:
    fill(database, flights("NZ", 4))
    rows("INSERT INTO feeds VALUES ('aviationstack', 'airline:NZ', 1004, datetime('now', ?))", f"{seconds} seconds")
    upstream.rows = others("NZ", 1000) + rows_of(flights("NZ", 4))
    refresh(flightctl)
    assert len(pages_asked(upstream)) == pages


def test_an_airline_is_guessed_to_have_as_many_rows_an_entry_as_one_that_was_read(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 5) | flights("QF", 4))
    upstream.rows = others("NZ", 2000) + others("QF", 2000) + rows_of(flights("NZ", 5) | flights("QF", 4))
    assert counts(refresh(flightctl)) == {"unchanged": 9}
    assert pages_asked(upstream) == [("NZ", 0)]
    assert len(upstream.asked) == 10


def test_an_airline_without_any_rows_does_not_keep_from_reading_others(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("QF", 30) | flights("NZ", 20))
    upstream.rows = rows_of(flights("NZ", 20))
    done = refresh(flightctl)
    assert counts(done) == {"not_found": 30, "unchanged": 20}
    assert pages_asked(upstream) == [("QF", 0), ("NZ", 0)]


def test_an_outage_that_looks_like_no_flights_at_all_does_not_make_the_next_run_dear(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 20))
    refresh(flightctl)
    upstream.rows = rows_of(flights("NZ", 20))
    assert counts(refresh(flightctl)) == {"unchanged": 20}
    assert pages_asked(upstream) == [("NZ", 0)] * 2


def test_an_airline_without_a_total_does_not_make_others_look_small(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paging(upstream, monkeypatch, total=None)
    fill(database, flights("NZ", 30) | flights("QF", 3))
    upstream.rows = rows_of(flights("NZ", 30) | flights("QF", 3))
    refresh(flightctl)
    assert (pages_asked(upstream), len(flights_asked(upstream))) == ([("NZ", 0)], 3)


def test_pages_smaller_than_was_asked_for_are_not_read_on_as_if_they_were_full(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 10))
    upstream.page_rows, upstream.rows = 20, others("NZ", 390) + rows_of(flights("NZ", 10))
    refresh(flightctl)
    assert (pages_asked(upstream), len(flights_asked(upstream))) == ([("NZ", 0)], 10)


def spread(airport: str, count: int, among: int) -> list[Row]:
    """``count`` stale flights from an airport, evenly among others from elsewhere."""
    mixed, step = others("NZ", among), among // count
    for number, one in enumerate(rows_of(flights("NZ", count, f"{airport}-WLG"))):
        mixed.insert(number * (step + 1), one)
    return mixed


def test_an_airport_of_departure_is_read_where_the_airline_is_too_large(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 40, "AKL-WLG"))
    upstream.rows = spread("AKL", 40, among=960)
    assert counts(refresh(flightctl)) == {"unchanged": 40}
    assert pages_asked(upstream) == [("NZ", 0), ("NZ from AKL", 0)]


def test_the_page_of_an_airport_does_not_settle_flights_with_several_legs(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    several = flights("NZ", 2, "AKL-WLG-CHC", first=900)
    fill(database, flights("NZ", 40, "AKL-WLG") | several)
    upstream.rows = spread("AKL", 40, among=960) + rows_of(several)
    done = refresh(flightctl)
    assert counts(done) == {"unchanged": 42}
    assert pages_asked(upstream) == [("NZ", 0), ("NZ from AKL", 0)]
    assert flights_asked(upstream) == ["NZ900", "NZ901"]


def test_the_page_of_an_airport_does_not_say_what_is_not_there(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 41, "AKL-WLG"))
    upstream.rows = spread("AKL", 40, among=960) + rows_of({"NZ41": "CHC-WLG"})
    assert outcomes(refresh(flightctl))["NZ41"] == "changed"
    assert flights_asked(upstream) == ["NZ41"]


def test_an_entry_of_another_airline_than_its_designator_says_is_asked_for_by_itself(
    flightctl: Flightctl, upstream: Upstream, database: Path, cached: Cached
) -> None:
    """The airline's feed would not have it."""
    fill(database, flights("NZ", 20))
    cached("NZ900", airline_iata="QF", age_s=STALE_S)
    upstream.rows = [*rows_of(flights("NZ", 20)), row("NZ900", airline=("Qantas", "QF", None))]
    assert counts(refresh(flightctl)) == {"unchanged": 21}
    assert (pages_asked(upstream), flights_asked(upstream)) == ([("NZ", 0)], ["NZ900"])


def test_an_airline_whose_flights_have_icao_designators_only_is_asked_for_by_its_icao_code(
    flightctl: Flightctl, upstream: Upstream, database: Path, cached: Cached
) -> None:
    for number in range(1, 6):
        cached(f"ANZ{number}", airline_iata="NZ", age_s=STALE_S)
    upstream.rows = [row(f"NZ{number}") for number in range(1, 6)]
    assert counts(refresh(flightctl)) == {"unchanged": 5}
    assert [query["airline_icao"] for query in upstream.asked] == ["ANZ"]


def test_a_page_is_read_for_what_will_expire_soon(flightctl: Flightctl, upstream: Upstream, database: Path) -> None:
    fill(database, flights("NZ", 2))
    fill(database, flights("NZ", 3, first=3), age_s=29 * DAY_S)
    upstream.rows = rows_of(flights("NZ", 5))
    assert counts(refresh(flightctl, "--ahead", "2d")) == {"unchanged": 5}
    assert pages_asked(upstream) == [("NZ", 0)]


def test_limit_bounds_what_a_page_is_read_for_and_not_what_it_renews(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 20))
    upstream.rows = rows_of(flights("NZ", 20))
    assert refresh(flightctl, "--limit", "4").json["selected"] == 4
    assert len(fresh_in(database)) == 20
