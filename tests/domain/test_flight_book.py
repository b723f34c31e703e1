"""Answers taken up in a row: one record for each flight, whatever becomes of it and whoever tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.oracle import HOUR, World, worlds
from domain.sightings import AEROAPI, AKL, CHC, HNL, ID, LATER, MANUAL, NOW, OUT, WLG, codeshare, flight, sighting, utc
from domain.telling import Store, Telling, ids, now_at, take
from flightctl.domain.flight import CONFIRMED, PENDING, FlightStatus
from flightctl.domain.flight_book import Book, possible_ids
from flightctl.domain.flight_entry import CODESHARE, DESIGNATOR, SCHEDULE, Entry


@settings(max_examples=60)
@given(worlds(), st.data())
def test_one_record_is_kept_for_each_flight_whatever_two_providers_tell_of_it(
    world: World, data: st.DataObject
) -> None:
    telling = Telling(world, data)
    for _ in range(data.draw(st.integers(2, 6), label="answers")):
        telling.step()


# Single stories


def test_a_flight_is_found_by_the_names_of_both_providers_in_either_order() -> None:
    marketed = sighting(OUT, ident="ACA8428", designators=frozenset({"AC8428", "ACA8428"}))
    operated = sighting(
        OUT,
        ident="JZA8428",
        designators=frozenset({"JZA8428", "QK8428"}),
        codeshares=frozenset({"AC8428", "ACA8428"}),
        provider=AEROAPI,
        provider_id="x1",
        origin=AKL._replace(icao="NZZZ"),
        observed_at=LATER,
    )
    for first, second, ident in ((marketed, operated, "ACA8428"), (operated, marketed, "JZA8428")):
        store: Store = {}
        take(store, replace(first, observed_at=NOW))
        take(store, replace(second, observed_at=LATER))
        [entry] = store.values()
        assert entry.flight.flight_id == f"{ident}.2026-12-03.0830.{first.origin.icao}.NZCH"
        assert entry.aliases.keys() - _schedules(entry) == {"AC8428", "ACA8428", "JZA8428", "QK8428", "x1"}
        assert entry.aliases["x1"] == AEROAPI


def _schedules(entry: Entry) -> set[str]:
    return {alias for alias, kind in entry.aliases.items() if kind == SCHEDULE}


def test_a_report_that_is_older_than_what_is_known_is_known_by_a_schedule_that_the_flight_had() -> None:
    told = [
        sighting(out, observed_at=NOW + n * HOUR)
        for n, out in enumerate([OUT, "2026-12-03 20:00", "2026-12-04 07:30", "2026-12-04 19:00"])
    ]
    store: Store = {}
    for row in told:
        take(store, row)
    assert [take(store, row)[0].outdated for row in told] == [True, True, True, False]
    assert list(store) == [ID]


def test_an_answer_that_is_overtaken_by_a_later_one_still_names_the_flight() -> None:
    store: Store = {}
    take(store, sighting(OUT, observed_at=LATER))
    [passed] = take(store, sighting(OUT, codeshares=frozenset({"SQ4321"}), observed_at=NOW), asked=["LH9999"])
    assert passed.outdated
    assert {"SQ4321", "LH9999"} <= store[ID].aliases.keys()


def test_a_schedule_that_a_flight_had_is_another_s_later_on() -> None:
    store: Store = {}
    for n, out in enumerate([OUT, "2026-12-03 11:00", "2026-12-03 14:00"]):
        take(store, sighting(out, observed_at=NOW + n * HOUR))
    at = NOW + 3 * HOUR
    take(store, sighting("2026-12-03 11:00", observed_at=at), sighting("2026-12-03 14:00", observed_at=at))
    assert sorted(store) == ["ANZ527.2026-12-03.0830.NZAA.NZCH", "ANZ527.2026-12-03.1100.NZAA.NZCH"]


def test_what_operates_is_a_designator_and_what_sells_a_codeshare() -> None:
    store: Store = {}
    take(store, codeshare())
    assert store[ID].aliases == {
        "ANZ527": DESIGNATOR,
        "NZ527": CODESHARE,
        "SQ4321": CODESHARE,
        "SIA4321": CODESHARE,
    }


def test_a_codeshare_row_and_later_the_operating_one_are_one_flight() -> None:
    store: Store = {}
    take(store, codeshare())
    [again] = take(store, sighting("2026-12-03 10:00", observed_at=LATER))
    assert (again.flight.flight_id, again.flight.version) == (ID, 2)


def test_names_that_were_asked_for_find_it_too() -> None:
    store: Store = {}
    take(store, sighting(OUT), asked=["LH9999"])
    assert store[ID].aliases["LH9999"] == CODESHARE


def test_the_same_row_twice_in_an_answer_is_one_flight() -> None:
    assert len(take({}, sighting(OUT), sighting(OUT))) == 1


def test_a_leg_that_is_put_off_until_after_the_next_one_is_the_same_leg() -> None:
    """A provider may be slow to put off the leg that follows."""
    store: Store = {}
    onward = sighting("2026-12-03 11:00", origin=CHC, destination=WLG)
    first, second = ids(take(store, sighting(OUT), onward))
    late = [sighting("2026-12-03 12:30", observed_at=LATER), replace(onward, observed_at=LATER)]
    assert ids(take(store, *late)) == [first, second]


def test_two_numbers_that_share_a_partner_s_number_may_pass_each_other() -> None:
    """NZ527 and NZ529 fly daily, and SQ4321 is sold on another one of them each day."""
    store: Store = {}
    other: dict[str, Any] = {"ident": "ANZ529", "designators": frozenset({"NZ529", "ANZ529"})}
    partner: dict[str, Any] = {"codeshares": frozenset({"SQ4321"})}
    rows = [
        sighting("2026-12-03 08:30", **partner),
        sighting("2026-12-03 10:30", **other),
        sighting("2026-12-04 08:30"),
        sighting("2026-12-04 10:30", **other, **partner),
    ]
    before = ids(take(store, *rows))
    late = sighting("2026-12-03 12:30", **partner)
    assert ids(take(store, *(replace(row, observed_at=LATER) for row in [late, *rows[1:]]))) == before


def test_a_flight_that_takes_another_one_s_place_is_not_taken_for_it() -> None:
    """The evening's rotation is moved to the morning's old time, and the morning's one away from there."""
    store: Store = {}
    before = ids(take(store, sighting("2026-12-03 08:30"), sighting("2026-12-03 12:30")))
    answer = [sighting(out, observed_at=LATER) for out in ("2026-12-03 04:30", "2026-12-03 08:30")]
    assert ids(take(store, *answer)) == before


