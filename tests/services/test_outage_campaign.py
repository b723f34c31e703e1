"""An outage of minutes under constant demand: whatever is wanted, hardly anything is paid for it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from crowd import crowd
from upstream import Upstream, row

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.slow]

OUTAGE_S = float(os.environ.get("CAMPAIGN_SECONDS", "90"))
AT_ONCE = 8
OPENING, PROBES_A_MINUTE = 5, 2
Codes = Counter[str]


@pytest.fixture
def flights(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Flights that nobody has asked for yet; upstream knows the first 9,999, and there is money for all of them."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    upstream.rows = [row(f"NZ{number}") for number in range(1, 10_000)]
    return (f"{airline}{number}" for airline in ("NZ", "QF", "DL", "BA") for number in range(1, 10_000))


def demanded(flights: Iterator[str], seconds: float) -> Codes:
    """How look-ups of ever different flights ended, 8 processes at once and again and again for so long."""
    ended: Codes = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        commands = [["lookup", next(flights), "--json"] for _ in range(10 * AT_ONCE)]
        answers = [one.result.answers[0] for one in crowd(commands, at_once=AT_ONCE)]
        ended.update(answer["error"]["code"] if answer["error"] else answer["outcome"] for answer in answers)
    return ended


def most_within(seconds: float, moments: list[float]) -> int:
    """The most of them that any span of that length holds."""
    return max((sum(start <= one < start + seconds for one in moments) for start in moments), default=0)


def test_an_upstream_that_fails_for_minutes_is_asked_a_handful_of_times_a_minute(
    upstream: Upstream, flights: Iterator[str]
) -> None:
    upstream.fails(500, "internal_error")
    ended = demanded(flights, OUTAGE_S)
    asked_at = sorted(upstream.asked_at)
    lasted_s = asked_at[-1] - asked_at[0]
    assert set(ended) == {"upstream_server_error", "upstream_breaker_open"}
    assert ended["upstream_breaker_open"] > 10 * ended["upstream_server_error"]
    assert len(asked_at) == ended["upstream_server_error"] <= OPENING + PROBES_A_MINUTE * (lasted_s / 60 + 0.5)
    assert most_within(60, asked_at) <= OPENING + PROBES_A_MINUTE
    assert most_within(60, asked_at[OPENING:]) <= PROBES_A_MINUTE


def test_an_outage_after_a_time_in_which_all_went_well_costs_each_process_one_call_more_at_most(
    upstream: Upstream, flights: Iterator[str]
) -> None:
    """All calls that are under way when it begins may fail; nothing could have told before."""
    assert set(demanded(flights, 5)) == {"miss"}
    upstream.fails(500, "internal_error")
    upstream.delay_s = 0.2
    asked_before = len(upstream.asked)
    assert set(demanded(flights, 20)) == {"upstream_server_error", "upstream_breaker_open"}
    assert len(upstream.asked) - asked_before <= max(OPENING, AT_ONCE) + PROBES_A_MINUTE


def test_after_the_outage_demand_is_met_within_the_time_to_the_next_try(
    upstream: Upstream, flights: Iterator[str]
) -> None:
    upstream.fails(500, "internal_error")
    assert demanded(flights, 5)["upstream_breaker_open"]
    upstream.works()
    assert demanded(flights, 35)["miss"]
    assert set(demanded(flights, 5)) == {"miss"}
