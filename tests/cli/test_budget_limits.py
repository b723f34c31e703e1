"""Paid calls end where the budget ends, whoever asks, at the same time or one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crowd import crowd
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

MONTH_S = 30 * 86_400
CAP = "FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET"
RESERVE = "FLIGHTCTL_BUDGET_RESERVE_PERCENT"
START_DAY = "FLIGHTCTL_AVIATIONSTACK_CYCLE_START_DAY"


def first_of_next_month() -> str:
    return str((datetime.now(UTC).date().replace(day=1) + timedelta(days=32)).replace(day=1))


def used(rows: Rows) -> int:
    return sum(n for (n,) in rows("SELECT used FROM budget_cycles"))


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> Upstream:
    """An upstream that knows NZ1 to NZ9, and three paid calls a month."""
    monkeypatch.setenv(CAP, "3")
    upstream.rows = [row(f"NZ{number}") for number in range(1, 10)]
    return upstream


# The cap


@pytest.mark.parametrize("processes", [12, pytest.param(40, marks=pytest.mark.slow)])
def test_many_processes_that_want_five_flights_each_make_exactly_as_many_calls_as_there_are(
    upstream: Upstream, rows: Rows, flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    wanted, there_are = 5 * processes, 5 * processes // 4
    monkeypatch.setenv(CAP, str(there_are))
    upstream.rows = [row(f"NZ{number}") for number in range(1, wanted + 1)]
    commands = [["lookup", *(f"NZ{5 * n + k}" for k in range(1, 6)), "--json"] for n in range(processes)]
    ended = [one.result for one in crowd(commands, at_once=processes)]
    refused = [answer for one in ended for answer in one.answers if answer["outcome"] != "miss"]
    assert (len(upstream.asked), len(refused), used(rows)) == (there_are, wanted - there_are, there_are)
    assert {answer["error"]["code"] for answer in refused} == {"budget"}
    assert all(f"resets on {first_of_next_month()}" in answer["error"]["message"] for answer in refused)
    assert {one.code for one in ended if any(answer["error"] for answer in one.answers)} <= {6, 9}
    assert flightctl("stats", "--json").json["upstream"]["calls"] == there_are


def test_at_the_cap_a_look_up_ends_with_6_and_says_what_is_used_and_what_still_works(
    flightctl: Flightctl, cap: Upstream
) -> None:
    assert flightctl("lookup", "NZ1", "NZ2", "NZ3").code == 0
    done = flightctl("lookup", "NZ4")
    assert (done.code, len(cap.asked)) == (6, 3)
    assert f"3 of 3 AviationStack calls of this cycle are used; it resets on {first_of_next_month()}" in done.err
    assert "cached flights still answer" in done.err


def test_a_batch_that_crosses_the_cap_answers_what_it_could_pay(flightctl: Flightctl, cap: Upstream) -> None:
    done = flightctl("lookup", *(f"NZ{number}" for number in range(1, 6)), "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (9, ["miss"] * 3 + ["error"] * 2)
    assert done.json["metrics"]["upstream_calls"] == len(cap.asked) == 3


@pytest.mark.parametrize("command", [("NZ1",), ("NZ1", "--offline"), ("NZ*",)])
def test_at_the_cap_cached_flights_still_answer(flightctl: Flightctl, cap: Upstream, command: tuple[str, ...]) -> None:
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    assert flightctl("lookup", *command).code == 0


@pytest.mark.parametrize("command", [("NZ1", "--refresh"), ("QF",)])
def test_every_way_to_a_paid_look_up_ends_at_the_cap(
    flightctl: Flightctl, cap: Upstream, command: tuple[str, ...]
) -> None:
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    assert flightctl("lookup", *command, "--json").answers[0]["error"]["code"] == "budget"
    assert len(cap.asked) == 3


def test_at_the_cap_a_stale_entry_serves_where_that_is_wanted(
    flightctl: Flightctl, cap: Upstream, cached: Cached
) -> None:
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    cached("NZ4", age_s=MONTH_S + 60)
    answer = flightctl("lookup", "NZ4", "--stale-if-error", "--json").answers[0]
    assert (answer["outcome"], "paid-call budget reached" in answer["warning"]) == ("stale", True)


def test_with_the_cache_switched_off_the_cap_holds_too(
    flightctl: Flightctl, cap: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_ENABLED", "false")
    assert [flightctl("lookup", "NZ1").code for _ in range(4)] == [0, 0, 0, 6]


def test_a_call_that_found_nothing_or_failed_is_used_as_well(flightctl: Flightctl, cap: Upstream) -> None:
    flightctl("lookup", "QF1")
    cap.fails(500, "internal_error")
    flightctl("lookup", "NZ1")
    cap.works()
    assert flightctl("lookup", "NZ1").code == 0
    assert flightctl("lookup", "NZ2").code == 6


def test_a_cap_of_nothing_pays_for_nothing(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAP, "0")
    cached("NZ1")
    done = flightctl("lookup", "NZ1", "NZ2", "--json")
    assert (done.code, [answer["outcome"] for answer in done.answers]) == (9, ["hit", "error"])
    assert (done.answers[1]["error"]["code"], upstream.asked) == ("budget", [])


def test_an_unlimited_budget_has_to_be_written_out_and_is_counted_and_not_warned_of(
    flightctl: Flightctl, cap: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAP, "unlimited")
    done = flightctl("lookup", *(f"NZ{number}" for number in range(1, 10)))
    assert (done.code, done.err, used(rows)) == (0, "", 9)


def test_the_default_is_a_hundred_calls(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    upstream.rows = [row("NZ1"), row("NZ2")]
    flightctl("lookup", "NZ1")
    rows("UPDATE budget_cycles SET used = 99")
    assert [flightctl("lookup", "NZ2").code, flightctl("lookup", "NZ3").code] == [0, 6]


def test_a_cap_that_is_lowered_below_what_is_used_refuses(
    flightctl: Flightctl, cap: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    flightctl("lookup", "NZ1", "NZ2")
    monkeypatch.setenv(CAP, "1")
    done = flightctl("lookup", "NZ3")
    assert (done.code, "2 of 1 AviationStack calls" in done.err) == (6, True)
    monkeypatch.setenv(CAP, "3")
    assert flightctl("lookup", "NZ3").code == 0


def test_another_key_is_another_account_with_a_budget_of_its_own(
    flightctl: Flightctl, cap: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "another0key")
    assert flightctl("lookup", "NZ4", "NZ5", "NZ6", "NZ7", "--json").code == 9
    assert rows("SELECT used FROM budget_cycles") == [(3,), (3,)]
    assert "another0key" not in str(rows("SELECT * FROM budget_cycles"))


def test_the_cycle_starts_on_the_day_that_is_set(
    flightctl: Flightctl, cap: Upstream, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).date()
    monkeypatch.setenv(START_DAY, str(today.day))
    flightctl("lookup", "NZ1")
    assert rows("SELECT cycle_start FROM budget_cycles") == [(str(today),)]


def test_what_was_used_in_an_earlier_cycle_does_not_count(flightctl: Flightctl, cap: Upstream, rows: Rows) -> None:
    flightctl("lookup", "NZ1", "NZ2", "NZ3")
    rows("UPDATE budget_cycles SET cycle_start = '2020-01-01'")
    assert flightctl("lookup", "NZ4").code == 0


def test_the_sandbox_has_no_budget(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAP, "0")
    assert flightctl("--sandbox", "lookup", "NZ527").code == 0


# The reserve


def test_what_is_kept_for_look_ups_is_kept_from_a_refresh(
    flightctl: Flightctl, cap: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESERVE, "50")
    for flight in ("NZ1", "QF1", "DL1"):
        cached(flight, age_s=MONTH_S + 60)
    done = flightctl("refresh-stale")
    assert (done.code, len(cap.asked)) == (6, 1)
    assert "kept for look-ups" in done.err
    assert flightctl("lookup", "NZ2", "NZ3").code == 0
    assert flightctl("lookup", "NZ4").code == 6


def test_what_is_kept_for_look_ups_is_kept_from_verifications(
    flightctl: Flightctl, cap: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESERVE, "50")
    for flight in ("NZ1", "NZ2", "NZ3"):
        flightctl("add-manual", flight, "--from", "AKL", "--to", "CHC")
    done = flightctl("confirm", "--verify")
    assert (done.code, len(cap.asked)) == (6, 1)
    assert "kept for look-ups" in done.err
    assert flightctl("lookup", "NZ2", "NZ3").code == 0


def test_with_everything_in_reserve_a_refresh_pays_for_nothing(
    flightctl: Flightctl, cap: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESERVE, "100")
    cached("NZ1", age_s=MONTH_S + 60)
    assert (flightctl("refresh-stale").code, cap.asked) == (6, [])


def test_with_nothing_in_reserve_a_refresh_may_spend_to_the_cap(
    flightctl: Flightctl, cap: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESERVE, "0")
    for flight in ("NZ1", "QF1", "DL1"):
        cached(flight, age_s=MONTH_S + 60)
    assert (flightctl("refresh-stale").code, len(cap.asked)) == (0, 3)


# The warning


def test_who_pays_is_warned_from_80_percent_on(
    flightctl: Flightctl, cap: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAP, "5")
    quiet = [flightctl("lookup", flight).err for flight in ("NZ1", "NZ2", "NZ3")]
    said = flightctl("lookup", "NZ4").err
    assert quiet == [""] * 3
    assert said == (
        f"flightctl: warning: 4 of 5 AviationStack calls are used; the budget resets on {first_of_next_month()}\n"
    )
    assert flightctl("lookup", "NZ4").err == "", "a hit pays nothing"
    assert flightctl("lookup", "NZ5", "--quiet").err == ""


# Settings


def settings_that_cannot_be() -> list[tuple[str, str]]:
    bad = {
        CAP: ["-1", "1.5", "many", "1e3", "٣", "inf"],
        START_DAY: ["0", "32", "-1", "first", "1.0"],
        RESERVE: ["-1", "101", "half", "nan"],
        "FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL": ["-1", "free", "0.0000001", "1,5", "NaN", "1e-3"],
        "FLIGHTCTL_AVIATIONSTACK_CURRENCY": ["$", "EURO", "E1R", "€€€"],
    }
    return [(name, value) for name, values in bad.items() for value in values]


@pytest.mark.parametrize(("name", "value"), settings_that_cannot_be())
def test_a_setting_that_cannot_be_ends_with_10_before_anything_is_paid(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    done = flightctl("lookup", "NZ1", "--json")
    assert (done.code, done.answers[0]["error"]["code"], upstream.asked) == (10, "configuration", [])
    assert name in done.err