def test_a_rotation_that_is_new_is_not_the_one_that_left_its_place() -> None:
    """08:30 is known; 08:30 and an extra section at 07:30 are reported."""
    store: Store = {}
    take(store, sighting("2026-12-03 08:30"))
    answer = [sighting(out, observed_at=LATER) for out in ("2026-12-03 07:30", "2026-12-03 08:30")]
    assert ids(take(store, *answer)) == ["ANZ527.2026-12-03.0730.NZAA.NZCH", ID]


def test_a_row_at_the_time_of_which_an_id_tells_is_that_flight_s() -> None:
    """It was put off from 08:30 to 10:00; now 08:30 is told again, and 09:50 beside it."""
    store: Store = {}
    take(store, sighting(OUT))
    take(store, sighting("2026-12-03 10:00", observed_at=LATER))
    outs = ["2026-12-03 09:50", OUT]
    both = [sighting(out, observed_at=LATER + HOUR) for out in outs]
    assert ids(take(store, *both)) == ["ANZ527.2026-12-03.0950.NZAA.NZCH", ID]
    assert sorted(now_at(store).values()) == sorted(map(utc, outs))


def test_what_the_second_part_of_an_answer_tells_is_none_of_what_the_first_one_told() -> None:
    store: Store = {}
    take(store, sighting(OUT))
    take(store, sighting(OUT, observed_at=LATER))
    take(store, sighting("2026-12-03 12:30", observed_at=LATER))
    assert sorted(now_at(store).values()) == [utc(OUT), utc("2026-12-03 12:30")]


def test_by_its_id_a_flight_may_overtake_others() -> None:
    store: Store = {}
    outs = ["2026-12-03 08:30", "2026-12-03 16:30", "2026-12-04 08:30"]
    before = ids(take(store, *(sighting(out, provider_id=f"x{i}") for i, out in enumerate(outs))))
    outs = ["2026-12-05 20:30", "2026-12-03 06:30", "2026-12-03 15:00"]
    after = [sighting(out, provider_id=f"x{i}", observed_at=LATER) for i, out in enumerate(outs)]
    assert ids(take(store, *after)) == before
    assert sorted(now_at(store).values()) == sorted(utc(out) for out in outs)


def test_an_id_of_one_provider_says_nothing_of_another_one_s() -> None:
    store: Store = {}
    take(store, sighting(OUT, provider_id="x1"))
    assert len(take(store, sighting("2026-12-05 08:30", provider_id="x1", provider=AEROAPI, observed_at=LATER))) == 1
    assert len(store) == 2


@pytest.mark.parametrize("turned", [1, -1])
def test_a_plan_that_was_filed_anew_and_the_old_one_beside_it_are_one_flight(turned: int) -> None:
    """The second id came first alone; then the provider tells of both."""
    store: Store = {}
    take(store, sighting(OUT, provider_id="x1"))
    take(store, sighting(OUT, provider_id="x2", observed_at=LATER))
    both = [
        sighting(OUT, provider_id="x1", status=FlightStatus.CANCELLED, observed_at=LATER + HOUR),
        sighting("2026-12-03 10:00", provider_id="x2", observed_at=LATER + HOUR),
    ][::turned]
    [one] = take(store, *both)
    assert (one.flight.flight_id, one.flight.status) == (ID, FlightStatus.SCHEDULED)
    assert one.flight.departs_at == utc("2026-12-03 10:00")
    assert [again.changes for again in take(store, *both)] == [()]


