"""Faults in AeroAPI's own shape, and what our client makes of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from flightctl.domain.designator import parse_designator
from flightctl.errors import (
    FlightctlError,
    KeyRefused,
    PlanRefused,
    RateLimited,
    Redirected,
    ServerError,
    TimedOut,
    TooLarge,
    Unavailable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.aeroapi import Access, AeroApi
from flightctl.providers.sandbox.faults import FAULTS, parse_fault
from flightctl.providers.sandbox.handler import answer
from flightctl.providers.sandbox.transport import SandboxTransport
from flightctl.providers.sandbox.wire import WireAnswer

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
FLIGHTS, SCHEDULES = "/flights/ANZ527", "/schedules/2026-12-01/2026-12-03"


def _spoilt(name: str, path: str = FLIGHTS, key: str = "k") -> WireAnswer:
    return answer(f"/aeroapi{path}", {}, NOW, parse_fault(name).fault, {"x-apikey": key})


def _api(fault: str) -> AeroApi:
    """Our client, asking through this fault; nothing here waits in truth."""
    transport = SandboxTransport(lambda: NOW, [fault], sleep=lambda _: None)
    return AeroApi(Access("http://127.0.0.1/aeroapi", "k"), transport=transport, deadline_seconds=5)


def _count(api: AeroApi) -> int:
    """How many flights of one day our client reads."""
    start = NOW - timedelta(days=1)
    page = api.flights(parse_designator("ANZ527"), start, NOW, now=NOW, zone_of=lambda _: "")
    return len(page.sightings)


@pytest.mark.parametrize(
    ("name", "http_status", "status", "reason"),
    [
        ("429", 429, 429, "RATE_LIMIT_ERROR"),
        ("usage", 429, 429, "RATE_LIMIT_ERROR"),
        ("500", 500, 500, "INTERNAL_ERROR"),
        ("503", 503, 503, "UNAVAILABLE"),
        ("401", 401, 401, "INVALID_API_KEY"),
        ("403", 401, 401, "INVALID_API_KEY"),
        ("error200", 200, 500, "INTERNAL_ERROR"),
    ],
)
@pytest.mark.parametrize("path", [FLIGHTS, SCHEDULES])
def test_refusals_have_the_four_members_of_the_real_service(
    path: str, name: str, http_status: int, status: int, reason: str
) -> None:
    spoilt = _spoilt(name, path)
    body = json.loads(spoilt.body)
    assert (spoilt.status, body["status"], body["reason"]) == (http_status, status, reason)
    assert list(body) == ["title", "reason", "detail", "status"]


@pytest.mark.parametrize(("path", "name"), [(FLIGHTS, "flights"), (SCHEDULES, "scheduled")])
def test_empty_has_no_rows_under_the_name_of_the_endpoint(path: str, name: str) -> None:
    assert json.loads(_spoilt("empty", path).body) == {"links": None, "num_pages": 1, name: []}


def test_unavailable_says_when_to_come_back() -> None:
    assert int(dict(_spoilt("503").headers)["Retry-After"]) > 0


@pytest.mark.parametrize("key", ["k", "invalid"])
def test_malformed_is_cut_off_json(key: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(_spoilt("malformed", key=key).body)


ERRORS: dict[str, type[FlightctlError]] = {
    "429": RateLimited,
    "usage": RateLimited,
    "500": ServerError,
    "503": Unavailable,
    "401": KeyRefused,
    "403": PlanRefused,
    "slow": TimedOut,
    "malformed": Unreadable,
    "html": Unreadable,
    "error200": ServerError,
    "redirect": Redirected,
    "huge": TooLarge,
    "gzipbomb": TooLarge,
    "reset": Unreadable,
}
READ = {"drip": 1, "empty": 0}


def test_every_fault_is_held_against_our_client() -> None:
    assert ERRORS.keys() | READ.keys() == {fault.name for fault in FAULTS}


@pytest.mark.parametrize("name", ERRORS)
def test_our_client_tells_what_went_wrong(name: str) -> None:
    with pytest.raises(FlightctlError) as caught:
        _count(_api(name))
    assert type(caught.value) is ERRORS[name]
    assert isinstance(caught.value, UpstreamError)


@pytest.mark.parametrize("name", READ)
def test_our_client_reads_what_is_only_slow_or_empty(name: str) -> None:
    assert _count(_api(name)) == READ[name]


def test_a_fault_of_one_request_passes() -> None:
    api = _api("empty:1")
    assert [_count(api) for _ in "ab"] == [0, 1]
