"""docs/access.md, rows that tell its cells apart, and what a login can really do: where the two differ.

All that a login tries is rolled back. ``Actor`` is either a connection of that login, or the admin's with another
session authorization, which changes ``session_user`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from postgres import BASIC, NO_ACCESS, OTHER, SERVICE, STAFF, SUBSCRIBER

LOGINS = (NO_ACCESS, BASIC, SUBSCRIBER, OTHER, STAFF, SERVICE)
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
NEVER = ("TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
_COLUMN_OF = {NO_ACCESS: "nobody", BASIC: "basic", SUBSCRIBER: "subscriber", OTHER: "subscriber"}
_PAGE = Path(__file__).parents[1] / "docs" / "access.md"
_SOME_COLUMNS = ", some columns"
Connection = psycopg.Connection[Any]


# The page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row and what the page's words say of it; values that are not given are made up."""

    values: Mapping[str, object] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    owner: str = ""

    def is_one_of(self, words: str, login: str) -> bool:
        """Whether the cell's words hold for it: ``confirmed or own``, ``not confirmed``, ``own pending``."""
        return any(self._fits(group.split(), login) for group in words.split(" or "))

    def _fits(self, words: list[str], login: str) -> bool:
        if words[0] == "not":
            return not self._fits(words[1:], login)
        return all(word == "all" or (self.owner == login if word == "own" else word in self.marks) for word in words)


@dataclass(frozen=True)
class Cell:
    """What one login may do with one verb: which rows, what they may become, and with which columns."""

    rows: str = "-"
    becomes: str = "all"
    columns: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        return self.rows == "-"


@dataclass(frozen=True)
class Function:
    """Who may call it, and whose rights it has."""

    runs_as: str
    callers: frozenset[str]


@dataclass(frozen=True)
class Page:
    """docs/access.md."""

    tables: Mapping[str, Mapping[tuple[str, str], Cell]]
    sequences: Mapping[str, Mapping[tuple[str, str], bool]]
    schemas: Mapping[str, Mapping[tuple[str, str], bool]]
    functions: Mapping[str, Function]

    def cell(self, table: str, verb: str, login: str) -> Cell:
        """What the page says; refused where it says nothing."""
        return self.tables[table].get((verb, column_of(login)), Cell())


def column_of(login: str) -> str:
    """The page's word for this kind of login."""
    return _COLUMN_OF.get(login, login)


@cache
def page() -> Page:
    """As it stands in the repository."""
    found = {lines[0]: lines[1:] for lines in _markdown_tables(_PAGE.read_text(encoding="utf-8"))}
    by_start = {header[:2]: (header, lines) for header, lines in found.items()}
    columns = {(row[0], row[1]): tuple(row[2].split(", ")) for row in by_start[("some columns of", "verb")][1]}
    return Page(
        tables=_grants(*by_start[("object", "verb")], columns),
        sequences=_answers(*by_start[("sequence", "verb")]),
        schemas=_answers(*by_start[("schema", "verb")]),
        functions=_functions(*by_start[("function", "runs as")]),
    )


_Line = tuple[str, ...]


def _markdown_tables(text: str) -> Iterator[list[_Line]]:
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = [tuple(cell.strip() for cell in line.strip("|\n").split("|")) for line in block.splitlines()]
        yield [lines[0], *lines[2:]]


def _spread(header: _Line, lines: Sequence[_Line]) -> Iterator[tuple[str, str, str, str]]:
    """Object, verb, column and cell of each cell."""
    for line in lines:
        assert len(line) == len(header), line
        for verb in line[1].split(", "):
            for column, words in zip(header[2:], line[2:], strict=True):
                yield line[0], verb, column, words


def _grants(
    header: _Line, lines: Sequence[_Line], columns: Mapping[tuple[str, str], tuple[str, ...]]
) -> dict[str, dict[tuple[str, str], Cell]]:
    found: dict[str, dict[tuple[str, str], Cell]] = {}
    for name, verb, column, words in _spread(header, lines):
        assert verb in VERBS, verb
        cells = found.setdefault(name, {})
        assert (verb, column) not in cells, f"{name} has two lines for {verb}"
        rows, _, becomes = words.removesuffix(_SOME_COLUMNS).partition(" → ")
        cells[verb, column] = Cell(rows, becomes or "all", columns[name, verb] if _SOME_COLUMNS in words else ())
    return found