def test_an_older_answer_neither_changes_a_flight_nor_makes_another_one() -> None:
    store: Store = {}
    take(store, sighting("2026-12-03 10:00", observed_at=LATER))
    [one] = take(store, sighting(OUT))
    assert (one.outdated, one.flight.flight_id, len(store)) == (True, "ANZ527.2026-12-03.1000.NZAA.NZCH", 1)


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("status", [FlightStatus.DIVERTED, FlightStatus.CANCELLED])
def test_a_diversion_in_two_rows_is_the_flight_that_another_provider_told_of(turned: int, status: FlightStatus) -> None:
    store: Store = {}
    take(store, sighting(OUT))
    more: dict[str, Any] = {"provider": AEROAPI, "provider_id": "x1", "observed_at": LATER, "diverted_to": "NZWN"}
    rows = [
        sighting("2026-12-03 08:40", status=status, **more),
        sighting("2026-12-03 08:40", status=FlightStatus.ARRIVED, destination=WLG, **more),
    ][::turned]
    [one] = take(store, *rows)
    assert (one.flight.flight_id, one.flight.diverted_to, len(store)) == (ID, "NZWN", 1)


def test_a_flight_whose_id_is_known_is_found_when_only_the_row_to_another_airport_is_told() -> None:
    store: Store = {}
    take(store, sighting(OUT, provider_id="x1"))
    [one] = take(store, sighting("2026-12-03 08:40", provider_id="x1", destination=WLG, observed_at=LATER))
    assert (one.flight.flight_id, one.flight.diverted_to, len(store)) == (ID, "NZWN", 1)


def test_a_pending_flight_is_confirmed_by_what_a_provider_tells_of_it_however_retimed() -> None:
    store: Store = {}
    manual = sighting(OUT, provider=MANUAL, ident="NZ527", designators=frozenset({"NZ527"}))
    take(store, manual, review=PENDING)
    [one] = take(store, sighting("2026-12-03 09:15", observed_at=LATER, origin=AKL._replace(icao="NZZZ")))
    assert (one.flight.flight_id, one.flight.review) == ("NZ527.2026-12-03.0830.NZAA.NZCH", CONFIRMED)
    assert {"ANZ527", "NZ527"} <= store[one.flight.flight_id].aliases.keys()


def test_over_the_date_line_each_leg_is_of_its_own_origin_s_day() -> None:
    """Auckland in the evening of the 3rd, Honolulu in the morning of the 3rd, and on to Auckland on the 4th."""
    rows = [
        sighting("2026-12-03 21:00", destination=HNL),
        sighting("2026-12-03 10:00", origin=HNL, destination=AKL),
    ]
    assert ids(take({}, *rows)) == ["ANZ527.2026-12-03.2100.NZAA.PHNL", "ANZ527.2026-12-03.1000.PHNL.NZAA"]


def test_what_is_made_and_changed_in_one_book_is_written_once_in_its_last_state() -> None:
    book = Book([])
    book.take([sighting(OUT)])
    book.take([sighting(OUT, departure_gate="24", observed_at=LATER)])
    book.take([sighting(OUT, departure_gate="24", observed_at=LATER + HOUR)])
    made = book.written.created[ID]
    assert (made.departure_gate, made.version, made.observed_at) == ("24", 2, LATER + HOUR)
    assert not book.written.changed
    assert not book.written.seen


def test_what_is_changed_and_then_seen_unchanged_is_written_as_changed() -> None:
    book = Book([Entry(flight(), {"NZ527": DESIGNATOR})])
    for hours, gate in enumerate(["", "24", "24"]):
        book.take([sighting(OUT, departure_gate=gate, observed_at=LATER + hours * HOUR)])
    assert book.written.changed.keys() == {ID}
    assert book.written.changed[ID].observed_at == LATER + 2 * HOUR
    assert not book.written.seen


def test_the_rows_of_many_numbers_are_taken_up_each_for_itself() -> None:
    names = [(f"NZ{n}", f"ANZ{n}") for n in range(1, 40)]
    rows = [sighting(OUT, ident=icao, designators=frozenset({iata, icao})) for iata, icao in names]
    assert sorted(ids(take({}, *rows))) == sorted(f"{icao}.2026-12-03.0830.NZAA.NZCH" for _, icao in names)


def test_the_ids_that_rows_would_get_are_those_that_they_get() -> None:
    rows = [sighting(OUT), codeshare("2026-12-04 08:30")]
    assert possible_ids(rows) == set(ids(take({}, *rows)))
