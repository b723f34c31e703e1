"""``refresh-stale`` in bulk: what a page may say of flights, and what only a whole feed may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from running import Flightctl, Result, Rows
from services.refreshing import before_page
from stale import DAY_S, counts, fill, flights, flights_asked, fresh_in, others, outcomes, pages_asked, rows_of, ways_in
from upstream import Upstream


def refresh(flightctl: Flightctl, *options: str) -> Result:
    return flightctl("refresh-stale", *options, "--json")


def test_a_row_of_any_page_renews_an_entry_that_says_the_same(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of({"NZ1": "AKL-CHC"}) + others("NZ", 1000, "AKL-MEL") + rows_of(flights("NZ", 3, first=2))
    refresh(flightctl)
    assert flights_asked(upstream) == ["NZ2", "NZ3", "NZ4"]


def test_a_page_renews_what_is_fresh_for_nothing(flightctl: Flightctl, upstream: Upstream, database: Path) -> None:
    fill(database, flights("NZ", 4))
    fill(database, {"NZ5": "AKL-CHC"}, age_s=2 * DAY_S)
    upstream.rows = rows_of(flights("NZ", 5))
    refresh(flightctl)
    assert "NZ5" in fresh_in(database)


def test_a_row_that_differs_counts_where_every_page_was_read(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = others("NZ", 150) + rows_of(flights("NZ", 3) | {"NZ4": "AKL-WLG"})
    done = refresh(flightctl)
    assert (counts(done), outcomes(done)["NZ4"]) == ({"unchanged": 3, "changed": 1}, "changed")
    assert (ways_in(database)["NZ4"], len(upstream.asked)) == ("AKL-WLG", 2)


def test_a_row_that_differs_gets_its_own_look_up_where_not_every_page_was_read(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of({"NZ4": "AKL-WLG"} | flights("NZ", 3)) + others("NZ", 1000)
    assert outcomes(refresh(flightctl))["NZ4"] == "changed"
    assert (pages_asked(upstream), flights_asked(upstream)) == ([("NZ", 0)], ["NZ4"])


@pytest.mark.parametrize("before", ["AKL-WLG-CHC", "AKL-CHC", None])
def test_a_flight_of_which_half_was_seen_is_never_stored_as_that(
    flightctl: Flightctl, upstream: Upstream, database: Path, before: str | None
) -> None:
    """Its second leg is behind the page at which paging stops."""
    fill(database, flights("NZ", 4) | ({"NZ9": before} if before else {}))
    first, second = rows_of({"NZ9": "AKL-WLG-DUD"})
    upstream.rows = [first, *rows_of(flights("NZ", 4)), *others("NZ", 1000), second]
    refresh(flightctl)
    assert ways_in(database).get("NZ9") == ("AKL-WLG-DUD" if before else None)
    assert flights_asked(upstream) == (["NZ9"] if before else [])


@pytest.mark.parametrize("kept", ["true", "false"])
def test_rows_of_pages_are_kept_where_the_setting_says_so(
    flightctl: Flightctl,
    upstream: Upstream,
    database: Path,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_STORE_PAYLOAD", kept)
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of(flights("NZ", 3) | {"NZ4": "AKL-WLG-DUD", "NZ5": "AKL-CHC"})
    refresh(flightctl)
    payloads = {
        flight: json.loads(kept or "null")
        for flight, kept in rows("SELECT flight_iata, payload_source FROM aviationstack_cache")
    }
    expected = {flight: [one for one in upstream.rows if one["flight"]["iata"] == flight] for flight in payloads}
    assert payloads == (expected if kept == "true" else dict.fromkeys(payloads))


def test_a_row_whose_codes_cannot_be_filled_fails_by_itself(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 5))
    upstream.rows = rows_of(flights("NZ", 5))
    upstream.rows[4]["arrival"]["iata"] = None
    done = refresh(flightctl)
    assert (done.code, counts(done), outcomes(done)["NZ5"]) == (9, {"unchanged": 4, "failed": 1}, "failed")
    assert flights_asked(upstream) == ["NZ5"]


def test_nothing_is_asked_for_where_the_cache_is_switched_off(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was bought could not be kept."""
    fill(database, flights("NZ", 10))
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    done = refresh(flightctl)
    assert (done.code, done.json["error"]["code"]) == (10, "configuration")
    assert upstream.asked == []


@pytest.mark.parametrize("rows_in_feed", [5, 150])
def test_a_page_that_another_run_has_taken_over_meanwhile_is_not_written(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows, rows_in_feed: int
) -> None:
    """We were gone for longer than our lease lasts: what we know is the older news."""
    fill(database, flights("NZ", 5))
    upstream.rows = rows_of(flights("NZ", rows_in_feed))
    taken = "UPDATE leases SET holder = 'another run', fence = fence + 1 WHERE key = 'airline:NZ'"
    before_page(upstream, 1, lambda: rows(taken))
    done = refresh(flightctl)
    assert (counts(done), done.json["upstream_calls"]) == ({"skipped": 5}, 1)
    assert fresh_in(database) == set()
    assert rows("SELECT * FROM feed_pages") == []


def test_a_feed_that_another_run_is_reading_is_left_to_it(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 5) | flights("QF", 5))
    upstream.rows = rows_of(flights("QF", 5))
    later = "strftime('%Y-%m-%d %H:%M:%f', 'now', '15 seconds') || '000'"
    rows(f"INSERT INTO leases (key, holder, fence, expires_at) VALUES ('airline:NZ', 'another run', 1, {later})")
    assert counts(refresh(flightctl)) == {"skipped": 5, "unchanged": 5}
    assert pages_asked(upstream) == [("QF", 0)]


def test_rows_with_anything_in_them_are_no_bug(flightctl: Flightctl, upstream: Upstream, database: Path) -> None:
    """They are kept as they came until the reading is over."""
    fill(database, flights("NZ", 150))
    upstream.rows = rows_of(flights("NZ", 150))
    nested: Any = "end"
    for _ in range(300):
        nested = [nested]
    upstream.rows[0] |= {"live": nested, "aircraft": {"registration": "\ud800 \x00 ✈", "icao24": 1e300}}
    assert counts(refresh(flightctl)) == {"unchanged": 150}
