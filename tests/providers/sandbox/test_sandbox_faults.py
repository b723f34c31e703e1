"""Faults: how they are asked for, and what they make of an answer."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightctl.providers.sandbox.faults import FAULTS, Fault, FaultQueue, InvalidFaultError, parse_fault
from flightctl.providers.sandbox.handler import answer
from flightctl.providers.sandbox.wire import Delivery, WireAnswer

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
EIGHT_MIB = 8 * 1024 * 1024
NAMES = {fault.name for fault in FAULTS}


def _spoilt(name: str, key: str = "k") -> WireAnswer:
    query = {"access_key": key, "flight_iata": "NZ527"}
    return answer("/v1/flights", query, NOW, parse_fault(name).fault)


def _names(queue: FaultQueue, requests: int) -> list[str | None]:
    taken = [queue.take() for _ in range(requests)]
    return [fault.name if fault else None for fault in taken]


def test_a_fault_without_a_count_stays() -> None:
    assert _names(FaultQueue.parse(["500"]), 3) == ["500", "500", "500"]


def test_a_count_spoils_the_first_requests_only() -> None:
    assert _names(FaultQueue.parse(["429:2"]), 4) == ["429", "429", None, None]


def test_faults_wait_their_turn() -> None:
    assert _names(FaultQueue.parse(["429:2", "reset:1", "slow"]), 5) == [
        "429",
        "429",
        "reset",
        "slow",
        "slow",
    ]


def test_no_faults_spoil_nothing() -> None:
    assert _names(FaultQueue(), 2) == [None, None]


def test_an_unknown_fault_names_those_there_are() -> None:
    with pytest.raises(InvalidFaultError, match=r"unknown fault 'tired'; there are 429, usage, .*reset"):
        parse_fault("tired")


@pytest.mark.parametrize("spec", ["429:", "429:0", "429:-1", "429:two", "429:1:1", "429:" + "9" * 5000])
def test_a_count_is_a_whole_number_from_one_up(spec: str) -> None:
    with pytest.raises(InvalidFaultError, match="1 or more"):
        parse_fault(spec)


@given(st.one_of(st.text(max_size=12), st.from_regex(r"(429|slow|500x?):?[0-9]{0,3}", fullmatch=True)))
def test_any_text_is_a_fault_or_refused_clearly(spec: str) -> None:
    name, colon, count = spec.partition(":")
    if name in NAMES and (not colon or (re.fullmatch("[0-9]{1,9}", count, re.ASCII) and int(count))):
        assert parse_fault(spec).fault.name == name
    else:
        with pytest.raises(InvalidFaultError):
            parse_fault(spec)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_has_one_line_of_help(fault: Fault) -> None:
    assert fault.summary
    assert "\n" not in fault.summary
    assert len(fault.summary) <= 60


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("429", 429, "rate_limit_reached"),
        ("usage", 429, "usage_limit_reached"),
        ("500", 500, "internal_error"),
        ("401", 401, "invalid_access_key"),
        ("403", 403, "function_access_restricted"),
        ("error200", 200, "internal_error"),
    ],
)
def test_refusals_carry_the_codes_of_the_real_service(name: str, status: int, code: str) -> None:
    spoilt = _spoilt(name)
    assert (spoilt.status, json.loads(spoilt.body)["error"]["code"]) == (status, code)


def test_unavailable_says_when_to_come_back() -> None:
    spoilt = _spoilt("503")
    assert spoilt.status == 503
    assert int(dict(spoilt.headers)["Retry-After"]) > 0


@pytest.mark.parametrize("key", ["k", "invalid"])
def test_malformed_is_cut_off_json(key: str) -> None:
    spoilt = _spoilt("malformed", key)
    with pytest.raises(json.JSONDecodeError):
        json.loads(spoilt.body)


def test_empty_has_no_rows() -> None:
    assert json.loads(_spoilt("empty").body)["data"] == []


def test_html_comes_with_status_200() -> None:
    spoilt = _spoilt("html")
    assert spoilt.status == 200
    assert spoilt.body.startswith(b"<!DOCTYPE html>")
    assert dict(spoilt.headers)["Content-Type"].startswith("text/html")


def test_the_redirect_stays_on_loopback() -> None:
    spoilt = _spoilt("redirect")
    assert spoilt.status == 302
    assert dict(spoilt.headers)["Location"].startswith("http://127.0.0.1:")


def test_huge_is_true_but_too_big() -> None:
    body = _spoilt("huge").body
    assert len(body) > EIGHT_MIB
    assert json.loads(body)["pagination"]["count"] == 3


def test_the_bomb_is_small_until_it_is_unpacked() -> None:
    spoilt = _spoilt("gzipbomb")
    assert dict(spoilt.headers)["Content-Encoding"] == "gzip"
    assert len(spoilt.body) < 100_000
    assert len(gzip.decompress(spoilt.body)) > EIGHT_MIB


@pytest.mark.parametrize(
    ("name", "delivery"), [("slow", Delivery.SLOW), ("drip", Delivery.DRIP), ("reset", Delivery.RESET)]
)
def test_some_faults_spoil_the_delivery_alone(name: str, delivery: Delivery) -> None:
    spoilt = _spoilt(name)
    assert spoilt.delivery is delivery
    assert json.loads(spoilt.body)["pagination"]["count"] == 3
