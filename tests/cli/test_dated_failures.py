"""``lookup --date``: what a provider's refusals and failures become, and when the other one is asked instead."""

from __future__ import annotations

import json
from datetime import date

import pytest

from aeroapi_server import KEY, AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, Line, calm_line, code, local, look, outcome, stack_row, today
from running import Flightctl, Result, Rows
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY
UNKNOWN = {
    "an empty list": (200, {"flights": [], "scheduled": [], "links": None, "num_pages": 1}),
    "400": (400, {"title": "Bad", "reason": "INVALID_ARGUMENT", "detail": "Unknown ident: ANZ527", "status": 400}),
    "404": (404, {"title": "Not Found", "reason": "NOT_FOUND", "detail": "no data", "status": 404}),
}
FAILURES = {
    "a bad key": ((401, "INVALID_API_KEY", "Invalid API key"), 5, "key_refused"),
    "a plan too low": ((401, "INVALID_API_KEY", "This endpoint is not part of your plan's tier"), 5, "plan_refused"),
    "too many requests": ((429, "RATE_LIMIT_ERROR", "slow down"), 5, "upstream_rate_limited"),
    "its own failure": ((500, "INTERNAL", "it broke"), 5, "upstream_server_error"),
    "a window it does not take": ((400, "INVALID_ARGUMENT", "start is too far in the past"), 5, "request_refused"),
}


@pytest.fixture
def line() -> Line:
    return calm_line()


@pytest.fixture
def near(aeroapi: AeroApiServer, upstream: Upstream, line: Line) -> date:
    """Today, of which both providers can tell; both have the flight."""
    day, ends = today(line.origin), (line.origin, line.destination)
    aeroapi.flights = [flight_row(line.both(1), *ends, local(line.origin, day, "12:00"))]
    upstream.rows = [stack_row(line.flight(1), *ends, day)]
    return day


@pytest.mark.parametrize(("status", "body"), UNKNOWN.values(), ids=list(UNKNOWN))
def test_an_unknown_flight_is_not_found_and_remembered_in_each_of_its_forms(
    flightctl: Flightctl, aeroapi: AeroApiServer, status: int, body: object
) -> None:
    aeroapi.reply = status, json.dumps(body)
    for day in (FAR, today(AKL)):
        done = [look(flightctl, "NZ527", day) for _ in range(2)]
        assert [(one.code, outcome(one), code(one)) for one in done] == [(3, "not_found", "not_found")] * 2
    assert len(aeroapi.asked) == 2


@pytest.mark.parametrize(("failure", "exit_code", "error"), FAILURES.values(), ids=list(FAILURES))
def test_a_failure_is_told_and_never_remembered_as_an_absence(
    flightctl: Flightctl,
    aeroapi: AeroApiServer,
    rows: Rows,
    failure: tuple[int, str, str],
    exit_code: int,
    error: str,
) -> None:
    aeroapi.fails(*failure)
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, outcome(done), code(done)) == (exit_code, "error", error)
    assert done.json["metrics"]["upstream_errors"] == 1
    assert rows("SELECT count(*) FROM asked_days") == [(0,)]
    assert len(aeroapi.asked) == 1, "nothing is tried twice"


@pytest.mark.parametrize(
    "body", ["<html>Sign in</html>", "", "[]", '{"flights": 5}', '{"scheduled": [1, 2]}', '{"scheduled": [{"ident"']
)
def test_an_answer_that_cannot_be_read_is_an_error(flightctl: Flightctl, aeroapi: AeroApiServer, body: str) -> None:
    aeroapi.reply = 200, body
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, code(done)) == (5, "upstream_unreadable")


