"""Feeds in SQL: sizes that are believed for a while, and the pages of a reading that is not at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flightctl.store import feeds
from flightctl.store.engine import Database
from flightctl.store.feeds import KeptPage, Progress

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=365)
NZ, FROM_AKL = "airline:NZ", "airline:NZ from:AKL"


def page(offset: int = 0, count: int = 100, total: int = 250, read_at: datetime = NOW) -> KeptPage:
    return KeptPage(offset, count, total, [{"flight": {"iata": f"NZ{offset + 1}"}}], read_at)


def keep(db: Database, *pages: KeptPage, filter: str = NZ, provider: str = "aviationstack") -> None:
    with db.writing() as session:
        for one in pages:
            feeds.keep_page(session, provider, filter, one)


def kept(db: Database, filter: str = NZ, provider: str = "aviationstack") -> list[KeptPage]:
    with db.reading() as session:
        return feeds.pages(session, provider, filter)


def progress(db: Database, since: datetime = LONG_AGO, provider: str = "aviationstack") -> dict[str, Progress]:
    with db.reading() as session:
        return feeds.progress(session, provider, since)


def remember(db: Database, total: int, at: datetime = NOW, filter: str = NZ, provider: str = "aviationstack") -> None:
    with db.writing() as session:
        feeds.remember_total(session, provider, filter, total, at)


def totals(db: Database, since: datetime = LONG_AGO, provider: str = "aviationstack") -> dict[str, int]:
    with db.reading() as session:
        return feeds.totals(session, provider, since)


# Sizes


def test_the_size_that_was_told_last_counts(db: Database) -> None:
    remember(db, 500)
    remember(db, 700, NOW + HOUR)
    remember(db, 40, filter=FROM_AKL)
    assert totals(db) == {NZ: 700, FROM_AKL: 40}


def test_sizes_are_believed_if_they_were_learned_since(db: Database) -> None:
    remember(db, 500, NOW)
    assert [totals(db, NOW + timedelta(seconds=s)) for s in (-1, 0)] == [{NZ: 500}, {}]


def test_each_provider_has_its_own_sizes(db: Database) -> None:
    remember(db, 500, provider="aeroapi")
    assert (totals(db), totals(db, provider="aeroapi")) == ({}, {NZ: 500})


# Pages


def test_pages_come_back_as_they_were_kept_and_in_order(db: Database) -> None:
    pages = [page(0), page(100), page(200, 50)]
    keep(db, *pages[::-1][:2], filter=FROM_AKL)
    keep(db, *pages)
    assert kept(db) == pages
    assert kept(db, FROM_AKL) == pages[1:]


@pytest.mark.parametrize("rows", [[], [{"name": "Zürich ✈ \ud800 \x00"}], [{"deep": [[[[1.5, None, True]]]]}]])
def test_rows_come_back_whatever_is_in_them(db: Database, rows: list[dict[str, object]]) -> None:
    keep(db, KeptPage(0, 1, 1, rows, NOW))
    assert [one.rows for one in kept(db)] == [rows]


def test_with_the_first_page_a_new_reading_begins(db: Database) -> None:
    keep(db, page(0), page(100))
    keep(db, page(0, read_at=NOW + HOUR))
    assert kept(db) == [page(0, read_at=NOW + HOUR)]


def test_a_reading_that_is_over_leaves_nothing_behind_and_others_alone(db: Database) -> None:
    keep(db, page(0), page(100))
    keep(db, page(0), filter=FROM_AKL)
    with db.writing() as session:
        feeds.drop_pages(session, "aviationstack", NZ)
    assert (kept(db), len(kept(db, FROM_AKL))) == ([], 1)


def test_old_readings_are_dropped_as_a_whole(db: Database) -> None:
    """By their beginning: a page without those before it is of no use."""
    keep(db, page(0, read_at=NOW - HOUR), page(100, read_at=NOW + HOUR))
    keep(db, page(0, read_at=NOW), page(100, read_at=NOW + HOUR), filter=FROM_AKL)
    with db.writing() as session:
        feeds.drop_readings_before(session, NOW)
    assert (kept(db), len(kept(db, FROM_AKL))) == ([], 2)


# How far a reading has come


def test_a_reading_has_come_as_far_as_its_pages_go_without_a_gap(db: Database) -> None:
    keep(db, page(0, 100), page(100, 80, 240, NOW + HOUR), page(200, 40))
    assert progress(db) == {NZ: Progress(180, 240, (NOW, NOW + HOUR))}


def test_without_its_first_page_there_is_no_reading(db: Database) -> None:
    keep(db, page(100), page(200))
    assert progress(db) == {}


@pytest.mark.parametrize(("began", "is_there"), [(NOW - timedelta(microseconds=1), False), (NOW, True)])
def test_readings_that_began_before_are_left_out(db: Database, began: datetime, is_there: bool) -> None:
    keep(db, page(0, read_at=began), page(100, read_at=NOW + HOUR))
    assert bool(progress(db, since=NOW)) is is_there


def test_each_feed_of_each_provider_has_its_own_reading(db: Database) -> None:
    keep(db, page(0))
    keep(db, page(0, 30), filter=FROM_AKL)
    keep(db, page(0, 7), provider="aeroapi")
    assert {filter: one.read for filter, one in progress(db).items()} == {NZ: 100, FROM_AKL: 30}
    assert {filter: one.read for filter, one in progress(db, provider="aeroapi").items()} == {NZ: 7}
