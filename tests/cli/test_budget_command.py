"""``budget show|freeze|thaw``: what was used, who stopped paid calls, and who may."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flightctl.domain.billing import cycle_at, fingerprint_of
from running import Flightctl, Rows
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

ACCOUNT = fingerprint_of(KEY)
COLUMNS = ["provider", "account", "used", "cap", "cycle_start", "resets_on", "frozen"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key is configured; the fingerprint of it."""
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)
    return ACCOUNT


def cycle(start_day: int = 1) -> dict[str, str]:
    now = cycle_at(datetime.now(UTC), start_day)
    return {"cycle_start": now.start.isoformat(), "resets_on": now.resets_on.isoformat()}


def use(rows: Rows, account: str, used: int, *, provider: str = "aviationstack", cycle_start: str = "") -> None:
    start = cycle_start or cycle()["cycle_start"]
    rows("INSERT INTO budget_cycles VALUES (?, ?, ?, ?)", provider, account, start, used)


def shown(flightctl: Flightctl, *arguments: str) -> list[dict[str, Any]]:
    providers: list[dict[str, Any]] = flightctl("budget", "show", "--json", *arguments).json["providers"]
    return providers


def in_time(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S.%f}"


def test_show_is_exactly_this(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, account, 37)
    status = {"provider": "aviationstack", "account": account, "used": 37, "cap": 100, **cycle(), "frozen": False}
    done = flightctl("budget", "show", "--json")
    assert done.out == json.dumps({"schema": "flightctl.budget/1", "providers": [status]}) + "\n"
    assert (done.code, done.err, list(status)) == (0, "", COLUMNS)


def test_without_a_key_there_is_one_row_without_an_account(flightctl: Flightctl) -> None:
    done = flightctl("budget", "show", "--json")
    assert [(one["provider"], one["account"], one["used"]) for one in done.json["providers"]] == [
        ("aviationstack", None, 0)
    ]
    assert (done.code, "no key" in flightctl("budget", "show").out) == (0, True)


def test_other_accounts_that_were_used_in_this_cycle_are_shown_behind_ours(
    flightctl: Flightctl, account: str, rows: Rows
) -> None:
    for other, used in (("aaa", 1), ("bbb", 9), ("ccc", 0)):
        use(rows, other, used)
    use(rows, "ddd", 5, provider="aeroapi")
    use(rows, "eee", 5, cycle_start="2020-01-01")
    assert [(one["account"], one["used"]) for one in shown(flightctl)] == [(account, 0), ("bbb", 9), ("aaa", 1)]


def test_what_earlier_cycles_used_does_not_count(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, account, 99, cycle_start="2020-01-01")
    assert [one["used"] for one in shown(flightctl)] == [0]


