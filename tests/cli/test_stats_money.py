"""``stats``: what was spent and saved, what the misses cost, and how long the budget lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exposition import parsed
from flightctl.domain.billing import cycle_at, fingerprint_of
from running import Cached, Flightctl, Rows
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
ACCOUNT = fingerprint_of(KEY)
NONE = {"calls": 0, "cost": "0.00"}
ONE = {"calls": 1, "cost": "0.01"}


def stats(flightctl: Flightctl, *options: str) -> dict[str, Any]:
    document: dict[str, Any] = flightctl("stats", "--json", *options).json
    return document


def budget(flightctl: Flightctl, *options: str) -> dict[str, Any] | None:
    shape: dict[str, Any] | None = stats(flightctl, *options)["upstream"]["budget"]
    return shape


def use(rows: Rows, account: str, used: int) -> None:
    start = cycle_at(datetime.now(UTC), 1).start.isoformat()
    rows("INSERT INTO budget_cycles VALUES ('aviationstack', ?, ?, ?)", account, start, used)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key is configured; the fingerprint of it."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
    return ACCOUNT


def test_the_budget_is_exactly_this(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, account, 37)
    shape = budget(flightctl)
    assert shape is not None
    cycle = cycle_at(datetime.now(UTC), 1)
    assert list(shape)[:5] == ["provider", "account", "used", "cap", "left"]
    assert {name: value for name, value in shape.items() if name != "runs_out_on"} == {
        "provider": "aviationstack",
        "account": account,
        "used": 37,
        "cap": 100,
        "left": 63,
        "cycle_start": cycle.start.isoformat(),
        "resets_on": cycle.resets_on.isoformat(),
        "frozen": False,
    }
    assert list(shape)[-1] == "runs_out_on"


def test_without_a_key_and_without_use_there_is_no_budget(flightctl: Flightctl) -> None:
    assert budget(flightctl) is None
    assert "budget" not in flightctl("stats").out
    assert "budget" not in flightctl("stats", "--format", "prometheus").out


def test_without_a_key_the_account_that_others_use_most_is_told(flightctl: Flightctl, rows: Rows) -> None:
    for other, used in (("aaa", 1), ("bbb", 9)):
        use(rows, other, used)
    shape = budget(flightctl)
    assert shape is not None
    assert (shape["account"], shape["used"]) == ("bbb", 9)


def test_with_a_key_it_is_its_own_account_that_is_told(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, "aaa", 9)
    shape = budget(flightctl)
    assert shape is not None
    assert (shape["account"], shape["used"]) == (account, 0)


def test_a_key_that_cannot_be_used_does_not_keep_from_the_statistics(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "not a key")
    assert budget(flightctl) is None


def test_an_unlimited_budget_has_nothing_left_and_never_runs_out(
    flightctl: Flightctl, account: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    use(rows, account, 37)
    shape = budget(flightctl)
    assert shape is not None
    assert [shape[name] for name in ("used", "cap", "left", "runs_out_on")] == [37, None, None, None]
    assert "37, without a cap" in flightctl("stats").out


def test_a_budget_that_is_used_up_ran_out_today(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, account, 120)
    shape = budget(flightctl)
    assert shape is not None
    assert (shape["left"], shape["runs_out_on"]) == (0, f"{datetime.now(UTC):%Y-%m-%d}")
    assert f"projected to run out on  {shape['runs_out_on']}" in flightctl("stats").out


def test_an_untouched_budget_lasts(flightctl: Flightctl, account: str) -> None:
    shape = budget(flightctl)
    assert shape is not None
    assert shape["runs_out_on"] is None
    assert "projected" not in flightctl("stats").out


def test_a_frozen_budget_is_said_so(flightctl: Flightctl, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "ann")
    flightctl("budget", "freeze")
    shape = budget(flightctl)
    assert shape is not None
    assert shape["frozen"] is True
    assert "frozen by ann since" in flightctl("stats").out


def test_the_sandbox_has_its_own_account_and_costs_nothing(flightctl: Flightctl) -> None:
    flightctl("--sandbox", "lookup", "NZ527", "NZ527")
    document = stats(flightctl, "--sandbox")
    assert [document["upstream"]["budget"][name] for name in ("account", "used", "cap")] == ["sandbox", 1, None]
    assert [document["money"][name] for name in ("price_per_call", "spent", "saved")] == ["0.00"] * 3
    assert document["money"]["misses_by_cause"]["cold"] == {"calls": 1, "cost": "0.00"}


def test_each_miss_costs_what_its_cause_is_charged(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ2", age_s=STALE_S)
    cached("NZ4")
    upstream.rows = [row("NZ2"), row("NZ4")]
    flightctl("lookup", "NZ1", "NZ2")
    rows("UPDATE absences SET expires_at = '2020-01-01 00:00:00.000000'")
    flightctl("lookup", "NZ1")
    flightctl("lookup", "NZ4", "--refresh")
    money = stats(flightctl)["money"]
    assert money["misses_by_cause"] == dict.fromkeys(("cold", "expired", "negative_expired", "bypassed"), ONE)
    assert (money["background"], money["spent"]) == ({"refresh": NONE, "verify": NONE}, "0.04")


def test_calls_in_the_background_are_told_apart(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1", age_s=STALE_S)
    upstream.rows = [row("NZ1"), row("NZ2")]
    flightctl("refresh-stale")
    flightctl("add-manual", "NZ2", "--from", "AKL", "--to", "CHC")
    flightctl("confirm", "NZ2", "--verify")
    money = stats(flightctl)["money"]
    assert money["background"] == {"refresh": ONE, "verify": ONE}
    assert set(money["misses_by_cause"]) == {"cold", "expired", "negative_expired", "bypassed"}
    assert all(cost == NONE for cost in money["misses_by_cause"].values())


def test_hits_and_shared_answers_are_calls_avoided(flightctl: Flightctl, rows: Rows) -> None:
    hour = f"{datetime.now(UTC):%Y-%m-%d %H}"
    for bucket, n in (("hits", 40), ("coalesced", 2), ("misses", 7), ("stale", 5)):
        rows("INSERT INTO lookup_counts VALUES (?, ?, 'local', ?)", hour, bucket, n)
    money = stats(flightctl)["money"]
    assert (money["calls_avoided"], money["saved"]) == (42, "0.42")
    assert "42, which saved 0.42 USD" in flightctl("stats").out


def test_what_was_spent_keeps_the_price_of_its_time_and_what_is_saved_has_that_of_now(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.rows = [row("NZ1")]
    flightctl("lookup", "NZ1", "NZ1", "NZ1")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", "0.5")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_CURRENCY", "eur")
    money = stats(flightctl)["money"]
    assert [money[name] for name in ("currency", "price_per_call", "spent", "saved")] == ["EUR", "0.50", "0.01", "1.00"]


def test_since_leaves_out_what_was_spent_before(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    flightctl("lookup", "NZ1", "NZ2")
    long_ago = f"{datetime.now(UTC) - timedelta(days=8):%Y-%m-%d %H:%M:%S.%f}"
    rows("UPDATE upstream_calls SET called_at = ? WHERE cache_key = 'flight:NZ1'", long_ago)
    documents = [stats(flightctl, "--since", "7d"), stats(flightctl)]
    assert [document["money"]["spent"] for document in documents] == ["0.01", "0.02"]
    assert [document["upstream"]["budget"]["used"] for document in documents] == [2, 2]


def test_the_table_says_it_in_words(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1")
    flightctl("lookup", "NZ1", "NZ2")
    lines = [" ".join(line.split()) for line in flightctl("stats").out.splitlines()]
    resets_on = cycle_at(datetime.now(UTC), 1).resets_on
    for line in (
        f"budget used 1 of 100, resets on {resets_on}",
        "budget left 99",
        "spent 0.01 USD",
        "calls avoided 1, which saved 0.01 USD",
        "calls: not in the cache 1 call, 0.01 USD",
    ):
        assert line in lines


def test_prometheus_has_the_budget_and_the_money(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ1")
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    samples, _ = parsed(flightctl("stats", "--format", "prometheus").out)
    labels = f'provider="aviationstack",account="{ACCOUNT}"'
    assert samples["flightctl_budget_used", labels] == 2
    assert samples["flightctl_budget_cap", labels] == 100
    assert samples["flightctl_calls_avoided_total", ""] == 1
    assert samples["flightctl_spent_total", 'currency="USD"'] == 0.02


def test_prometheus_has_no_cap_where_there_is_none(
    flightctl: Flightctl, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    _, kinds = parsed(flightctl("stats", "--format", "prometheus").out)
    assert ("flightctl_budget_used" in kinds, "flightctl_budget_cap" in kinds) == (True, False)
