"""``refresh-stale`` in bulk: which pages it reads, and what a page may say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from running import Cached, Flightctl, Result, Rows
from stale import (
    DAY_S,
    STALE_S,
    counts,
    fill,
    flights,
    flights_asked,
    fresh_in,
    outcomes,
    pages_asked,
    rows_of,
    ways_in,
)
from upstream import Row, Upstream, row

OTHERS = 5000
"""The number from which on flights are not cached."""


def others(airline: str, count: int, way: str = "SYD-MEL") -> list[Row]:
    """Rows of flights that nobody here has asked for."""
    return rows_of(flights(airline, count, way, first=OTHERS))


def before_page(upstream: Upstream, number: int, change: Callable[[], object]) -> None:
    """Something happens while this page (1 is the first) is asked for."""
    upstream.while_asked = lambda: change() if len(upstream.asked) == number else None


def paging(upstream: Upstream, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Upstream says this in ``pagination``, whatever is true; ``None`` leaves it out."""
    answer = upstream.answer

    def answer_changed(query: dict[str, str]) -> tuple[int, str]:
        status, body = answer(query)
        document = json.loads(body)
        document["pagination"] |= changed
        document["pagination"] = {name: value for name, value in document["pagination"].items() if value is not None}
        return status, json.dumps(document)

    monkeypatch.setattr(upstream, "answer", answer_changed)


def refresh(flightctl: Flightctl, *options: str) -> Result:
    return flightctl("refresh-stale", *options, "--json")


# Which pages are read


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


# What a page may say


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


def test_nothing_is_asked_for_where_the_cache_is_switched_off(
    flightctl: Flightctl, upstream: Upstream, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was bought could not be kept."""
    fill(database, flights("NZ", 10))
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    done = refresh(flightctl)
    assert (done.code, done.json["error"]["code"]) == (10, "configuration")
    assert upstream.asked == []
