"""Manual entries: proposed by anybody, decided by staff, and never shown before."""

from __future__ import annotations

import pytest

from running import Cached, Flightctl, Result, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400


def propose(flightctl: Flightctl, flight: str = "NZ527", to: str = "CHC", *options: str) -> Result:
    """``add-manual`` from AKL."""
    return flightctl("add-manual", flight, "--from", "AKL", "--to", to, *options, "--json")


def _waiting(flightctl: Flightctl) -> list[str]:
    return [entry["flight_iata"] for entry in flightctl("pending", "--json").json["entries"]]


def test_a_proposal_is_written_down_and_its_row_is_pending(flightctl: Flightctl, rows: Rows) -> None:
    entry = propose(flightctl, "nz 0527", "CHC", "--note", "timetable").json["entries"][0]
    assert (entry["flight_iata"], entry["status"], entry["provider"]) == ("NZ527", "pending", "manual")
    assert entry["proposals"][0]["note"] == "timetable"
    assert rows("SELECT cache_key, status, provider FROM aviationstack_cache") == [
        ("flight:NZ527", "pending", "manual")
    ]


def test_airports_may_be_icao_codes_and_the_airline_may_be_named(flightctl: Flightctl) -> None:
    done = flightctl("add-manual", "NZ527", "--from", "nzaa", "--to", "NZCH", "--airline", "QFA", "--json")
    entry = done.json["entries"][0]
    assert [entry[name] for name in ("airline_iata", "departure_iata", "arrival_iata")] == ["QF", "AKL", "CHC"]


def test_an_icao_designator_is_kept_under_its_iata_one(flightctl: Flightctl) -> None:
    assert propose(flightctl, "ANZ527").json["entries"][0]["flight_iata"] == "NZ527"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("NZ0", "--from", "AKL", "--to", "CHC"), "bad_designator"),
        (("NZ5*", "--from", "AKL", "--to", "CHC"), "bad_designator"),
        (("NZ527", "--from", "QQQ", "--to", "CHC"), "bad_airport"),
        (("NZ527", "--from", "AKL", "--to", ""), "bad_airport"),
        (("NZ527", "--from", "AKL", "--to", "ＣＨＣ"), "bad_airport"),
        (("NZ527", "--from", "AKL", "--to", "AKL"), "usage"),
        (("NZ527", "--from", "AKL", "--to", "NZAA"), "usage"),
        (("NZ527", "--from", "AKL", "--to", "CHC", "--airline", "%"), "usage"),
        (("NZ527", "--from", "AKL"), "usage"),
    ],
)
def test_a_proposal_that_cannot_be_is_a_usage_error_and_writes_nothing(
    flightctl: Flightctl, rows: Rows, arguments: tuple[str, ...], code: str
) -> None:
    done = flightctl("add-manual", *arguments, "--json")
    assert (done.code, done.json["error"]["code"]) == (2, code)
    assert rows("SELECT (SELECT count(*) FROM proposals) + (SELECT count(*) FROM aviationstack_cache)") == [(0,)]


def test_the_same_proposal_again_is_no_error_and_different_ones_coexist(flightctl: Flightctl, rows: Rows) -> None:
    codes = [propose(flightctl, to=to).code for to in ("CHC", "CHC", "WLG")]
    assert codes == [0, 0, 0]
    assert rows("SELECT arrival_iata FROM proposals ORDER BY id") == [("CHC",), ("WLG",)]
    assert rows("SELECT arrival_iata, status FROM aviationstack_cache") == [("CHC", "pending")]


