"""One contract for both read paths: the standard library's reader of hits, and SQLModel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightctl.domain.airline import Airline
from flightctl.domain.route import EntryStatus, Route, RouteEntry, direct
from flightctl.errors import Corrupt
from flightctl.store import references, routes
from flightctl.store.engine import Database
from flightctl.store.hits import open_reader
from flightctl.store.models import sqlite_text
from running import Cached, Rows
from store.engines import locally

_SHARED_FILE = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""Examples read one file that they do not change."""
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PW494 = Route("PW494", "PW", "BKZ", "DAR", (("BKZ", "MWZ"), ("MWZ", "DAR")))


@pytest.fixture
def cached(rows: Rows) -> Cached:
    """As everywhere, and into the remote as well."""

    def put(
        flight: str, departure: str = "AKL", arrival: str = "CHC", *, age_s: float = 60, status: str = "confirmed"
    ) -> None:
        rows(
            "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, "
            "status, refreshed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            f"flight:{flight}",
            *(flight, flight[:2], departure, arrival, status),
            sqlite_text(datetime.now(UTC) - timedelta(seconds=age_s)),
        )

    return put


class Reader(Protocol):
    """What a look-up reads from the local file."""

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]: ...
    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]: ...
    def absent(self, cache_keys: Sequence[str], now: datetime) -> set[str]: ...
    def holders(self, airline: str) -> list[Airline]: ...


class HitReader:
    """The standard library's way."""

    def __init__(self, path: Path) -> None:
        self._reader = open_reader(path)
        self.entries = self._reader.entries
        self.entries_with_prefix = self._reader.entries_with_prefix
        self.holders = self._reader.holders
        self.close = self._reader.close

    def absent(self, cache_keys: Sequence[str], now: datetime) -> set[str]:
        return {key for key, until in self._reader.absences(cache_keys).items() if now < until}