def _answers(header: _Line, lines: Sequence[_Line]) -> dict[str, dict[tuple[str, str], bool]]:
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for name, verb, column, word in _spread(header, lines):
        found.setdefault(name, {})[verb, column] = {"yes": True, "-": False}[word]
    return found


def _functions(header: _Line, lines: Sequence[_Line]) -> dict[str, Function]:
    found = {}
    for line in lines:
        assert len(line) == len(header), line
        callers = frozenset(name for name, cell in zip(header[2:7], line[2:7], strict=True) if cell == "yes")
        found[line[0]] = Function(line[1], callers)
    return found


# Rows -------------------------------------------------------------------------------------------------------------

_CONFIRMED, _PENDING, _MANUAL = "confirmed", "pending", "manual"
_NEW_FLIGHT = "NEW1.2026-12-03.0830.NZAA.NZCH"
_OPEN_FLIGHT = "OPN1.2026-12-03.0830.NZAA.NZCH"
_STRANGER = "stranger"
_PEOPLE = (*LOGINS, _STRANGER)


def _row(*marks: str, owner: str = "", **values: object) -> Row:
    return Row(values, frozenset(marks), owner)


def _flight_id(review: str, person: str) -> str:
    return f"{review}-{person}"


def _reviewed(person: str) -> Iterator[tuple[str, Row]]:
    for review in (_CONFIRMED, _PENDING, "rejected"):
        flight_id = _flight_id(review, person)
        values = {"flight_id": flight_id, "review": review, "added_by": person, "status": "scheduled"}
        yield flight_id, Row(values, frozenset({review}), person)


def _flights() -> list[Row]:
    unlisted = _row(_CONFIRMED, flight_id=_OPEN_FLIGHT, status="scheduled")
    return [unlisted, *(row for person in _PEOPLE for _, row in _reviewed(person))]


def _of_flights(**values: object) -> list[Row]:
    """A row for each flight, with its marks."""
    return [
        Row({"flight_id": flight_id, **values}, flight.marks, flight.owner)
        for person in _PEOPLE
        for flight_id, flight in _reviewed(person)
    ]


def _routes() -> list[Row]:
    kinds = [(_CONFIRMED, "aviationstack"), (_CONFIRMED, _MANUAL), (_PENDING, "aviationstack"), (_PENDING, _MANUAL)]
    return [_route(status, provider, f"flight:{status}-{provider}") for status, provider in kinds]


def _route(status: str, provider: str, key: str) -> Row:
    return _row(status, provider, cache_key=key, status=status, provider=provider)


def _owned(column: str, **values: object) -> list[Row]:
    """One for each login and one for somebody else."""
    return [Row({**values, column: person}, frozenset(), person) for person in _PEOPLE]


def _said(flight_id: str) -> list[Row]:
    return _owned("added_by", flight_id=flight_id, review=_PENDING, status="scheduled")


def _shares() -> list[Row]:
    return [
        Row(
            {
                "share_id": f"{status}-{person}",
                "sharer_id": person,
                "flight_id": _OPEN_FLIGHT,
                "status": status,
                "token_sha256": f"{status}-{person}",
            },
            frozenset({status}),
            person,
        )
        for person in _PEOPLE
        for status in (_PENDING, "claimed", "expired")
    ]


