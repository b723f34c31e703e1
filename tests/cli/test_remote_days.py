"""Dated flights with a remote: ids are minted there, whoever pays, and what waits for staff stays hidden."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, local, today
from flightctl.store.models import sqlite_text
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Result

FAR = today(AKL) + 10 * DAY
MANUAL = ("add-manual", "NZ527", f"--date={FAR}", "--from", "AKL", "--to", "CHC")


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)["results"][0]
    return found


def ids(result: Result) -> list[str]:
    return [flight["flight_id"] for flight in told(result)["flights"]]


@pytest.fixture
def day(aeroapi: AeroApiServer) -> str:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    return str(FAR)


@pytest.mark.parametrize("login", [SUBSCRIBER, STAFF, SERVICE])
def test_who_pays_stores_the_day_for_everybody(
    at: As, aeroapi: AeroApiServer, day: str, shared_remote: RemoteDatabase, login: str
) -> None:
    paid = at(login, "lookup", "NZ527", "--date", day, "--json")
    assert (paid.code, told(paid)["outcome"], ids(paid)) == (0, "miss", [f"ANZ527.{day}.0830.NZAA.NZCH"])
    again = at(BASIC, "lookup", "NZ527", "--date", day, "--json")
    assert (again.code, told(again)["outcome"], told(again)["source"], ids(again)) == (0, "hit", "remote", ids(paid))
    assert len(aeroapi.asked) == 1
    assert shared_remote.rows("SELECT DISTINCT paid_by FROM contributions") == [(login,)]


def test_a_later_answer_changes_the_same_flight(
    at: As, aeroapi: AeroApiServer, day: str, shared_remote: RemoteDatabase
) -> None:
    first = ids(at(SUBSCRIBER, "lookup", "NZ527", "--date", day, "--json"))
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "11:30"))]
    retimed = at(OTHER, "lookup", "NZ527", "--date", day, "--refresh", "--json")
    assert ids(retimed) == first
    fields = {row[0] for row in shared_remote.rows("SELECT field FROM flight_changes WHERE old <> ''")}
    assert "scheduled_out" in fields
    assert shared_remote.rows("SELECT count(*), max(version) FROM flights") == [(1, 2)]


def test_a_basic_caller_gets_what_is_stored_and_a_clear_word_on_the_rest(at: As, day: str) -> None:
    refused = at(BASIC, "lookup", "NZ527", "--date", day, "--json")
    assert (refused.code, told(refused)["outcome"]) == (4, "denied")


def test_a_manual_flight_is_its_author_s_until_staff_confirm_it(at: As, shared_remote: RemoteDatabase) -> None:
    entered = at(BASIC, *MANUAL, "--out", "08:30", "--json")
    assert entered.code == 0, entered.err
    flight_id = f"ANZ527.{FAR}.0830.NZAA.NZCH"
    assert shared_remote.rows("SELECT flight_id, review, added_by FROM flights") == [(flight_id, "pending", BASIC)]
    assert at(BASIC, "track", flight_id).code == 0
    for other in (SUBSCRIBER, STAFF, SERVICE):
        assert at(other, "track", flight_id).code == 3
    assert at(STAFF, "confirm", flight_id).code == 0
    assert at(SUBSCRIBER, "track", flight_id).code == 0


def test_the_same_manual_flight_of_two_people_is_one(at: As, shared_remote: RemoteDatabase) -> None:
    for login in (BASIC, OTHER):
        assert at(login, *MANUAL, "--out", "08:30").code == 0
    assert shared_remote.rows("SELECT added_by FROM flights") == [(BASIC,)]
    assert shared_remote.rows("SELECT added_by FROM flight_proposals ORDER BY 1") == [(BASIC,), (OTHER,)]


@pytest.mark.parametrize("out", ["08:30", "10:30"])
@pytest.mark.parametrize("login", [SUBSCRIBER, SERVICE])
def test_a_manual_flight_that_nobody_else_sees_is_confirmed_by_a_provider_under_its_own_id(
    at: As, day: str, shared_remote: RemoteDatabase, login: str, out: str
) -> None:
    at(BASIC, *MANUAL, "--out", out)
    paid = at(login, "lookup", "NZ527", "--date", day, "--json")
    flight_id = f"ANZ527.{day}.{out.replace(':', '')}.NZAA.NZCH"
    assert (paid.code, ids(paid)) == (0, [flight_id])
    assert shared_remote.rows("SELECT flight_id, review FROM flights") == [(flight_id, "confirmed")]


def test_what_is_known_cannot_be_proposed(at: As, day: str) -> None:
    at(SUBSCRIBER, "lookup", "NZ527", "--date", day)
    assert at(BASIC, *MANUAL, "--out", "08:30").code == 7


def test_the_history_of_a_flight_is_everybody_s(at: As, day: str) -> None:
    [flight_id] = ids(at(SUBSCRIBER, "lookup", "NZ527", "--date", day, "--json"))
    changes = json.loads(at(BASIC, "history", flight_id, "--json").out)["changes"]
    assert "scheduled_out" in {change["field"] for change in changes}
    assert at(BASIC, "history", f"ANZ528.{FAR}.0830.NZAA.NZCH").code == 3


def test_a_day_is_asked_for_once_within_its_lifetime(at: As, aeroapi: AeroApiServer, day: str) -> None:
    for login in (SUBSCRIBER, OTHER, SERVICE):
        assert at(login, "lookup", "NZ527", "--date", day).code == 0
    assert len(aeroapi.asked) == 1


def test_staff_take_back_what_was_told_of_a_flight(
    at: As, aeroapi: AeroApiServer, day: str, shared_remote: RemoteDatabase
) -> None:
    [flight_id] = ids(at(SUBSCRIBER, "lookup", "NZ527", "--date", day, "--json"))
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "11:30"))]
    at(OTHER, "lookup", "NZ527", "--date", day, "--refresh")
    times = "SELECT scheduled_out FROM flights"
    assert shared_remote.rows(times) == [(sqlite_text(local(AKL, FAR, "11:30")),)]
    assert at(STAFF, "forget", "--brought-in", "2", "--yes").code == 0
    assert shared_remote.rows(times) == [(sqlite_text(local(AKL, FAR, "08:30")),)]
    assert at(STAFF, "forget", "--brought-in", "1", "--yes").code == 0
    assert shared_remote.rows("SELECT flight_id FROM flights") == []
    assert at(BASIC, "track", flight_id).code == 3
