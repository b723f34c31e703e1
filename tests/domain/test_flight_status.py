"""What reports make of a flight's status, of a diversion, and of a flight that was entered by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.news import (
    ACTIVE,
    ARRIVED,
    CANCELLED,
    DIVERTED,
    HOUR,
    LANDED,
    MINUTE,
    SCHEDULED,
    T_IN,
    T_OUT,
    UNKNOWN,
    fields,
    later,
)
from domain.sightings import (
    AEROAPI,
    AVIATIONSTACK,
    ID,
    IN,
    MANUAL,
    NOW,
    OUT,
    WLG,
    after,
    flight,
    report,
    sighting,
    utc,
)
from flightctl.domain.flight import CONFIRMED, PENDING, REJECTED, FlightStatus
from flightctl.domain.flight_news import applied
from flightctl.domain.sighting import Sighting

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