SEEDED: Mapping[str, list[Row]] = {
    "aviationstack_cache": _routes(),
    "flights": _flights(),
    "shares": _shares(),
    "account": [],
    "alembic_version": [],
    "flight_aliases": _of_flights(alias="alias"),
    "flight_changes": _of_flights(field="review"),
    "flight_watcher_counts": [_row(flight_id=_OPEN_FLIGHT)],
    "flight_watchers": _owned("user_id", flight_id=_OPEN_FLIGHT),
    "flight_proposals": _said(_OPEN_FLIGHT),
    "freezes": [Row({"scope": person, "frozen_by": person}, frozenset(), person) for person in _PEOPLE],
    "mirror_state": [],
    "proposals": [*_owned("proposed_by"), *_owned("proposed_by", decision="confirmed")],
    "provider_terms": [_row(provider="x", open_to="everyone")],
    "route_legs": [Row({"cache_key": row.values["cache_key"]}, row.marks) for row in _routes()],
    "share_claims": [Row({"share_id": f"claimed-{person}", "user_id": BASIC}) for person in _PEOPLE],
    "sharing_terms": [],
    "user_flights": _owned("user_id", flight_id=_OPEN_FLIGHT, kind="owned"),
}
"""By table, those first that others refer to; a table that is not here gets one row."""

_THERE: Mapping[str, list[Row]] = {
    "account": [Row({"user_name": person}, frozenset(), person) for person in LOGINS if person != NO_ACCESS],
    "alembic_version": [Row()],
    "mirror_state": [_row(only_row=True)],
    "sharing_terms": [_row(only_row=True)],
}
"""Rows that a new database has already."""

_ADDED: Mapping[str, list[Row]] = {
    "account": [_row(user_name="new")],
    "aviationstack_cache": [
        _route(status, provider, "flight:new")
        for status in (_CONFIRMED, _PENDING)
        for provider in (_MANUAL, "aviationstack")
    ],
    "flight_aliases": [_row(flight_id=_OPEN_FLIGHT)],
    "flight_changes": [
        _row("review", flight_id=_OPEN_FLIGHT, field="review"),
        _row(flight_id=_OPEN_FLIGHT, field="status"),
    ],
    "flight_watcher_counts": [_row(flight_id=_flight_id(_CONFIRMED, BASIC))],
    "flight_watchers": [_row(flight_id=_flight_id(_CONFIRMED, BASIC))],
    "flights": [
        _row(review, flight_id=_NEW_FLIGHT, status="scheduled", review=review) for review in (_CONFIRMED, _PENDING)
    ],
    "flight_proposals": _said(_flight_id(_CONFIRMED, BASIC)),
    "freezes": [Row({"scope": "new", "frozen_by": person}, frozenset(), person) for person in _PEOPLE],
    "mirror_state": [_row(only_row=True)],
    "proposals": _owned("proposed_by"),
    "provider_terms": [_row(provider="new", open_to="everyone")],
    "route_legs": [Row({"cache_key": row.values["cache_key"], "position": 70}, row.marks) for row in _routes()],
    "share_claims": [_row(share_id=f"{_PENDING}-{BASIC}")],
    "shares": [_row(flight_id=_OPEN_FLIGHT, status=_PENDING)],
    "sharing_terms": [_row(only_row=True)],
    "user_flights": _owned("user_id", flight_id=_flight_id(_CONFIRMED, BASIC), kind="owned"),
}
"""Rows that a login tries to add; a table that is not here gets one."""

_CHANGED: Mapping[str, list[Row]] = {
    "aviationstack_cache": [_row(_MANUAL, provider=_MANUAL), _row(provider="aviationstack")],
    "flight_proposals": [_row(review=_CONFIRMED), _row(review="rejected")],
    "flights": [_row(review=_CONFIRMED), _row(review="rejected")],
    "freezes": [_row(frozen_by=_STRANGER)],
    "mirror_state": [_row(bucket="x")],
    "proposals": [Row({"decision": "rejected", "decided_by": person}, frozenset(), person) for person in _PEOPLE],
    "provider_accounts": [_row("released", hold=""), _row(hold="key refused")],
    "shares": [_row("revoked", status="revoked"), _row(status="claimed"), _row(status=_PENDING)],
    "user_flights": [_row(seen_change=7)],
}
"""What a login tries to make of rows; in a table that is not here, it leaves them as they are."""

GIVEN_AWAY = {"user_flights": "user_id", "shares": "sharer_id"}
"""Who owns the row, where owners may change only some columns: policies must hold without that."""
_ALLOWED = {"user_flights": "seen_change = 7", "shares": "status = 'revoked'"}


