"""``lookup`` of several flights at once: order, duplicates, stdin, and the code that all of it ends with."""

from __future__ import annotations

import pytest

from running import Cached, Flightctl, Result
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")


def _outcomes(done: Result) -> list[tuple[str, str]]:
    return [(answer["query"], answer["outcome"]) for answer in done.answers]


def test_a_batch_answers_in_input_order_with_bad_designators_as_rows(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ528")
    upstream.rows = [row("NZ527")]
    done = flightctl("lookup", "NZ528", "nonsense", "NZ9", "NZ527", "--json")
    assert done.code == 9
    assert _outcomes(done) == [("NZ528", "hit"), ("nonsense", "error"), ("NZ9", "not_found"), ("NZ527", "miss")]
    assert done.answers[1]["flight_iata"] is None
    assert done.answers[1]["error"]["code"] == "bad_designator"


def test_a_bad_designator_names_what_is_wrong_and_makes_no_call(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "NZ0", "--json")
    assert (done.code, done.answers[0]["error"]["message"]) == (2, "'NZ0': flight numbers start at 1")
    assert done.err == (
        "flightctl: 'NZ0': flight numbers start at 1 (write airline and number, such as NZ527, 'nz 527' or ANZ527)\n"
    )
    assert upstream.asked == []


def test_duplicates_are_answered_twice_and_paid_once(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]
    done = flightctl("lookup", "NZ527", "nz-527", "ANZ527", "--json")
    assert [answer["outcome"] for answer in done.answers] == ["miss", "hit", "hit"]
    assert len(upstream.asked) == done.json["metrics"]["upstream_calls"] == 1


@pytest.mark.parametrize(("option", "outcome"), [("--refresh", "miss"), ("--stale-if-error", "hit")])
def test_duplicates_are_paid_once_also_with(
    flightctl: Flightctl, upstream: Upstream, option: str, outcome: str
) -> None:
    upstream.rows = [row("NZ527")]
    done = flightctl("lookup", "NZ527", "NZ527", option, "--json")
    assert [answer["outcome"] for answer in done.answers] == ["miss", outcome]
    assert len(upstream.asked) == 1


def test_duplicates_of_a_failure_are_paid_once(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(500, "internal_error")
    done = flightctl("lookup", "NZ527", "NZ527", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (5, ["error", "error"])
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    ("flights", "code"),
    [
        (("NZ1", "NZ2"), 0),
        (("NZ8", "NZ9"), 3),
        (("N", "worse"), 2),
        (("NZ1", "NZ9"), 9),
        (("NZ1", "NZ0"), 9),
        (("NZ9", "NZ0"), 9),
    ],
)
def test_a_batch_that_fares_alike_has_its_code_and_a_mixed_one_has_9(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, flights: tuple[str, ...], code: int
) -> None:
    cached("NZ1")
    upstream.rows = [row("NZ2")]
    assert flightctl("lookup", *flights).code == code


def test_a_failed_batch_says_so_in_one_line_on_stderr(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "NZ8", "NZ9")
    assert done.err == "flightctl: 2 of 2 look-ups have no route; the first: NZ8: aviationstack knows no such flight\n"


def test_an_empty_prefix_counts_among_the_failed(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "NZ0", "NZ5*")
    assert (done.code, done.err.split(";")[0]) == (9, "flightctl: 2 of 2 look-ups have no route")


def test_a_dash_reads_designators_from_stdin(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    for flight in ("NZ1", "NZ2", "NZ3", "NZ4"):
        cached(flight)
    done = flightctl("lookup", "NZ4", "-", "NZ1", "--json", stdin="NZ2\r\n\r\n   \nnz 3\nNZ1")
    assert (done.code, [answer["query"] for answer in done.answers]) == (0, ["NZ4", "NZ2", "nz 3", "NZ1", "NZ1"])


def test_an_empty_stdin_is_an_empty_list(flightctl: Flightctl, upstream: Upstream) -> None:
    done = flightctl("lookup", "-", "--json")
    assert (done.code, done.json["results"]) == (0, [])
    assert flightctl("lookup", "-").out == "0 hits · 0 misses · 0 upstream calls\n"


@pytest.mark.parametrize("line", [b"\xff\xfe527", b"NZ\x00527", "NZ５２７".encode(), b"NZ527;DROP TABLE"])
def test_a_line_that_is_no_designator_is_a_row_with_an_error(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, line: bytes
) -> None:
    cached("NZ1")
    done = flightctl("lookup", "-", "--json", stdin=b"NZ1\n" + line + b"\nNZ1\n")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (9, ["hit", "error", "hit"])
    assert upstream.asked == []


def test_a_large_batch_of_cached_flights_makes_no_call(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ1")
    cached("NZ2")
    done = flightctl("lookup", "-", "--json", stdin="NZ1\nNZ2\n" * 600)
    assert done.json["metrics"] | {"hits": 1200} == done.json["metrics"]
    assert [answer["query"] for answer in done.answers] == ["NZ1", "NZ2"] * 600
    assert upstream.asked == []


def test_the_first_answers_of_a_slow_batch_survive_a_later_failure(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ1")
    upstream.fails(429, "usage_limit_reached")
    done = flightctl("lookup", "NZ1", "NZ2", "NZ3", "--json")
    assert [answer["outcome"] for answer in done.answers] == ["hit", "error", "error"]
    assert done.code == 9


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    done = flightctl("lookup", "-", "--json", stdin=b"\xef\xbb\xbfNZ527\n")
    assert (done.code, done.answers[0]["outcome"]) == (0, "hit")
