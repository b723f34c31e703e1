"""``lookup --date``: how long a flight answers, by how far off it is; for ever once nothing more can change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, HOUR, look, outcome, utc_now
from running import Flightctl, Rows
from upstream import Row

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)
NEAR, WEEK, LATER = 5 * MINUTE, 3 * HOUR, 24 * HOUR
LIFETIMES = [
    (-20 * HOUR, NEAR),
    (-1 * HOUR, NEAR),
    (1 * HOUR, NEAR),
    (47 * HOUR, NEAR),
    (49 * HOUR, WEEK),
    (7 * DAY - HOUR, WEEK),
    (7 * DAY + HOUR, LATER),
    (300 * DAY, LATER),
]
"""How far off the departure is, and for how long the flight is fresh."""


def _serve(aeroapi: AeroApiServer, ahead: timedelta, **more: Any) -> str:
    """NZ527 that leaves so far ahead; its day."""
    out = (utc_now() + ahead).replace(second=0, microsecond=0)
    aeroapi.flights = [flight_row("ANZ527/NZ527", AKL, CHC, out, **more)]
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, out)]
    return str(out.astimezone(ZoneInfo(AKL.zone)).date())


def _aged(rows: Rows, age: timedelta) -> None:
    """What is stored was last seen so long ago."""
    rows("UPDATE flights SET observed_at = ?", f"{utc_now() - age:%Y-%m-%d %H:%M:%S.%f}")


@pytest.mark.parametrize(("ahead", "lifetime"), LIFETIMES, ids=[str(ahead) for ahead, _ in LIFETIMES])
def test_a_flight_is_fresh_the_shorter_the_nearer_it_is(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, ahead: timedelta, lifetime: timedelta
) -> None:
    day = _serve(aeroapi, ahead)
    look(flightctl, "NZ527", day)
    _aged(rows, lifetime - MINUTE)
    fresh = look(flightctl, "NZ527", day)
    _aged(rows, lifetime + MINUTE)
    stale = look(flightctl, "NZ527", day)
    assert [outcome(fresh), outcome(stale)] == ["hit", "refreshed"]
    assert len(aeroapi.asked) == 2


@pytest.mark.parametrize(
    ("setting", "text", "ahead", "lifetime"),
    [
        ("NEAR_MINUTES", "2", 24 * HOUR, 2 * MINUTE),
        ("WEEK_HOURS", "1", 4 * DAY, HOUR),
        ("FAR_HOURS", "48", 30 * DAY, 2 * DAY),
    ],
)
def test_settings_say_how_long(
    flightctl: Flightctl,
    aeroapi: AeroApiServer,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    text: str,
    ahead: timedelta,
    lifetime: timedelta,
) -> None:
    monkeypatch.setenv(f"FLIGHTCTL_FLIGHTS_TTL_{setting}", text)
    answer = look(flightctl, "NZ527", _serve(aeroapi, ahead)).answers[0]
    refreshed, expires = (datetime.fromisoformat(answer[name]) for name in ("refreshed_at", "expires_at"))
    assert expires - refreshed == lifetime


@pytest.mark.parametrize("text", ["0", "-5", "soon", "nan"])
def test_a_lifetime_that_is_none_is_a_wrong_setting(
    flightctl: Flightctl, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_FLIGHTS_TTL_NEAR_MINUTES", text)
    assert look(flightctl, "NZ527", "today").code == 10
    assert aeroapi.asked == []


def _arrived() -> Row:
    landed = utc_now() - 18 * HOUR
    return {"actual_out": landed - HOUR, "actual_off": landed - HOUR, "actual_on": landed, "actual_in": landed}


@pytest.mark.parametrize("ended", ["arrived", "cancelled", "diverted"])
def test_a_flight_that_was_last_seen_at_its_end_is_never_asked_for_again(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows, ended: str
) -> None:
    more = _arrived() if ended == "arrived" else {ended: True}
    day = _serve(aeroapi, -20 * HOUR, **more)
    first = look(flightctl, "NZ527", day)
    _aged(rows, 2000 * DAY)
    second = look(flightctl, "NZ527", day)
    assert [done.answers[0]["flights"][0]["status"] for done in (first, second)] == [ended, ended]
    assert (outcome(second), second.answers[0]["expires_at"]) == ("hit", None)
    assert len(aeroapi.asked) == 1


def test_a_flight_that_was_last_seen_before_it_left_is_asked_for_again_however_long_ago(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows
) -> None:
    day = _serve(aeroapi, -5 * DAY)
    look(flightctl, "NZ527", day)
    _aged(rows, 6 * DAY)
    assert outcome(look(flightctl, "NZ527", day)) == "refreshed"


def test_a_flight_that_was_seen_two_days_after_its_arrival_is_final_whatever_was_said_of_it(
    flightctl: Flightctl, aeroapi: AeroApiServer, rows: Rows
) -> None:
    day = _serve(aeroapi, -5 * DAY)
    look(flightctl, "NZ527", day)
    _aged(rows, 2 * DAY)
    assert outcome(look(flightctl, "NZ527", day)) == "hit"


def test_a_day_is_as_fresh_as_the_first_of_its_flights_that_expires(
    flightctl: Flightctl, aeroapi: AeroApiServer
) -> None:
    noon = datetime.now(ZoneInfo(AKL.zone)).replace(hour=12, minute=0, second=0, microsecond=0) - DAY
    out = noon.astimezone(UTC)
    flown: Row = {"actual_out": out, "actual_off": out, "actual_on": out + HOUR, "actual_in": out + HOUR}
    aeroapi.flights = [
        flight_row("ANZ527/NZ527", AKL, CHC, out, **flown),
        flight_row("ANZ527/NZ527", CHC, AKL, out + 3 * HOUR),
    ]
    answer = look(flightctl, "NZ527", noon.date()).answers[0]
    refreshed, expires = (datetime.fromisoformat(answer[name]) for name in ("refreshed_at", "expires_at"))
    assert expires - refreshed == NEAR
