"""The live table, frame by frame: what it says, what it marks, and that it fits."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from flightctl.domain.flight import TIMES, FlightStatus
from flightctl.domain.flight_news import Change
from flightctl.domain.listing import Kind, Listed
from flightctl.render.live import LiveList
from flightctl.services.watching import Look
from flights import flight, utc

NOW = utc("2026-12-02 12:00")
ID = flight().flight_id
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
MARKED = re.compile(r"\x1b\[(?:\d+;)*7(?:;\d+)*m([^\x1b]*)")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
FULL: dict[str, Any] = {
    **{name: utc("2026-12-02 19:30") + minute * MINUTE for minute, name in enumerate(TIMES)},
    "departure_gate": "24",
    "departure_terminal": "1",
    "arrival_gate": "7",
    "arrival_terminal": "2",
    "aircraft_type": "A320",
    "diverted_to": "NZWN",
}


def listed(number: int = 527, **more: Any) -> Listed:
    named = {"flight_iata": f"NZ{number}", "flight_id": f"ANZ{number}.2026-12-03.0830.NZAA.NZCH"}
    return Listed(flight(**{**named, **more}), Kind.OWNED, NOW)


def live(*flights: Listed, changed: Iterable[str] = (), trouble: str = "") -> LiveList:
    """Alice's screen, on which these fields of NZ527 have just changed."""
    screen = LiveList("alice")
    screen.take(Look(flights, tuple(change(name) for name in changed), trouble), NOW)
    return screen


def change(field: str) -> Change:
    return Change(ID, field, None, "new", NOW, "aviationstack")


def drawn(screen: LiveList, width: int = 120, height: int = 40, seconds: float = 0) -> list[str]:
    """The lines of a frame, with escape sequences, so long after what was seen last."""
    canvas = io.StringIO()
    console = Console(file=canvas, width=width, height=height, force_terminal=True, color_system="standard")
    console.print(screen.frame(NOW + seconds * SECOND, width, height))
    return canvas.getvalue().splitlines()


def plain(screen: LiveList, width: int = 120, height: int = 40) -> list[str]:
    return [ESCAPES.sub("", line).rstrip() for line in drawn(screen, width, height)]


def marked(screen: LiveList, width: int = 120, seconds: float = 0) -> list[str]:
    return MARKED.findall("\n".join(drawn(screen, width, seconds=seconds)))


def order(screen: LiveList) -> list[str]:
    return [line.split()[0] for line in plain(screen) if line.startswith("NZ")]


# What it says


@pytest.mark.parametrize(
    ("flights", "count"),
    [((), "0 flights"), ((listed(),), "1 flight "), ((listed(1), listed(2)), "2 flights")],
    ids=[0, 1, 2],
)
def test_the_head_has_the_user_the_number_of_flights_and_the_clock(flights: tuple[Listed, ...], count: str) -> None:
    head = plain(live(*flights))[0]
    assert head.startswith(f"alice: {count}")
    assert "12:00:00 UTC" in head


def test_the_clock_goes_on() -> None:
    assert "12:01:05 UTC" in drawn(live(listed()), seconds=65)[0]


def test_the_last_update_is_the_moment_at_which_the_last_change_was_seen() -> None:
    screen = live(listed())
    assert "no update yet" in plain(screen)[0]
    screen.take(Look((listed(),), (change("status"),)), NOW + 5 * SECOND)
    screen.take(Look((listed(),), ()), NOW + 9 * SECOND)
    assert "last update 12:00:05" in plain(screen)[0]


def test_a_line_has_the_flight_its_airports_times_and_status() -> None:
    [line] = [line.split() for line in plain(live(listed())) if line.startswith("NZ527")]
    assert {"NZ527", "AKL", "CHC", "08:30", "09:55", "scheduled"} <= set(line)


def test_a_flight_that_is_owned_and_shared_has_two_lines() -> None:
    assert order(live(listed(), listed()._replace(kind=Kind.SHARED))) == ["NZ527", "NZ527"]


def test_a_flight_without_iata_designator_goes_by_its_ident() -> None:
    assert any(line.startswith("ANZ527 ") for line in plain(live(listed(flight_iata=""))))


