"""Stored flights are found by their names on their days, and by providers' ids."""

from __future__ import annotations

from datetime import date

import pytest

from domain.sightings import ID, LATER, MANUAL, NOW, OUT, sighting, utc
from flightctl.domain.flight import PENDING, REJECTED
from flightctl.store import flights
from flightctl.store.engine import Database
from store.flight_tables import FOURTH, HOUR, THIRD, found, near, of_day, take


def test_a_flight_is_found_by_each_of_its_names_on_its_day(db: Database) -> None:
    take(db, sighting(OUT, codeshares=frozenset({"SQ4321"})), asked=["LH9999"])
    for name in ("NZ527", "ANZ527", "SQ4321", "LH9999"):
        assert of_day(db, THIRD, name) == [ID]
        assert of_day(db, FOURTH, name) == []
    assert of_day(db, THIRD, "NZ528") == of_day(db, THIRD, "nz527") == of_day(db, THIRD, "NZ52%") == []


@pytest.mark.parametrize("out", ["2026-12-04 00:10", "2026-12-02 23:50"])
def test_a_flight_that_was_put_to_another_day_is_found_on_both(db: Database, out: str) -> None:
    take(db, sighting(OUT, provider_id="x1"))
    take(db, sighting(out, provider_id="x1", codeshares=frozenset({"SQ4321"}), observed_at=LATER))
    for name in ("NZ527", "SQ4321"):
        assert of_day(db, THIRD, name) == of_day(db, date.fromisoformat(out[:10]), name) == [ID]
    assert near(db, "NZ527", utc(OUT), utc(OUT)) == set()


def test_a_flight_that_was_put_back_is_found_on_its_day_only(db: Database) -> None:
    for hours, out in enumerate([OUT, "2026-12-04 00:10", OUT]):
        take(db, sighting(out, provider_id="x1", observed_at=NOW + hours * HOUR))
    assert (of_day(db, THIRD), of_day(db, FOURTH)) == ([ID], [])
    assert near(db, "NZ527", utc(OUT), utc(OUT)) == {ID}


def test_the_flights_of_a_day_come_in_order_of_their_present_departure(db: Database) -> None:
    take(db, sighting("2026-12-03 08:30"), sighting("2026-12-03 12:30", "", provider_id="x1"))
    take(db, sighting("2026-12-03 06:30", provider_id="x1", observed_at=LATER))
    assert of_day(db, THIRD) == ["ANZ527.2026-12-03.1230.NZAA.NZCH", ID]


@pytest.mark.parametrize("review", [PENDING, REJECTED])
def test_what_is_not_confirmed_is_no_flight_of_the_day(db: Database, review: str) -> None:
    take(db, sighting(OUT, provider=MANUAL), review=review)
    assert of_day(db, THIRD) == []
    assert found(db).review == review
    with db.reading() as session:
        assert [one.flight_id for one in flights.pending(session)] == ([ID] if review == PENDING else [])


@pytest.mark.parametrize(
    ("first", "last", "is_near"),
    [(-1, 1, True), (0, 0, True), (0, 12, True), (-12, 0, True), (1, 13, False), (-13, -1, False), (1, -1, False)],
)
@pytest.mark.parametrize("out", ["2026-12-03 00:10", "2026-12-03 12:30", "2026-12-03 23:50"])
def test_near_are_the_flights_that_depart_between_two_moments_both_included(
    db: Database, out: str, first: int, last: int, is_near: bool
) -> None:
    [made] = take(db, sighting(out))
    ids = near(db, "NZ527", utc(out) + first * HOUR, utc(out) + last * HOUR)
    assert ids == ({made.flight.flight_id} if is_near else set())


def test_more_names_than_one_statement_holds_are_found_each_in_its_span(db: Database) -> None:
    names = [(f"NZ{n}", f"ANZ{n}") for n in range(1, 451)]
    take(db, *(sighting(OUT, ident=icao, designators=frozenset({iata, icao})) for iata, icao in names))
    out, later = utc(OUT), utc(OUT) + HOUR
    spans = {iata: (out, out) if n % 2 else (later, later) for n, (iata, _) in enumerate(names)}
    with db.reading() as session:
        ids = flights.ids_near(session, spans)
    assert ids == {f"{icao}.2026-12-03.0830.NZAA.NZCH" for _, icao in names[1::2]}


def test_more_ids_than_one_statement_holds_are_found_with_what_they_go_by(db: Database) -> None:
    outs = [f"{utc(OUT) + n * 24 * HOUR:%Y-%m-%d} 08:30" for n in range(520)]
    made = take(db, *(sighting(out, provider_id=f"x{n}") for n, out in enumerate(outs)))
    with db.reading() as session:
        entries = flights.entries(session, [one.flight.flight_id for one in made])
        by_provider = flights.ids_of_aliases(session, [f"x{n}" for n in range(520)])
    assert {entry.flight.flight_id: entry.flight for entry in entries} == {
        one.flight.flight_id: one.flight for one in made
    }
    assert all(len(entry.aliases) == 3 for entry in entries)
    assert by_provider == {one.flight.flight_id for one in made}


def test_a_flight_that_is_not_there_is_not_found(db: Database) -> None:
    with db.reading() as session:
        assert flights.find(session, ID) is None
        assert flights.entries(session, [ID]) == []
        assert flights.history(session, ID) == []
        assert flights.ids_of_aliases(session, []) == flights.ids_near(session, {}) == set()


@pytest.mark.parametrize("alias", ["NZ527' OR '1'='1", "%", "*", "'; DROP TABLE flights; --", "é\x01"])
def test_no_name_is_read_as_anything_but_a_name(db: Database, alias: str) -> None:
    take(db, sighting(OUT), asked=[alias])
    assert of_day(db, THIRD, alias) == [ID]
    assert of_day(db, THIRD, alias + "x") == []
