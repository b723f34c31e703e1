"""``refresh-stale`` in bulk: what only a whole feed may say, and when a feed was read as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import Flightctl, Result, Rows
from services.refreshing import before_page, paging
from stale import counts, fill, flights, flights_asked, fresh_in, others, outcomes, pages_asked, rows_of, ways_in
from upstream import Upstream


def refresh(flightctl: Flightctl, *options: str) -> Result:
    return flightctl("refresh-stale", *options, "--json")


@pytest.mark.parametrize(("more", "stored"), [(50, True), (1000, False)])
def test_flights_that_were_not_cached_are_stored_where_every_page_was_read(
    flightctl: Flightctl, upstream: Upstream, database: Path, more: int, stored: bool
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of({"NZ9": "AKL-WLG-DUD"} | flights("NZ", 4)) + others("NZ", more)
    refresh(flightctl)
    assert ("NZ9" in ways_in(database)) is stored
    assert ways_in(database).get("NZ9", "AKL-WLG-DUD") == "AKL-WLG-DUD"


def test_a_flight_whose_legs_are_on_two_pages_is_read_as_one(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    ways = {"NZ1": "AKL-WLG-CHC", "NZ2": "AKL-WLG-DUD", "NZ3": "AKL-CHC", "NZ4": "AKL-CHC"}
    fill(database, ways | {"NZ2": "AKL-WLG"})
    (one, two), (half, other) = rows_of({"NZ1": ways["NZ1"]}), rows_of({"NZ2": ways["NZ2"]})
    upstream.rows = [one, half, *others("NZ", 150), two, other, *rows_of({"NZ3": "AKL-CHC", "NZ4": "AKL-CHC"})]
    done = refresh(flightctl)
    assert ways_in(database).items() >= ways.items()
    assert outcomes(done)["NZ1"] == "unchanged"
    assert len(upstream.asked) == 2


def test_the_last_page_corrects_what_the_first_has_vouched_for(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    """The first leg alone says what stands in the cache; with the second one it does not."""
    fill(database, flights("NZ", 4) | {"NZ9": "AKL-WLG"})
    first, second = rows_of({"NZ9": "AKL-WLG-DUD"})
    upstream.rows = [first, *others("NZ", 150), second, *rows_of(flights("NZ", 4))]
    refresh(flightctl)
    assert ways_in(database)["NZ9"] == "AKL-WLG-DUD"
    assert "NZ9" in fresh_in(database)


def test_what_a_whole_feed_does_not_have_is_not_found_without_a_call(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 5))
    before = rows("SELECT * FROM aviationstack_cache WHERE flight_iata = 'NZ5'")
    upstream.rows = others("NZ", 150) + rows_of(flights("NZ", 4))
    assert outcomes(refresh(flightctl))["NZ5"] == "not_found"
    assert len(upstream.asked) == 2
    assert rows("SELECT cache_key FROM absences") == [("flight:NZ5",)]
    assert rows("SELECT * FROM aviationstack_cache WHERE flight_iata = 'NZ5'") == before
    assert refresh(flightctl).json["selected"] == 0


def test_an_empty_feed_is_reported_and_not_remembered(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 5))
    assert counts(refresh(flightctl)) == {"not_found": 5}
    assert rows("SELECT * FROM absences") == []
    assert refresh(flightctl).json["selected"] == 5


def test_a_feed_that_moves_on_between_two_pages_does_not_say_what_is_not_there(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    """One row comes twice, and the one that has gone from the front has made room for a flight that was never seen."""
    fill(database, flights("NZ", 4))
    upstream.rows = [*others("NZ", 150), *rows_of(flights("NZ", 3))]
    late = rows_of({"NZ4": "AKL-WLG"})

    def moves_on() -> None:
        upstream.rows = late + upstream.rows[:-1]

    before_page(upstream, 2, moves_on)
    done = refresh(flightctl)
    assert outcomes(done) == {"NZ1": "unchanged", "NZ2": "unchanged", "NZ3": "not_found", "NZ4": "changed"}
    assert flights_asked(upstream) == ["NZ3", "NZ4"]


def test_a_feed_that_grows_between_two_pages_does_not_say_what_is_not_there(
    flightctl: Flightctl, upstream: Upstream, database: Path
) -> None:
    fill(database, flights("NZ", 4))
    upstream.rows = [*others("NZ", 147), *rows_of(flights("NZ", 3))]
    before_page(upstream, 2, lambda: upstream.rows.extend(others("QF", 1) + rows_of({"NZ900": "AKL-CHC"})))
    assert outcomes(refresh(flightctl))["NZ4"] == "not_found"
    assert flights_asked(upstream) == ["NZ4"]
    assert "NZ900" not in ways_in(database)


def test_without_a_total_one_page_is_read_and_does_not_say_what_is_not_there(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paging(upstream, monkeypatch, total=None)
    fill(database, flights("NZ", 5))
    upstream.rows = rows_of(flights("NZ", 3) | {"NZ4": "AKL-WLG"})
    assert counts(refresh(flightctl)) == {"unchanged": 3, "changed": 1, "not_found": 1}
    assert (pages_asked(upstream), flights_asked(upstream)) == ([("NZ", 0)], ["NZ4", "NZ5"])


def test_an_upstream_that_sends_the_same_page_again_and_again_is_left_alone(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    paging(upstream, monkeypatch, total=3000, offset=0)
    fill(database, flights("NZ", 150))
    upstream.rows = rows_of(flights("NZ", 100))
    answer = upstream.answer
    monkeypatch.setattr(upstream, "answer", lambda query: answer({n: v for n, v in query.items() if n != "offset"}))
    refresh(flightctl, "--max-calls", "20")
    assert len(pages_asked(upstream)) == 2


@pytest.mark.parametrize("total", [2**63, 10**30])
def test_a_total_beyond_all_reason_is_no_bug(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch, total: int
) -> None:
    paging(upstream, monkeypatch, total=total)
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of(flights("NZ", 4))
    assert counts(refresh(flightctl)) == {"unchanged": 4}


def test_an_entry_that_was_renewed_since_the_reading_began_is_not_overwritten(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 5))
    upstream.rows = rows_of({"NZ5": "AKL-WLG"}) + others("NZ", 150) + rows_of(flights("NZ", 4))

    def somebody_else_asks() -> None:
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
        rows(f"UPDATE aviationstack_cache SET arrival_iata = 'DUD', refreshed_at = {now} WHERE flight_iata = 'NZ5'")

    before_page(upstream, 2, somebody_else_asks)
    assert outcomes(refresh(flightctl))["NZ5"] == "skipped"
    assert ways_in(database)["NZ5"] == "AKL-DUD"


def _decisions(rows: Rows) -> dict[str, str | None]:
    return dict(rows("SELECT flight_iata, decision FROM proposals"))


def test_proposals_are_settled_as_by_single_look_ups(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    """NZ1 stands as proposed, NZ7 is new and as proposed, NZ8 is new and not."""
    for flight in ("NZ1", "NZ7", "NZ8"):
        flightctl("add-manual", flight, "--from", "AKL", "--to", "CHC")
    rows("DELETE FROM aviationstack_cache")
    fill(database, flights("NZ", 4))
    upstream.rows = rows_of(flights("NZ", 4) | {"NZ7": "AKL-CHC", "NZ8": "AKL-WLG"})
    refresh(flightctl)
    assert _decisions(rows) == {"NZ1": "settled", "NZ7": "settled", "NZ8": None}
    assert ways_in(database).items() >= {"NZ7": "AKL-CHC", "NZ8": "AKL-WLG"}.items()


def test_pages_are_kept_until_the_reading_is_over(
    flightctl: Flightctl, upstream: Upstream, database: Path, rows: Rows
) -> None:
    fill(database, flights("NZ", 150))
    upstream.rows = rows_of(flights("NZ", 150))
    seen: list[list[tuple[int]]] = []
    upstream.while_asked = lambda: seen.append(rows("SELECT row_offset FROM feed_pages"))
    refresh(flightctl)
    assert seen == [[], [(0,)]]
    assert rows("SELECT * FROM feed_pages") == []