def rows_of(table: str) -> list[Row]:
    """What is there to be seen."""
    return _THERE.get(table) or SEEDED.get(table) or [Row()]


_MADE_UP = {
    "boolean": True,
    "date": "2026-12-03",
    "json": "{}",
    "jsonb": "{}",
    "timestamp with time zone": "2026-12-03 08:30:00+00",
}


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    is_needed: bool
    in_key: bool

    def made_up(self, text: str = "made up") -> object:
        """Some value; another one for another text."""
        number = len(text)
        return _MADE_UP.get(self.type) or {
            "integer": number,
            "bigint": number,
            "uuid": f"00000000-0000-4000-8000-{number:012}",
        }.get(self.type, text)


@dataclass(frozen=True)
class Table:
    """A table or view with the rows in it that were put there to be told apart, each with its key."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[tuple[tuple[Any, ...], Row]] = ()

    @property
    def key(self) -> list[str]:
        return [column.name for column in self.columns if column.in_key] or [self.columns[0].name]

    def found(self) -> Iterator[tuple[str, Row]]:
        """Where each row is."""
        for values, row in self.rows:
            pairs = zip(self.key, values, strict=True)
            yield " AND ".join(f"{name} = {_literal(value)}" for name, value in pairs), row

    def insert(self, row: Row) -> str:
        """The statement that adds the row."""
        values = self.full(row)
        return (
            f"INSERT INTO public.{self.name} ({', '.join(values)}) VALUES ({', '.join(map(_literal, values.values()))})"
        )

    def full(self, row: Row) -> dict[str, object]:
        """The row's values, and something for those that it must have."""
        return {**{column.name: column.made_up() for column in self.columns if column.is_needed}, **row.values}


def _literal(value: object) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


_COLUMNS = """
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef AND attidentity = '',
    coalesce(attnum = ANY (indkey), false)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
WHERE relnamespace IN ('public'::regnamespace, 'flightctl'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY relname, attnum
"""


def seed(admin: Connection) -> dict[str, Table]:
    """Fill the tables of an empty database with rows of each kind; all tables and views, by name."""
    columns: dict[str, list[Column]] = {}
    for table, *column in admin.execute(_COLUMNS).fetchall():
        columns.setdefault(table, []).append(Column(*column))
    made = {name: Table(name, of_table) for name, of_table in columns.items()}
    admin.execute("; ".join(["DELETE FROM public.turns", *_seeding(made)]).encode())
    return {name: Table(name, table.columns, list(_with_keys(admin, table))) for name, table in made.items()}


def _seeding(tables: Mapping[str, Table]) -> Iterator[str]:
    for name in [*SEEDED, *(name for name in tables if name not in SEEDED)]:
        for row in SEEDED.get(name, [Row()]):
            yield tables[name].insert(row)


def _with_keys(admin: Connection, table: Table) -> Iterator[tuple[tuple[Any, ...], Row]]:
    """The rows, with what the database made up as their keys."""
    json = {column.name for column in table.columns if column.type.startswith("json")}
    for row in rows_of(table.name):
        given = row.values if table.name in _THERE else table.full(row)
        where = [f"{name} = {_literal(value)}" for name, value in given.items() if name not in json]
        sought = f"SELECT {_texts(table.key)} FROM public.{table.name} WHERE {' AND '.join(where) or 'true'}"
        found = admin.execute(sought.encode()).fetchall()
        assert found, sought
        yield from ((key, row) for key in found)


def _texts(names: Iterable[str]) -> str:
    return ", ".join(f"{name}::text" for name in names)


