"""``lookup`` when the provider fails: strict, or the stale entry with a warning where that was asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from failures import LASTING, PASSING, Fault
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
EVERY = {**PASSING, **LASTING}


def _kinds(named: dict[str, tuple[Fault, int, str]]) -> Callable[..., pytest.MarkDecorator]:
    return pytest.mark.parametrize(("fault", "code", "kind"), list(named.values()), ids=list(named))


@_kinds(EVERY)
def test_a_failure_on_a_stale_entry_is_surfaced_and_nothing_is_shown(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: int,
    kind: str,
) -> None:
    cached("NZ527", age_s=STALE_S)
    fault(upstream, monkeypatch)
    done = flightctl("lookup", "NZ527", "--json")
    answer = done.answers[0]
    assert (done.code, answer["outcome"], answer["error"]["code"]) == (code, "error", kind)
    assert {answer[name] for name in ("airline_iata", "departure_iata", "arrival_iata", "warning")} == {None}
    assert len(done.err.splitlines()) == 1


@_kinds(EVERY)
def test_a_failure_leaves_the_entry_and_its_legs_as_they_were(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: int,
    kind: str,
) -> None:
    cached("NZ527", age_s=STALE_S)
    before = rows("SELECT * FROM aviationstack_cache")
    fault(upstream, monkeypatch)
    assert flightctl("lookup", "NZ527").code == code
    assert rows("SELECT * FROM aviationstack_cache") == before
    assert rows("SELECT count(*) FROM absences") == [(0,)]


@_kinds(EVERY)
def test_a_failure_on_a_miss_is_never_stored_as_an_answer(
    flightctl: Flightctl,
    upstream: Upstream,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: int,
    kind: str,
) -> None:
    fault(upstream, monkeypatch)
    done = flightctl("lookup", "NZ527", "--stale-if-error", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (code, kind)
    assert rows("SELECT (SELECT count(*) FROM aviationstack_cache) + (SELECT count(*) FROM absences)") == [(0,)]


@_kinds(PASSING)
def test_stale_if_error_answers_from_the_stale_entry_with_a_warning(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: int,
    kind: str,
) -> None:
    cached("NZ527", "AKL", "CHC", age_s=STALE_S)
    fault(upstream, monkeypatch)
    done = flightctl("lookup", "NZ527", "--stale-if-error", "--json")
    answer = done.answers[0]
    assert (done.code, answer["outcome"], answer["source"], answer["arrival_iata"]) == (0, "stale", "local", "CHC")
    assert answer["warning"].startswith("shown although it expired, because ")
    assert done.json["metrics"]["upstream_errors"] == done.json["metrics"]["stale"] == 1


@_kinds(LASTING)
def test_stale_if_error_does_not_cover_a_refused_key_or_plan(
    flightctl: Flightctl,
    upstream: Upstream,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: int,
    kind: str,
) -> None:
    cached("NZ527", age_s=STALE_S)
    fault(upstream, monkeypatch)
    done = flightctl("lookup", "NZ527", "--stale-if-error", "--json")
    assert (done.code, done.answers[0]["outcome"], done.answers[0]["error"]["code"]) == (code, "error", kind)


def test_stale_if_error_can_be_a_setting(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_STALE_IF_ERROR", "true")
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "stale"


def test_stale_if_error_does_not_cover_a_flight_that_upstream_does_not_know(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=STALE_S)
    outcomes = [flightctl("lookup", "NZ527", "--stale-if-error", "--json").answers[0]["outcome"] for _ in range(2)]
    assert outcomes == ["not_found", "not_found"]


def test_stale_if_error_does_not_cover_a_missing_key(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLIGHTCTL_AVIATIONSTACK_KEY")
    cached("NZ527", age_s=STALE_S)
    assert flightctl("lookup", "NZ527", "--stale-if-error").code == 10


def test_a_stale_answer_shows_its_warning_in_the_table(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    done = flightctl("lookup", "NZ527", "--stale-if-error")
    assert "shown although it expired, because AviationStack failed by its own account" in done.out
    assert done.out.splitlines()[-1] == "0 hits · 0 misses · 1 stale · 1 upstream call · 1 upstream error"


def test_after_the_outage_the_stale_entry_is_refreshed(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    assert flightctl("lookup", "NZ527").code == 5
    upstream.works()
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "refreshed"


def test_a_used_up_quota_ends_with_6_and_says_that_cached_flights_still_answer(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    upstream.fails(429, "usage_limit_reached")
    done = flightctl("lookup", "NZ527")
    assert done.code == 6
    assert "cached flights still answer" in done.err


def test_a_failure_on_refresh_of_a_fresh_entry_is_an_error(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527")
    before = rows("SELECT * FROM aviationstack_cache")
    upstream.fails(500, "internal_error")
    assert flightctl("lookup", "NZ527", "--refresh").code == 5
    assert rows("SELECT * FROM aviationstack_cache") == before


def test_with_the_cache_switched_off_no_stale_entry_serves(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    assert flightctl("lookup", "NZ527", "--stale-if-error").code == 5
