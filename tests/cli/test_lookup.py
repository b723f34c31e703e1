"""``lookup`` against an upstream on the loopback: hits, misses, and who may make a paid call."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

MONTH_S = 30 * 86_400


def test_a_miss_is_fetched_once_and_then_is_a_hit(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    first = flightctl("lookup", "NZ527", "--json")
    second = flightctl("lookup", "nz 0527", "--json")
    assert (first.code, second.code) == (0, 0)
    assert [first.answers[0]["outcome"], second.answers[0]["outcome"]] == ["miss", "hit"]
    assert second.json["metrics"]["upstream_calls"] == 0
    assert len(upstream.asked) == 1


def test_a_fetched_route_is_stored_confirmed_with_its_four_codes(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    flightctl("lookup", "NZ527")
    columns = "cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status, provider, payload_source"
    stored = ("flight:NZ527", "NZ527", "NZ", "AKL", "CHC", "confirmed", "aviationstack", None)
    assert rows(f"SELECT {columns} FROM aviationstack_cache") == [stored]


def test_an_answer_says_for_how_long_it_will_serve(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    refreshed, expires = (datetime.fromisoformat(answer[name]) for name in ("refreshed_at", "expires_at"))
    assert expires - refreshed == timedelta(days=30)


def test_an_entry_a_minute_short_of_thirty_days_is_a_hit(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=MONTH_S - 60)
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"
    assert upstream.asked == []


def test_an_entry_a_minute_past_thirty_days_is_refreshed_with_one_call(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", "AKL", "WLG", age_s=MONTH_S + 60)
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["outcome"], answer["arrival_iata"]) == ("refreshed", "CHC")
    assert len(upstream.asked) == 1


def test_a_refreshed_entry_keeps_when_it_was_first_stored(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", age_s=MONTH_S + 60)
    rows("UPDATE aviationstack_cache SET cached_at = '2020-01-01 00:00:00.000000'")
    upstream.rows = [row("NZ527")]
    flightctl("lookup", "NZ527")
    assert rows("SELECT cached_at, refreshed_at > '2020-02-01' FROM aviationstack_cache") == [
        ("2020-01-01 00:00:00.000000", 1)
    ]


def test_the_setting_says_how_long_a_route_is_fresh(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_TTL_DAYS", "7")
    upstream.rows = [row("NZ527"), row("NZ528")]
    cached("NZ527", age_s=7 * 86_400 - 60)
    cached("NZ528", age_s=7 * 86_400 + 60)
    outcomes = [answer["outcome"] for answer in flightctl("lookup", "NZ527", "NZ528", "--json").answers]
    assert outcomes == ["hit", "refreshed"]


def test_an_entry_vouched_for_in_the_future_counts_as_vouched_for_now(
    flightctl: Flightctl, cached: Cached, rows: Rows
) -> None:
    cached("NZ527")
    rows("UPDATE aviationstack_cache SET refreshed_at = '2199-01-01 00:00:00.000000'")
    assert flightctl("lookup", "NZ527", "--offline", "--json").answers[0]["outcome"] == "hit"


@pytest.mark.parametrize("age_s", [60, MONTH_S + 60])
def test_a_pending_entry_is_never_answered_with(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, age_s: int
) -> None:
    cached("NZ527", "AKL", "ZQN", status="pending", age_s=age_s)
    upstream.fails(500, "internal_error")
    done = flightctl("lookup", "NZ527", "--stale-if-error", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (5, "error")
    assert "ZQN" not in done.out


@pytest.mark.parametrize("arguments", [(), ("--offline",)])
def test_offline_answers_from_the_local_file_and_asks_nobody(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, arguments: tuple[str, ...]
) -> None:
    cached("NZ527")
    done = flightctl("lookup", "NZ527", "--json", *arguments)
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["source"]) == (0, "hit", "local")
    assert upstream.asked == []


@pytest.mark.parametrize("age_s", [None, MONTH_S + 60])
def test_offline_is_not_found_where_the_entry_is_absent_or_stale(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, age_s: int | None
) -> None:
    if age_s is not None:
        cached("NZ527", age_s=age_s)
    done = flightctl("lookup", "NZ527", "--offline", "--stale-if-error", "--json")
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["error"]["code"]) == (3, "offline", "offline")
    assert done.answers[0]["departure_iata"] is None
    assert upstream.asked == []


def test_offline_needs_no_key(flightctl: Flightctl) -> None:
    assert flightctl("lookup", "NZ527", "--offline").code == 3


def test_offline_and_refresh_contradict_each_other(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ527")
    done = flightctl("lookup", "NZ527", "--offline", "--refresh", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "usage")
    assert upstream.asked == []


def test_refresh_pays_one_call_for_a_fresh_entry(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ527", "AKL", "WLG")
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--refresh", "--json").answers[0]
    assert (answer["outcome"], answer["arrival_iata"], answer["source"]) == ("refreshed", "CHC", "aviationstack")
    assert len(upstream.asked) == 1


def test_a_miss_without_a_key_names_where_to_put_one(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (10, "no_key")
    assert "FLIGHTCTL_AVIATIONSTACK_KEY" in done.err
    assert upstream.asked == []


def test_a_switched_off_cache_is_neither_read_nor_written(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    cached("NZ527", "AKL", "WLG")
    upstream.rows = [row("NZ527", "AKL", "CHC"), row("NZ528", "CHC", "AKL")]
    answers = [flightctl("lookup", flight, "--json").answers[0] for flight in ("NZ527", "NZ527", "NZ528")]
    assert [(one["outcome"], one["departure_iata"], one["arrival_iata"]) for one in answers] == [
        ("miss", "AKL", "CHC"),
        ("miss", "AKL", "CHC"),
        ("miss", "CHC", "AKL"),
    ]
    assert len(upstream.asked) == 3
    assert rows("SELECT flight_iata, arrival_iata FROM aviationstack_cache") == [("NZ527", "WLG")]


def test_a_switched_off_cache_remembers_no_absence(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    assert [flightctl("lookup", "NZ527").code for _ in range(2)] == [3, 3]
    assert len(upstream.asked) == 2
    assert rows("SELECT count(*) FROM absences") == [(0,)]


@pytest.mark.parametrize("age_s", [None, MONTH_S + 60])
@pytest.mark.parametrize("options", [(), ("--refresh",), ("--stale-if-error",)])
def test_a_basic_caller_never_calls_what_is_open_to_subscribers(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, basic: None, options: tuple[str, ...], age_s: int | None
) -> None:
    if age_s is not None:
        cached("NZ527", age_s=age_s)
    done = flightctl("lookup", "NZ527", "--json", *options)
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["departure_iata"]) == (4, "denied", None)
    assert "not in the cache; live lookups are for subscribers" in done.answers[0]["error"]["message"]
    assert upstream.asked == []


def test_a_basic_caller_gets_what_is_cached(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, basic: None
) -> None:
    cached("NZ527")
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["outcome"]) == (0, "hit")
    assert upstream.asked == []


def test_a_basic_caller_may_call_what_is_open_to_everyone(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "miss"


def test_a_subscriber_may_call_what_is_open_to_subscribers(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "miss"


def test_explain_tells_which_tiers_were_asked_and_why_a_call_was_made(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=MONTH_S + 3600)
    upstream.rows = [row("NZ527"), row("NZ528")]
    explained = [answer["explain"] for answer in flightctl("lookup", "NZ527", "NZ528", "--explain", "--json").answers]
    assert explained[0][0].startswith("local: confirmed entry, 30 d 1 h old, stale since ")
    assert explained[1][0] == "local: no confirmed entry"
    assert explained[0][1] == explained[1][1] == "aviationstack: asked, one paid call"