@pytest.mark.parametrize(("budget", "cap"), [("50", 50), ("0", 0), ("unlimited", None)])
def test_the_cap_is_the_one_that_is_set(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, budget: str, cap: int | None
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", budget)
    assert [one["cap"] for one in shown(flightctl)] == [cap]


def test_the_cycle_turns_on_the_day_that_is_set(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_CYCLE_START_DAY", "31")
    assert {name: shown(flightctl)[0][name] for name in cycle()} == cycle(31)


def test_the_sandbox_is_its_own_account_without_a_cap(flightctl: Flightctl, account: str) -> None:
    flightctl("--sandbox", "lookup", "NZ527")
    [status] = shown(flightctl, "--sandbox")
    assert [status[name] for name in ("provider", "account", "used", "cap")] == ["sandbox", "sandbox", 1, None]
    assert [one["used"] for one in shown(flightctl)] == [0]


def test_a_paid_call_is_used_and_priced(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]
    flightctl("lookup", "NZ527", "NZ528")
    done = flightctl("budget", "show")
    assert (done.out.splitlines()[-1], len(upstream.asked)) == ("2 calls · 0.02 USD this cycle", 2)


def test_the_footer_keeps_the_price_of_its_time(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for price, flight in (("0.0125", "NZ1"), ("2", "NZ2")):
        monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", price)
        flightctl("lookup", flight)
    assert flightctl("budget", "show").out.splitlines()[-1] == "2 calls · 2.0125 USD this cycle"


def test_one_call_is_said_as_one(flightctl: Flightctl, account: str, rows: Rows) -> None:
    use(rows, account, 1)
    assert flightctl("budget", "show").out.splitlines()[-1] == "1 call · 0.00 USD this cycle"


@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_a_row_is_an_account(flightctl: Flightctl, account: str, rows: Rows, format: str) -> None:
    use(rows, "bbb", 9)
    out = flightctl("budget", "show", "--format", format).out
    read = csv.DictReader(io.StringIO(out)) if format == "csv" else map(json.loads, out.splitlines())
    found = list(read)
    assert [(list(one), one["account"], str(one["used"]), str(one["frozen"]).lower()) for one in found] == [
        (COLUMNS, account, "0", "false"),
        (COLUMNS, "bbb", "9", "false"),
    ]


def test_csv_leaves_an_unlimited_cap_and_a_missing_account_empty(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    [status] = csv.DictReader(io.StringIO(flightctl("budget", "show", "--format", "csv").out))
    assert (status["account"], status["cap"]) == ("", "")


def test_freezing_stops_paid_calls_and_cached_flights_still_answer(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]
    flightctl("lookup", "NZ527")
    assert [one["frozen"] for one in flightctl("budget", "freeze", "--json").json["providers"]] == [True]
    refused = flightctl("lookup", "NZ528", "--json")
    assert (refused.code, refused.answers[0]["error"]["code"]) == (6, "budget_frozen")
    assert (flightctl("lookup", "NZ527").code, len(upstream.asked)) == (0, 1)


def test_thawing_lets_paid_calls_go_on(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527")]
    flightctl("budget", "freeze")
    assert [one["frozen"] for one in flightctl("budget", "thaw", "--json").json["providers"]] == [False]
    assert (flightctl("lookup", "NZ527").code, len(upstream.asked)) == (0, 1)


@pytest.mark.parametrize("command", ["freeze", "thaw"])
def test_saying_it_twice_is_no_error(flightctl: Flightctl, account: str, command: str) -> None:
    first, second = (flightctl("budget", command, "--json") for _ in range(2))
    assert (first.code, second.code, second.out) == (0, 0, first.out)
    assert second.out == flightctl("budget", "show", "--json").out


def test_who_froze_first_stands(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ann", "bob"):
        monkeypatch.setenv("FLIGHTCTL_USER", name)
        done = flightctl("budget", "freeze")
    assert "frozen by ann since 20" in done.out


@pytest.mark.parametrize(
    ("command", "said"),
    [("freeze", "for everybody who uses this database"), ("thaw", "holds are lifted and an open breaker is closed")],
)
def test_what_it_means_is_said_to_people_only(flightctl: Flightctl, command: str, said: str) -> None:
    assert said in flightctl("budget", command).err
    assert (flightctl("budget", command, "-q").err, flightctl("budget", command, "--json").err) == ("", "")


@pytest.mark.parametrize("command", ["freeze", "thaw"])
def test_a_user_may_look_and_not_touch(
    flightctl: Flightctl, rows: Rows, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    flightctl("budget", "freeze" if command == "thaw" else "thaw")
    before = rows("SELECT * FROM freezes")
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    done = flightctl("budget", command, "--json")
    assert (done.code, done.json["error"]["code"]) == (4, "denied")
    assert f"budget {command} is for staff; you are user" in done.err
    assert (rows("SELECT * FROM freezes"), flightctl("budget", "show").code) == (before, 0)


@pytest.mark.parametrize("role", ["staff", "service"])
def test_staff_and_service_may_freeze_and_thaw(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", role)
    assert [flightctl("budget", command).code for command in ("freeze", "thaw")] == [0, 0]


def test_the_sandbox_is_frozen_for_itself(flightctl: Flightctl, account: str) -> None:
    flightctl("--sandbox", "budget", "freeze")
    assert (flightctl("--sandbox", "lookup", "NZ527").code, shown(flightctl)[0]["frozen"]) == (6, False)


def test_paid_calls_can_be_stopped_whatever_the_key_is_like(
    flightctl: Flightctl, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "not a key")
    assert flightctl("budget", "freeze").code == 0
    assert rows("SELECT count(*) FROM freezes") == [(1,)]


def test_no_part_of_the_key_is_shown(flightctl: Flightctl, account: str) -> None:
    for format in ("table", "json", "csv"):
        shown = flightctl("budget", "show", "--format", format).out
        assert not any(KEY[n : n + 8] in shown for n in range(24))


HOLDS = {
    "rate": "too many requests",
    "unavailable": "provider not available",
    "quota": "quota used up",
}


@pytest.mark.parametrize("hold", HOLDS)
def test_a_hold_says_until_when_and_why(flightctl: Flightctl, account: str, rows: Rows, hold: str) -> None:
    until = in_time(3 * 86_400)
    rows(
        "INSERT INTO provider_accounts (provider, account, hold, not_before) VALUES ('aviationstack', ?, ?, ?)",
        account,
        hold,
        until,
    )
    assert f"held until {until[:16]} UTC: {HOLDS[hold]}" in flightctl("budget", "show").out


@pytest.mark.parametrize(
    ("column", "seconds", "state"),
    [
        ("not_before", -1, "open"),
        ("next_probe_at", 20, "breaker open until"),
        ("next_probe_at", -1, "breaker open, one try is due"),
    ],
)
def test_the_state_is_what_a_look_up_would_meet(
    flightctl: Flightctl, account: str, rows: Rows, column: str, seconds: float, state: str
) -> None:
    rows(
        f"INSERT INTO provider_accounts (provider, account, hold, {column}) VALUES ('aviationstack', ?, 'rate', ?)",
        account,
        in_time(seconds),
    )
    assert state in flightctl("budget", "show").out.splitlines()[2]


def test_a_hold_is_lifted_by_thawing(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.fails(429, "usage_limit_reached")
    flightctl("lookup", "NZ1")
    upstream.works()
    assert flightctl("lookup", "NZ1", "--json").answers[0]["error"]["code"] == "usage_limit_reached"
    assert "open" in flightctl("budget", "thaw").out
    assert flightctl("lookup", "NZ1", "--json").answers[0]["outcome"] == "not_found"


def test_an_open_breaker_is_closed_by_thawing_and_its_failures_count_no_more(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.fails(500, "internal_error")
    flightctl("lookup", *(f"NZ{n}" for n in range(1, 7)))
    assert (len(upstream.asked), "breaker open" in flightctl("budget", "show").out) == (5, True)
    upstream.works()
    assert "breaker" not in flightctl("budget", "thaw", "-q").out
    assert rows("SELECT next_probe_at, closed_at IS NOT NULL FROM provider_accounts") == [(None, 1)]
    flightctl("lookup", "NZ1")
    assert len(upstream.asked) == 6


def test_a_cache_that_cannot_be_read_is_8(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "broken.db").write_bytes(b"no database" * 100)
    monkeypatch.setenv("FLIGHTCTL_DB", str(home / "broken.db"))
    done = flightctl("budget", "show", "--json")
    assert (done.code, done.json["error"]["code"]) == (8, "local_corrupt")


def test_a_budget_that_is_none_is_10(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "lots")
    assert flightctl("budget", "show").code == 10


def test_aeroapi_is_shown_beside_it_where_it_has_a_key(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", "a-key-of-aeroapi")
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "250")
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_CYCLE_START_DAY", "15")
    done = flightctl("budget", "show", "--json")
    shown = {one["provider"]: (one["cap"], one["cycle_start"][-2:]) for one in done.json["providers"]}
    assert shown["aeroapi"] == (250, "15")
    assert shown["aviationstack"][0] == 100
    assert "result sets" in flightctl("budget", "show").out
