"""``stats --what-if-ttl``: what the recorded look-ups would have cost with another lifetime."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from running import Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

DAY_S = 86_400
KEYS = ["ttl_days", "calls", "calls_at_present_ttl", "more_calls", "cost", "currency", "since"]


@pytest.fixture
def asked(rows: Rows) -> Any:
    """Write look-ups of a flight into the history, each so many days ago."""

    def write(days_ago: Sequence[float], flight: str = "NZ527", kind: str = "found") -> None:
        for days in days_ago:
            at_s = int(time.time() - days * DAY_S)
            rows(
                "INSERT INTO lookup_history (cache_key, asked_at_s, kind) VALUES (?, ?, ?)",
                f"flight:{flight}",
                at_s,
                kind,
            )

    return write


def what_if(flightctl: Flightctl, ttl: str, *options: str) -> dict[str, Any]:
    replayed: dict[str, Any] = flightctl("stats", f"--what-if-ttl={ttl}", *options, "--json").json["what_if"]
    return replayed


def sentence(flightctl: Flightctl, ttl: str) -> str:
    done = flightctl("stats", "--what-if-ttl", ttl)
    [line] = [line for line in done.out.splitlines() if "lifetime" in line]
    return line


def test_a_shorter_lifetime_costs_more(flightctl: Flightctl, asked: Any) -> None:
    asked([40, 20, 1])
    asked([20, 1], "NZ1")
    replayed = what_if(flightctl, "14d")
    since = datetime.fromtimestamp(time.time() - 40 * DAY_S, UTC)
    assert list(replayed) == KEYS
    assert {name: replayed[name] for name in KEYS[:-1]} == {
        "ttl_days": 14,
        "calls": 5,
        "calls_at_present_ttl": 3,
        "more_calls": 2,
        "cost": "0.02",
        "currency": "USD",
    }
    assert abs((datetime.fromisoformat(replayed["since"]) - since).total_seconds()) < 60


def test_a_longer_lifetime_saves(flightctl: Flightctl, asked: Any) -> None:
    asked([70, 39, 8])
    replayed = what_if(flightctl, "9w")
    assert [replayed[name] for name in ("calls", "calls_at_present_ttl", "more_calls", "cost")] == [1, 3, -2, "-0.02"]


@pytest.mark.parametrize(
    ("ttl", "said"),
    [
        ("14d", "a lifetime of 14 d would have cost 1 more call (0.01 USD) since 20"),
        ("2w", "a lifetime of 14 d would have cost 1 more call (0.01 USD) since 20"),
        ("36h", "a lifetime of 36 h would have cost 2 more calls (0.02 USD) since 20"),
        ("90m", "a lifetime of 90 min would have cost 2 more calls (0.02 USD) since 20"),
        ("30d", "a lifetime of 30 d would have cost as many calls since 20"),
        ("60d", "a lifetime of 60 d would have saved 1 call (0.01 USD) since 20"),
    ],
)
def test_people_are_told_in_plain_words(flightctl: Flightctl, asked: Any, ttl: str, said: str) -> None:
    asked([50, 45, 25, 10])
    assert sentence(flightctl, ttl).startswith(said)


def test_without_a_history_there_is_nothing_to_replay(flightctl: Flightctl) -> None:
    replayed = what_if(flightctl, "14d")
    assert [replayed[name] for name in KEYS] == [14, 0, 0, 0, "0.00", "USD", None]
    assert sentence(flightctl, "14d").startswith("no look-up is recorded yet")


def test_unasked_nothing_is_replayed(flightctl: Flightctl, asked: Any) -> None:
    asked([40, 1])
    assert flightctl("stats", "--json").json["what_if"] is None
    assert "lifetime" not in flightctl("stats").out


@pytest.mark.parametrize(("ttl", "days"), [("12h", 0.5), ("36h", 1.5), ("24h", 1), ("2w", 14)])
def test_the_lifetime_is_given_in_days(flightctl: Flightctl, ttl: str, days: float) -> None:
    assert what_if(flightctl, ttl)["ttl_days"] == days


@pytest.mark.parametrize("ttl", ["", "0d", "0m", "14", "d", "-7d", "soon", "999999d"])
def test_a_lifetime_that_is_none_is_a_usage_error(flightctl: Flightctl, ttl: str) -> None:
    done = flightctl("stats", f"--what-if-ttl={ttl}", "--json")
    assert (done.code, done.json["error"]["code"], len(done.err.splitlines())) == (2, "usage", 1)


def test_a_lifetime_of_two_thousand_years_is_one(flightctl: Flightctl, asked: Any) -> None:
    asked([40, 1])
    assert what_if(flightctl, "99999w")["calls"] == 1


def test_the_present_lifetime_is_the_one_that_is_set(
    flightctl: Flightctl, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_TTL_DAYS", "5")
    asked([10, 4, 1])
    assert what_if(flightctl, "30d")["more_calls"] == -1


def test_a_remembered_absence_lasts_as_it_is_set(
    flightctl: Flightctl, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked([0.2, 0.1], kind="absent")
    assert what_if(flightctl, "14d")["calls"] == 2
    monkeypatch.setenv("FLIGHTCTL_CACHE_NEGATIVE_TTL_MINUTES", "180")
    assert what_if(flightctl, "14d")["calls"] == 1


def test_the_difference_is_priced_as_a_call_costs_now(
    flightctl: Flightctl, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", "1.005")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_CURRENCY", "EUR")
    asked([20, 1])
    assert [what_if(flightctl, "14d")[name] for name in ("cost", "currency")] == ["1.005", "EUR"]


def test_since_counts_the_calls_of_its_window_only(flightctl: Flightctl, asked: Any) -> None:
    asked([25, 3])
    replayed = what_if(flightctl, "14d", "--since", "7d")
    assert [replayed["calls"], replayed["calls_at_present_ttl"]] == [1, 0]
    since = datetime.fromisoformat(replayed["since"])
    assert abs((datetime.now(UTC) - since).total_seconds() - 3 * DAY_S) < 60


def test_what_was_found_before_the_window_is_known_in_it(flightctl: Flightctl, asked: Any) -> None:
    asked([9, 3])
    assert what_if(flightctl, "14d", "--since", "7d")["calls"] == 0


def test_a_window_without_look_ups_has_nothing_to_count(flightctl: Flightctl, asked: Any) -> None:
    asked([40])
    replayed = what_if(flightctl, "14d", "--since", "7d")
    assert (replayed["calls"], replayed["since"]) == (0, None)


def test_real_look_ups_are_replayed_at_what_they_really_cost(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ1"), row("NZ2")]
    for flights in (("NZ1", "NZ2", "NZ1"), ("NZ1", "NZ3", "NZ3"), ("NZ2", "--refresh")):
        flightctl("lookup", *flights)
    replayed = what_if(flightctl, "14d")
    assert replayed["calls"] == replayed["calls_at_present_ttl"] == len(upstream.asked) == 4


def test_the_replay_is_in_every_format(flightctl: Flightctl, asked: Any) -> None:
    asked([20, 1])
    assert '"more_calls": 1' in flightctl("stats", "--what-if-ttl", "14d", "--format", "ndjson").out
    assert flightctl("stats", "--what-if-ttl", "14d", "--format", "csv").out.startswith("schema,lookups,upstream,")


def test_the_sandbox_replays_its_own_look_ups(flightctl: Flightctl, asked: Any) -> None:
    asked([20, 1])
    flightctl("--sandbox", "lookup", "NZ527")
    assert [what_if(flightctl, "14d", "--sandbox")[name] for name in ("calls", "cost")] == [1, "0.00"]