# What a login can do ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """``done``, ``denied`` by a missing grant, ``policy``: refused by a policy; else the error."""

    kind: str
    count: int = 0
    rows: Sequence[tuple[Any, ...]] = ()
    message: str = ""

    @property
    def short(self) -> tuple[str, int]:
        return self.kind, self.count


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection whose transaction is rolled back at the end, if it is still open."""
    # Several statements at once cannot be prepared.
    connection = psycopg.connect(url, prepare_threshold=None)
    try:
        yield connection
    finally:
        connection.close()


class Actor:
    """One login, in a transaction that is open already; leaves nothing behind."""

    def __init__(self, connection: Connection, login: str, *, is_admin: bool = False) -> None:
        self.login = login
        self._connection = connection
        self._first = f"SET SESSION AUTHORIZATION {login}; " if is_admin else ""

    def tries(self, statement: str) -> Outcome:
        """What comes of it."""
        try:
            cursor = self._connection.execute(f"SAVEPOINT trial; {self._first}{statement}".encode())
            while cursor.nextset():
                pass
            return Outcome("done", cursor.rowcount, cursor.fetchall() if cursor.description else ())
        except psycopg.errors.ForeignKeyViolation:
            # Asked only after grants and policies.
            return Outcome("done", 1)
        except psycopg.Error as error:
            message = error.diag.message_primary or ""
            return Outcome(_kind(message), message=message)
        finally:
            self._connection.execute("ROLLBACK TO trial; RELEASE trial")

    def is_told(self, question: str) -> bool:
        """The answer to a question of yes or no."""
        answer = self.tries(f"SELECT {question}")
        assert answer.kind == "done", answer.kind
        return bool(answer.rows[0][0])


def _kind(message: str) -> str:
    if re.match("permission denied for (table|view|function|schema)", message):
        return "denied"
    return "policy" if "row-level security" in message else message


def table_differences(actor: Actor, table: Table, verbs: Iterable[str] = VERBS) -> list[str]:
    """Where what the login can do to the table's rows is not what the page says."""
    trials = {"SELECT": _reading, "INSERT": _adding, "UPDATE": _changing, "DELETE": _deleting, "TRUNCATE": _emptying}
    found = []
    for verb in verbs:
        cell = page().cell(table.name, verb, actor.login)
        differences = [*_grant_differences(actor, table.name, verb, cell), *trials[verb](actor, table, cell)]
        found += [f"{actor.login}, {verb} {table.name}: {one}" for one in differences]
    return found


def _grant_differences(actor: Actor, table: str, verb: str, cell: Cell) -> Iterator[str]:
    has_grant = actor.is_told(f"has_table_privilege('public.{table}', '{verb}')")
    if has_grant != (not cell.is_refused and not cell.columns):
        yield f"has the grant for the whole table: {has_grant}"


def _reading(actor: Actor, table: Table, cell: Cell) -> Iterator[str]:
    one_column = "SELECT {0} FROM public." + table.name + " LIMIT 1"
    if cell.is_refused:
        yield from _unless_denied(actor.tries(f"SELECT FROM public.{table.name}"))
    if cell.is_refused or cell.columns:
        yield from _column_differences(actor, one_column, table, cell.columns)
    if cell.is_refused:
        return
    seen = actor.tries(f"SELECT {_texts(table.key)} FROM public.{table.name}")
    if seen.kind != "done":
        yield seen.kind
        return
    readable = set(seen.rows)
    for key, row in table.rows:
        if (key in readable) != row.is_one_of(cell.rows, actor.login):
            yield f"{'sees' if key in readable else 'cannot see'} {row}"


def _adding(actor: Actor, table: Table, cell: Cell) -> Iterator[str]:
    for row in _ADDED.get(table.name, [Row()]):
        made = {column.name: column.made_up("another") for column in table.columns if column.is_needed}
        added = actor.tries(table.insert(Row({**made, **row.values})))
        if cell.is_refused:
            yield from _unless_denied(added)
        elif added.kind != (expected := "done" if row.is_one_of(cell.rows, actor.login) else "policy"):
            yield f"adding {row}: {added.kind}, not {expected}"


def _changing(actor: Actor, table: Table, cell: Cell) -> Iterator[str]:
    if cell.is_refused or cell.columns:
        one_column = "UPDATE public." + table.name + " SET {0} = DEFAULT"
        yield from _column_differences(actor, one_column, table, cell.columns)
    if cell.is_refused:
        return
    for change in _CHANGED.get(table.name, [Row({table.columns[0].name: None})]):
        setting = ", ".join(f"{name} = {name if to is None else _literal(to)}" for name, to in change.values.items())
        may_become = change.is_one_of(cell.becomes, actor.login)
        trials = [(f" WHERE {where}", [row]) for where, row in table.found()]
        if cell.rows != "all":
            # What reads nothing is not held back by the policies for reading.
            trials.append(("", [row for _, row in table.rows]))
        for where, rows in trials:
            changed = actor.tries(f"UPDATE public.{table.name} SET {setting}{where}")
            meant = sum(row.is_one_of(cell.rows, actor.login) for row in rows)
            expected = ("done", meant) if may_become or not meant else ("policy", 0)
            if changed.short != expected:
                yield f"{setting}{where}: {changed.short}, not {expected}"


