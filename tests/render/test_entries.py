"""What waits for staff, with dated flights that wait, too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flightctl.domain.flight import PENDING
from flightctl.domain.proposal import Proposal, ReviewItem
from flightctl.domain.route import direct
from flightctl.render.entries import EntriesView
from flightctl.render.flights import flight_shape
from flights import flight, utc
from render.screen import document, drawn, objects, records

PROPOSAL = Proposal(7, direct("NZ527", "NZ", "AKL", "CHC"), "seen on the board", False, "mia", utc("2026-12-01 10:00"))
ITEM = ReviewItem("NZ527", None, (PROPOSAL,))
WAITING = flight(provider="manual", review=PENDING)
TTL = timedelta(days=30)


def test_without_dated_flights_the_entries_stand_alone() -> None:
    assert list(document(EntriesView([ITEM], TTL))) == ["schema", "entries"]


def test_dated_flights_stand_beside_the_entries_each_with_its_review() -> None:
    shown = document(EntriesView([ITEM], TTL, flights=[WAITING]))
    assert shown["flights"] == [{**flight_shape(WAITING), "review": "pending", "added_by": "", "note": None}]
    assert [entry["flight_iata"] for entry in shown["entries"]] == ["NZ527"]


def test_in_ndjson_dated_flights_follow_the_entries() -> None:
    entry, dated = objects(EntriesView([ITEM], TTL, flights=[WAITING]))
    assert (entry["proposals"][0]["id"], dated["flight_id"], dated["review"]) == (7, WAITING.flight_id, "pending")


def test_csv_has_the_entries_alone() -> None:
    assert [row["flight_iata"] for row in records(EntriesView([ITEM], TTL, flights=[WAITING]))] == ["NZ527"]


def test_dated_flights_have_a_table_of_their_own_under_the_first() -> None:
    lines = [line.split() for line in drawn(EntriesView([ITEM], TTL, flights=[WAITING]), 200)]
    assert lines[2][:2] == ["NZ527", "NZ"]
    assert lines[3] == []
    assert lines[4] == ["FLIGHT", "ID", "OUT", "(LOCAL)", "IN", "(LOCAL)", "REVIEW", "BY", "NOTE"]
    assert lines[6] == [WAITING.flight_id, "08:30", "09:55", "pending"]
    assert " ".join(lines[7]) == "1 flight · 1 dated flight"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_dated_flights_alone_have_one_table_in_every_terminal(width: int) -> None:
    lines = drawn(EntriesView([], TTL, flights=[WAITING, WAITING]), width)
    assert lines[0].startswith("FLIGHT ID")
    assert sum(WAITING.flight_id in line for line in lines) == 2
    assert (lines[-1], max(map(len, lines)) <= width) == ("0 flights · 2 dated flights", True)


def test_where_nothing_waits_the_footer_says_so_alone() -> None:
    assert drawn(EntriesView([], TTL), 80) == ["0 flights"]
