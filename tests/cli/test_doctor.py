"""``doctor``: what is well, what is not, and what nobody has looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flightctl.domain.checkup import absent, exit_code, failed, fine, unchecked
from flightctl.errors import Corrupt, NoKey, RemoteUnreachable
from postgres import ADMIN, BASIC, NO_ACCESS, SERVICE, STAFF, RemoteDatabase
from running import As, Flightctl, Result
from upstream import KEY, Upstream

UNREACHABLE = "postgresql://basic@127.0.0.1:1/flightctl"


def states(result: Result) -> dict[str, str]:
    return {check["check"]: check["state"] for check in json.loads(result.out)["checks"]}


def hint_of(result: Result, name: str) -> Any:
    return next(check["hint"] for check in json.loads(result.out)["checks"] if check["check"] == name)


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([fine("a", "")], 0),
        ([fine("a", ""), absent("b", "")], 0),
        ([fine("a", ""), unchecked("b", "")], 9),
        ([failed("a", Corrupt("")), fine("b", "")], 8),
        ([failed("a", Corrupt("")), failed("b", RemoteUnreachable(""))], 9),
        ([failed("a", NoKey("")), unchecked("b", "")], 10),
    ],
)
def test_what_was_not_looked_at_is_never_fine(checks: list[Any], code: int) -> None:
    assert exit_code(checks) == code


def test_a_new_machine_is_well_and_says_what_it_lacks(flightctl: Flightctl, home: Path) -> None:
    done = flightctl("doctor", "--json")
    assert done.code == 0
    assert states(done) == {
        "settings": "ok",
        "aviationstack key": "not configured",
        "aeroapi key": "not configured",
        "local file": "not configured",
        "lists": "ok",
        "remote": "not configured",
        "nats": "not configured",
    }
    assert home.exists()


def test_a_key_is_looked_at_without_a_call_and_never_shown(
    flightctl: Flightctl, database: Path, upstream: Upstream
) -> None:
    done = flightctl("doctor", "--json")
    assert (done.code, states(done)["aviationstack key"], upstream.asked) == (0, "ok", [])
    assert KEY not in done.out + done.err
    assert database.exists()


def test_a_damaged_file_is_told_of(flightctl: Flightctl, database: Path) -> None:
    database.write_bytes(b"no database at all" * 100)
    done = flightctl("doctor", "--json")
    assert (done.code, states(done)["local file"]) == (8, "failed")


def test_a_setting_that_is_none_is_told_of(
    flightctl: Flightctl, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_TTL_DAYS", "soon")
    done = flightctl("doctor", "--json")
    assert (done.code, states(done)["settings"]) == (10, "failed")
    assert database.exists()


@pytest.mark.parametrize("login", [BASIC, STAFF, SERVICE])
def test_a_remote_that_is_well_is_said_to_be(at: As, login: str) -> None:
    done = at(login, "doctor", "--json")
    assert (done.code, states(done)["remote"], states(done)["remote access rules"]) == (0, "ok", "ok")


def test_trying_the_rules_leaves_nothing_behind(at: As, shared_remote: RemoteDatabase) -> None:
    at(BASIC, "doctor")
    assert shared_remote.rows("SELECT cache_key FROM aviationstack_cache UNION SELECT cache_key FROM proposals") == []


@pytest.mark.parametrize(
    ("weaker", "undone"),
    [
        ("ALTER TABLE share_claims DISABLE ROW LEVEL SECURITY", "ALTER TABLE share_claims ENABLE ROW LEVEL SECURITY"),
        ("ALTER TABLE shares NO FORCE ROW LEVEL SECURITY", "ALTER TABLE shares FORCE ROW LEVEL SECURITY"),
        (
            "ALTER POLICY user_read ON aviationstack_cache USING (true)",
            "ALTER POLICY user_read ON aviationstack_cache USING (status = 'confirmed')",
        ),
        ("GRANT SELECT ON share_claims TO flightctl_user", "REVOKE SELECT ON share_claims FROM flightctl_user"),
        ("GRANT TRUNCATE ON freezes TO flightctl_user", "REVOKE TRUNCATE ON freezes FROM flightctl_user"),
    ],
)
def test_a_rule_that_was_weakened_is_noticed(
    at: As, remote: RemoteDatabase, weaker: str, undone: str, monkeypatch: pytest.MonkeyPatch, flightctl: Flightctl
) -> None:
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", remote.url(BASIC))
    remote.rows(weaker)
    done = flightctl("doctor", "--json")
    assert (done.code, states(done)["remote access rules"]) == (5, "failed")
    remote.rows(undone)
    assert states(flightctl("doctor", "--json"))["remote access rules"] == "ok"


def test_who_is_above_all_rules_is_told_so(at: As) -> None:
    done = at(ADMIN, "doctor", "--json")
    assert (done.code, states(done)["remote access rules"]) == (5, "failed")


def test_a_remote_that_cannot_be_reached_leaves_the_rules_unchecked(
    flightctl: Flightctl, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", UNREACHABLE)
    done = flightctl("doctor", "--json")
    assert (done.code, states(done)["remote"], states(done)["remote access rules"]) == (5, "failed", "not checked")
    assert database.exists()


def test_a_login_that_is_not_let_in_is_told_whom_to_ask(at: As) -> None:
    done = at(NO_ACCESS, "doctor", "--json")
    assert (done.code, states(done)["remote"]) == (4, "failed")
    assert "grant" in hint_of(done, "remote")
