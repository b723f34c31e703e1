"""Who may do what in the shared database: as docs/access.md says, tried as each login on real rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

import access
from access import Actor, Connection, Table
from postgres import Swept


@dataclass(frozen=True)
class Ground:
    """The rows that are tried, and everybody who tries."""

    admin: Connection
    tables: dict[str, Table]
    actors: dict[str, Actor]


@pytest.fixture(scope="module")
def ground(swept: Swept) -> Iterator[Ground]:
    """A connection of each login to a database with rows of each kind; what they try is rolled back."""
    made = swept.emptied()
    with ExitStack() as closing:
        admin = closing.enter_context(access.connected(made.url()))
        tables = access.seed(admin)
        admin.commit()
        logins = {login: closing.enter_context(access.connected(made.url(login))) for login in access.LOGINS}
        yield Ground(admin, tables, {login: Actor(connection, login) for login, connection in logins.items()})
    swept.emptied()


@pytest.mark.parametrize("login", access.LOGINS)
@pytest.mark.parametrize("table", access.page().tables)
def test_to_the_rows_of_a_table_a_login_does_what_the_page_says(ground: Ground, table: str, login: str) -> None:
    assert access.table_differences(ground.actors[login], ground.tables[table]) == []


@pytest.mark.parametrize("login", access.LOGINS)
def test_a_login_calls_the_functions_that_the_page_says(ground: Ground, login: str) -> None:
    functions = ground.admin.execute(access.FUNCTIONS.encode()).fetchall()
    assert len(functions) > 20
    actor = ground.actors[login]
    assert [one for name, types in functions for one in access.function_differences(actor, name, types)] == []


@pytest.mark.parametrize("login", access.LOGINS)
def test_a_login_uses_the_sequences_and_schemas_that_the_page_says(ground: Ground, login: str) -> None:
    actor = ground.actors[login]
    assert access.sequence_differences(actor) + access.schema_differences(actor) == []


@pytest.mark.parametrize("login", access.LOGINS[1:])
@pytest.mark.parametrize("table", access.GIVEN_AWAY)
def test_not_even_with_the_right_to_change_every_column_is_a_row_given_away(
    ground: Ground, table: str, login: str
) -> None:
    with ground.admin.transaction(force_rollback=True):
        access.lend(ground.admin, table, login)
        assert access.giving_away(Actor(ground.admin, login, is_admin=True), table) == []


def test_all_that_there_is_has_a_line_on_the_page_and_the_other_way_round(ground: Ground) -> None:
    assert access.unlisted(ground.admin) == []


@pytest.mark.parametrize("rule", access.RULES)
def test_a_rule_holds_for_every_object(ground: Ground, rule: str) -> None:
    assert access.broken_rules(ground.admin, [rule]) == []


def test_functions_run_as_the_page_says(ground: Ground) -> None:
    assert access.whose_rights(ground.admin) == []
