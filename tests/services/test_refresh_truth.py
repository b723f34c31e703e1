"""Whatever is cached, and in whatever order upstream has it: a refresh in bulk says nothing that is not so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.renewal import RefreshReport, Renewal
from services.refreshing import Runs
from stale import DAY_S, fill, fresh_in, rows_of, ways_in
from upstream import Upstream

PAGE_ROWS = 8
"""So that a few flights make several pages."""
FLIGHTS = [f"NZ{number}" for number in range(1, 31)]
STAYED = (Renewal.UNCHANGED, Renewal.NOT_FOUND, Renewal.SKIPPED)
HARD = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORLDS = pytest.mark.parametrize("count", [8, pytest.param(25, marks=pytest.mark.slow)])
"""Each is a file with a run over it."""


class World(NamedTuple):
    """What is cached, stale and fresh, and what upstream has."""

    stale: dict[str, str]
    fresh: dict[str, str]
    truth: dict[str, str]
    order: list[int]
    """Of the rows, at random."""
    moves: list[int]
    """By so many rows the feed moves on before each call."""


WAYS = st.sampled_from(["AKL-CHC", "AKL-WLG", "WLG-CHC", "AKL-WLG-CHC", "AKL-WLG-CHC-DUD"])
CACHED = st.dictionaries(st.sampled_from(FLIGHTS), WAYS, max_size=30)


@st.composite
def worlds(draw: st.DrawFn, moving: bool) -> World:
    cached = draw(CACHED)
    fresh = draw(st.sets(st.sampled_from(FLIGHTS), max_size=5))
    changed = draw(st.dictionaries(st.sampled_from(FLIGHTS), WAYS, max_size=10))
    gone = draw(st.sets(st.sampled_from(FLIGHTS), max_size=5))
    truth = {flight: way for flight, way in (cached | changed).items() if flight not in gone}
    return World(
        {flight: way for flight, way in cached.items() if flight not in fresh},
        {flight: way for flight, way in cached.items() if flight in fresh},
        truth,
        draw(st.permutations(range(len(rows_of(truth))))),
        draw(st.lists(st.integers(0, 3), min_size=40, max_size=40)) if moving else [0] * 40,
    )


def refreshed(world: World, upstream: Upstream, database: Path, empty_cache: Path) -> RefreshReport:
    """What a run in this world does."""
    shutil.copy(empty_cache, database)
    fill(database, world.stale)
    fill(database, world.fresh, age_s=2 * DAY_S)
    rows = rows_of(world.truth)
    upstream.rows = [rows[place] for place in world.order]
    upstream.asked.clear()

    def move_on() -> None:
        by = world.moves[len(upstream.asked) % 40]
        upstream.rows = upstream.rows[by:] + upstream.rows[:by]

    upstream.while_asked, upstream.page_rows = move_on, PAGE_ROWS
    return Runs()(max_calls=80)


def says_nothing_that_is_not_so(world: World, report: RefreshReport, kept: dict[str, str]) -> None:
    before = world.stale | world.fresh
    for flight, way in kept.items():
        assert way in (before.get(flight), world.truth.get(flight)), flight
    for one in report.renewed:
        flight = one.before.route.flight_iata
        assert (one.renewal is Renewal.NOT_FOUND) == (flight not in world.truth), flight
        assert one.renewal in STAYED or kept[flight] == world.truth[flight] != before[flight], flight
    assert before.keys() <= kept.keys()


@WORLDS
def test_a_feed_that_stands_still(upstream: Upstream, database: Path, empty_cache: Path, count: int) -> None:
    @settings(HARD, max_examples=count)
    @given(world=worlds(moving=False))
    def holds(world: World) -> None:
        report = refreshed(world, upstream, database, empty_cache)
        says_nothing_that_is_not_so(world, report, ways_in(database))
        assert report.count(Renewal.FAILED, Renewal.SKIPPED) == 0
        assert fresh_in(database) >= world.stale.keys() & world.truth.keys()
        assert len(upstream.asked) <= len(world.stale) + 1

    holds()


@WORLDS
def test_a_feed_that_moves_on_between_two_pages(
    upstream: Upstream, database: Path, empty_cache: Path, count: int
) -> None:
    @settings(HARD, max_examples=count)
    @given(world=worlds(moving=True))
    def holds(world: World) -> None:
        report = refreshed(world, upstream, database, empty_cache)
        says_nothing_that_is_not_so(world, report, ways_in(database))
        assert fresh_in(database) >= world.stale.keys() & world.truth.keys()

    holds()