def _deleting(actor: Actor, table: Table, cell: Cell) -> Iterator[str]:
    if cell.is_refused:
        yield from _unless_denied(actor.tries(f"DELETE FROM public.{table.name}"))
        return
    for where, row in table.found():
        gone = actor.tries(f"DELETE FROM public.{table.name} WHERE {where}")
        expected = ("done", int(row.is_one_of(cell.rows, actor.login)))
        if gone.short != expected:
            yield f"deleting {row}: {gone.short}, not {expected}"


def _emptying(actor: Actor, table: Table, cell: Cell) -> Iterator[str]:
    assert cell.is_refused, "the page lets nobody do that"
    yield from _unless_denied(actor.tries(f"TRUNCATE public.{table.name}"))


def _unless_denied(outcome: Outcome) -> list[str]:
    return [] if outcome.kind == "denied" else [f"not denied: {outcome.kind}"]


def _column_differences(actor: Actor, statement: str, table: Table, granted: Iterable[str]) -> Iterator[str]:
    for column in table.columns:
        is_denied = actor.tries(statement.format(column.name)).kind == "denied"
        if is_denied == (column.name in granted):
            yield f"column {column.name} is {'' if is_denied else 'not '}denied"


def function_differences(actor: Actor, name: str, arguments: str) -> list[str]:
    """Where who may call a function is not whom the page names; it is called, without any values.

    One without a line is told of by ``unlisted``.
    """
    if name not in page().functions:
        return []
    nothing = ", ".join(f"NULL::{one}" for one in arguments.split(", ") if one)
    # Not what the function itself was denied.
    refusals = (f"permission denied for function {name}", "permission denied for schema flightctl")
    is_denied = actor.tries(f"SELECT flightctl.{name}({nothing})").message in refusals
    if is_denied != (column_of(actor.login) in page().functions[name].callers):
        return []
    return [f"{actor.login}, {name}: {'' if is_denied else 'not '}denied"]


def sequence_differences(actor: Actor) -> list[str]:
    """Where a login may use other sequences than the page says."""
    question = "has_sequence_privilege('public.{0}', '{1}')"
    return [
        one
        for verb in ("USAGE", "SELECT", "UPDATE")
        for one in _privilege_differences(actor, question, verb, page().sequences)
    ]


def schema_differences(actor: Actor) -> list[str]:
    """Where a login may use a schema, or make things in it, other than the page says."""
    question = "has_schema_privilege('{0}', '{1}')"
    return [
        one for verb in ("USAGE", "CREATE") for one in _privilege_differences(actor, question, verb, page().schemas)
    ]


def _privilege_differences(
    actor: Actor, question: str, verb: str, said: Mapping[str, Mapping[tuple[str, str], bool]]
) -> Iterator[str]:
    for name, cells in said.items():
        may = actor.is_told(question.format(name, verb))
        if may != cells.get((verb, column_of(actor.login)), False):
            yield f"{actor.login}, {verb} {name}: {may}"


def lend(admin: Connection, table: str, login: str) -> None:
    """Let the login change every column, until this is rolled back."""
    admin.execute(f"GRANT UPDATE ON public.{table} TO {login}".encode())


def giving_away(actor: Actor, table: str) -> list[str]:
    """Whether somebody to whom the grants are lent makes their rows somebody else's."""
    given = actor.tries(f"UPDATE public.{table} SET {GIVEN_AWAY[table]} = '{_STRANGER}', {_ALLOWED[table]}")
    return [] if given.kind == "policy" else [f"{actor.login} gives away rows of {table}: {given.short}"]


