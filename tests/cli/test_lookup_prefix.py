"""``lookup DL`` and ``lookup 'NZ5*'``: every fresh entry that starts like this."""

from __future__ import annotations

import pytest

from running import Cached, Flightctl, Result, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
DELTA = ("Delta Air Lines", "DL", "DAL")


def _flights(done: Result) -> list[str]:
    return [answer["flight_iata"] for answer in done.answers]


def test_a_prefix_answers_every_fresh_entry_in_natural_order(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    for flight in ("NZ50", "NZ5", "NZ511", "NZ52", "NZ5A", "NZ6", "NZ1005"):
        cached(flight)
    done = flightctl("lookup", "NZ5*", "--json")
    assert (done.code, _flights(done)) == (0, ["NZ5", "NZ5A", "NZ50", "NZ52", "NZ511"])
    assert {(answer["outcome"], answer["query"]) for answer in done.answers} == {("hit", "NZ5*")}
    assert upstream.asked == []


def test_a_bare_airline_answers_its_own_flights_only(flightctl: Flightctl, cached: Cached) -> None:
    for flight in ("NZ10", "NZ5", "NZM7", "NZ1", "N45"):
        cached(flight)
    assert _flights(flightctl("lookup", "nz", "--json")) == ["NZ1", "NZ5", "NZ10"]


def test_a_star_after_an_airline_asks_nobody(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1")
    assert _flights(flightctl("lookup", "NZ*", "--json")) == ["NZ1"]
    assert flightctl("lookup", "DL*", "--json").code == 3
    assert upstream.asked == []


def test_stale_entries_are_left_out_and_counted_and_pending_ones_are_not_even_counted(
    flightctl: Flightctl, cached: Cached
) -> None:
    cached("NZ51")
    cached("NZ52", age_s=STALE_S)
    cached("NZ53", status="pending")
    cached("NZ54", status="pending", age_s=STALE_S)
    done = flightctl("lookup", "NZ5*", "--json")
    assert _flights(done) == ["NZ51"]
    assert done.json["prefixes"] == [{"query": "NZ5*", "matched": 1, "stale_omitted": 1, "complete": False}]


def test_a_prefix_that_nothing_matches_is_an_empty_list(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "NZ5*", "--json")
    assert (done.code, done.json["results"]) == (3, [])
    assert done.json["prefixes"] == [{"query": "NZ5*", "matched": 0, "stale_omitted": 0, "complete": False}]
    assert len(done.err.splitlines()) == 1
    assert upstream.asked == []


@pytest.mark.parametrize("text", ["N*", "*", "5*", "NZ**", "NZ5*7", "NZ5%*", "NZ_*", "NZ5?", "NZ05*", "%", "__", "N%"])
def test_what_is_no_prefix_is_refused_and_no_wildcard_is_interpreted(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, text: str
) -> None:
    cached("NZ527")
    done = flightctl("lookup", text, "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (2, "bad_designator")
    assert upstream.asked == []


def test_a_bare_airline_with_nothing_fresh_asks_for_one_page_and_stores_each_flight(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("DL20", "ATL", "LAX", age_s=STALE_S)
    upstream.rows = [row(flight, "ATL", "JFK", airline=DELTA) for flight in ("DL10", "DL9", "DL100")]
    upstream.rows.append(row("NZ527"))
    first = flightctl("lookup", "DL", "--json")
    assert (first.code, _flights(first)) == (0, ["DL9", "DL10", "DL100"])
    assert {answer["outcome"] for answer in first.answers} == {"miss"}
    assert [query["airline_iata"] for query in upstream.asked] == ["DL"]
    assert flightctl("lookup", "DL100", "--json").answers[0]["outcome"] == "hit"
    assert _flights(flightctl("lookup", "DL", "--json")) == ["DL9", "DL10", "DL100"]
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(("page_rows", "complete"), [(100, True), (2, False)])
def test_a_prefix_is_complete_only_if_every_page_upstream_was_read(
    flightctl: Flightctl, upstream: Upstream, page_rows: int, complete: bool
) -> None:
    upstream.page_rows = page_rows
    upstream.rows = [row(f"DL{number}", "ATL", "JFK", airline=DELTA) for number in (1, 2, 3)]
    done = flightctl("lookup", "DL", "--json")
    summary = {"query": "DL", "matched": min(3, page_rows), "stale_omitted": 0, "complete": complete}
    assert done.json["prefixes"] == [summary]
    assert len(upstream.asked) == 1
    assert flightctl("lookup", "DL", "--json").json["prefixes"][0]["complete"] is False


def test_an_unknown_airline_is_remembered_as_absent(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    first, second = (flightctl("lookup", "DL", "--json") for _ in range(2))
    assert (first.code, first.json["results"], second.code, second.json["results"]) == (3, [], 3, [])
    assert len(upstream.asked) == 1
    assert rows("SELECT cache_key FROM absences") == [("airline:DL",)]
    assert rows("SELECT bucket, source, n FROM lookup_counts ORDER BY bucket") == [
        ("hits", "local", 1),
        ("misses", "aviationstack", 1),
    ]


def test_refresh_asks_for_a_bare_airline_anew(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("DL9", "ATL", "LAX")
    upstream.rows = [row("DL9", "ATL", "JFK", airline=DELTA)]
    assert flightctl("lookup", "DL", "--refresh", "--json").answers[0]["arrival_iata"] == "JFK"
    assert flightctl("lookup", "DL*", "--refresh").code == 2
    assert len(upstream.asked) == 1


def test_an_icao_airline_is_converted_where_that_is_unambiguous(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527")
    assert _flights(flightctl("lookup", "ANZ", "ANZ5*", "--json")) == ["NZ527", "NZ527"]
    flightctl("lookup", "CSB")
    assert [query.get("airline_icao") for query in upstream.asked] == ["CSB"]


def test_a_basic_caller_gets_what_is_cached_of_an_airline_and_never_calls(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, basic: None
) -> None:
    cached("NZ527")
    assert flightctl("lookup", "NZ", "--json").code == 0
    denied = flightctl("lookup", "DL", "--json")
    assert (denied.code, denied.answers[0]["outcome"]) == (4, "denied")
    assert upstream.asked == []


def test_offline_a_bare_airline_asks_nobody(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "DL", "--offline", "--json")
    assert (done.code, done.json["results"]) == (3, [])
    assert upstream.asked == []


def test_a_failure_upstream_is_a_row_that_says_so(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("DL9", "ATL", "LAX", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    done = flightctl("lookup", "DL", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (5, "error")
    stale = flightctl("lookup", "DL", "--stale-if-error", "--json")
    assert (stale.code, stale.answers[0]["flight_iata"], stale.answers[0]["outcome"]) == (0, "DL9", "stale")
    assert stale.answers[0]["warning"]


def test_a_prefix_is_one_look_up(flightctl: Flightctl, cached: Cached) -> None:
    for flight in ("NZ51", "NZ52", "NZ53"):
        cached(flight)
    done = flightctl("lookup", "NZ5*", "NZ51", "--json")
    assert len(done.answers) == 4
    assert done.json["metrics"]["hits"] == 2


def test_the_table_of_a_prefix_ends_with_the_metrics(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ51")
    assert flightctl("lookup", "NZ5*").out.splitlines()[-1] == "1 hit · 0 misses · 0 upstream calls"
    assert flightctl("lookup", "NZ6*").out.splitlines() == ["0 hits · 0 misses · 0 upstream calls"]


def test_an_airline_in_no_table_is_asked_for_with_a_warning(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("ZZ12", airline=("Zed Air", "ZZ", None))]
    [answer] = flightctl("lookup", "ZZ", "--json").answers
    assert (answer["outcome"], answer["warning"]) == ("miss", "ZZ is in no airline table")
