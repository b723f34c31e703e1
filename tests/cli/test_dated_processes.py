"""``lookup --date`` by many processes at once: one request for all who want the same day."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from crowd import Ended, crowd
from dated import AKL, APW, CHC, DAY, PPG, YUL, YYZ, local, today, utc_now
from running import Rows

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY


def _outcomes(ended: list[Ended]) -> Counter[str]:
    return Counter(answer["outcome"] for one in ended for answer in one.result.answers)


def test_many_who_want_one_day_make_one_request(aeroapi: AeroApiServer, rows: Rows) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    aeroapi.delay_s = 0.8
    ended = crowd([["lookup", "NZ527", "--date", str(FAR), "--json"]] * 16, at_once=16)
    assert len(aeroapi.asked) == 1
    assert {one.result.code for one in ended} == {0}
    assert _outcomes(ended)["miss"] == 1
    assert _outcomes(ended)["coalesced"] + _outcomes(ended)["hit"] == 15
    assert rows("SELECT count(*) FROM flights") == [(1,)]


def test_many_who_want_what_is_not_known_make_one_request(aeroapi: AeroApiServer) -> None:
    aeroapi.delay_s = 0.5
    ended = crowd([["lookup", "NZ527", "--date", str(FAR), "--json"]] * 8, at_once=8)
    assert len(aeroapi.asked) == 1
    assert {(one.result.code, one.result.answers[0]["outcome"]) for one in ended} == {(3, "not_found")}


def test_many_whose_request_fails_share_the_failure(aeroapi: AeroApiServer) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    aeroapi.delay_s = 1.5
    ended = crowd([["lookup", "NZ527", "--date", str(FAR), "--json"]] * 8, at_once=8)
    assert len(aeroapi.asked) == 1
    assert {one.result.code for one in ended} == {5}


def test_many_who_want_several_numbers_make_a_request_for_each(aeroapi: AeroApiServer, rows: Rows) -> None:
    numbers = range(1, 9)
    aeroapi.schedules = [schedule_row(f"ANZ{n}/NZ{n}", AKL, CHC, local(AKL, FAR, "08:30")) for n in numbers]
    aeroapi.delay_s = 0.2
    ended = crowd([["lookup", f"NZ{n}", "--date", str(FAR), "--json"] for n in numbers], at_once=8)
    assert sorted(int(one.params["flight_number"]) for one in aeroapi.asked) == list(numbers)
    assert _outcomes(ended) == {"miss": 8}
    assert rows("SELECT count(*) FROM flights") == [(8,)]


def test_today_is_asked_for_once_also_where_it_is_another_day_than_in_utc(aeroapi: AeroApiServer) -> None:
    """Nobody knows yet where the flight leaves: in Samoa it is tomorrow for half of the day, in Pago Pago yesterday."""
    origin, other = (APW, PPG) if utc_now().hour >= 11 else (PPG, APW)
    out = datetime.now(ZoneInfo(origin.zone)).replace(hour=12, minute=0, second=0, microsecond=0)
    aeroapi.flights = [flight_row("PAO701/OL701", origin, other, out)]
    aeroapi.delay_s = 0.5
    ended = crowd([["lookup", "OL701", "--date", "today", "--json"]] * 8, at_once=8)
    assert {one.result.code for one in ended} == {0}
    assert {one.result.answers[0]["flights"][0]["departure_date"] for one in ended} == {str(today(origin))}
    assert len(aeroapi.asked) == 1


def test_one_flight_that_is_asked_for_by_two_names_is_stored_once(aeroapi: AeroApiServer, rows: Rows) -> None:
    day = today(YYZ) + 30 * DAY
    ends = YYZ, YUL, local(YYZ, day, "18:30")
    aeroapi.schedules = [
        schedule_row("ACA8428/AC8428", *ends, operated_as="JZA8428/QK8428"),
        schedule_row("JZA8428/QK8428", *ends),
    ]
    aeroapi.delay_s = 0.3
    ended = crowd([["lookup", name, "--date", str(day), "--json"] for name in ("AC8428", "QK8428")] * 4, at_once=8)
    assert {one.result.code for one in ended} == {0}
    assert rows("SELECT flight_id FROM flights") == [(f"JZA8428.{day}.1830.CYYZ.CYUL",)]
    assert len(aeroapi.asked) <= 2
