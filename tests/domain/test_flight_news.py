"""What a report makes of a flight: its values, its changes, and what it leaves as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sightings import (
    AEROAPI,
    AKL,
    AVIATIONSTACK,
    CDG,
    CHC,
    HNL,
    ID,
    IN,
    JFK,
    LATER,
    MANUAL,
    NOW,
    OUT,
    WLG,
    after,
    codeshare,
    flight,
    report,
    sighting,
    utc,
)
from flightctl.domain.flight import CONFIRMED, PENDING, REJECTED, TIMES, FlightStatus
from flightctl.domain.flight_news import Applied, Change, applied, first_seen
from flightctl.domain.sighting import Place, Sighting

SCHEDULED, ACTIVE, LANDED, ARRIVED, CANCELLED, DIVERTED, UNKNOWN = FlightStatus
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
T_OUT, T_IN = utc(OUT), utc(IN)
DETAILS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type")
TWELVE = {name: T_OUT + number * MINUTE for number, name in enumerate(TIMES)}
ICAO_ONLY: dict[str, Any] = {"ident": "ANZ527", "designators": frozenset({"ANZ527"})}


def later(*rows: Sighting, **more: Any) -> list[Sighting]:
    """The rows, said an hour after the first report."""
    return [replace(row, **{"observed_at": LATER, **more}) for row in rows]


def fields(one: Applied) -> dict[str, tuple[str | None, str | None]]:
    """Old and new value by field that changed."""
    return {change.field: (change.old, change.new) for change in one.changes}


def seen_again(*rows: Sighting, before: Sighting | None = None) -> Applied:
    """What becomes of a flight that was seen on schedule, or so, when this is reported."""
    return applied(flight(before or sighting(OUT, IN)), report(*rows))


# The first report


def test_the_first_schedule_is_the_first_change() -> None:
    made = first_seen(report(sighting(OUT, IN, departure_gate="24", times={"estimated_out": T_OUT + MINUTE})))
    assert made.changes == (
        Change(ID, "scheduled_out", None, "2026-12-02T19:30:00Z", NOW, AVIATIONSTACK),
        Change(ID, "scheduled_in", None, "2026-12-02T20:50:00Z", NOW, AVIATIONSTACK),
    )


def test_the_first_report_gives_everything_that_it_says() -> None:
    said = dict(zip(DETAILS, ("24", "D", "15", "1", "A320"), strict=True))
    one = flight(sighting(OUT, times=TWELVE, status=ACTIVE, provider_status="En Route", **said))
    assert {name: getattr(one, name) for name in DETAILS} == said
    assert {name: getattr(one, name) for name in TIMES} == TWELVE
    assert (one.status, one.provider_status, one.provider) == (ACTIVE, "En Route", AVIATIONSTACK)
    assert (one.version, one.observed_at, one.updated_at, one.review) == (1, NOW, NOW, CONFIRMED)


def test_the_first_report_gives_both_codes_and_the_zone_of_both_airports() -> None:
    one = flight(sighting(OUT, origin=HNL, destination=AKL))
    assert (one.origin_iata, one.origin_icao, one.origin_zone) == ("HNL", "PHNL", "Pacific/Honolulu")
    assert (one.destination_iata, one.destination_icao, one.destination_zone) == ("AKL", "NZAA", "Pacific/Auckland")
    assert (one.origin, one.destination, one.flight_iata) == ("PHNL", "NZAA", "NZ527")


def test_an_airport_without_an_icao_code_stands_in_the_id_by_its_iata_code() -> None:
    nowhere = Place("XXA", "", "Pacific/Auckland")
    assert flight(sighting(OUT, origin=nowhere)).flight_id == "ANZ527.2026-12-03.0830.XXA.NZCH"


def test_the_id_has_the_ident_that_the_provider_gave() -> None:
    jazz = sighting(
        OUT, ident="JZA8428", designators=frozenset({"JZA8428", "QK8428"}), codeshares=frozenset({"AC8428"})
    )
    one = flight(jazz)
    assert one.flight_id == "JZA8428.2026-12-03.0830.NZAA.NZCH"
    assert one.flight_iata == "QK8428"


def test_a_codeshare_s_row_alone_makes_a_flight_of_who_operates_it() -> None:
    assert flight(codeshare()).flight_id == ID


def test_of_a_codeshare_and_the_operating_flight_the_latter_gives_the_values() -> None:
    one = flight(codeshare(departure_gate="1", provider_status="theirs"), sighting(OUT, departure_gate="2"))
    assert (one.flight_id, one.flight_iata, one.departure_gate) == (ID, "NZ527", "2")


def test_a_flight_of_unknown_status_is_stored_as_such() -> None:
    assert flight(sighting(OUT, status=UNKNOWN)).status is UNKNOWN


def test_a_flight_that_departs_shortly_after_midnight_is_of_its_own_local_day() -> None:
    one = flight(sighting("2026-12-03 00:10"))
    assert (one.departure_date, one.local_date, one.scheduled_out) == (
        date(2026, 12, 3),
        date(2026, 12, 3),
        utc("2026-12-03 00:10"),
    )


# Later reports


@pytest.mark.parametrize("provider", [AVIATIONSTACK, AEROAPI])
def test_the_same_again_changes_nothing_and_keeps_the_version(provider: str) -> None:
    rows = [sighting(OUT, IN, status=ACTIVE, departure_gate="24", times={"actual_off": T_OUT})]
    first = flight(*rows)
    again = applied(first, report(*later(*rows, provider=provider)))
    assert (again.changes, again.outdated) == ((), False)
    assert again.flight == first._replace(observed_at=LATER, provider=provider)


def test_what_a_report_does_not_say_stays() -> None:
    said: dict[str, Any] = dict.fromkeys(DETAILS, "X")
    full = sighting(OUT, times=TWELVE, provider_status="En Route", status=ACTIVE, **said)
    silent = sighting(OUT, times={"scheduled_out": TWELVE["scheduled_out"]}, status=UNKNOWN)
    again = seen_again(*later(silent), before=full)
    assert again.changes == ()
    assert again.flight == flight(full)._replace(observed_at=LATER)


@pytest.mark.parametrize("name", [*TIMES[1:], *DETAILS])
def test_each_value_that_changes_is_one_change_and_one_version(name: str) -> None:
    value = T_OUT + 7 * MINUTE if name in TIMES else "7"
    kind: dict[str, Any] = {"times": {name: value}} if name in TIMES else {name: value}
    again = seen_again(*later(sighting(OUT, **kind), provider=AEROAPI))
    old = "2026-12-02T20:50:00Z" if name == "scheduled_in" else None
    new = "2026-12-02T19:37:00Z" if name in TIMES else "7"
    assert again.changes == (Change(ID, name, old, new, LATER, AEROAPI),)
    assert (again.flight.version, again.flight.updated_at, getattr(again.flight, name)) == (2, LATER, value)


def test_several_values_that_change_at_once_are_one_version() -> None:
    again = seen_again(*later(sighting(OUT, departure_gate="24", arrival_gate="15")))
    assert (len(again.changes), again.flight.version) == (2, 2)


def test_an_older_report_changes_nothing() -> None:
    first = flight(sighting(OUT, IN, observed_at=LATER))
    again = applied(first, report(sighting("2026-12-03 10:00", departure_gate="24", status=CANCELLED)))
    assert (again.flight, again.changes, again.outdated) == (first, (), True)


def test_a_report_of_the_same_moment_is_none_of_the_past() -> None:
    again = seen_again(sighting(OUT, departure_gate="24"))
    assert (again.flight.departure_gate, again.outdated) == ("24", False)


def test_codes_that_were_not_known_are_filled_in_without_a_change() -> None:
    first = flight(sighting(OUT, origin=replace(AKL, icao=""), **ICAO_ONLY))
    again = applied(first, report(*later(sighting(OUT))))
    assert (again.flight.origin_icao, again.flight.flight_iata, again.changes) == ("NZAA", "NZ527", ())
    assert again.flight.flight_id == first.flight_id == "ANZ527.2026-12-03.0830.AKL.NZCH"


def test_another_source_s_icao_code_of_the_same_airport_replaces_none() -> None:
    again = seen_again(*later(sighting(OUT, origin=replace(AKL, icao="NZZZ"), departure_gate="24")))
    assert (again.flight.origin_icao, again.flight.departure_gate, again.flight.flight_id) == ("NZAA", "24", ID)


# Retimes


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


# Status


@pytest.mark.parametrize("told", [SCHEDULED, ACTIVE, LANDED, ARRIVED, CANCELLED, DIVERTED])
@pytest.mark.parametrize("before", FlightStatus)
def test_the_provider_that_spoke_last_may_correct_itself(before: FlightStatus, told: FlightStatus) -> None:
    first = flight(sighting(OUT, status=before))
    assert after(first, *later(sighting(OUT, status=told))).status is told


@pytest.mark.parametrize("before", FlightStatus)
@pytest.mark.parametrize("provider", [AVIATIONSTACK, AEROAPI])
def test_a_status_that_nobody_knows_replaces_none(before: FlightStatus, provider: str) -> None:
    first = flight(sighting(OUT, status=before))
    assert after(first, *later(sighting(OUT, status=UNKNOWN), provider=provider)).status is before


HAPPENED = [
    (ACTIVE, SCHEDULED),
    (LANDED, SCHEDULED),
    (LANDED, ACTIVE),
    (ARRIVED, SCHEDULED),
    (ARRIVED, ACTIVE),
    (ARRIVED, LANDED),
    (DIVERTED, SCHEDULED),
    (DIVERTED, ACTIVE),
]


@pytest.mark.parametrize(("happened", "told"), HAPPENED)
def test_another_provider_does_not_take_back_what_has_happened(happened: FlightStatus, told: FlightStatus) -> None:
    first = flight(sighting(OUT, status=happened))
    assert after(first, *later(sighting(OUT, status=told), provider=AEROAPI)).status is happened


@pytest.mark.parametrize(("happened", "told"), HAPPENED)
def test_nor_does_it_when_it_says_so_again(happened: FlightStatus, told: FlightStatus) -> None:
    one = flight(sighting(OUT, status=happened))
    for hours in (1, 2, 3):
        one = after(one, sighting(OUT, status=told, provider=AEROAPI, observed_at=NOW + hours * HOUR))
    assert one.status is happened


@pytest.mark.parametrize(
    ("before", "told"), [(SCHEDULED, ACTIVE), (ACTIVE, ARRIVED), (LANDED, ARRIVED), (SCHEDULED, CANCELLED)]
)
def test_another_provider_may_know_of_more(before: FlightStatus, told: FlightStatus) -> None:
    first = flight(sighting(OUT, status=before))
    assert after(first, *later(sighting(OUT, status=told), provider=AEROAPI)).status is told


@pytest.mark.parametrize("status", [status for status in FlightStatus if status is not UNKNOWN])
def test_a_timetable_does_not_overrule_operations(status: FlightStatus) -> None:
    first = flight(sighting(OUT, status=status))
    published = sighting(OUT, status=SCHEDULED, from_timetable=True)
    for provider in (AVIATIONSTACK, AEROAPI):
        assert after(first, *later(published, provider=provider)).status is status


def test_a_timetable_tells_the_first_status() -> None:
    assert flight(sighting(OUT, status=SCHEDULED, from_timetable=True)).status is SCHEDULED


def test_the_same_provider_may_take_back_a_cancellation() -> None:
    first = flight(sighting(OUT, status=CANCELLED, provider_status="cancelled"))
    again = applied(first, report(*later(sighting(OUT, status=SCHEDULED, provider_status="scheduled"))))
    assert fields(again) == {"status": ("cancelled", "scheduled")}
    assert again.flight.provider_status == "scheduled"


def test_of_two_plans_the_one_that_was_not_given_up_gives_the_status() -> None:
    given_up, filed_anew = sighting(OUT, status=CANCELLED, provider_id="x1"), sighting(OUT, provider_id="x2")
    assert flight(given_up, filed_anew).status is flight(filed_anew, given_up).status is SCHEDULED


# Diversions


PLANNED = sighting(
    OUT,
    IN,
    provider=AEROAPI,
    provider_id="x1",
    status=DIVERTED,
    diverted_to="NZWN",
    times={"actual_off": T_OUT + 10 * MINUTE},
)
ALTERNATE = sighting(
    OUT,
    "2026-12-03 09:40",
    provider=AEROAPI,
    provider_id="x1",
    status=ARRIVED,
    destination=WLG,
    diverted_to="NZWN",
    arrival_gate="9",
    times={"actual_off": T_OUT + 10 * MINUTE, "actual_on": T_IN, "actual_in": T_IN + 5 * MINUTE},
)


@pytest.mark.parametrize("rows", [(PLANNED, ALTERNATE), (ALTERNATE, PLANNED)])
def test_a_diversion_in_two_rows_is_one_flight_with_its_planned_destination(rows: tuple[Sighting, ...]) -> None:
    again = after(flight(sighting(OUT, IN, provider=AEROAPI, provider_id="x1")), *later(*rows))
    assert (again.flight_id, again.destination, again.destination_iata) == (ID, "NZCH", "CHC")
    assert (again.status, again.diverted_to) == (DIVERTED, "NZWN")
    assert (again.scheduled_in, again.actual_on, again.actual_in) == (utc(IN), T_IN, T_IN + 5 * MINUTE)


@pytest.mark.parametrize("rows", [(PLANNED, ALTERNATE), (ALTERNATE, PLANNED)])
def test_a_diverted_flight_that_was_never_seen_before_is_the_planned_one(rows: tuple[Sighting, ...]) -> None:
    one = flight(*rows)
    assert (one.flight_id, one.status, one.diverted_to) == (ID, DIVERTED, "NZWN")


def test_the_other_airport_s_gate_is_none_of_the_planned_one() -> None:
    assert flight(PLANNED, ALTERNATE).arrival_gate == ""


def test_a_known_flight_of_which_only_the_row_to_another_airport_comes_is_diverted() -> None:
    first = flight(sighting(OUT, IN, provider=AEROAPI, provider_id="x1"))
    again = after(first, *later(replace(ALTERNATE, diverted_to="")))
    assert (again.flight_id, again.destination, again.diverted_to) == (ID, "NZCH", "NZWN")
    assert (again.scheduled_in, again.actual_in) == (utc(IN), T_IN + 5 * MINUTE)


def test_what_that_row_says_of_the_departure_is_believed() -> None:
    first = flight(sighting(OUT, IN, provider=AEROAPI, provider_id="x1"))
    again = after(first, *later(replace(ALTERNATE, departure_gate="24")))
    assert (again.actual_off, again.departure_gate) == (T_OUT + 10 * MINUTE, "24")


def test_the_way_on_from_the_other_airport_tells_nothing_of_the_first_departure() -> None:
    onward = sighting(
        "2026-12-03 11:00",
        provider=AEROAPI,
        provider_id="x1",
        origin=WLG,
        departure_gate="9",
        times={"actual_off": utc("2026-12-03 11:10")},
    )
    again = after(flight(PLANNED), *later(PLANNED, onward))
    assert (again.actual_off, again.departure_gate, again.scheduled_out) == (T_OUT + 10 * MINUTE, "", T_OUT)


# Manual flights


@pytest.mark.parametrize("review", [PENDING, REJECTED])
@pytest.mark.parametrize("provider", [AVIATIONSTACK, AEROAPI])
def test_a_provider_s_report_confirms_a_manual_flight(review: str, provider: str) -> None:
    first = flight(sighting(OUT, provider=MANUAL), review=review)
    again = applied(first, report(*later(sighting(OUT), provider=provider)))
    assert fields(again) == {"review": (review, CONFIRMED)}
    assert (again.flight.review, again.flight.version) == (CONFIRMED, 2)


def test_the_same_proposal_again_confirms_nothing() -> None:
    first = flight(sighting(OUT, provider=MANUAL), review=PENDING)
    assert first.review == PENDING
    assert applied(first, report(*later(sighting(OUT, provider=MANUAL)))).changes == ()


@st.composite
def reports(draw: st.DrawFn) -> list[Sighting]:
    """Whatever two providers say of one flight, each report later than the one before."""
    rows = []
    for number in range(draw(st.integers(1, 8))):
        times = {name: T_OUT + draw(st.integers(-9, 90)) * MINUTE for name in draw(st.sets(st.sampled_from(TIMES[1:])))}
        rows.append(
            sighting(
                draw(st.sampled_from([OUT, "2026-12-03 09:30", "2026-12-04 00:10"])),
                times=times,
                status=draw(st.sampled_from(FlightStatus)),
                provider=draw(st.sampled_from([AVIATIONSTACK, AEROAPI])),
                departure_gate=draw(st.sampled_from(["", "1", "2"])),
                from_timetable=draw(st.booleans()),
                observed_at=NOW + number * MINUTE,
            )
        )
    return rows


@given(reports())
def test_the_history_leads_from_nothing_to_the_present_values(rows: list[Sighting]) -> None:
    made = first_seen(report(rows[0]))
    one, values = made.flight, dict[str, str | None]()
    for row in rows[1:]:
        said = applied(one, report(row))
        for change in said.changes:
            assert change.old != change.new
            assert values.get(change.field, change.old) == change.old
            values[change.field] = change.new
        assert said.flight.version == one.version + bool(said.changes)
        assert said.flight[:6] == one[:6]
        one = said.flight
    for name, value in values.items():
        present = getattr(one, name)
        told = present.value if isinstance(present, FlightStatus) else present
        assert value == (f"{told:%Y-%m-%dT%H:%M:%SZ}" if isinstance(told, datetime) else told or None)


@given(reports())
def test_every_report_said_once_more_changes_nothing(rows: list[Sighting]) -> None:
    one = flight(rows[0])
    for row in rows[1:]:
        one = after(one, row)
        assert applied(one, report(row)).changes == ()
