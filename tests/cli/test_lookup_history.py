"""Which look-ups are written into the history, and as what."""

from __future__ import annotations

import time

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
NZ527 = "flight:NZ527"


def history(rows: Rows) -> list[tuple[str, str]]:
    return rows("SELECT cache_key, kind FROM lookup_history ORDER BY id")


def test_a_look_up_is_written_with_the_second_it_was_made(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    before = int(time.time())
    flightctl("lookup", "NZ527")
    [(asked_at_s,)] = rows("SELECT asked_at_s FROM lookup_history")
    assert before <= asked_at_s <= time.time()


def test_what_was_found_not_found_and_failed(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ1")
    cached("NZ2", age_s=STALE_S)
    upstream.rows = [row("NZ2"), row("NZ3")]
    flightctl("lookup", "NZ1", "NZ2", "NZ3", "NZ4", "NZ4")
    upstream.fails(500, "internal_error")
    flightctl("lookup", "NZ5")
    assert history(rows) == [
        ("flight:NZ1", "found"),
        ("flight:NZ2", "found"),
        ("flight:NZ3", "found"),
        ("flight:NZ4", "absent"),
        ("flight:NZ4", "absent"),
        ("flight:NZ5", "failed"),
    ]


def test_a_stale_answer_is_a_failure(flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    flightctl("lookup", "NZ527", "--stale-if-error")
    assert history(rows) == [(NZ527, "failed")]


def test_a_refused_call_is_a_failure(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    flightctl("budget", "freeze")
    flightctl("lookup", "NZ527")
    assert history(rows) == [(NZ527, "failed")]


@pytest.mark.parametrize("known", [True, False])
def test_a_refresh_bypasses_the_cache_whatever_comes_of_it(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows, known: bool
) -> None:
    cached("NZ527")
    upstream.rows = [row("NZ527")] if known else []
    flightctl("lookup", "NZ527", "--refresh")
    assert history(rows) == [(NZ527, "bypassed")]


def test_so_does_a_cache_that_is_switched_off(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    flightctl("lookup", "NZ527")
    assert history(rows) == [(NZ527, "bypassed")]


def test_a_flight_that_stands_in_a_batch_twice_is_two_look_ups(
    flightctl: Flightctl, cached: Cached, rows: Rows
) -> None:
    cached("NZ527")
    flightctl("lookup", "NZ527", "nz 0527")
    assert history(rows) == [(NZ527, "found")] * 2


def test_what_a_refresh_has_just_asked_for_is_not_asked_for_again(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("NZ527")]
    flightctl("lookup", "NZ527", "NZ527", "--refresh")
    assert (history(rows), len(upstream.asked)) == ([(NZ527, "bypassed"), (NZ527, "found")], 1)


def test_it_is_the_canonical_designator_that_is_written(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    flightctl("lookup", "anz0527", "nz-527")
    assert history(rows) == [(NZ527, "found")] * 2


@pytest.mark.parametrize("arguments", [("NZ527", "--offline"), ("NZ0",), ("NZ5*",), ("NZ",), ("NZ", "--offline")])
def test_what_is_not_counted_or_is_no_flight_is_not_written(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, arguments: tuple[str, ...]
) -> None:
    flightctl("lookup", *arguments)
    assert history(rows) == []


@pytest.mark.parametrize("options", [(), ("--refresh",)])
def test_who_may_not_ask_leaves_no_trace(
    flightctl: Flightctl, basic: None, rows: Rows, options: tuple[str, ...]
) -> None:
    flightctl("lookup", "NZ527", *options)
    assert history(rows) == []


def test_every_look_up_of_a_long_batch_is_written(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    flightctl("lookup", "-", "--format", "csv", stdin="NZ527\n" * 2100)
    assert rows("SELECT count(*), sum(kind = 'found') FROM lookup_history") == [(2100, 2100)]


def test_the_sandbox_has_a_history_of_its_own(flightctl: Flightctl, rows: Rows) -> None:
    flightctl("--sandbox", "lookup", "NZ527")
    assert history(rows) == []


def test_the_history_holds_as_many_flights_as_were_counted(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ1")
    flightctl("lookup", "NZ1", "NZ2", "NZ1", "NZ2")
    assert rows("SELECT sum(n) FROM lookup_counts") == rows("SELECT count(*) FROM lookup_history") == [(4,)]
