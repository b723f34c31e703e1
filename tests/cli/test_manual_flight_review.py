"""Flights entered by hand: whom they are hidden from, who decides on them, and what settles them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import typer

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, code, ids, local, look, outcome, summer_day
from flightctl.cli.commands import Command
from flightctl.cli.completing import stored_flights
from flightctl.runtime import Options
from running import Flightctl, Result, Rows
from upstream import Row

pytestmark = pytest.mark.usefixtures("database")

DAY = summer_day(AKL)
FLIGHT_ID = f"ANZ527.{DAY}.0830.NZAA.NZCH"


@pytest.fixture
def proposed(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> str:
    """NZ527 of a day, proposed by alice, who is no staff."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    options = ("--from", "AKL", "--to", "CHC", "--out", "08:30", "--note", "by phone")
    assert flightctl("add-manual", "NZ527", "--date", str(DAY), *options).code == 0
    monkeypatch.delenv("FLIGHTCTL_USER")
    monkeypatch.delenv("FLIGHTCTL_ROLE")
    return FLIGHT_ID


@pytest.fixture
def as_bob(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user."""
    monkeypatch.setenv("FLIGHTCTL_USER", "bob")
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")


def waiting(flightctl: Flightctl) -> list[Row]:
    flights: list[Row] = flightctl("pending", "--json").json.get("flights", [])
    return flights


def _offered(typed: str) -> list[str]:
    root = typer.Context(Command("flightctl"), obj=Options())
    return stored_flights(typer.Context(Command("history"), parent=root), typed)


def test_staff_see_what_waits_from_whom_and_how_they_know(flightctl: Flightctl, proposed: str) -> None:
    [flight] = waiting(flightctl)
    assert (flight["flight_id"], flight["review"]) == (proposed, "pending")
    assert (flight["added_by"], flight["note"]) == ("alice", "by phone")


@pytest.mark.usefixtures("proposed")
def test_a_look_up_does_not_show_it(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    for options in (["--offline"], [], ["--stale-if-error"]):
        assert look(flightctl, "NZ527", DAY, *options).code == 3
    aeroapi.fails(500, "INTERNAL", "it broke")
    done = look(flightctl, "NZ527", DAY, "--refresh", "--stale-if-error")
    assert (done.code, outcome(done), done.answers[0]["flights"]) == (5, "error", [])


def test_a_caller_who_may_not_ask_is_not_shown_it(
    flightctl: Flightctl, proposed: str, as_bob: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    done = look(flightctl, "NZ527", DAY)
    assert (done.code, outcome(done)) == (4, "denied")
    assert proposed not in done.out + done.err


def test_what_others_ask_for_does_not_follow_it(
    flightctl: Flightctl, proposed: str, aeroapi: AeroApiServer, as_bob: None
) -> None:
    """The origin is still unknown, so the day anywhere is asked for: 24 hours and the 26 between all zones."""
    look(flightctl, "NZ527", DAY)
    [asked] = aeroapi.asked
    start, end = asked.window
    assert end - start == timedelta(hours=24 + 26)


def test_completion_offers_confirmed_flights_only(flightctl: Flightctl, proposed: str) -> None:
    assert _offered("ANZ") == []
    flightctl("confirm", proposed)
    assert (_offered("ANZ"), _offered("anz527.")) == ([proposed], ["anz527." + proposed.removeprefix("ANZ527.")])
    assert _offered("%") == _offered("ANZ_") == _offered("ANZ5*") == []


def test_its_history_is_for_who_proposed_it_and_for_staff(
    flightctl: Flightctl, proposed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"staff": flightctl("history", proposed).code}
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    for user in ("alice", "bob"):
        monkeypatch.setenv("FLIGHTCTL_USER", user)
        seen[user] = flightctl("history", proposed).code
    assert seen == {"staff": 0, "alice": 0, "bob": 3}


def test_to_others_it_looks_as_if_it_did_not_exist(flightctl: Flightctl, proposed: str, as_bob: None) -> None:
    hidden, absent = (flightctl("history", one, "--json") for one in (proposed, proposed.replace("0830", "0831")))
    assert hidden.json["error"]["message"] == absent.json["error"]["message"].replace("0831", "0830")
    assert (hidden.json["error"]["code"], hidden.code) == (absent.json["error"]["code"], absent.code)


@pytest.mark.parametrize("command", [("pending",), ("confirm", FLIGHT_ID), ("reject", FLIGHT_ID)])
def test_deciding_is_for_staff(
    flightctl: Flightctl, proposed: str, as_bob: None, rows: Rows, command: tuple[str, ...]
) -> None:
    done = flightctl(*command, "--json")
    assert (done.code, done.json["error"]["code"]) == (4, "denied")
    assert rows("SELECT review FROM flights") == [("pending",)]


def test_confirm_makes_it_answer(flightctl: Flightctl, proposed: str) -> None:
    confirmed = flightctl("confirm", proposed, "--json")
    assert (confirmed.code, confirmed.json["flights"][0]["review"]) == (0, "confirmed")
    done = look(flightctl, "NZ527", DAY, "--offline")
    assert (outcome(done), ids(done)) == ("hit", [proposed])
    assert done.answers[0]["provider"] == "manual"
    assert waiting(flightctl) == []


def test_the_decision_stands_in_the_history(flightctl: Flightctl, proposed: str) -> None:
    flightctl("confirm", proposed)
    changes = flightctl("history", proposed, "--json").json["changes"]
    assert [(one["field"], one["old"], one["new"]) for one in changes][-1] == ("review", "pending", "confirmed")
    assert changes[-1]["provider"] == "manual"


def test_confirming_twice_is_done_and_changes_nothing(flightctl: Flightctl, proposed: str, rows: Rows) -> None:
    flightctl("confirm", proposed)
    before = rows("SELECT * FROM flights"), rows("SELECT * FROM flight_changes")
    assert flightctl("confirm", proposed.lower()).code == 0
    assert (rows("SELECT * FROM flights"), rows("SELECT * FROM flight_changes")) == before


def test_reject_hides_it_for_good_and_it_may_be_proposed_again(flightctl: Flightctl, proposed: str) -> None:
    assert flightctl("reject", proposed).code == 0
    assert (waiting(flightctl), look(flightctl, "NZ527", DAY, "--offline").code) == ([], 3)
    assert flightctl("confirm", proposed).code == 3
    assert flightctl("reject", proposed).code == 3
    options = ("--from", "AKL", "--to", "CHC", "--out", "08:30", "--note", "again")
    assert flightctl("add-manual", "NZ527", "--date", str(DAY), *options).code == 0
    assert [(one["flight_id"], one["note"]) for one in waiting(flightctl)] == [(proposed, "again")]


def test_what_is_confirmed_cannot_be_rejected(flightctl: Flightctl, proposed: str) -> None:
    flightctl("confirm", proposed)
    done = flightctl("reject", proposed, "--json")
    assert (done.code, done.json["error"]["code"]) == (7, "already_confirmed")
    assert outcome(look(flightctl, "NZ527", DAY, "--offline")) == "hit"


def test_a_confirmed_flight_is_not_proposed_against(
    flightctl: Flightctl, proposed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flightctl("confirm", proposed)
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    done = _bobs_proposal(flightctl, "09:00")
    assert (done.code, done.json["error"]["code"]) == (7, "already_confirmed")


def test_what_another_says_instead_waits_under_their_name(flightctl: Flightctl, rows: Rows, proposed: str) -> None:
    assert _bobs_proposal(flightctl, "09:00", user="bob").code == 0
    assert rows("SELECT flight_id, added_by, note FROM flights") == [(proposed, "bob", "I was told")]


def test_who_says_the_same_is_not_named_for_it(flightctl: Flightctl, rows: Rows, proposed: str) -> None:
    assert _bobs_proposal(flightctl, "08:30", user="bob").code == 0
    assert rows("SELECT flight_id, added_by, note FROM flights") == [(proposed, "alice", "by phone")]


def _bobs_proposal(flightctl: Flightctl, out: str, user: str = "") -> Result:
    options = ("--from", "AKL", "--to", "CHC", "--out", out, "--note", "I was told", "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLIGHTCTL_USER", user)
        return flightctl("add-manual", "NZ527", "--date", str(DAY), *options)


def test_confirm_all_confirms_flights_and_routes(flightctl: Flightctl, proposed: str, rows: Rows) -> None:
    assert flightctl("confirm", "--all").code == 2
    done = flightctl("confirm", "--all", "--yes", "--json")
    assert (done.code, len(done.json["entries"]), len(done.json["flights"])) == (0, 1, 1)
    assert rows("SELECT (SELECT review FROM flights), (SELECT status FROM aviationstack_cache)") == [
        ("confirmed", "confirmed")
    ]
    assert flightctl("confirm", "--all", "--yes").code == 3


def test_several_are_each_tried_and_a_mixed_result_is_9(flightctl: Flightctl, proposed: str) -> None:
    done = flightctl("confirm", proposed, proposed.replace("0830", "0831"), "NZ528", "--json")
    assert (done.code, len(done.json["flights"])) == (9, 1)


def test_a_providers_later_report_confirms_it_under_its_id(
    flightctl: Flightctl, proposed: str, aeroapi: AeroApiServer
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, DAY, "09:00"))]
    done = look(flightctl, "NZ527", DAY)
    assert (done.code, ids(done), done.answers[0]["provider"]) == (0, [proposed], "aeroapi")
    assert waiting(flightctl) == []
    changes = flightctl("history", proposed, "--json").json["changes"]
    assert ("review", "pending", "confirmed", "aeroapi") in [
        (one["field"], one["old"], one["new"], one["provider"]) for one in changes
    ]


def test_a_providers_report_brings_a_rejected_flight_back(
    flightctl: Flightctl, proposed: str, aeroapi: AeroApiServer
) -> None:
    flightctl("reject", proposed)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, DAY, "08:30"))]
    assert ids(look(flightctl, "NZ527", DAY)) == [proposed]


def test_an_absence_upstream_leaves_it_waiting(flightctl: Flightctl, proposed: str, aeroapi: AeroApiServer) -> None:
    done = look(flightctl, "NZ527", DAY)
    assert (done.code, code(done)) == (3, "not_found")
    assert [one["flight_id"] for one in waiting(flightctl)] == [proposed]


def test_a_confirmed_flight_that_upstream_does_not_know_is_shown_with_a_word_on_it(
    flightctl: Flightctl, proposed: str, aeroapi: AeroApiServer
) -> None:
    flightctl("confirm", proposed)
    done = look(flightctl, "NZ527", DAY)
    assert (done.code, outcome(done), ids(done)) == (0, "stale", [proposed])
    assert "aeroapi does not know it now" in done.answers[0]["warning"]