# The catalogue ----------------------------------------------------------------------------------------------------

FUNCTIONS = """
SELECT proname, oidvectortypes(proargtypes) FROM pg_proc
WHERE pronamespace IN ('public'::regnamespace, 'flightctl'::regnamespace) ORDER BY 1
"""
_IN_OURS = "IN ('public'::regnamespace, 'flightctl'::regnamespace)"
_ROLES = "('flightctl_owner', 'flightctl_user', 'flightctl_staff', 'flightctl_service')"
_COLUMN_VERB_OF = "CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' END"
_VERB_OF = _COLUMN_VERB_OF.replace("END", "WHEN 'd' THEN 'DELETE' END")

RULES: Mapping[str, str] = {
    "row-level security is enabled and forced": f"""
        SELECT relname FROM pg_class WHERE relnamespace {_IN_OURS} AND relkind IN ('r', 'p')
            AND NOT (relrowsecurity AND relforcerowsecurity)""",
    "a view has its reader's rights, and there is nothing that is kept of a query or stands elsewhere": f"""
        SELECT relname FROM pg_class WHERE relnamespace {_IN_OURS} AND (relkind IN ('m', 'f')
            OR relkind = 'v' AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false))""",
    "everything belongs to flightctl_owner": f"""
        SELECT relname FROM pg_class WHERE relnamespace {_IN_OURS} AND relowner <> 'flightctl_owner'::regrole
        UNION SELECT proname FROM pg_proc WHERE pronamespace {_IN_OURS} AND proowner <> 'flightctl_owner'::regrole
        UNION SELECT nspname FROM pg_namespace WHERE nspname = 'flightctl'
            AND nspowner <> 'flightctl_owner'::regrole""",
    "no group and no owner can log in; nobody of them, and no user, is above the rules": f"""
        SELECT rolname FROM pg_roles WHERE rolname IN {_ROLES}
            AND (rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
        UNION SELECT rolname FROM pg_roles WHERE rolname IN {LOGINS!r}
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)""",
    "nobody can become the owner, or a higher group than theirs": f"""
        SELECT member.rolname || ' ' || above.rolname FROM pg_roles AS member, pg_roles AS above
        WHERE member.rolname IN {(*LOGINS, "flightctl_user", "flightctl_staff", "flightctl_service")!r}
            AND above.rolname IN {_ROLES} AND member.oid <> above.oid
            AND pg_has_role(member.oid, above.oid, 'MEMBER') AND (member.rolname, above.rolname) NOT IN (
                ('flightctl_staff', 'flightctl_user'), ('flightctl_service', 'flightctl_user'),
                ('flightctl_service', 'flightctl_staff'), ('basic', 'flightctl_user'),
                ('subscriber', 'flightctl_user'), ('other', 'flightctl_user'), ('staff', 'flightctl_user'),
                ('staff', 'flightctl_staff'), ('service', 'flightctl_user'), ('service', 'flightctl_staff'),
                ('service', 'flightctl_service'))""",
    "everybody as such may do nothing": f"""
        SELECT relname FROM pg_class, aclexplode(relacl) AS granted WHERE relnamespace {_IN_OURS}
            AND granted.grantee = 0
        UNION SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid,
            aclexplode(attacl) AS granted WHERE relnamespace {_IN_OURS} AND granted.grantee = 0
        UNION SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted
            WHERE pronamespace {_IN_OURS} AND granted.grantee = 0""",
    "nobody but the owner empties, refers to, maintains or puts triggers on a table": f"""
        SELECT relname || ' ' || privilege_type FROM pg_class, aclexplode(relacl) AS granted
        WHERE relnamespace {_IN_OURS} AND relkind <> 'S' AND granted.grantee <> 'flightctl_owner'::regrole
            AND privilege_type IN {NEVER!r}
        UNION SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid,
            aclexplode(attacl) AS granted WHERE relnamespace {_IN_OURS}
            AND granted.grantee <> 'flightctl_owner'::regrole AND privilege_type IN {NEVER!r}""",
    "nobody can pass on what they were granted": f"""
        SELECT relname FROM pg_class, aclexplode(relacl) AS granted WHERE relnamespace {_IN_OURS} AND is_grantable
        UNION SELECT proname FROM pg_proc, aclexplode(proacl) AS granted
            WHERE pronamespace {_IN_OURS} AND is_grantable""",
    "policies are permissive and for named groups, or for the owner": f"""
        SELECT polrelid::regclass || ' ' || polname FROM pg_policy
            LEFT JOIN pg_roles AS granted ON granted.oid = ANY (polroles)
        WHERE NOT polpermissive OR granted.rolname IS NULL OR granted.rolname NOT IN {_ROLES}
            OR cardinality(polroles) <> 1""",
    "the owner has one policy on each table, and no group one for what it has no grant for": f"""
        SELECT relname FROM pg_class WHERE relnamespace {_IN_OURS} AND relkind IN ('r', 'p') AND 1 <> (
            SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'owner_all' AND polcmd = '*'
                AND polroles = ARRAY['flightctl_owner'::regrole::oid])
        UNION SELECT polrelid::regclass || ' ' || polname FROM pg_policy, unnest(polroles) AS holder
        WHERE polname <> 'owner_all' AND holder <> 0 AND polcmd <> '*' AND NOT (
            has_table_privilege(holder, polrelid, {_VERB_OF})
            OR polcmd <> 'd' AND has_any_column_privilege(holder, polrelid, {_COLUMN_VERB_OF}))
        UNION SELECT polrelid::regclass || ' ' || polname FROM pg_policy, unnest(polroles) AS holder
        WHERE polname <> 'owner_all' AND holder <> 0 AND polcmd = '*'
            AND NOT has_table_privilege(holder, polrelid, 'INSERT, UPDATE, DELETE')""",
    "a function that runs as its owner, and every other, has its search path fixed": f"""
        SELECT proname FROM pg_proc WHERE pronamespace {_IN_OURS}
            AND proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']""",
    "what is made from now on, too, is not for everybody": """
        SELECT 'functions' WHERE NOT EXISTS (SELECT FROM pg_default_acl
            WHERE defaclrole = 'flightctl_owner'::regrole AND defaclnamespace = 0 AND defaclobjtype = 'f')
        UNION SELECT granted.grantee::regrole::text FROM pg_default_acl, aclexplode(defaclacl) AS granted
            WHERE granted.grantee <> 'flightctl_owner'::regrole""",
}
"""What holds for every object, with a query for those of which it does not."""


