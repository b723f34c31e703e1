"""A flight that is put off or brought forward: its days, its id, and what belonged to the old schedule."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.news import HOUR, MINUTE, T_IN, T_OUT, fields, later, seen_again
from domain.sightings import (
    AKL,
    CDG,
    CHC,
    HNL,
    IN,
    JFK,
    LATER,
    NOW,
    OUT,
    after,
    flight,
    report,
    sighting,
    utc,
)
from flightctl.domain.flight import TIMES
from flightctl.domain.flight_news import applied, first_seen
from flightctl.domain.sighting import Place


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("2026-12-03 08:30", date(2026, 12, 3)),
        ("2026-12-04 00:10", date(2026, 12, 4)),
        ("2026-12-02 23:50", date(2026, 12, 2)),
    ],
)
def test_a_retime_moves_the_local_date_and_never_the_id(out: str, expected: date) -> None:
    again = seen_again(*later(sighting(out)))
    assert (again.flight.local_date, again.flight.departure_date) == (expected, date(2026, 12, 3))
    assert again.flight[:6] == flight()[:6]


@pytest.mark.parametrize(
    ("place", "before", "then"),
    [
        # Summer time begins: there is no 02:00 to 03:00, so these are an hour nearer to each other.
        (AKL, "2026-09-26 23:50", "2026-09-27 03:10"),
        (CDG, "2027-03-28 03:10", "2027-03-27 23:50"),
        (JFK, "2027-03-13 23:50", "2027-03-14 03:10"),
        # It ends: 02:00 to 03:00 comes twice.
        (AKL, "2027-04-04 00:10", "2027-04-03 23:50"),
        (CDG, "2026-10-24 23:50", "2026-10-25 03:10"),
        (JFK, "2026-10-31 23:50", "2026-11-01 02:10"),
    ],
)
def test_the_local_date_is_right_over_a_change_of_summer_time(place: Place, before: str, then: str) -> None:
    first = flight(sighting(before, origin=place, destination=HNL))
    again = after(first, *later(sighting(then, origin=place, destination=HNL)))
    assert (str(first.local_date), str(again.local_date)) == (before[:10], then[:10])
    assert again.flight_id == first.flight_id


@given(st.datetimes(datetime(2026, 8, 1), datetime(2027, 5, 1)), st.sampled_from([AKL, CDG, HNL, JFK]))
def test_the_local_date_is_that_of_the_present_schedule_wherever_and_whenever(moment: datetime, origin: Place) -> None:
    local = f"{moment:%Y-%m-%d %H:%M}"
    first = flight(sighting("2026-12-03 08:30", origin=origin, destination=CHC))
    again = after(first, *later(sighting(local, origin=origin, destination=CHC)))
    # A wall clock that does not exist is read as if the clock had not been changed; it stays on its day.
    assert again.local_date == moment.date()


def test_a_retime_drops_the_estimates_of_the_old_schedule() -> None:
    estimates = {name: T_OUT + MINUTE for name in TIMES if name.startswith("estimated")}
    moved = sighting("2026-12-03 10:30", "2026-12-03 11:50")
    again = seen_again(*later(moved), before=sighting(OUT, IN, times=estimates))
    assert {getattr(again.flight, name) for name in estimates} == {None}
    assert all(fields(again)[name] == ("2026-12-02T19:31:00Z", None) for name in estimates)


def test_a_retime_of_the_arrival_leaves_the_estimates_of_the_departure() -> None:
    estimates = {name: T_OUT + MINUTE for name in TIMES if name.startswith("estimated")}
    again = seen_again(*later(sighting(OUT, "2026-12-03 11:50")), before=sighting(OUT, IN, times=estimates)).flight
    assert (again.estimated_out, again.estimated_off) == (T_OUT + MINUTE, T_OUT + MINUTE)
    assert (again.estimated_on, again.estimated_in) == (None, None)


def test_a_retime_keeps_the_estimates_that_come_with_it() -> None:
    moved = sighting("2026-12-03 10:30", times={"estimated_out": utc("2026-12-03 10:40")})
    again = seen_again(*later(moved), before=sighting(OUT, IN, times={"estimated_out": T_OUT + MINUTE}))
    assert again.flight.estimated_out == utc("2026-12-03 10:40")


def test_a_retime_drops_the_runway_s_part_of_the_old_schedule() -> None:
    """Else the flight would seem hours late at take-off."""
    runway = {"scheduled_off": T_OUT + 10 * MINUTE, "scheduled_on": T_IN - 5 * MINUTE}
    again = seen_again(
        *later(sighting("2026-12-03 12:30", "2026-12-03 13:50")), before=sighting(OUT, IN, times=runway)
    ).flight
    assert (again.scheduled_off, again.scheduled_on) == (None, None)
    took_off = after(
        again,
        *later(
            sighting("2026-12-03 12:30", times={"actual_off": utc("2026-12-03 12:45")}), observed_at=LATER + 9 * HOUR
        ),
    )
    assert took_off.departure_delay == 15 * MINUTE


def test_what_happened_outlives_a_retime() -> None:
    happened = {name: T_OUT + MINUTE for name in TIMES if name.startswith("actual")}
    again = seen_again(*later(sighting("2026-12-03 10:30")), before=sighting(OUT, IN, times=happened)).flight
    assert {getattr(again, name) for name in happened} == {T_OUT + MINUTE}


def test_every_schedule_that_a_flight_had_is_among_its_changes() -> None:
    outs = ["2026-12-03 08:30", "2026-12-03 12:00", "2026-12-04 00:10", "2026-12-03 08:30"]
    made = first_seen(report(sighting(outs[0])))
    changes, one = [*made.changes], made.flight
    for hours, out in enumerate(outs[1:], start=1):
        said = applied(one, report(sighting(out, observed_at=NOW + hours * HOUR)))
        one = said.flight
        changes += said.changes
    known = [(change.new, change.observed_at) for change in changes if change.field == "scheduled_out"]
    assert known == [(f"{utc(out):%Y-%m-%dT%H:%M:%SZ}", NOW + hours * HOUR) for hours, out in enumerate(outs)]
