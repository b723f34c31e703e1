"""What a report makes of a flight: its values, its changes, and what it leaves as it was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.news import ACTIVE, CANCELLED, DETAILS, ICAO_ONLY, MINUTE, T_OUT, TWELVE, UNKNOWN, later, seen_again
from domain.sightings import (
    AEROAPI,
    AKL,
    AVIATIONSTACK,
    HNL,
    ID,
    IN,
    LATER,
    NOW,
    OUT,
    after,
    codeshare,
    flight,
    report,
    sighting,
    utc,
)
from flightctl.domain.flight import CONFIRMED, TIMES, FlightStatus
from flightctl.domain.flight_news import Change, applied, first_seen
from flightctl.domain.sighting import Place, Sighting

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
    first = flight(sighting(OUT, origin=AKL._replace(icao=""), **ICAO_ONLY))
    again = applied(first, report(*later(sighting(OUT))))
    assert (again.flight.origin_icao, again.flight.flight_iata, again.changes) == ("NZAA", "NZ527", ())
    assert again.flight.flight_id == first.flight_id == "ANZ527.2026-12-03.0830.AKL.NZCH"


def test_another_source_s_icao_code_of_the_same_airport_replaces_none() -> None:
    again = seen_again(*later(sighting(OUT, origin=AKL._replace(icao="NZZZ"), departure_gate="24")))
    assert (again.flight.origin_icao, again.flight.departure_gate, again.flight.flight_id) == ("NZAA", "24", ID)


# Any story


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