def test_a_confirmed_entry_is_not_proposed_against_and_the_refusal_says_what_is_there(
    flightctl: Flightctl, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", "AKL", "CHC")
    done = propose(flightctl, to="WLG")
    assert (done.code, done.json["error"]["code"]) == (7, "already_confirmed")
    assert done.json["error"]["message"] == "NZ527 is confirmed as AKL to CHC (aviationstack)"
    assert rows("SELECT count(*) FROM proposals") == [(0,)]


def test_a_stale_confirmed_entry_is_not_downgraded_either(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527", age_s=STALE_S)
    assert propose(flightctl, to="WLG").code == 7
    assert rows("SELECT status, arrival_iata FROM aviationstack_cache") == [("confirmed", "CHC")]


def test_staff_may_replace_and_the_confirmed_row_serves_until_the_confirm(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527", "AKL", "CHC")
    assert propose(flightctl, "NZ527", "WLG", "--replace", "--yes").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "CHC"
    assert flightctl("confirm", "NZ527").code == 0
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["arrival_iata"], answer["provider"]) == ("WLG", "manual")


def test_replace_without_a_terminal_needs_yes(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527")
    done = propose(flightctl, "NZ527", "WLG", "--replace")
    assert (done.code, done.json["error"]["code"]) == (2, "confirmation_needed")
    assert "--yes" in done.err
    assert rows("SELECT count(*) FROM proposals") == [(0,)]


def test_confirm_makes_the_proposal_answer(flightctl: Flightctl, rows: Rows) -> None:
    propose(flightctl)
    rows("UPDATE aviationstack_cache SET refreshed_at = '2020-01-01 00:00:00.000000'")
    assert flightctl("confirm", "NZ527").code == 0
    answer = flightctl("lookup", "NZ527", "--offline", "--json").answers[0]
    assert (answer["outcome"], answer["arrival_iata"], answer["provider"]) == ("hit", "CHC", "manual")
    assert rows("SELECT decision, decided_by IS NOT NULL FROM proposals") == [("confirmed", 1)]


def test_confirming_what_is_confirmed_is_done(flightctl: Flightctl, cached: Cached, rows: Rows) -> None:
    cached("NZ527", age_s=1000)
    before = rows("SELECT * FROM aviationstack_cache")
    assert flightctl("confirm", "NZ527").code == 0
    assert rows("SELECT * FROM aviationstack_cache") == before


def test_one_of_several_proposals_has_to_be_chosen(flightctl: Flightctl, rows: Rows) -> None:
    propose(flightctl, to="CHC")
    propose(flightctl, to="WLG")
    refused = flightctl("confirm", "NZ527", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (7, "several_proposals")
    assert "1: AKL-CHC; 2: AKL-WLG" in refused.json["error"]["message"]
    assert flightctl("confirm", "NZ527", "--proposal", "2").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "WLG"
    assert rows("SELECT decision FROM proposals ORDER BY id") == [("superseded",), ("confirmed",)]


@pytest.mark.parametrize("command", ["confirm", "reject"])
def test_a_proposal_that_is_not_there_is_not_found(flightctl: Flightctl, command: str) -> None:
    propose(flightctl)
    assert flightctl(command, "NZ527", "--proposal", "99").code == 3
    assert _waiting(flightctl) == ["NZ527"]


@pytest.mark.parametrize("command", ["confirm", "reject", "forget"])
def test_nothing_to_decide_is_not_found(flightctl: Flightctl, command: str) -> None:
    assert flightctl(command, "NZ527", "--yes").code == 3
    assert flightctl(command, "NZ0", "--yes").code == 2


def test_several_flights_are_each_tried_and_a_mixed_result_is_9(flightctl: Flightctl) -> None:
    propose(flightctl, "NZ527")
    done = flightctl("confirm", "NZ527", "NZ528", "--json")
    assert (done.code, [entry["flight_iata"] for entry in done.json["entries"]]) == (9, ["NZ527"])
    assert flightctl("confirm", "NZ528", "NZ529").code == 3


def test_confirm_all_needs_yes_without_a_terminal(flightctl: Flightctl) -> None:
    propose(flightctl, "NZ527")
    propose(flightctl, "NZ528")
    refused = flightctl("confirm", "--all", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "confirmation_needed")
    assert flightctl("confirm", "--all", "--yes").code == 0
    assert _waiting(flightctl) == []
    assert flightctl("confirm", "--all", "--yes").code == 3


def test_confirm_without_a_name_and_without_a_terminal_says_what_to_do(flightctl: Flightctl) -> None:
    propose(flightctl)
    done = flightctl("confirm")
    assert done.code == 2
    assert "--all" in done.err


def test_reject_ends_every_proposal_and_the_pending_row_goes(flightctl: Flightctl, rows: Rows) -> None:
    propose(flightctl, to="CHC")
    propose(flightctl, to="WLG")
    assert flightctl("reject", "NZ527").code == 0
    assert rows("SELECT decision FROM proposals") == [("rejected",), ("rejected",)]
    assert rows("SELECT count(*) FROM aviationstack_cache") == [(0,)]


def test_reject_of_one_leaves_the_pending_row_to_the_other(flightctl: Flightctl, rows: Rows) -> None:
    propose(flightctl, to="CHC")
    propose(flightctl, to="WLG")
    assert flightctl("reject", "NZ527", "--proposal", "1").code == 0
    assert rows("SELECT arrival_iata, status FROM aviationstack_cache") == [("WLG", "pending")]


def test_reject_leaves_a_confirmed_entry(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527", "AKL", "CHC")
    propose(flightctl, "NZ527", "WLG", "--replace", "--yes")
    assert flightctl("reject", "NZ527").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "CHC"


def test_a_rejected_route_can_be_proposed_again(flightctl: Flightctl) -> None:
    propose(flightctl)
    flightctl("reject", "NZ527")
    assert propose(flightctl).code == 0
    assert _waiting(flightctl) == ["NZ527"]


def test_forget_deletes_the_entry_its_legs_and_its_absence(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", age_s=STALE_S)
    rows("INSERT INTO route_legs VALUES ('flight:NZ527', 0, 'AKL', 'WLG'), ('flight:NZ527', 1, 'WLG', 'CHC')")
    flightctl("lookup", "NZ527")
    assert flightctl("forget", "NZ527", "--json").code == 2
    assert flightctl("forget", "NZ527", "--yes").code == 0
    tables = ("aviationstack_cache", "route_legs", "absences")
    assert [rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables] == [0, 0, 0]
    upstream.rows = [row("NZ527")]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "miss"


def test_forget_drops_the_proposals_too(flightctl: Flightctl, rows: Rows) -> None:
    propose(flightctl)
    assert flightctl("forget", "NZ527", "--yes").code == 0
    assert (_waiting(flightctl), rows("SELECT decision FROM proposals")) == ([], [("forgotten",)])