class SessionReader:
    """SQLModel's way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]:
        with self._database.reading() as session:
            return routes.entries(session, cache_keys, EntryStatus.CONFIRMED)

    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]:
        with self._database.reading() as session:
            return routes.entries_with_prefix(session, prefix)

    def absent(self, cache_keys: Sequence[str], now: datetime) -> set[str]:
        with self._database.reading() as session:
            return routes.absent(session, cache_keys, now)

    def holders(self, airline: str) -> list[Airline]:
        with self._database.reading() as session:
            return references.holders(session, airline)


class ReadingContract:
    """What is read, whoever reads it."""

    def test_an_empty_cache_has_nothing(self, reader: Reader) -> None:
        assert reader.entries(["flight:NZ527"]) == {}
        assert reader.entries_with_prefix("NZ") == []
        assert reader.absent(["flight:NZ527"], NOW) == set()

    def test_no_keys_find_nothing(self, reader: Reader, cached: Cached) -> None:
        cached("NZ527")
        assert reader.entries([]) == {}

    def test_a_stored_route_is_read_as_it_was_stored(self, reader: Reader, db: Database) -> None:
        _store(db, direct("NZ527", "NZ", "AKL", "CHC"))
        names = ("Air New Zealand", "Auckland International Airport", "Christchurch International Airport")
        expected = RouteEntry(
            direct("NZ527", "NZ", "AKL", "CHC"), EntryStatus.CONFIRMED, "aviationstack", NOW, NOW, *names
        )
        assert reader.entries(["flight:NZ527"]) == {"flight:NZ527": expected}

    def test_both_times_are_kept_to_the_microsecond(self, reader: Reader, db: Database) -> None:
        first, again = NOW.replace(microsecond=1), NOW.replace(microsecond=999_999)
        _store(db, direct("NZ527", "NZ", "AKL", "CHC"), first)
        _store(db, direct("NZ527", "NZ", "AKL", "CHC"), again)
        entry = reader.entries(["flight:NZ527"])["flight:NZ527"]
        assert (entry.cached_at, entry.refreshed_at) == (first, again)

    def test_an_instant_of_another_zone_is_read_as_utc(self, reader: Reader, db: Database) -> None:
        auckland = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00+13:00").tzinfo)
        _store(db, direct("NZ527", "NZ", "AKL", "CHC"), auckland)
        refreshed_at = reader.entries(["flight:NZ527"])["flight:NZ527"].refreshed_at
        assert (refreshed_at, refreshed_at.tzinfo) == (NOW, UTC)

    def test_pending_is_never_read(self, reader: Reader, cached: Cached) -> None:
        cached("NZ527", status="pending")
        assert reader.entries(["flight:NZ527"]) == {}
        assert reader.entries_with_prefix("NZ") == []

    def test_an_entry_is_read_however_old_it_is(self, reader: Reader, cached: Cached, rows: Rows) -> None:
        cached("NZ527", age_s=400 * 86_400)
        cached("NZ528")
        rows("UPDATE aviationstack_cache SET refreshed_at = '9999-12-31 23:59:59.999999' WHERE flight_iata = 'NZ528'")
        assert set(reader.entries(["flight:NZ527", "flight:NZ528"])) == {"flight:NZ527", "flight:NZ528"}

    def test_only_the_keys_that_are_asked_for_are_read(self, reader: Reader, cached: Cached) -> None:
        for flight in ("NZ5", "NZ52", "NZ527"):
            cached(flight)
        assert list(reader.entries(["flight:NZ52", "flight:nz5", "NZ527", "flight:NZ%"])) == ["flight:NZ52"]

    def test_legs_are_read_in_order_of_flight(self, reader: Reader, db: Database) -> None:
        _store(db, PW494)
        assert reader.entries(["flight:PW494"])["flight:PW494"].route == PW494
        assert [entry.route for entry in reader.entries_with_prefix("PW")] == [PW494]

    def test_legs_written_out_of_order_are_read_in_order(self, reader: Reader, cached: Cached, rows: Rows) -> None:
        cached("PW494", "BKZ", "DAR")
        rows("INSERT INTO route_legs VALUES ('flight:PW494', 1, 'MWZ', 'DAR'), ('flight:PW494', 0, 'BKZ', 'MWZ')")
        assert reader.entries(["flight:PW494"])["flight:PW494"].route == PW494

    def test_legs_belong_to_their_own_flight(self, reader: Reader, db: Database) -> None:
        _store(db, PW494)
        _store(db, direct("PW4", "PW", "DAR", "MWZ"))
        found = reader.entries(["flight:PW4", "flight:PW494"])
        assert [found[key].route.legs for key in ("flight:PW4", "flight:PW494")] == [(("DAR", "MWZ"),), PW494.legs]

    def test_a_shared_designator_names_all_its_airlines(self, reader: Reader, cached: Cached, rows: Rows) -> None:
        for icao, name in (("XXB", "Second Air"), ("XXA", "First Air"), ("XXC", "First Air")):
            rows("INSERT INTO airlines (iata, icao, name, rank, source) VALUES ('1X', ?, ?, 1, 'package')", icao, name)
        cached("1X5")
        assert reader.entries(["flight:1X5"])["flight:1X5"].airline_name == "First Air / Second Air"

    def test_a_learned_name_counts_only_where_nothing_else_is_known(
        self, reader: Reader, cached: Cached, rows: Rows
    ) -> None:
        add = "INSERT INTO airlines (iata, icao, name, rank, source) VALUES (?, ?, ?, 2, 'learned')"
        rows(add, "NZ", "ZZZ", "Some Other Name")
        rows(add, "1X", "", "Learned Air")
        cached("NZ527")
        cached("1X5")
        found = reader.entries(["flight:NZ527", "flight:1X5"])
        assert {key: entry.airline_name for key, entry in found.items()} == {
            "flight:NZ527": "Air New Zealand",
            "flight:1X5": "Learned Air",
        }

    def test_codes_without_a_name_have_empty_names(self, reader: Reader, cached: Cached) -> None:
        cached("1X5", "QQX", "QQY")
        entry = reader.entries(["flight:1X5"])["flight:1X5"]
        assert (entry.airline_name, entry.departure_name, entry.arrival_name) == ("", "", "")

    def test_a_prefix_is_a_range_of_designators(self, reader: Reader, cached: Cached) -> None:
        for flight in ("NZ5", "NZ52", "NZ527", "NZ5A", "NZ6", "NZ49", "NX5", "NZM5"):
            cached(flight)
        assert _flights(reader.entries_with_prefix("NZ5")) == {"NZ5", "NZ52", "NZ527", "NZ5A"}

    def test_an_airline_prefix_matches_its_flights_and_longer_designators(self, reader: Reader, cached: Cached) -> None:
        for flight in ("NZ1", "NZ9999", "NZM5", "NY9999", "OA1"):
            cached(flight)
        assert _flights(reader.entries_with_prefix("NZ")) == {"NZ1", "NZ9999", "NZM5"}

    @pytest.mark.parametrize("prefix", ["%", "NZ%", "NZ_", "N*", "[N-O]", "NZ'--", "NZ\\"])
    def test_no_wildcard_is_interpreted(self, reader: Reader, cached: Cached, prefix: str) -> None:
        cached("NZ527")
        assert reader.entries_with_prefix(prefix) == []

    @settings(max_examples=40, deadline=None, suppress_health_check=_SHARED_FILE)
    @given(prefix=st.from_regex(r"[A-Z0-9]{2,3}[0-9]{0,4}", fullmatch=True))
    def test_a_prefix_finds_what_starts_with_it(self, reader: Reader, many: set[str], prefix: str) -> None:
        expected = {flight for flight in many if flight.startswith(prefix)}
        assert _flights(reader.entries_with_prefix(prefix)) == expected

    @pytest.fixture
    def many(self, cached: Cached) -> set[str]:
        airlines = ("NZ", "QF", "DL", "1A", "A1", "NZM")
        flights = {f"{airline}{number}" for airline in airlines for number in (1, 5, 10, 52, 527, 9999)}
        for flight in flights:
            cached(flight)
        return flights

    @pytest.mark.parametrize("size", [499, 500, 501, 1_203])
    def test_more_keys_than_one_statement_holds_are_all_found(self, reader: Reader, rows: Rows, size: int) -> None:
        _fill(rows, size)
        keys = [f"flight:XY{number}" for number in range(size + 10)]
        assert set(reader.entries(keys)) == set(keys[:size])

    def test_a_prefix_of_more_entries_than_one_statement_holds_has_all_names(self, reader: Reader, rows: Rows) -> None:
        _fill(rows, 1_203)
        rows(
            "INSERT INTO airports (iata, icao, name, source) SELECT DISTINCT departure_iata, '', 'Port', 'learned' "
            "FROM aviationstack_cache"
        )
        found = reader.entries_with_prefix("XY")
        assert len(found) == 1_203
        assert {entry.departure_name for entry in found} == {"Port"}

    def test_absences_are_remembered_until_they_expire(self, reader: Reader, rows: Rows) -> None:
        for flight, seconds in (("NZ1", -1), ("NZ2", 0), ("NZ3", 1)):
            until = sqlite_text(NOW + timedelta(seconds=seconds))
            rows("INSERT INTO absences VALUES (?, 'aviationstack', ?, ?)", f"flight:{flight}", sqlite_text(NOW), until)
        keys = [f"flight:NZ{number}" for number in range(1, 5)]
        assert reader.absent(keys, NOW) == {"flight:NZ3"}

    def test_absences_of_many_keys_are_all_found(self, reader: Reader, rows: Rows) -> None:
        until = sqlite_text(NOW + timedelta(hours=1))
        rows("INSERT INTO absences VALUES ('flight:NZ1100', 'aviationstack', ?, ?)", sqlite_text(NOW), until)
        assert reader.absent([f"flight:NZ{number}" for number in range(1_101)], NOW) == {"flight:NZ1100"}

    @pytest.mark.parametrize("code", ["NZ", "ANZ"])
    def test_an_airline_is_held_by_either_code(self, reader: Reader, code: str) -> None:
        assert reader.holders(code) == [Airline("NZ", "ANZ", "Air New Zealand")]

    def test_an_airline_in_no_table_has_no_holder(self, reader: Reader) -> None:
        assert reader.holders("1X") == []

    def test_a_learned_holder_counts_only_where_nothing_else_is_known(self, reader: Reader, rows: Rows) -> None:
        add = "INSERT INTO airlines (iata, icao, name, rank, source) VALUES (?, ?, ?, 2, 'learned')"
        rows(add, "NZ", "QQQ", "Impostor")
        rows(add, "1X", "QQQ", "Learned Air")
        assert [airline.icao for airline in reader.holders("NZ")] == ["ANZ"]
        assert [airline.iata for airline in reader.holders("1X")] == ["1X"]

    @locally
    @pytest.mark.parametrize(
        "value", ["yesterday", "", "2026-11-20 25:00:00.000000", b"2026", "0001-01-01T00:00+14:00"]
    )
    def test_a_time_that_is_none_is_a_damaged_file(
        self, reader: Reader, cached: Cached, rows: Rows, value: object
    ) -> None:
        cached("NZ527")
        rows("UPDATE aviationstack_cache SET refreshed_at = ?", value)
        with pytest.raises(Corrupt):
            reader.entries(["flight:NZ527"])

    def test_a_row_of_defaults_is_read_like_any_other(self, reader: Reader, rows: Rows) -> None:
        _insert_bare(rows)
        rows("UPDATE aviationstack_cache SET status = 'confirmed'")
        entry = reader.entries(["flight:NZ527"])["flight:NZ527"]
        assert (entry.provider, entry.route) == ("aviationstack", direct("NZ527", "NZ", "AKL", "CHC"))
        assert abs(entry.refreshed_at - datetime.now(UTC)) < timedelta(minutes=5)


class TestTheReaderOfHits(ReadingContract):
    """``store.hits``."""

    @pytest.fixture
    def engine(self, database: Path) -> Path:
        return database

    @pytest.fixture
    def reader(self, database: Path) -> Iterator[Reader]:
        opened = HitReader(database)
        yield opened
        opened.close()


class TestTheSessionReader(ReadingContract):
    """``store.routes`` and ``store.references``."""

    @pytest.fixture
    def reader(self, db: Database) -> Reader:
        return SessionReader(db)


def test_a_raw_insert_makes_a_pending_row_with_a_uuid4_and_utc_times(rows: Rows) -> None:
    _insert_bare(rows)
    ((id_, status, *times),) = rows(
        "SELECT id, status, cached_at, refreshed_at, created_at, updated_at FROM aviationstack_cache"
    )
    assert (status, len(id_), UUID(id_).version, str(UUID(id_))) == ("pending", 36, 4, id_)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", time) for time in times)


def test_default_ids_are_all_different_and_all_version_4(rows: Rows) -> None:
    _fill(rows, 2_000)
    ids = [UUID(row[0]) for row in rows("SELECT id FROM aviationstack_cache")]
    assert len(set(ids)) == 2_000
    assert {(one.version, one.variant) for one in ids} == {(4, "specified in RFC 4122")}


def test_a_stored_row_looks_like_one_of_defaults(db: Database, rows: Rows) -> None:
    _store(db, direct("NZ527", "NZ", "AKL", "CHC"))
    ((id_, *times),) = rows("SELECT id, cached_at, refreshed_at, created_at, updated_at FROM aviationstack_cache")
    assert (len(id_), UUID(id_).version) == (36, 4)
    assert times == ["2026-11-20 10:00:00.000000"] * 4


@locally
def test_completion_offers_confirmed_flights_in_natural_order(database: Path, cached: Cached) -> None:
    for flight in ("NZ527", "NZ52", "NZ5", "NZ6", "NZ58"):
        cached(flight)
    cached("NZ51", status="pending")
    reader = open_reader(database)
    assert reader.flights_with_prefix("NZ5", 3) == ["NZ5", "NZ52", "NZ58"]
    assert reader.flights_with_prefix("NZ5%", 3) == []
    reader.close()


def _store(db: Database, route: Route, now: datetime = NOW) -> None:
    with db.writing() as session:
        routes.store(session, route, "aviationstack", None, now)


def _insert_bare(rows: Rows) -> None:
    rows(
        "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata) "
        "VALUES ('flight:NZ527', 'NZ527', 'NZ', 'AKL', 'CHC')"
    )


def _fill(rows: Rows, size: int) -> None:
    """Confirmed entries XY0 to XY(size - 1), each with a departure of its own."""
    rows(
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?) "
        "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status) "
        "SELECT 'flight:XY' || n, 'XY' || n, 'XY', 'Q' || n, 'CHC', 'confirmed' FROM numbers",
        size,
    )


def _flights(entries: Sequence[RouteEntry]) -> set[str]:
    return {entry.route.flight_iata for entry in entries}