def broken_rules(admin: Connection, rules: Iterable[str] = RULES) -> list[str]:
    """The rules that do not hold, each with an object."""
    return [f"{rule}: {row[0]}" for rule in rules for row in admin.execute(RULES[rule].encode()).fetchall()]


def unlisted(admin: Connection) -> list[str]:
    """What is in the database or on the page, and not in the other."""
    said: Mapping[str, set[str]] = {
        "('r', 'p', 'v', 'm', 'f')": set(page().tables),
        "('S')": set(page().sequences),
    }
    different: set[str] = set()
    for kinds, names in said.items():
        sought = f"SELECT relname FROM pg_class WHERE relnamespace {_IN_OURS} AND relkind IN {kinds}"
        different |= names ^ {str(row[0]) for row in admin.execute(sought.encode()).fetchall()}
    functions = [str(row[0]) for row in admin.execute(FUNCTIONS.encode()).fetchall()]
    different |= {name for name in functions if functions.count(name) > 1}
    schemas = (
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'kept')"
    )
    different |= set(page().schemas) ^ {str(row[0]) for row in admin.execute(schemas.encode()).fetchall()}
    return sorted(different | (set(functions) ^ set(page().functions)))


def whose_rights(admin: Connection) -> list[str]:
    """Functions that run as somebody else than the page says."""
    sought = f"SELECT proname, prosecdef FROM pg_proc WHERE pronamespace {_IN_OURS}"
    return [
        f"{name} runs as {'owner' if is_definer else 'caller'}"
        for name, is_definer in admin.execute(sought.encode()).fetchall()
        if name in page().functions and (page().functions[name].runs_as == "owner") != is_definer
    ]
