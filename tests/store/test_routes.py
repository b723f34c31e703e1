"""Route entries in SQL: what is stored, what is kept, what is forgotten."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from flightctl.domain.route import EntryStatus, Leg, Route, RouteEntry, direct
from flightctl.store import routes
from flightctl.store.engine import Database
from flightctl.store.routes import RememberedAbsence
from running import Rows

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TTL = timedelta(days=30)
KEY = "flight:NZ527"
TO_CHC = direct("NZ527", "NZ", "AKL", "CHC")
TO_WLG = direct("NZ527", "NZ", "AKL", "WLG")
VIA: tuple[Leg, ...] = (("AKL", "WLG"), ("WLG", "CHC"))
VIA_WLG = Route("NZ527", "NZ", "AKL", "CHC", VIA)


def store(db: Database, route: Route, now: datetime = NOW, provider: str = "aviationstack") -> None:
    with db.writing() as session:
        routes.store(session, route, provider, None, now)


def store_pending(db: Database, route: Route, now: datetime = NOW) -> None:
    with db.writing() as session:
        routes.store_pending(session, route, now)


def entry(db: Database, status: EntryStatus = EntryStatus.CONFIRMED, key: str = KEY) -> RouteEntry | None:
    with db.reading() as session:
        return routes.entries(session, [key], status).get(key)


def remember(
    db: Database, learned_at: datetime = NOW, key: str = KEY, lifetime: timedelta = timedelta(hours=1)
) -> None:
    absence = RememberedAbsence(key, "aviationstack", learned_at, learned_at + lifetime)
    with db.writing() as session:
        routes.remember_absence(session, absence, fresh_since=learned_at - TTL)


def absent(db: Database, now: datetime = NOW, key: str = KEY) -> bool:
    with db.reading() as session:
        return bool(routes.absent(session, [key], now))


def test_an_answer_is_stored_confirmed(db: Database, rows: Rows) -> None:
    store(db, TO_CHC)
    found = rows(
        "SELECT cache_key, airline_iata, departure_iata, arrival_iata, status, provider, payload_source "
        "FROM aviationstack_cache"
    )
    assert found == [(KEY, "NZ", "AKL", "CHC", "confirmed", "aviationstack", None)]


def test_a_newer_answer_takes_the_place_of_an_older_one(db: Database, rows: Rows) -> None:
    store(db, TO_CHC)
    ((id_, created_at),) = rows("SELECT id, created_at FROM aviationstack_cache")
    store(db, TO_WLG, NOW + timedelta(hours=1), "aeroapi")
    known = entry(db)
    assert known
    assert (known.route, known.provider) == (TO_WLG, "aeroapi")
    assert (known.cached_at, known.refreshed_at) == (NOW, NOW + timedelta(hours=1))
    assert rows("SELECT id, created_at FROM aviationstack_cache") == [(id_, created_at)]
    assert UUID(id_).version == 4


def test_an_answer_that_was_overtaken_is_not_kept(db: Database) -> None:
    store(db, TO_CHC, NOW + timedelta(seconds=1))
    store(db, TO_WLG, NOW)
    known = entry(db)
    assert known
    assert (known.route, known.refreshed_at) == (TO_CHC, NOW + timedelta(seconds=1))


@pytest.mark.parametrize("provider", ["aviationstack", "manual"])
def test_an_entry_that_a_wrong_clock_dated_later_gives_way(db: Database, provider: str) -> None:
    store(db, TO_CHC, NOW + timedelta(days=40))
    store(db, TO_WLG, NOW, provider)
    known = entry(db)
    assert known
    assert (known.route, known.refreshed_at) == (TO_WLG, NOW)


def test_what_staff_confirm_is_never_overtaken(db: Database) -> None:
    store(db, TO_CHC, NOW + timedelta(seconds=1))
    store(db, TO_WLG, NOW, "manual")
    known = entry(db)
    assert known
    assert known.route == TO_WLG


def test_an_answer_settles_a_pending_row_however_new_that_is(db: Database) -> None:
    store_pending(db, TO_WLG, NOW + timedelta(seconds=1))
    store(db, TO_CHC, NOW)
    known = entry(db)
    assert known
    assert (known.route, known.provider) == (TO_CHC, "aviationstack")
    assert entry(db, EntryStatus.PENDING) is None


def test_legs_are_replaced_with_their_route(db: Database, rows: Rows) -> None:
    store(db, VIA_WLG)
    known = entry(db)
    assert known
    assert known.route == VIA_WLG
    store(db, TO_CHC, NOW + timedelta(hours=1))
    again = entry(db)
    assert again
    assert again.route == TO_CHC
    assert rows("SELECT count(*) FROM route_legs") == [(0,)]


def test_a_direct_route_keeps_no_legs(db: Database, rows: Rows) -> None:
    store(db, TO_CHC)
    assert rows("SELECT count(*) FROM route_legs") == [(0,)]


def test_the_payload_is_kept_as_json(db: Database, rows: Rows) -> None:
    with db.writing() as session:
        routes.store(session, TO_CHC, "aviationstack", [{"flight": {"iata": "NZ527"}, "live": None}], NOW)
    [(payload,)] = rows("SELECT CAST(payload_source AS TEXT) FROM aviationstack_cache")
    assert json.loads(payload) == [{"flight": {"iata": "NZ527"}, "live": None}]


def test_a_later_answer_without_a_payload_clears_it(db: Database, rows: Rows) -> None:
    with db.writing() as session:
        routes.store(session, TO_CHC, "aviationstack", [{"flight": 1}], NOW)
    store(db, TO_CHC, NOW + timedelta(hours=1))
    assert rows("SELECT payload_source IS NULL FROM aviationstack_cache") == [(1,)]


def test_a_pending_row_says_manual(db: Database) -> None:
    store_pending(db, TO_CHC)
    known = entry(db, EntryStatus.PENDING)
    assert known
    assert (known.route, known.provider, known.status) == (TO_CHC, "manual", EntryStatus.PENDING)
    assert entry(db) is None


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_pending_row_never_takes_the_place_of_another(db: Database, confirmed: bool) -> None:
    (store if confirmed else store_pending)(db, TO_CHC)
    store_pending(db, TO_WLG, NOW + timedelta(hours=1))
    status = EntryStatus.CONFIRMED if confirmed else EntryStatus.PENDING
    known = entry(db, status)
    assert known
    assert (known.route, known.refreshed_at) == (TO_CHC, NOW)


def test_an_entry_that_is_vouched_for_again_is_fresh_from_then(db: Database) -> None:
    store(db, TO_CHC, NOW - 2 * TTL, "manual")
    remember(db, NOW - timedelta(minutes=1))
    with db.writing() as session:
        routes.vouch_again(session, KEY, NOW)
    known = entry(db)
    assert known
    assert (known.cached_at, known.refreshed_at) == (NOW - 2 * TTL, NOW)
    assert not absent(db)


def test_a_pending_row_is_reduced_to_the_proposal_that_is_left(db: Database) -> None:
    store_pending(db, TO_CHC)
    with db.writing() as session:
        routes.reduce_pending(session, KEY, TO_WLG)
    known = entry(db, EntryStatus.PENDING)
    assert known
    assert known.route == TO_WLG
    with db.writing() as session:
        routes.reduce_pending(session, KEY, None)
    assert entry(db, EntryStatus.PENDING) is None


def test_a_confirmed_row_is_not_reduced(db: Database) -> None:
    store(db, TO_CHC)
    with db.writing() as session:
        routes.reduce_pending(session, KEY, None)
        routes.reduce_pending(session, KEY, TO_WLG)
    known = entry(db)
    assert known
    assert known.route == TO_CHC


def test_reducing_what_is_not_there_is_nothing(db: Database) -> None:
    with db.writing() as session:
        routes.reduce_pending(session, KEY, TO_WLG)
    assert entry(db, EntryStatus.PENDING) is None


def test_what_is_removed_is_gone_with_its_legs_and_absence(db: Database, rows: Rows) -> None:
    store(db, VIA_WLG, NOW - 2 * TTL)
    remember(db)
    with db.writing() as session:
        assert routes.remove(session, KEY)
    assert rows(
        "SELECT (SELECT count(*) FROM aviationstack_cache), (SELECT count(*) FROM route_legs), "
        "(SELECT count(*) FROM absences)"
    ) == [(0, 0, 0)]


def test_removing_what_is_not_there_says_so(db: Database) -> None:
    with db.writing() as session:
        assert not routes.remove(session, KEY)


def test_an_error_undoes_the_whole_transaction(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _store_and_fail(db)
    assert entry(db) is None


def _store_and_fail(db: Database) -> None:
    with db.writing() as session:
        routes.store(session, VIA_WLG, "aviationstack", None, NOW)
        raise ZeroDivisionError


def test_entries_are_counted_by_status_and_age(db: Database) -> None:
    for number, age in enumerate((timedelta(), TTL - timedelta.resolution, TTL, 2 * TTL)):
        store(db, direct(f"NZ{number}", "NZ", "AKL", "CHC"), NOW - age)
    store_pending(db, direct("NZ9", "NZ", "AKL", "CHC"), NOW - 2 * TTL)
    with db.reading() as session:
        assert routes.count_by_status(session, NOW - TTL) == (4, 1, 2)


def test_an_empty_cache_counts_nothing(db: Database) -> None:
    with db.reading() as session:
        assert routes.count_by_status(session, NOW) == (0, 0, 0)


def test_stale_entries_come_oldest_first_and_pending_ones_not_at_all(db: Database) -> None:
    for flight, age in (("NZ3", TTL), ("NZ1", 2 * TTL), ("NZ2", TTL), ("NZ4", TTL - timedelta.resolution)):
        store(db, direct(flight, "NZ", "AKL", "CHC"), NOW - age)
    store_pending(db, direct("NZ9", "NZ", "AKL", "CHC"), NOW - 3 * TTL)
    with db.reading() as session:
        found = routes.stale_entries(session, NOW - TTL)
    assert [one.route.flight_iata for one in found] == ["NZ1", "NZ2", "NZ3"]


def test_an_absence_is_forgotten_when_an_answer_comes(db: Database) -> None:
    remember(db)
    assert absent(db)
    store(db, TO_CHC)
    assert not absent(db)


def test_an_absence_is_never_remembered_over_a_fresh_entry(db: Database) -> None:
    store(db, TO_CHC, NOW - TTL + timedelta.resolution)
    remember(db)
    assert not absent(db)


def test_the_absence_of_a_stale_entry_is_remembered_beside_it(db: Database) -> None:
    store(db, TO_CHC, NOW - TTL)
    remember(db)
    known = entry(db)
    assert absent(db)
    assert known
    assert known.refreshed_at == NOW - TTL


def test_an_absence_over_a_pending_row_leaves_it(db: Database) -> None:
    store_pending(db, TO_CHC)
    remember(db)
    assert absent(db)
    assert entry(db, EntryStatus.PENDING)


def test_an_absence_learned_again_lasts_longer(db: Database) -> None:
    remember(db, NOW - timedelta(minutes=50))
    remember(db, NOW)
    assert absent(db, NOW + timedelta(minutes=59))


def test_absences_a_month_over_are_dropped_unless_an_entry_stands_beside_them(db: Database, rows: Rows) -> None:
    store(db, direct("NZ1", "NZ", "AKL", "CHC"), NOW - 3 * TTL)
    for number in (1, 2):
        remember(db, NOW - timedelta(days=31), f"flight:NZ{number}")
    remember(db, NOW, "flight:NZ3")
    assert rows("SELECT cache_key FROM absences ORDER BY 1") == [("flight:NZ1",), ("flight:NZ3",)]


def test_an_absence_that_is_over_is_known_for_a_month_as_why_upstream_is_asked_again(db: Database, rows: Rows) -> None:
    remember(db, NOW - timedelta(days=30), "flight:NZ2")
    remember(db, NOW, "flight:NZ3")
    assert rows("SELECT cache_key FROM absences ORDER BY 1") == [("flight:NZ2",), ("flight:NZ3",)]
    assert not absent(db, NOW, "flight:NZ2")
