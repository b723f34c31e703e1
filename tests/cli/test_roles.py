"""Roles: what a user may not do, and what a user never sees."""

from __future__ import annotations

import pytest
import typer

from flightctl.cli.commands import Command
from flightctl.cli.completing import cached_flights
from flightctl.runtime import Options
from running import Cached, Flightctl, Rows

pytestmark = pytest.mark.usefixtures("database")

STAFF_ONLY = {
    "pending": ("pending",),
    "confirm": ("confirm", "NZ527"),
    "confirm --all": ("confirm", "--all", "--yes"),
    "confirm --verify": ("confirm", "--verify"),
    "confirm NZ527 --verify": ("confirm", "NZ527", "--verify"),
    "confirm one by one": ("confirm",),
    "reject": ("reject", "NZ527"),
    "forget": ("forget", "NZ527", "--yes"),
    "replace": ("add-manual", "NZ527", "--from", "AKL", "--to", "WLG", "--replace", "--yes"),
}


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller with the lowest role."""
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")


@pytest.mark.parametrize("arguments", list(STAFF_ONLY.values()), ids=list(STAFF_ONLY))
def test_a_user_is_refused_what_is_for_staff(
    flightctl: Flightctl, cached: Cached, rows: Rows, as_user: None, arguments: tuple[str, ...]
) -> None:
    cached("NZ527", status="pending")
    before = rows("SELECT * FROM aviationstack_cache")
    done = flightctl(*arguments, "--json")
    assert (done.code, done.json["error"]["code"]) == (4, "denied")
    assert "is for staff; you are user" in done.err
    assert rows("SELECT * FROM aviationstack_cache") == before


@pytest.mark.parametrize("role", ["staff", "service"])
def test_staff_and_service_may_review(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", role)
    assert flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC").code == 0
    assert flightctl("pending", "--json").json["entries"][0]["flight_iata"] == "NZ527"
    assert flightctl("confirm", "NZ527").code == 0
    assert flightctl("forget", "NZ527", "--yes").code == 0


def test_a_user_may_propose_and_sees_only_their_own_proposal(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, as_user: None
) -> None:
    for name, to in (("ann", "CHC"), ("bob", "WLG")):
        monkeypatch.setenv("FLIGHTCTL_USER", name)
        done = flightctl("add-manual", "NZ527", "--from", "AKL", "--to", to, "--json")
        assert done.code == 0
        assert [proposal["proposed_by"] for proposal in done.json["entries"][0]["proposals"]] == [name]
    assert "CHC" not in done.out, "what ann proposed is for staff"


def test_a_pending_entry_is_invisible_to_a_prefix(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527", "AKL", "ZQN", status="pending")
    for query in ("NZ5*", "NZ"):
        done = flightctl("lookup", query, "--offline", "--json")
        assert (done.code, done.json["results"]) == (3, [])
        assert done.json["prefixes"][0] | {"matched": 0, "stale_omitted": 0} == done.json["prefixes"][0]


def test_a_pending_entry_is_not_counted_for_a_user(flightctl: Flightctl, cached: Cached, as_user: None) -> None:
    cached("NZ527", status="pending")
    cached("NZ528")
    assert flightctl("stats", "--json").json["entries"] == {"confirmed": 1, "pending": None, "stale": 0}
    assert "pending" not in flightctl("stats").out
    assert "pending" not in flightctl("stats", "--format", "prometheus").out


def test_completion_offers_confirmed_flights_and_never_pending_ones(cached: Cached) -> None:
    for flight, status in (("NZ527", "confirmed"), ("NZ528", "pending"), ("NZ6", "confirmed")):
        cached(flight, status=status)
    ctx = typer.Context(Command("lookup"), obj=Options())
    assert cached_flights(ctx, "NZ5") == ["NZ527"]
    assert cached_flights(ctx, "NZ%") == []


def test_whoami_says_what_lowered_the_caller(flightctl: Flightctl, as_user: None, basic: None) -> None:
    document = flightctl("whoami", "--json").json
    assert (document["tier"], document["role"]) == ("basic", "user")
    assert document["decided_by"] == "local file; environment (FLIGHTCTL_TIER); environment (FLIGHTCTL_ROLE)"


@pytest.mark.parametrize(("variable", "value"), [("FLIGHTCTL_ROLE", "admin"), ("FLIGHTCTL_TIER", "gold")])
def test_a_role_or_tier_that_does_not_exist_is_a_configuration_error(
    flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert flightctl("whoami").code == 10