def test_a_bad_key_and_a_plan_that_is_too_low_are_told_apart(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    said = []
    for name in ("a bad key", "a plan too low"):
        aeroapi.fails(*FAILURES[name][0])
        said.append(look(flightctl, "NZ527", FAR).answers[0]["error"])
    assert "plan is too low" in said[0]["hint"]
    assert "the key is good" in said[1]["hint"]


def test_a_provider_that_was_asked_and_failed_is_not_followed_by_another_paid_call(
    flightctl: Flightctl, aeroapi: AeroApiServer, upstream: Upstream, line: Line, near: date
) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    assert look(flightctl, line.flight(1), near).code == 5
    assert (len(aeroapi.asked), upstream.asked) == (1, [])


def _told_by_aviationstack(done: Result, said: str) -> bool:
    answer = done.answers[0]
    passed_over = any(step.startswith("AeroAPI flights: not asked") and said in step for step in answer["explain"])
    return (done.code, answer["source"], passed_over) == (0, "aviationstack", True)


def test_where_nothing_listens_the_other_provider_is_asked(
    flightctl: Flightctl, upstream: Upstream, line: Line, near: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_URL", "http://127.0.0.1:9/aeroapi")
    assert _told_by_aviationstack(look(flightctl, line.flight(1), near, "--explain"), "")
    assert len(upstream.asked) == 1


def test_where_one_provider_asked_to_be_left_alone_the_other_is_asked(
    flightctl: Flightctl, aeroapi: AeroApiServer, line: Line, near: date
) -> None:
    aeroapi.fails(429, "RATE_LIMIT_ERROR", "slow down")
    assert look(flightctl, line.flight(1), near).code == 5
    assert _told_by_aviationstack(look(flightctl, line.flight(1), near, "--explain"), "fewer requests")
    assert len(aeroapi.asked) == 1


def test_where_one_provider_keeps_failing_the_other_is_asked(
    flightctl: Flightctl, aeroapi: AeroApiServer, line: Line, near: date
) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    codes = [look(flightctl, line.flight(number), near).code for number in range(2, 12)]
    asked = len(aeroapi.asked)
    assert codes[0] == 5
    assert _told_by_aviationstack(look(flightctl, line.flight(1), near, "--explain"), "keeps failing")
    assert len(aeroapi.asked) == asked < 10


def test_where_one_budget_is_reached_the_other_provider_is_asked(
    flightctl: Flightctl,
    aeroapi: AeroApiServer,
    line: Line,
    near: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "0")
    assert _told_by_aviationstack(look(flightctl, line.flight(1), near, "--explain"), "budget reached")
    assert aeroapi.asked == []


@pytest.mark.usefixtures("near")
def test_a_far_day_has_nobody_else_to_ask_once_the_budget_is_reached(
    flightctl: Flightctl, aeroapi: AeroApiServer, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "0")
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, code(done), aeroapi.asked, upstream.asked) == (6, "budget", [], [])


def test_frozen_calls_are_frozen_for_both_providers(
    flightctl: Flightctl, aeroapi: AeroApiServer, upstream: Upstream, line: Line, near: date
) -> None:
    flightctl("budget", "freeze")
    done = look(flightctl, line.flight(1), near)
    assert (done.code, code(done), aeroapi.asked, upstream.asked) == (6, "budget_frozen", [], [])


def test_a_stale_flight_covers_a_budget_that_is_reached_on_request(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    look(flightctl, "NZ527", FAR)
    rows("UPDATE flights SET observed_at = datetime(observed_at, '-2 days') || '.000000'")
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "1")
    assert look(flightctl, "NZ527", FAR).code == 6
    assert outcome(look(flightctl, "NZ527", FAR, "--stale-if-error")) == "stale"


def test_a_key_that_nobody_may_use_is_a_matter_of_configuration(
    flightctl: Flightctl, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", f"{KEY} {KEY}")
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, code(done), aeroapi.asked) == (10, "configuration", [])
    assert KEY not in done.out + done.err


def test_plain_http_elsewhere_than_on_the_loopback_is_refused_before_anything_is_sent(
    flightctl: Flightctl, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_URL", "http://aeroapi.example/aeroapi")
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, code(done)) == (10, "configuration")