def test_an_empty_list_says_how_to_fill_it() -> None:
    assert "your list is empty: 'flightctl track' adds flights" in plain(live())


def test_the_foot_names_the_keys() -> None:
    assert plain(live(listed()))[-1] == "q quit   s sort (by departure)"


def test_trouble_is_said_and_the_list_stays() -> None:
    screen = live(listed(), trouble="cache.db is locked by another process")
    assert "shown as it was: cache.db is locked by another process" in plain(screen)
    assert order(screen) == ["NZ527"]
    screen.take(Look((listed(),), ()), NOW)
    assert "shown as it was" not in "".join(plain(screen))


@pytest.mark.parametrize("value", ["\x1b[31mred", "[bold]23[/]", "[/]", "\x07\x08", "\x9b2J"])
def test_what_others_write_is_text_as_it_stands(value: str) -> None:
    for screen in (live(listed(departure_gate=value)), live(listed(), trouble=value)):
        lines = drawn(screen)
        assert all(ESCAPES.sub("", line).isprintable() for line in lines)
        assert ("\x1b[31mred" in "".join(lines)) is False
    assert value[:6].strip("\x1b\x07\x08\x9b") in "".join(plain(live(listed(departure_gate=value))))


# What it marks


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("status", "diverted to NZWN"),
        ("diverted_to", "diverted to NZWN"),
        ("departure_gate", "T1 G24"),
        ("departure_terminal", "T1 G24"),
        ("arrival_gate", "T2 G7"),
        ("arrival_terminal", "T2 G7"),
        ("aircraft_type", "A320"),
        *((name, "08:30 -> 08:32") for name in TIMES if name.endswith(("_out", "_off"))),
        *((name, "08:39") for name in TIMES if name.endswith(("_in", "_on"))),
    ],
)
def test_the_cell_of_a_field_that_changed_is_marked(field: str, cell: str) -> None:
    screen = live(listed(**FULL, status=FlightStatus.DIVERTED), changed=[field])
    assert cell in marked(screen, width=200)


BUSY = {
    "actual_off": utc("2026-12-02 20:05"),
    "estimated_in": utc("2026-12-02 21:30"),
    "status": FlightStatus.ACTIVE,
    "flight_iata": "NZ5277",
}
CHANGED = [
    ("status", "cancelled", {"status": FlightStatus.CANCELLED}),
    ("estimated_out", "09:05", {"estimated_out": utc("2026-12-02 20:05")}),
    ("estimated_in", "10:30", {"estimated_in": utc("2026-12-02 21:30")}),
    ("actual_off", "off 09:05", BUSY),
    ("estimated_in", "10:30", BUSY),
    ("status", "active", BUSY),
    ("diverted_to", "diverted to NZWN", {**BUSY, "diverted_to": "NZWN", "estimated_in": None}),
]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize(("field", "cell", "more"), CHANGED)
def test_what_changed_is_marked_at_every_width(field: str, cell: str, more: dict[str, Any], width: int) -> None:
    screen = live(listed(**more), changed=[field])
    shown = cell if cell in "".join(plain(screen, width)) else cell.split()[0]
    assert any(shown in one for one in marked(screen, width)), plain(screen, width)


def test_nothing_else_is_marked() -> None:
    two = (listed(), listed(2, departure_gate="24"))
    assert marked(live(*two, changed=["status"])) == ["scheduled"]
    assert marked(live(*two)) == []


def test_a_field_that_no_column_shows_marks_nothing() -> None:
    assert marked(live(listed(), changed=["review"])) == []


def test_a_mark_lasts_for_ten_seconds() -> None:
    screen = live(listed(), changed=["status"])
    screen.take(Look((listed(),), ()), NOW + 9 * SECOND)
    assert marked(screen) == ["scheduled"]
    screen.take(Look((listed(),), ()), NOW + 10 * SECOND)
    assert marked(screen) == []


def test_another_change_marks_anew() -> None:
    screen = live(listed(), changed=["status"])
    screen.take(Look((listed(),), (change("status"),)), NOW + 9 * SECOND)
    screen.take(Look((listed(),), ()), NOW + 15 * SECOND)
    assert marked(screen) == ["scheduled"]


