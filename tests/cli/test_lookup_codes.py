"""``lookup`` and codes: ICAO input, codes that an answer leaves out, several legs, names that are learned."""

from __future__ import annotations

import json

import pytest

from running import Cached, Flightctl, Rows
from upstream import KEY, Upstream, row

pytestmark = pytest.mark.usefixtures("database")

UNKNOWN = ("Zed Air", "X0", "QQZ")
"""An airline that no table has."""


def test_an_icao_designator_is_converted_where_that_is_unambiguous(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("NZ527")]
    answers = flightctl("lookup", "ANZ527", "NZ527", "--json").answers
    assert [(answer["query"], answer["flight_iata"]) for answer in answers] == [("ANZ527", "NZ527"), ("NZ527", "NZ527")]
    assert [query["flight_iata"] for query in upstream.asked] == ["NZ527"]
    assert rows("SELECT cache_key FROM aviationstack_cache") == [("flight:NZ527",)]


def test_a_flight_with_an_icao_designator_only_is_asked_by_it_and_keyed_by_it(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    charter = row("X012", airline=UNKNOWN)
    charter["flight"] |= {"iata": None, "icao": "QQZ12"}
    upstream.rows = [charter]
    first, second = (flightctl("lookup", "QQZ12", "--json").answers[0] for _ in range(2))
    assert (first["outcome"], second["outcome"], second["flight_iata"]) == ("miss", "hit", "QQZ12")
    assert [query["flight_icao"] for query in upstream.asked] == ["QQZ12"]
    assert rows("SELECT cache_key, airline_iata FROM aviationstack_cache") == [("flight:QQZ12", "X0")]


def test_a_shared_designator_is_shown_and_not_guessed(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("2I100", airline=("21 Air", "2I", "CSB"))]
    answer = flightctl("lookup", "CSB100", "--json").answers[0]
    assert upstream.asked[0]["flight_icao"] == "CSB100"
    assert answer["flight_iata"] == "CSB100"
    assert answer["warning"] == "2I is shared by 21 Air (2I/CSB) and Star Peru (2I/SRU); asked as CSB100"


def test_a_shared_iata_designator_is_asked_as_it_stands_with_a_warning(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    upstream.rows = [row("2I100", airline=("Star Peru", "2I", "SRU"))]
    answer = flightctl("lookup", "2I100", "--json").answers[0]
    assert upstream.asked[0]["flight_iata"] == "2I100"
    assert answer["warning"] == "2I is shared by 21 Air (2I/CSB) and Star Peru (2I/SRU)"


def test_an_icao_designator_with_a_suffix_letter_is_a_callsign_and_not_converted(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    answer = flightctl("lookup", "EZY123K", "--json").answers[0]
    assert upstream.asked[0]["flight_icao"] == "EZY123K"
    assert (answer["flight_iata"], answer["warning"]) == (
        "EZY123K",
        "EZY123K may be a callsign; it is not converted to U2",
    )


def test_an_airline_that_no_table_has_is_looked_up_all_the_same_with_a_warning(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    upstream.rows = [row("X012", airline=UNKNOWN)]
    answer = flightctl("lookup", "X012", "--json").answers[0]
    assert (answer["outcome"], answer["warning"]) == ("miss", "X0 is in no airline table")


def test_airline_and_airports_are_learned_from_an_answer(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    upstream.rows = [row("X012", "QQQ", "AKL", airline=UNKNOWN, departure_icao="ZZQQ")]
    flightctl("lookup", "X012")
    answer = flightctl("lookup", "X012", "--json").answers[0]
    assert (answer["outcome"], answer["warning"]) == ("hit", None)
    assert (answer["airline_name"], answer["departure_name"]) == ("Zed Air", "Airport QQQ")
    assert rows("SELECT icao, name, source FROM airlines WHERE iata = 'X0'") == [("QQZ", "Zed Air", "learned")]
    assert rows("SELECT icao, zone, source FROM airports WHERE iata = 'QQQ'") == [("ZZQQ", "UTC", "learned")]


def test_what_the_tables_know_is_not_overwritten_by_an_answer(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527", "AKL", "CHC", airline=("Not Air New Zealand", "NZ", "ANZ"))]
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["airline_name"], answer["departure_name"]) == ("Air New Zealand", "Auckland International Airport")


def test_codes_that_are_missing_are_filled_by_icao(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527", departure_icao="NZAA", arrival_icao="NZCH")]
    upstream.rows[0]["departure"]["iata"] = upstream.rows[0]["arrival"]["iata"] = None
    upstream.rows[0]["airline"]["iata"] = None
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert [answer[name] for name in ("airline_iata", "departure_iata", "arrival_iata")] == ["NZ", "AKL", "CHC"]


def test_an_airport_without_a_code_in_any_table_makes_an_answer_incomplete(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("NZ527", departure_icao="ZZQQ")]
    upstream.rows[0]["departure"]["iata"] = None
    done = flightctl("lookup", "NZ527", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (5, "incomplete_answer")
    assert "ZZQQ has no IATA code" in done.answers[0]["error"]["message"]
    assert rows("SELECT (SELECT count(*) FROM aviationstack_cache) + (SELECT count(*) FROM absences)") == [(0,)]


def test_an_airline_without_a_code_in_any_table_makes_an_answer_incomplete(
    flightctl: Flightctl, upstream: Upstream, rows: Rows
) -> None:
    upstream.rows = [row("X012", airline=("Zed Air", None, "QQZ"))]
    done = flightctl("lookup", "QQZ12", "--json")
    assert (done.code, done.answers[0]["error"]["code"]) == (5, "incomplete_answer")
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(0,)]


def test_an_incomplete_answer_does_not_touch_a_stale_entry(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", age_s=31 * 86_400)
    before = rows("SELECT * FROM aviationstack_cache")
    upstream.rows = [row("NZ527")]
    upstream.rows[0]["departure"]["iata"] = None
    assert flightctl("lookup", "NZ527", "--stale-if-error").code == 5
    assert rows("SELECT * FROM aviationstack_cache") == before


def _multi_leg() -> list[dict[str, object]]:
    return [
        row("PW494", "MWZ", "DAR", airline=("Precision Air", "PW", "PRF"), out="12:00", in_="13:30"),
        row("PW494", "BKZ", "MWZ", airline=("Precision Air", "PW", "PRF"), out="10:00", in_="11:00"),
    ]


def test_legs_are_chained_stored_and_read_back(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    upstream.rows = _multi_leg()
    answers = [flightctl("lookup", "PW494", "--json").answers[0] for _ in range(2)]
    assert [answer["outcome"] for answer in answers] == ["miss", "hit"]
    for answer in answers:
        assert (answer["departure_iata"], answer["arrival_iata"]) == ("BKZ", "DAR")
        assert answer["legs"] == [["BKZ", "MWZ"], ["MWZ", "DAR"]]
    assert rows("SELECT position, departure_iata, arrival_iata FROM route_legs ORDER BY position") == [
        (0, "BKZ", "MWZ"),
        (1, "MWZ", "DAR"),
    ]


def test_three_legs_keep_their_order(flightctl: Flightctl, upstream: Upstream) -> None:
    stops = ["AKL", "WLG", "CHC", "DUD"]
    legs = [row("NZ527", *stops[n : n + 2], out=f"{2 * n:02}:00", in_=f"{2 * n + 1:02}:00") for n in (2, 0, 1)]
    upstream.rows = legs
    flightctl("lookup", "NZ527")
    assert flightctl("lookup", "NZ527", "--json").answers[0]["legs"] == [stops[n : n + 2] for n in range(3)]
    assert "WLG CHC" in flightctl("lookup", "NZ527").out


def test_a_flight_that_becomes_direct_loses_its_legs(flightctl: Flightctl, upstream: Upstream, rows: Rows) -> None:
    upstream.rows = _multi_leg()
    flightctl("lookup", "PW494")
    upstream.rows = [row("PW494", "BKZ", "DAR")]
    assert flightctl("lookup", "PW494", "--refresh", "--json").answers[0]["legs"] == [["BKZ", "DAR"]]
    assert rows("SELECT count(*) FROM route_legs") == [(0,)]


def test_the_newest_day_that_has_begun_counts_not_the_first_row(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [
        row("NZ527", "AKL", "ZQN", days=2),
        row("NZ527", "AKL", "WLG", days=-1),
        row("NZ527", "AKL", "DUD", status="cancelled"),
        row("NZ527", "AKL", "CHC"),
    ]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "CHC"


@pytest.mark.parametrize(("stored", "count"), [("true", 1), ("false", 0)])
def test_raw_rows_are_kept_on_request_only_and_without_the_key(
    flightctl: Flightctl,
    upstream: Upstream,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    stored: str,
    count: int,
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CACHE_STORE_PAYLOAD", stored)
    upstream.rows = [row("NZ527")]
    upstream.rows[0]["live"] = {"link": f"https://example.org/?access_key={KEY}"}
    flightctl("lookup", "NZ527")
    kept = [payload for (payload,) in rows("SELECT payload_source FROM aviationstack_cache") if payload]
    assert len(kept) == count
    for payload in kept:
        assert json.loads(payload)[0]["departure"]["iata"] == "AKL"
        assert KEY not in payload
