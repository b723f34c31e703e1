"""Look-ups with a remote: the local file, then the remote, then the provider; what each login gets, and who pays."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flightctl.store.schema import HEAD
from postgres import BASIC, NO_ACCESS, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Result
from upstream import Upstream, row

LOGINS = (BASIC, SUBSCRIBER, STAFF, SERVICE)
UNREACHABLE = "postgresql://basic@127.0.0.1:1/flightctl"


@pytest.fixture(autouse=True)
def flights(upstream: Upstream) -> None:
    upstream.rows = [row("NZ527"), row("NZ5", "AKL", "WLG"), row("QF1", "SYD", "SIN")]


def told(result: Result, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)["results"][number]
    return found


def answer(result: Result) -> tuple[int, str, str | None]:
    found = told(result)
    return result.code, found["outcome"], found["source"]


def local(home: Path, login: str, statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(home / f"{login}.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


def aged(home: Path, login: str, hours: float) -> None:
    """The copies of this machine were checked so long ago."""
    older = "UPDATE remote_copies SET checked_at = strftime('%Y-%m-%d %H:%M:%f', 'now', ?) || '000'"
    local(home, login, older, f"-{hours * 3600} seconds")


@pytest.mark.parametrize("login", LOGINS)
def test_what_one_login_paid_for_the_others_have(at: As, upstream: Upstream, login: str) -> None:
    assert answer(at(login, "lookup", "NZ527", "--json")) == (0, "miss", "aviationstack")
    for other in set(LOGINS) - {login}:
        assert answer(at(other, "lookup", "NZ527", "--json")) == (0, "hit", "remote")
        assert answer(at(other, "lookup", "NZ527", "--json")) == (0, "hit", "local")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("login", LOGINS)
def test_who_paid_is_on_record_and_what_they_brought_in(at: As, shared_remote: RemoteDatabase, login: str) -> None:
    at(login, "lookup", "NZ527")
    assert shared_remote.rows("SELECT paid_by, cache_key, result, units FROM upstream_calls") == [
        (login, "flight:NZ527", "ok", 1)
    ]
    assert shared_remote.rows("SELECT paid_by, cache_key, stood_before ->> 'cache_key' FROM contributions") == [
        (login, "flight:NZ527", None)
    ]
    assert shared_remote.rows("SELECT used FROM budget_cycles") == [(1,)]


def test_a_copy_has_the_times_of_what_it_copies(at: As, shared_remote: RemoteDatabase, home: Path) -> None:
    at(SERVICE, "lookup", "NZ527")
    at(BASIC, "lookup", "NZ527")
    times = "SELECT cached_at, refreshed_at FROM aviationstack_cache"
    assert local(home, BASIC, times) == shared_remote.rows(times)


def test_an_unknown_flight_is_remembered_for_everybody(at: As, upstream: Upstream) -> None:
    assert answer(at(BASIC, "lookup", "NZ999", "--json")) == (3, "not_found", "aviationstack")
    assert answer(at(SERVICE, "lookup", "NZ999", "--json")) == (3, "not_found", "local")
    assert len(upstream.asked) == 1


def test_a_stale_entry_of_the_remote_is_refreshed_by_who_asks(at: As, shared_remote: RemoteDatabase) -> None:
    at(SERVICE, "lookup", "NZ527")
    shared_remote.rows("UPDATE aviationstack_cache SET refreshed_at = now() - interval '31 days'")
    assert answer(at(BASIC, "lookup", "NZ527", "--json")) == (0, "refreshed", "aviationstack")
    assert shared_remote.rows("SELECT count(*) FROM aviationstack_cache WHERE refreshed_at > now() - interval '1 day'")


@pytest.mark.parametrize(("hours", "source"), [(23.9, "local"), (24.1, "remote")])
def test_a_copy_is_checked_after_a_day(
    at: As, shared_remote: RemoteDatabase, home: Path, hours: float, source: str
) -> None:
    at(SERVICE, "lookup", "NZ527")
    at(BASIC, "lookup", "NZ527")
    shared_remote.rows("UPDATE aviationstack_cache SET arrival_iata = 'WLG'")
    aged(home, BASIC, hours)
    found = told(at(BASIC, "lookup", "NZ527", "--json"))
    assert (found["source"], found["arrival_iata"]) == (source, "CHC" if source == "local" else "WLG")


def test_what_staff_have_forgotten_is_gone_everywhere_within_a_day(at: As, home: Path, upstream: Upstream) -> None:
    at(SERVICE, "lookup", "NZ527")
    at(BASIC, "lookup", "NZ527")
    assert at(STAFF, "forget", "NZ527", "--yes").code == 0
    aged(home, BASIC, 25)
    assert answer(at(BASIC, "lookup", "NZ527", "--json")) == (0, "miss", "aviationstack")
    assert len(upstream.asked) == 2


def test_a_remote_that_is_gone_leaves_the_local_answers(
    at: As, home: Path, monkeypatch: pytest.MonkeyPatch, flightctl: Any
) -> None:
    at(BASIC, "lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    assert answer(flightctl("lookup", "NZ527", "--json")) == (0, "hit", "local")
    aged(home, BASIC, 25)
    unchecked = flightctl("lookup", "NZ527", "--json")
    assert answer(unchecked) == (0, "hit", "local")
    assert "not checked" in told(unchecked)["warning"]


def test_a_remote_that_is_gone_leaves_nothing_to_pay_with(
    at: As, monkeypatch: pytest.MonkeyPatch, flightctl: Any, upstream: Upstream
) -> None:
    at(BASIC, "lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    failed = flightctl("lookup", "NZ5", "QF1", "--json")
    codes = [told(failed, number)["error"]["code"] for number in (0, 1)]
    assert (failed.code, codes) == (5, ["remote_unreachable"] * 2)
    assert len(upstream.asked) == 1
    assert "not counted" not in failed.err


def test_offline_asks_nobody(at: As, monkeypatch: pytest.MonkeyPatch, flightctl: Any) -> None:
    at(BASIC, "lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    asked = flightctl("lookup", "NZ5", "--offline", "--json")
    assert answer(asked) == (3, "offline", None)
    assert "reached" not in asked.err


def test_a_login_without_an_account_is_let_in_nowhere(at: As, upstream: Upstream) -> None:
    refused = at(NO_ACCESS, "lookup", "NZ527", "--json")
    assert (refused.code, told(refused)["outcome"]) == (4, "denied")
    assert "db grant" in refused.err
    assert upstream.asked == []


def test_no_local_setting_raises_a_tier(at: As, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TIER", "subscriber"), ("ROLE", "service"), ("USER", "service")):
        monkeypatch.setenv(f"FLIGHTCTL_{name}", value)
    facts = json.loads(at(BASIC, "whoami", "--json").out)
    assert (facts["user"], facts["tier"], facts["role"]) == (BASIC, "basic", "user")
    assert facts["decided_by"].startswith("database ")


def test_a_local_setting_lowers_a_tier_for_a_trial(at: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    facts = json.loads(at(SERVICE, "whoami", "--json").out)
    assert (facts["role"], "FLIGHTCTL_ROLE" in facts["decided_by"]) == ("user", True)


def test_what_is_for_subscribers_a_basic_caller_is_refused(
    at: As, shared_remote: RemoteDatabase, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_remote.rows("UPDATE provider_terms SET open_to = 'subscribers' WHERE provider = 'aviationstack'")
    refused = at(BASIC, "lookup", "NZ527", "--json")
    assert (refused.code, told(refused)["outcome"]) == (4, "denied")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")
    assert at(BASIC, "lookup", "NZ5").code == 4
    assert upstream.asked == []
    assert at(SUBSCRIBER, "lookup", "NZ527").code == 0


def test_the_shared_cap_holds_whatever_is_set_here(
    at: As, shared_remote: RemoteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_remote.rows("UPDATE provider_terms SET cap = 1 WHERE provider = 'aviationstack'")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_MONTHLY_BUDGET", "unlimited")
    assert at(SERVICE, "lookup", "NZ527").code == 0
    refused = at(BASIC, "lookup", "NZ5")
    assert (refused.code, "1 of 1" in refused.err) == (6, True)


def test_a_prefix_is_answered_by_the_remote_and_without_it_by_what_is_here(
    at: As, monkeypatch: pytest.MonkeyPatch, flightctl: Any
) -> None:
    at(SERVICE, "lookup", "NZ527", "NZ5")
    at(BASIC, "lookup", "NZ5")
    found = json.loads(at(BASIC, "lookup", "NZ", "--json").out)["results"]
    assert [(one["flight_iata"], one["source"]) for one in found] == [("NZ5", "remote"), ("NZ527", "remote")]
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    found = json.loads(flightctl("lookup", "NZ", "--json").out)["results"]
    assert [(one["flight_iata"], one["source"]) for one in found] == [("NZ5", "local")]
    assert "not checked" in found[0]["warning"]


def test_counters_are_handed_over_once(at: As, shared_remote: RemoteDatabase) -> None:
    at(SERVICE, "lookup", "NZ527")
    for _ in range(3):
        at(SERVICE, "lookup", "NZ527")
    for _ in range(2):
        lookups = json.loads(at(SERVICE, "stats", "--json").out)["lookups"]
        assert (lookups["hits"], lookups["misses"]) == (3, 1)
    assert shared_remote.rows("SELECT count(*) FROM counter_batches WHERE handed_by = 'service'") == [(1,)]


def test_the_state_of_both_databases_is_shown(at: As) -> None:
    at(BASIC, "lookup", "NZ527", "NZ5")
    at(BASIC, "lookup", "NZ527", "NZ5")
    facts = json.loads(at(BASIC, "db", "status", "--json").out)
    assert (facts["revision"], facts["remote_revision"], facts["remote_user"]) == (HEAD, HEAD, BASIC)
    assert facts["remote_rows"]["aviationstack_cache"] == facts["local_copies"] == 2
    assert (facts["unreported_lookups"], facts["oldest_check"] is not None) == (4, True)


def test_a_pending_entry_is_answered_to_nobody_until_staff_confirm_it(at: As, upstream: Upstream) -> None:
    assert at(BASIC, "add-manual", "ZZ1", "--from", "AKL", "--to", "CHC").code == 0
    assert at(SUBSCRIBER, "lookup", "ZZ1", "--json").code == 3
    assert at(STAFF, "confirm", "ZZ1").code == 0
    assert told(at(SUBSCRIBER, "lookup", "ZZ1", "--refresh", "--json"))["outcome"] == "not_found"
    assert answer(at(BASIC, "lookup", "ZZ1", "--json")) == (0, "hit", "remote")


def test_proposing_tells_nobody_what_waits(at: As) -> None:
    once, again = (
        at(login, "add-manual", "ZZ1", "--from", "AKL", "--to", "CHC", "--json") for login in (BASIC, SUBSCRIBER)
    )
    assert (once.code, again.code) == (0, 0)
    first, second = (json.loads(one.out)["entries"] for one in (once, again))
    for entry in (*first, *second):
        for proposal in entry["proposals"]:
            del proposal["id"], proposal["proposed_by"], proposal["proposed_at"]
    assert first == second


def test_staff_see_what_was_brought_in_and_put_back_what_stood_before(at: As, upstream: Upstream) -> None:
    at(SERVICE, "lookup", "NZ527")
    upstream.rows = [row("NZ527", "AKL", "WLG")]
    assert told(at(BASIC, "lookup", "NZ527", "--refresh", "--json"))["arrival_iata"] == "WLG"
    brought = json.loads(at(STAFF, "pending", "--brought-in", "--json").out)["contributions"]
    assert [(one["paid_by"], one["key"]) for one in brought] == [(BASIC, "flight:NZ527"), (SERVICE, "flight:NZ527")]
    number = str(brought[0]["number"])
    assert at(BASIC, "forget", "--brought-in", number, "--yes").code == 4
    assert at(STAFF, "forget", "--brought-in", number, "--yes").code == 0
    assert told(at(OTHER, "lookup", "NZ527", "--json"))["arrival_iata"] == "CHC"
    assert at(STAFF, "forget", "--brought-in", number, "--yes").code == 3


def test_what_was_answered_again_since_is_not_put_back(at: As) -> None:
    at(BASIC, "lookup", "NZ527")
    at(SERVICE, "lookup", "NZ527", "--refresh")
    assert at(STAFF, "forget", "--brought-in", "1", "--yes").code == 3


def test_forget_needs_to_know_what(at: As) -> None:
    assert at(STAFF, "forget", "--yes").code == 2


@pytest.mark.parametrize("login", [BASIC, SUBSCRIBER, STAFF])
@pytest.mark.parametrize("options", [(), ("--flights",), ("--dry-run",)])
def test_what_is_stale_is_refreshed_by_service_only(at: As, login: str, options: tuple[str, ...]) -> None:
    refused = at(login, "refresh-stale", *options)
    assert (refused.code, "is for service" in refused.err) == (4, True)


def test_service_refreshes_for_everybody(at: As, shared_remote: RemoteDatabase, upstream: Upstream) -> None:
    at(BASIC, "lookup", "NZ527", "QF1")
    shared_remote.rows("UPDATE aviationstack_cache SET refreshed_at = refreshed_at - interval '29 days'")
    upstream.rows = [row("NZ527", "AKL", "WLG"), row("QF1", "SYD", "SIN")]
    told = json.loads(at(SERVICE, "refresh-stale", "--ahead", "3d", "--json").out)
    assert (told["selected"], told["changed"], told["unchanged"]) == (2, 1, 1)
    assert shared_remote.rows("SELECT arrival_iata FROM aviationstack_cache ORDER BY flight_iata") == [
        ("WLG",),
        ("SIN",),
    ]


@pytest.mark.parametrize("typed", ["NZ527", "nz 0527", "ANZ527"])
def test_what_is_held_under_one_name_is_not_looked_for_under_another(
    at: As, monkeypatch: pytest.MonkeyPatch, flightctl: Any, typed: str
) -> None:
    at(BASIC, "lookup", "NZ527")
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    found = told(flightctl("lookup", typed, "--json"))
    assert (found["outcome"], found["source"], found["warning"]) == ("hit", "local", None)
