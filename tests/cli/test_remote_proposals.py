"""Manual flights of several people in one database: each sees their own word, staff all of them."""

from __future__ import annotations

import json
from typing import Any

from dated import AKL, DAY, today
from postgres import BASIC, OTHER, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Result

FAR = today(AKL) + 10 * DAY
FLIGHT = f"ANZ527.{FAR}.0830.NZAA.NZCH"
MANUAL = ("add-manual", "NZ527", f"--date={FAR}", "--from", "AKL", "--to", "CHC", "--json")


def told(result: Result, name: str) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)[name]
    return found


def arrivals(at: As, login: str) -> list[str]:
    return [flight["scheduled_in"][11:16] for flight in told(at(login, "flights", "--json"), "flights")]


def test_each_sees_on_their_list_what_they_said_themselves(at: As) -> None:
    for login, arrival in ((BASIC, "10:00"), (OTHER, "10:15")):
        assert at(login, *MANUAL, "--out", "08:30", "--in", arrival).code == 0
        assert at(login, "track", FLIGHT).code == 0
    first, second = arrivals(at, BASIC), arrivals(at, OTHER)
    assert (first[0][-2:], second[0][-2:]) == ("00", "15")


def test_whoever_proposes_what_waits_already_is_answered_as_the_first_was(at: As) -> None:
    answers = [at(login, *MANUAL, "--out", "08:30") for login in (BASIC, OTHER)]
    shown = [json.loads(answer.out) for answer in answers]
    for one in shown:
        one["flights"][0].pop("updated_at")
    assert shown[0] == shown[1]
    assert [answer.code for answer in answers] == [0, 0]


def test_the_history_of_a_flight_that_waits_is_what_one_said_oneself(at: As) -> None:
    at(BASIC, *MANUAL, "--out", "08:30", "--in", "10:00")
    at(OTHER, *MANUAL, "--out", "08:30", "--in", "10:15")
    for login, minute in ((BASIC, "00"), (OTHER, "15")):
        changes = told(at(login, "history", FLIGHT, "--json"), "changes")
        assert [change["new"][14:16] for change in changes if change["field"] == "scheduled_in"] == [minute]
    assert at(SUBSCRIBER, "history", FLIGHT).code == 3


def test_who_corrects_their_own_time_keeps_the_flight(at: As, shared_remote: RemoteDatabase) -> None:
    for out in ("08:30", "08:45"):
        assert at(BASIC, *MANUAL, "--out", out).code == 0
    assert shared_remote.rows("SELECT flight_id FROM flights") == [(FLIGHT,)]
    said = "SELECT to_char(scheduled_out AT TIME ZONE 'Pacific/Auckland', 'HH24:MI') FROM"
    assert shared_remote.rows(f"{said} flights") == shared_remote.rows(f"{said} flight_proposals") == [("08:45",)]


def test_who_comes_second_corrects_their_own_time_only(at: As, shared_remote: RemoteDatabase) -> None:
    at(OTHER, *MANUAL, "--out", "08:30")
    for out in ("08:30", "08:45"):
        assert at(BASIC, *MANUAL, "--out", out).code == 0
    said = "SELECT to_char(scheduled_out AT TIME ZONE 'Pacific/Auckland', 'HH24:MI') FROM"
    assert shared_remote.rows(f"{said} flights") == [("08:30",)]
    assert shared_remote.rows(f"{said} flight_proposals ORDER BY added_by") == [("08:45",), ("08:30",)]


def test_staff_see_what_each_said_and_decide_about_all_of_it(at: As) -> None:
    for login in (BASIC, OTHER):
        at(login, *MANUAL, "--out", "08:30", "--note", f"says {login}")
        at(login, "track", FLIGHT)
    waiting = at(STAFF, "pending", "--json")
    assert waiting.out.count(FLIGHT) == 2
    assert at(STAFF, "reject", FLIGHT).code == 0
    for login in (BASIC, OTHER):
        assert len(told(at(login, "flights", "--json"), "flights")) == 1
        assert at(login, "untrack", FLIGHT).code == 0
        assert at(login, "track", FLIGHT).code == 3


def test_what_was_confirmed_is_what_everybody_sees(at: As) -> None:
    for login, arrival in ((BASIC, "10:00"), (OTHER, "10:15")):
        at(login, *MANUAL, "--out", "08:30", "--in", arrival)
        at(login, "track", FLIGHT)
    assert at(STAFF, "confirm", FLIGHT).code == 0
    assert arrivals(at, BASIC) == arrivals(at, OTHER)


def test_a_share_of_a_flight_that_waits_is_claimed_and_seen_when_it_is_confirmed(at: As) -> None:
    at(BASIC, *MANUAL, "--out", "08:30")
    at(BASIC, "track", FLIGHT)
    token = json.loads(at(BASIC, "share", FLIGHT, "--json").out)["token"]
    assert json.loads(at(OTHER, "claim", token, "--json").out)["flight"]["flight_id"] == FLIGHT
    assert told(at(OTHER, "flights", "--json"), "flights") == []
    at(STAFF, "confirm", FLIGHT)
    assert [one["kind"] for one in told(at(OTHER, "flights", "--json"), "flights")] == ["shared"]
