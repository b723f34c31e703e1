"""``lookup --explain``: what an answer cost, or did not cost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from running import Cached, Flightctl, Rows
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400
NOTHING = "price: nothing was paid"


def explained(flightctl: Flightctl, *arguments: str) -> list[list[str]]:
    """The sentences of each answer."""
    return [answer["explain"] for answer in flightctl("lookup", *arguments, "--explain", "--json").answers]


def prices(flightctl: Flightctl, *arguments: str) -> list[str]:
    """The last sentence of each answer."""
    return [sentences[-1] for sentences in explained(flightctl, *arguments)]


def test_a_hit_says_what_a_call_would_have_been(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    assert prices(flightctl, "NZ527") == ["price: nothing; a call would have been 0.01 USD"]


def test_the_price_is_the_one_that_is_set(
    flightctl: Flightctl, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached("NZ527")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", "0.0125")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_CURRENCY", "nzd")
    assert prices(flightctl, "NZ527") == ["price: nothing; a call would have been 0.0125 NZD"]


def test_a_price_that_is_none_is_10_where_a_price_is_wanted(
    flightctl: Flightctl, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached("NZ527")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PRICE_PER_CALL", "cheap")
    assert (flightctl("lookup", "NZ527", "--explain").code, flightctl("lookup", "NZ527").code) == (10, 0)


def test_a_call_says_what_it_cost_and_how_much_of_the_cycle_is_used(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ1")]
    assert prices(flightctl, "NZ1", "NZ2") == [
        "price: 0.01 USD; 1 of 100 calls of this cycle used",
        "price: 0.01 USD; 2 of 100 calls of this cycle used",
    ]


def test_without_a_cap_only_what_is_used_is_said(
    flightctl: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    assert prices(flightctl, "NZ1") == ["price: 0.01 USD; 1 call of this cycle used"]


@pytest.mark.parametrize("options", [(), ("--refresh",)])
def test_a_renewed_entry_has_its_price(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, options: tuple[str, ...]
) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.rows = [row("NZ527")]
    assert prices(flightctl, "NZ527", *options) == ["price: 0.01 USD; 1 of 100 calls of this cycle used"]


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (401, "invalid_access_key")])
def test_a_call_that_failed_is_paid_all_the_same(
    flightctl: Flightctl, upstream: Upstream, status: int, code: str
) -> None:
    upstream.fails(status, code)
    assert explained(flightctl, "NZ527")[0][-2:] == [
        "aviationstack: asked, one paid call",
        "price: 0.01 USD; 1 of 100 calls of this cycle used",
    ]


def test_a_stale_answer_after_a_failure_is_paid_all_the_same(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=STALE_S)
    upstream.fails(500, "internal_error")
    assert prices(flightctl, "NZ527", "--stale-if-error") == ["price: 0.01 USD; 1 of 100 calls of this cycle used"]


def test_a_remembered_absence_costs_nothing(flightctl: Flightctl, upstream: Upstream) -> None:
    flightctl("lookup", "NZ527")
    assert prices(flightctl, "NZ527") == [NOTHING]


def test_a_caller_who_may_not_ask_pays_nothing(flightctl: Flightctl, basic: None) -> None:
    assert prices(flightctl, "NZ527") == [NOTHING]


def test_offline_costs_nothing(flightctl: Flightctl, upstream: Upstream) -> None:
    assert prices(flightctl, "NZ527", "--offline") == [NOTHING]


def test_without_a_key_nothing_is_paid(flightctl: Flightctl) -> None:
    [sentences] = explained(flightctl, "NZ527")
    assert sentences[-2:] == ["aviationstack: no paid call was made: no key for aviationstack is configured", NOTHING]


def _frozen(flightctl: Flightctl, _rows: Rows, _monkeypatch: pytest.MonkeyPatch) -> None:
    flightctl("budget", "freeze")


def _no_budget(_flightctl: Flightctl, _rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "0")


def _provider_account(column: str) -> Callable[[Flightctl, Rows, pytest.MonkeyPatch], None]:
    def arrange(flightctl: Flightctl, rows: Rows, _monkeypatch: pytest.MonkeyPatch) -> None:
        [status] = flightctl("budget", "show", "--json").json["providers"]
        rows(
            f"INSERT INTO provider_accounts (provider, account, hold, {column}) VALUES ('aviationstack', ?, 'rate', ?)",
            status["account"],
            f"{datetime.now(UTC) + timedelta(minutes=9):%Y-%m-%d %H:%M:%S.%f}",
        )

    return arrange


REFUSALS = {
    "frozen": (_frozen, "all paid calls are frozen"),
    "budget": (_no_budget, "paid-call budget reached: 0 of 0"),
    "hold": (_provider_account("not_before"), "AviationStack wants fewer requests a minute"),
    "breaker": (_provider_account("next_probe_at"), "AviationStack keeps failing"),
}


@pytest.mark.parametrize(("arrange", "said"), list(REFUSALS.values()), ids=list(REFUSALS))
def test_a_refused_call_costs_nothing_and_says_why(
    flightctl: Flightctl,
    upstream: Upstream,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[[Flightctl, Rows, pytest.MonkeyPatch], None],
    said: str,
) -> None:
    arrange(flightctl, rows, monkeypatch)
    [sentences] = explained(flightctl, "NZ527")
    assert sentences[-2].startswith(f"aviationstack: no paid call was made: {said}")
    assert (sentences[-1], upstream.asked) == (NOTHING, [])


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider whose port refuses connections."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY)


def test_a_connection_that_was_never_made_costs_nothing(flightctl: Flightctl, nobody_listens: None) -> None:
    [sentences] = explained(flightctl, "NZ527")
    assert sentences[-2].startswith("aviationstack: no paid call was made: ")
    assert sentences[-1] == NOTHING
    paid = flightctl("stats", "--json").json
    assert (paid["upstream"]["calls"], paid["upstream"]["budget"]["used"], paid["money"]["spent"]) == (1, 0, "0.00")


def test_what_another_process_pays_for_is_said_so(
    flightctl: Flightctl, process: Flightctl, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.rows = [row("NZ527")]
    waiting, sleep = threading.Event(), time.sleep
    upstream.while_asked = lambda: waiting.wait(30)
    other = threading.Thread(target=process, args=("lookup", "NZ527"))
    other.start()
    while other.is_alive() and not upstream.asked:
        other.join(0.01)
    # Who waits for somebody else's answer sleeps between two looks.
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(seconds) if waiting.is_set() else waiting.set())
    [sentences] = explained(flightctl, "NZ527")
    other.join()
    assert sentences[1:] == [
        "aviationstack: not asked, another process has just done so",
        "price: nothing, another process paid",
    ]
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(("options", "outcome"), [((), "hit"), (("--refresh",), "miss")])
def test_a_flight_that_stands_in_a_batch_twice_is_paid_once(
    flightctl: Flightctl, upstream: Upstream, options: tuple[str, ...], outcome: str
) -> None:
    upstream.rows = [row("NZ527")]
    done = flightctl("lookup", "NZ527", "nz 0527", "--explain", "--json", *options)
    assert [answer["outcome"] for answer in done.answers] == ["miss", outcome]
    assert [answer["explain"][-1] for answer in done.answers] == [
        "price: 0.01 USD; 1 of 100 calls of this cycle used",
        "price: nothing; a call would have been 0.01 USD",
    ]


def test_an_unknown_flight_that_stands_in_a_batch_twice_is_paid_once(flightctl: Flightctl, upstream: Upstream) -> None:
    assert prices(flightctl, "NZ527", "NZ527")[1:] == [NOTHING]


def test_each_answer_of_a_batch_has_a_price_of_its_own(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "1")
    cached("NZ3")
    assert prices(flightctl, "NZ1", "NZ2", "NZ3") == [
        "price: 0.01 USD; 1 of 1 calls of this cycle used",
        NOTHING,
        "price: nothing; a call would have been 0.01 USD",
    ]


def test_the_sandbox_costs_nothing(flightctl: Flightctl) -> None:
    assert prices(flightctl, "--sandbox", "NZ527") == ["price: 0.00 USD; 1 call of this cycle used"]
    assert prices(flightctl, "--sandbox", "NZ527") == ["price: nothing; a call would have been 0.00 USD"]


def test_people_read_the_price_below_the_table(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    assert "NZ527  price: nothing; a call would have been 0.01 USD" in flightctl("lookup", "NZ527", "--explain").out


def test_nothing_is_priced_unasked(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    assert "explain" not in flightctl("lookup", "NZ527", "--json").answers[0]