def test_marks_need_no_colour() -> None:
    canvas = io.StringIO()
    console = Console(file=canvas, width=120, force_terminal=True, no_color=True)
    console.print(live(listed(status=FlightStatus.CANCELLED), changed=["status"]).frame(NOW, 120, 40))
    assert MARKED.findall(canvas.getvalue()) == ["cancelled"]
    assert not re.search(r"\x1b\[(?:\d+;)*3\d", canvas.getvalue())


# Keys


LATE = listed(3, estimated_in=utc("2026-12-02 20:56"), scheduled_in=utc("2026-12-02 20:10"))
EARLY = listed(1, estimated_in=utc("2026-12-02 20:30"))
ON_TIME = listed(2, scheduled_in=utc("2026-12-02 20:20"))
ORDERS = [
    ("departure", ["NZ1", "NZ3", "NZ2"]),
    ("arrival", ["NZ2", "NZ1", "NZ3"]),
    ("delay", ["NZ3", "NZ2", "NZ1"]),
    ("flight", ["NZ1", "NZ2", "NZ3"]),
]


@pytest.mark.parametrize("key", ["s", "S"])
def test_s_goes_through_the_orders_and_begins_anew(key: str) -> None:
    screen = live(EARLY, LATE, ON_TIME)
    for word, flights in [*ORDERS, ORDERS[0]]:
        assert plain(screen)[-1].endswith(f"s sort (by {word})")
        assert order(screen) == flights
        assert screen.press(key)


def test_an_order_stays_when_the_list_changes() -> None:
    screen = live(EARLY, LATE)
    screen.press("s")
    screen.take(Look((EARLY, LATE, ON_TIME), ()), NOW)
    assert order(screen) == ["NZ2", "NZ1", "NZ3"]


@pytest.mark.parametrize("key", ["q", "Q", "\x03"])
def test_q_and_control_c_end_it(key: str) -> None:
    assert not live(listed()).press(key)


@pytest.mark.parametrize("key", [" ", "\r", "x", "7", "é", "\ufffd", "\x04", "\t"])
def test_no_other_key_does_anything(key: str) -> None:
    screen = live(EARLY, LATE, ON_TIME)
    before = plain(screen)
    assert screen.press(key)
    assert plain(screen) == before


# Room


@pytest.mark.parametrize(("height", "flights", "more"), [(24, 18, 0), (24, 19, 1), (24, 40, 22), (10, 40, 36)])
def test_what_has_no_room_is_counted(height: int, flights: int, more: int) -> None:
    lines = plain(live(*map(listed, range(1, flights + 1))), height=height)
    assert (f"and {more} more: make the window higher" in lines) == (more > 0)
    assert len(order(live(*map(listed, range(1, flights + 1))))) >= flights - more


def test_how_old_the_list_is_stands_under_it_where_nobody_tells_of_changes() -> None:
    screen = LiveList("alice")
    look = Look([EARLY], (), notice="NATS has told nothing for 17 s", read_at=NOW - timedelta(seconds=4))
    screen.take(look, NOW)
    told = "NATS has told nothing for 17 s; looking every few seconds instead, last 4 s ago (11:59:56 UTC)"
    assert told in plain(screen, width=140)
    assert all(len(line) <= 60 for line in plain(screen, width=60))


def test_a_notice_takes_a_line_of_the_list() -> None:
    screen = LiveList("alice")
    screen.take(Look(list(map(listed, range(1, 19))), (), notice="silent"), NOW)
    assert "and 1 more: make the window higher" in plain(screen, height=24)


troubles = st.sampled_from(["", "cache.db is gone", f"/home/{'somebody/' * 9}cache.db is locked by another process"])


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(60, 200),
    height=st.integers(10, 60),
    number=st.integers(0, 70),
    trouble=troubles,
    long=st.booleans(),
)
def test_a_frame_fits_its_terminal_and_its_foot_is_on_it(
    width: int, height: int, number: int, trouble: str, long: bool
) -> None:
    more = FULL if long else {}
    lines = plain(live(*(listed(one, **more) for one in range(1, number + 1)), trouble=trouble), width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    assert lines[-1].startswith("q quit")
    assert sum("more: make" in line for line in lines) <= 1
