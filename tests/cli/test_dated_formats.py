"""``lookup --date`` in every format, in batches, and with what is no day and no flight."""

from __future__ import annotations

import csv
import io
import json

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, WLG, code, local, look, outcome, today
from running import Cached, Flightctl
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY
TIMES = [f"{kind}_{point}" for point in ("out", "off", "on", "in") for kind in ("scheduled", "estimated", "actual")]
FLIGHT_KEYS = [
    *("flight_id", "kind", "flight_iata", "ident", "departure_date"),
    *("origin_iata", "origin_icao", "destination_iata", "destination_icao", "status"),
    *TIMES,
    *("departure_gate", "arrival_gate", "departure_terminal", "arrival_terminal"),
    *("aircraft_type", "diverted_to", "provider", "updated_at", "version"),
]
BAD_DAYS = [
    "",
    " ",
    "now",
    "2026-13-01",
    "2026-02-30",
    "2026-00-00",
    "20261203",
    "2026-12-3",
    "1999-12-31",
    "9999-12-31",
    "2026-12-03T08:30",
    "+",
    "+1000",
    "++1",
    "1",
    "-",
    "tomorrow; DROP TABLE flights",
    "２０２６-12-03",
    "2026\u201112\u201103",
    "+٣",
    "2026-12-03\x00",
    "\x1b[31m2026-12-03",
    "\u202e2026-12-03",
    "9" * 5000,
]


@pytest.fixture
def scheduled(aeroapi: AeroApiServer) -> AeroApiServer:
    """NZ1 to NZ3 leave at 08:30; NZ3 has two legs."""
    aeroapi.schedules = [schedule_row(f"ANZ{n}/NZ{n}", AKL, CHC, local(AKL, FAR, "08:30")) for n in (1, 2, 3)]
    aeroapi.schedules.append(schedule_row("ANZ3/NZ3", CHC, WLG, local(CHC, FAR, "11:30")))
    return aeroapi


def test_json_has_the_flights_of_the_contract(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    done = look(flightctl, "nz 0001", FAR)
    assert list(done.json) == ["schema", "results", "metrics"]
    assert done.json["schema"] == "flightctl.lookup/1"
    [answer] = done.answers
    [flight] = answer["flights"]
    assert list(flight) == FLIGHT_KEYS
    assert (answer["query"], answer["flight_iata"], answer["airline_iata"]) == ("nz 0001", "NZ1", "NZ")
    assert (answer["departure_iata"], answer["arrival_iata"], answer["legs"]) == ("AKL", "CHC", [["AKL", "CHC"]])
    assert (flight["kind"], flight["ident"], flight["flight_iata"], flight["version"]) == (None, "ANZ1", "NZ1", 1)
    assert flight["estimated_out"] is None


def test_an_answer_without_flights_has_an_empty_list(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    [answer] = look(flightctl, "NZ9", FAR).answers
    assert (answer["flights"], answer["legs"], answer["departure_iata"]) == ([], [], None)


def test_a_route_look_up_has_no_flights(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ1")
    assert "flights" not in flightctl("lookup", "NZ1", "--json").answers[0]


def test_ndjson_has_an_answer_a_line(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    done = flightctl("lookup", "NZ1", "NZ3", "--date", str(FAR), "--format", "ndjson")
    assert [len(json.loads(line)["flights"]) for line in done.out.splitlines()] == [1, 2]


def test_csv_has_a_flight_a_line(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    done = flightctl("lookup", "NZ1", "NZ3", "NZ9", "--date", str(FAR), "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(done.out)))
    assert [(line["query"], line["origin_iata"], line["outcome"]) for line in lines] == [
        ("NZ1", "AKL", "miss"),
        ("NZ3", "AKL", "miss"),
        ("NZ3", "CHC", "miss"),
        ("NZ9", "", "not_found"),
    ]
    assert [column for column in lines[0] if column in FLIGHT_KEYS] == FLIGHT_KEYS


def test_a_table_has_local_times_the_ids_and_the_metrics(flightctl: Flightctl, scheduled: AeroApiServer) -> None:
    out = flightctl("lookup", "NZ1", "--date", str(FAR)).out
    assert "08:30" in out
    assert f"ANZ1.{FAR}.0830.NZAA.NZCH" in out
    assert out.splitlines()[-1] == "0 hits · 1 miss · 1 upstream call"


def test_a_batch_is_answered_in_order_and_duplicates_are_paid_once(
    flightctl: Flightctl, scheduled: AeroApiServer
) -> None:
    stdin = "NZ2\n\nbogus!\nnz 0001\nNZ9\nNZ9\n"
    done = flightctl("lookup", "NZ1", "-", "--date", str(FAR), "--json", stdin=stdin)
    assert [(answer["query"], answer["outcome"]) for answer in done.answers] == [
        ("NZ1", "miss"),
        ("NZ2", "miss"),
        ("bogus!", "error"),
        ("nz 0001", "hit"),
        ("NZ9", "not_found"),
        ("NZ9", "not_found"),
    ]
    assert (done.code, len(scheduled.asked)) == (9, 3)
    assert done.json["metrics"]["hits"] == 2


@pytest.mark.parametrize("text", ["NZ", "DL", "NZ5*", "N*", "*", "NZ0", "%", "NZ5%", "", "NZ527B7", "ＮＺ527"])
def test_what_is_no_flight_designator_is_an_error_row_and_no_call(
    flightctl: Flightctl, scheduled: AeroApiServer, text: str
) -> None:
    done = flightctl("lookup", "--date", str(FAR), "--json", "--", text)
    assert (done.code, outcome(done), code(done)) == (2, "error", "bad_designator")
    assert scheduled.asked == []


@pytest.mark.parametrize("day", BAD_DAYS, ids=[ascii(day)[:24] for day in BAD_DAYS])
@pytest.mark.parametrize("command", [("lookup", "NZ1"), ("add-manual", "NZ1", "--from", "AKL", "--to", "CHC")])
def test_what_is_no_day_is_a_usage_error_and_no_call(
    flightctl: Flightctl, aeroapi: AeroApiServer, upstream: Upstream, command: tuple[str, ...], day: str
) -> None:
    out = () if command[0] == "lookup" else ("--out", "08:30")
    done = flightctl(*command, *out, f"--date={day}", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "bad_date")
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err + done.out
    assert len(done.err) < 400
    assert (aeroapi.asked, upstream.asked) == ([], [])


@pytest.mark.parametrize(("typed", "ahead"), [("+3", 3), (" +3 ", 3), ("TODAY", 0), ("Tomorrow", 1), ("-2", -2)])
def test_days_may_be_typed_in_several_ways(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached, typed: str, ahead: int
) -> None:
    cached("NZ1", "AKL", "CHC")
    assert flightctl("lookup", "NZ1", "--date", typed, "--json").code == 3
    assert aeroapi.asked[0].covers(AKL, today(AKL) + ahead * DAY)


def test_the_sandbox_answers_for_days_without_a_key(flightctl: Flightctl) -> None:
    for day in ("today", "tomorrow", "+12", "+200"):
        done = flightctl("--sandbox", "lookup", "NZ527", "--date", day, "--json")
        assert (done.code, done.answers[0]["source"]) == (0, "sandbox")
        assert {flight["provider"] for flight in done.answers[0]["flights"]} == {"sandbox"}
