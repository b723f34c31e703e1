"""A flight's changes: JSON, lines and table."""

from __future__ import annotations

from typing import Any

import pytest

from flightctl.domain.flight_news import Change
from flightctl.render.history import HistoryView
from flights import utc
from render.screen import document, drawn, objects, piped, records

ID = "ANZ527.2026-12-03.0830.NZAA.NZCH"


def change(field: str, old: str | None, new: str | None, observed_at: str = "2026-12-01 10:00") -> Change:
    return Change(ID, field, old, new, utc(observed_at), "aviationstack")


RETIMED = change("scheduled_out", "2026-12-02T19:30:00Z", "2026-12-02T20:05:00Z")
GATE = change("departure_terminal", None, "2", "2026-12-02 18:00")
HELD = change("status", "scheduled", "cancelled", "2026-12-02 19:00")
WIDTHS = [60, 80, 120, 200]


def view(*changes: Change) -> HistoryView:
    return HistoryView(ID, changes)


def shape(field: str, old: str | None, new: str, observed_at: str) -> dict[str, Any]:
    return {"field": field, "old": old, "new": new, "observed_at": observed_at, "provider": "aviationstack"}


SHAPES = [
    shape("scheduled_out", "2026-12-02T19:30:00Z", "2026-12-02T20:05:00Z", "2026-12-01T10:00:00Z"),
    shape("departure_terminal", None, "2", "2026-12-02T18:00:00Z"),
]


def test_a_history_is_its_flight_and_the_changes_in_their_order() -> None:
    assert document(view(RETIMED, GATE)) == {"schema": "flightctl.history/1", "flight_id": ID, "changes": SHAPES}


def test_a_change_has_its_keys_in_order() -> None:
    assert [list(row) for row in objects(view(GATE))] == [["field", "old", "new", "observed_at", "provider"]]


def test_ndjson_is_one_change_a_line() -> None:
    assert objects(view(RETIMED, GATE)) == SHAPES


def test_csv_is_one_change_a_line_and_nothing_where_nothing_was_known() -> None:
    assert records(view(RETIMED, GATE)) == [{**row, "old": row["old"] or ""} for row in SHAPES]


def test_a_history_without_changes_is_an_empty_list() -> None:
    assert document(view())["changes"] == []
    assert piped(view()) == ["0 changes · all times in UTC"]


def test_a_table_says_when_what_and_from_whom() -> None:
    lines = [" ".join(line.split()) for line in piped(view(RETIMED, GATE))]
    assert [lines[0], *lines[2:]] == [
        "WHEN (UTC) FIELD OLD NEW FROM WHOM",
        "2026-12-01 10:00 scheduled out 2026-12-02 19:30 2026-12-02 20:05 aviationstack",
        "2026-12-02 18:00 departure terminal 2 aviationstack",
        "2 changes · all times in UTC",
    ]


def test_one_change_is_counted_as_one() -> None:
    assert piped(view(HELD))[-1] == "1 change · all times in UTC"


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (60, "12-01 10:00 scheduled out 12-02 19:30 12-02 20:05"),
        (80, "12-01 10:00 scheduled out 12-02 19:30 12-02 20:05 aviationstack"),
        (120, "2026-12-01 10:00 scheduled out 2026-12-02 19:30 2026-12-02 20:05 aviationstack"),
        (200, "2026-12-01 10:00 scheduled out 2026-12-02 19:30 2026-12-02 20:05 aviationstack"),
    ],
)
def test_a_narrow_terminal_is_spared_the_years_and_then_who_said_it(width: int, line: str) -> None:
    lines = drawn(view(RETIMED, GATE, HELD), width)
    assert " ".join(lines[2].split()) == line
    assert (len(lines), max(map(len, lines)) <= width) == (6, True)


@pytest.mark.parametrize("value", ["2026-12-02T19:30:00Z", "\x1b[31mred", "[bold]23[/]", "x" * 90])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_value_that_is_no_time_is_text_as_it_stands(value: str, width: int) -> None:
    lines = drawn(view(change("departure_gate", None, value)), width)
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    shown = "".join(line[:width] for line in lines).replace(" ", "")
    assert value[:12].replace("\x1b", "\N{REPLACEMENT CHARACTER}") in shown


@pytest.mark.parametrize("width", WIDTHS)
def test_every_change_reaches_a_terminal_without_unicode(width: int) -> None:
    plain, ascii_only = (drawn(view(RETIMED, GATE, HELD), width, encoding) for encoding in ("utf-8", "ascii"))
    assert plain[:1] + plain[2:-1] == ascii_only[:1] + ascii_only[2:-1]
