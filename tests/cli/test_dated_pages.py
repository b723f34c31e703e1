"""``lookup --date``: answers of several result sets, and what each of them costs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, calm_line, code, ids, local, look, outcome, today
from running import Flightctl, Rows

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY
MINUTE = timedelta(minutes=1)


@pytest.fixture
def many(aeroapi: AeroApiServer) -> AeroApiServer:
    """A shuttle: 40 flights of one number on one day, which are three result sets."""
    first = local(AKL, FAR, "06:00")
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, first + 20 * n * MINUTE) for n in range(40)]
    return aeroapi


def _used(flightctl: Flightctl) -> dict[str, int]:
    return {one["provider"]: one["used"] for one in flightctl("budget", "show", "--json").json["providers"]}


def test_result_sets_are_read_one_by_one_until_there_are_no_more(flightctl: Flightctl, many: AeroApiServer) -> None:
    done = look(flightctl, "NZ527", FAR)
    assert (len(ids(done)), done.answers[0]["warning"]) == (40, None)
    assert [one.params.get("cursor") for one in many.asked] == [None, "cursor-15", "cursor-30"]
    assert {one.params["max_pages"] for one in many.asked} == {"1"}
    assert len({one.path for one in many.asked}) == 1


def test_the_newest_flights_come_first_and_an_early_one_is_found_on_a_later_page(
    flightctl: Flightctl, aeroapi: AeroApiServer
) -> None:
    line = calm_line()
    day, ends = today(line.origin), (line.origin, line.destination)
    departures = [local(line.origin, day, "06:00") + 30 * n * MINUTE for n in range(20)]
    aeroapi.flights = [flight_row(line.both(1), *ends, out) for out in departures]
    found = ids(look(flightctl, line.flight(1), day))
    assert (len(found), len(aeroapi.asked)) == (20, 2)
    assert ".0600." in found[0]


@pytest.mark.parametrize(("most", "flights"), [(1, 15), (2, 30)])
def test_no_more_than_the_most_result_sets_are_paid_for_and_the_answer_says_so(
    flightctl: Flightctl, many: AeroApiServer, monkeypatch: pytest.MonkeyPatch, most: int, flights: int
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MAX_PAGES", str(most))
    done = look(flightctl, "NZ527", FAR)
    assert (len(ids(done)), len(many.asked)) == (flights, most)
    assert done.answers[0]["warning"] == "there are more flights than the most result sets that are read"


@pytest.mark.parametrize("text", ["0", "21", "-1", "all"])
def test_a_ceiling_that_is_none_is_a_wrong_setting(
    flightctl: Flightctl, many: AeroApiServer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MAX_PAGES", text)
    assert look(flightctl, "NZ527", FAR).code == 10
    assert many.asked == []


def test_every_result_set_is_counted_at_the_price_of_its_endpoint(flightctl: Flightctl, many: AeroApiServer) -> None:
    done = look(flightctl, "NZ527", FAR, "--explain")
    assert done.json["metrics"]["upstream_calls"] == 3
    assert _used(flightctl)["aeroapi"] == 3
    assert "price: 0.02 USD each; 3 of 1000 result sets of this cycle used" in done.answers[0]["explain"]
    assert flightctl("stats", "--json").json["upstream"]["calls"] == 3
    assert "0.06 USD" in flightctl("budget", "show").out


def test_a_page_that_fails_leaves_the_pages_before_it_stored_and_the_day_unasked(
    flightctl: Flightctl, many: AeroApiServer, rows: Rows
) -> None:
    many.fails(500, "INTERNAL", "it broke", from_page=2)
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, code(done)) == (5, "upstream_server_error")
    assert rows("SELECT count(*) FROM flights") == [(15,)]
    assert rows("SELECT count(*) FROM asked_days") == [(0,)]
    many.works()
    assert len(ids(look(flightctl, "NZ527", FAR))) == 40


def test_a_budget_that_ends_between_two_pages_gives_what_was_paid_for_and_is_not_overspent(
    flightctl: Flightctl, many: AeroApiServer, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_MONTHLY_BUDGET", "2")
    done = look(flightctl, "NZ527", FAR)
    assert (done.code, outcome(done), len(ids(done)), len(many.asked)) == (0, "miss", 30, 2)
    assert "more flights" in done.answers[0]["warning"]
    assert _used(flightctl)["aeroapi"] == 2
    assert rows("SELECT count(*) FROM asked_days") == [(0,)]


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/schedules?cursor=x", "//elsewhere.example/schedules?cursor=x", "/account/x"]
)
def test_a_link_to_another_host_or_page_is_not_followed(
    flightctl: Flightctl, aeroapi: AeroApiServer, link: str
) -> None:
    row = schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))
    aeroapi.reply = 200, json.dumps({"scheduled": [row], "links": {"next": link}, "num_pages": 1})
    done = look(flightctl, "NZ527", FAR)
    assert (outcome(done), len(aeroapi.asked)) == ("miss", 1)
    assert "more flights" in done.answers[0]["warning"]


def test_a_cursor_that_leads_in_circles_ends_at_the_ceiling(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    row = schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))
    aeroapi.reply = 200, json.dumps({"scheduled": [row], "links": {"next": "/schedules/x?cursor=1"}, "num_pages": 1})
    done = look(flightctl, "NZ527", FAR)
    assert (len(ids(done)), len(aeroapi.asked)) == (1, 3)
