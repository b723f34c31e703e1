"""``lookup`` of a flight that upstream does not know: remembered for a short time, never over a good entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
_LIFETIME = "SELECT (julianday(expires_at) - julianday(learned_at)) * 1440 FROM absences"


def test_an_unknown_flight_is_not_found_and_asked_for_once(flightctl: Flightctl, upstream: Upstream) -> None:
    first, second = (flightctl("lookup", "NZ527", "--json") for _ in range(2))
    assert [(done.code, done.answers[0]["outcome"]) for done in (first, second)] == [(3, "not_found")] * 2
    assert [done.answers[0]["source"] for done in (first, second)] == ["aviationstack", "local"]
    assert first.answers[0]["error"]["code"] == "not_found"
    assert len(upstream.asked) == 1


def test_an_absence_is_shared_by_processes(flightctl: Flightctl, process: Flightctl, upstream: Upstream) -> None:
    flightctl("lookup", "NZ527")
    done = process("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["source"], done.json["metrics"]["upstream_calls"]) == (3, "local", 0)
    assert len(upstream.asked) == 1


def test_an_absence_is_remembered_for_an_hour_give_or_take_a_fifth(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    flightctl("lookup", *(f"NZ{number}" for number in range(1, 41)))
    minutes = [lifetime for (lifetime,) in rows(_LIFETIME)]
    assert len(minutes) == 40
    assert all(47.99 <= lifetime <= 72.01 for lifetime in minutes)
    assert max(minutes) - min(minutes) > 1, "absences that were learned together must not end together"


def test_the_setting_says_how_long_an_absence_is_remembered(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_NEGATIVE_TTL_MINUTES", "10")
    flightctl("lookup", "NZ527")
    assert 7.99 <= rows(_LIFETIME)[0][0] <= 12.01


def test_an_absence_that_is_over_is_asked_about_again(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    flightctl("lookup", "NZ527")
    rows("UPDATE absences SET expires_at = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'")
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "miss"
    assert rows("SELECT count(*) FROM absences") == [(0,)]


def test_refresh_passes_a_remembered_absence_over_and_drops_it(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    flightctl("lookup", "NZ527")
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527", "--refresh", "--json").answers[0]["outcome"] == "miss"
    assert rows("SELECT count(*) FROM absences") == [(0,)]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_an_empty_answer_leaves_a_stale_entry_and_remembers_the_absence_beside_it(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", age_s=STALE_S)
    before = rows("SELECT * FROM aviationstack_cache")
    outcomes = [flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] for _ in range(2)]
    assert outcomes == ["not_found", "not_found"]
    assert rows("SELECT * FROM aviationstack_cache") == before
    assert rows("SELECT cache_key FROM absences") == [("flight:NZ527",)]
    assert len(upstream.asked) == 1


def test_an_empty_answer_to_refresh_is_not_remembered_over_a_fresh_entry(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527")
    assert flightctl("lookup", "NZ527", "--refresh").code == 3
    assert rows("SELECT count(*) FROM absences") == [(0,)]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_a_fresh_entry_goes_before_a_remembered_absence(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    flightctl("lookup", "NZ527")
    cached("NZ527")
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_rows_of_other_flights_are_no_answer(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.reply = 200, json.dumps({"pagination": {}, "data": [row("NZ5271"), row("NZ52")]})
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "not_found"


def test_an_absence_is_explained(flightctl: Flightctl, upstream: Upstream) -> None:
    flightctl("lookup", "NZ527")
    explained = flightctl("lookup", "NZ527", "--explain", "--json").answers[0]["explain"]
    said = "local: upstream did not know it; remembered until "
    assert explained[1].startswith(said)
    until = datetime.strptime(explained[1].removeprefix(said), "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    assert timedelta(minutes=45) < until - datetime.now(UTC) < timedelta(minutes=75)
    assert explained[2].startswith("aviationstack: not asked")


def test_a_basic_caller_is_told_of_a_remembered_absence(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    flightctl("lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["source"]) == (3, "not_found", "local")
    assert len(upstream.asked) == 1
