"""``lookup`` against an upstream on the loopback: the rules of the read-through cache, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Result
from upstream import Upstream, row

Flightctl = Callable[..., Result]
Cached = Callable[..., None]
Rows = Callable[..., list[Any]]
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
