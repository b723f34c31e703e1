"""Every policy, every grant and every function weakened, one at a time: what holds docs/access.md sees each of them.

All of it happens in one transaction of the admin's, who acts as each login by ``SET SESSION AUTHORIZATION``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

import access
from access import Actor, Cell, Connection, Table
from postgres import BASIC, NO_ACCESS, SERVICE, STAFF, Swept

_LOWEST = {"flightctl_user": BASIC, "flightctl_staff": STAFF, "flightctl_service": SERVICE, "PUBLIC": NO_ACCESS}
"""Who gains first by what a group is given."""
_SEEING = (BASIC, STAFF, SERVICE)
_POLICIES = """
SELECT tablename, policyname, cmd, roles[1], coalesce(qual, 'true') <> 'true', coalesce(with_check, 'true') <> 'true'
FROM pg_policies WHERE schemaname = 'public' AND policyname <> 'owner_all' ORDER BY 1, 2
"""
_TRIED = {
    "SELECT": ("SELECT",),
    "INSERT": ("INSERT",),
    "UPDATE": ("UPDATE",),
    "DELETE": ("DELETE",),
    "ALL": ("SELECT", "INSERT", "UPDATE", "DELETE"),
}


_REDUNDANT = {"flight_aliases": ["staff_read"], "flight_changes": ["staff_read"], "route_legs": ["staff_read"]}
"""Staff see them without these, too, because they see what they belong to; the policies spare the look at each."""


@dataclass(frozen=True)
class Policy:
    """One of those that are for a group."""

    table: str
    name: str
    command: str
    group: str
    has_using: bool
    has_check: bool

    def weakenings(self) -> Iterator[str]:
        """All that lets more through than it does."""
        altered = f"ALTER POLICY {self.name} ON public.{self.table}"
        if self.has_using:
            yield f"{altered} USING (true)"
        if self.has_check:
            yield f"{altered} WITH CHECK (true)"
        if self.has_using and self.command in ("UPDATE", "ALL") and self.has_check:
            yield f"{altered} USING (true) WITH CHECK (true)"
        groups = list(_LOWEST)
        for lower in ("PUBLIC", *groups[: groups.index(self.group)]):
            yield f"{altered} TO {lower}"


@dataclass(frozen=True)
class Ground:
    """The rows that are tried, and the transaction in which all is tried."""

    admin: Connection
    tables: dict[str, Table]

    def actor(self, login: str) -> Actor:
        """The admin as this login."""
        return Actor(self.admin, login, is_admin=True)

    @contextmanager
    def after(self, weakening: str) -> Iterator[None]:
        """The database with that done to it."""
        with self.admin.transaction(force_rollback=True):
            self.admin.execute(weakening.encode())
            yield

    def differences(self, table: str, logins: tuple[str, ...], verbs: tuple[str, ...]) -> list[str]:
        """Of these logins and verbs."""
        found = [access.table_differences(self.actor(login), self.tables[table], verbs) for login in logins]
        if table in access.GIVEN_AWAY:
            found.append(self._given_away(table))
        return [one for differences in found for one in differences]

    def _given_away(self, table: str) -> list[str]:
        with self.after(f"GRANT UPDATE ON public.{table} TO {BASIC}"):
            return access.giving_away(self.actor(BASIC), table)


@pytest.fixture(scope="module")
def ground(swept: Swept) -> Iterator[Ground]:
    """An open transaction with rows of each kind; nothing of it is ever committed."""
    with access.connected(swept.emptied().url()) as admin:
        yield Ground(admin, access.seed(admin))


def _policies(ground: Ground, table: str) -> list[Policy]:
    found = [Policy(*row) for row in ground.admin.execute(_POLICIES.encode()).fetchall()]
    return [one for one in found if one.table == table]


@pytest.mark.parametrize("table", access.page().tables)
def test_with_all_as_it_is_no_difference_is_seen(ground: Ground, table: str) -> None:
    assert ground.differences(table, _SEEING, access.VERBS) == []
    assert access.broken_rules(ground.admin) == []


@pytest.mark.parametrize("table", access.page().tables)
def test_a_policy_that_lets_more_through_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for policy in _policies(ground, table):
        for weakening in policy.weakenings():
            with ground.after(weakening):
                if not (
                    ground.differences(table, _SEEING, _TRIED[policy.command]) or access.broken_rules(ground.admin)
                ):
                    unnoticed.append(weakening)
    assert unnoticed == []


@pytest.mark.parametrize("table", access.page().tables)
def test_a_policy_that_is_lost_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for policy in _policies(ground, table):
        with ground.after(f"DROP POLICY {policy.name} ON public.{table}"):
            if not ground.differences(table, _SEEING, _TRIED[policy.command]):
                unnoticed.append(policy.name)
    assert unnoticed == _REDUNDANT.get(table, [])


@pytest.mark.parametrize("table", access.page().tables)
def test_a_policy_more_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for group, login in list(_LOWEST.items())[:3]:
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            if access.page().cell(table, verb, login).rows == "all":
                continue
            condition = "WITH CHECK (true)" if verb == "INSERT" else "USING (true)"
            with ground.after(f"CREATE POLICY more ON public.{table} FOR {verb} TO {group} {condition}"):
                if not (ground.differences(table, (login,), (verb,)) or access.broken_rules(ground.admin)):
                    unnoticed.append((group, verb))
    assert unnoticed == []


@pytest.mark.parametrize("table", access.page().tables)
def test_a_grant_more_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for group, login in _LOWEST.items():
        for verb in access.VERBS:
            cell = access.page().cell(table, verb, login)
            if not cell.is_refused and not cell.columns:
                continue
            with ground.after(f"GRANT {verb} ON public.{table} TO {group}"):
                if not ground.differences(table, (login,), (verb,)):
                    unnoticed.append((group, verb))
    assert unnoticed == []


@pytest.mark.parametrize("table", access.page().tables)
def test_a_column_more_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for group, login, verb, cell in _of_some_columns(table):
        for column in [one.name for one in ground.tables[table].columns if one.name not in cell.columns]:
            with ground.after(f"GRANT {verb} ({column}) ON public.{table} TO {group}"):
                if not ground.differences(table, (login,), (verb,)):
                    unnoticed.append((group, verb, column))
    assert unnoticed == []


@pytest.mark.parametrize("table", access.page().tables)
def test_a_column_less_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for _, login, verb, cell in _of_some_columns(table):
        for column in cell.columns:
            groups = ", ".join(one for one in _LOWEST if one != "PUBLIC")
            with ground.after(f"REVOKE {verb} ({column}) ON public.{table} FROM {groups}"):
                if not ground.differences(table, (login,), (verb,)):
                    unnoticed.append((login, verb, column))
    assert unnoticed == []


def _of_some_columns(table: str) -> Iterator[tuple[str, str, str, Cell]]:
    """Each group, verb and cell with a login, where it may not use every column."""
    for group, login in list(_LOWEST.items())[:3]:
        for verb in ("SELECT", "UPDATE"):
            cell = access.page().cell(table, verb, login)
            if cell.is_refused or cell.columns:
                yield group, login, verb, cell


@pytest.mark.parametrize("table", access.page().tables)
def test_a_grant_less_is_noticed(ground: Ground, table: str) -> None:
    unnoticed = []
    for group, login in list(_LOWEST.items())[:3]:
        for verb in access.VERBS:
            if access.page().cell(table, verb, login).is_refused or not _has_granted(ground, table, group, verb):
                continue
            with ground.after(f"REVOKE {verb} ON public.{table} FROM {group}"):
                if not ground.differences(table, (login,), (verb,)):
                    unnoticed.append((group, verb))
    assert unnoticed == []


def _has_granted(ground: Ground, table: str, group: str, verb: str) -> bool:
    sought = """SELECT 1 FROM pg_class, aclexplode(relacl) WHERE relname = %s AND grantee::regrole::text = %s
        AND privilege_type = %s"""
    return bool(ground.admin.execute(sought, [table, group, verb]).fetchall())


@pytest.mark.parametrize(
    "weakening",
    [
        "ALTER TABLE {0} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {0} NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE {0} OWNER TO service",
        "GRANT REFERENCES ON {0} TO flightctl_user",
        "GRANT TRIGGER ON {0} TO flightctl_service",
        "GRANT MAINTAIN ON {0} TO flightctl_service",
        "GRANT SELECT ON {0} TO flightctl_user WITH GRANT OPTION",
        "ALTER POLICY owner_all ON {0} TO flightctl_service",
        "DROP POLICY owner_all ON {0}",
    ],
)
def test_a_table_that_is_less_guarded_is_noticed(ground: Ground, weakening: str) -> None:
    unnoticed = []
    for table in access.page().tables:
        with ground.after(weakening.format(f"public.{table}")):
            if not access.broken_rules(ground.admin):
                unnoticed.append(table)
    assert unnoticed == []


@pytest.mark.parametrize(
    "weakening",
    [
        "GRANT EXECUTE ON FUNCTION {0} TO PUBLIC",
        "ALTER FUNCTION {0} RESET search_path",
        "ALTER FUNCTION {0} SET search_path = public, pg_catalog",
        "ALTER FUNCTION {0} SET search_path = pg_temp, pg_catalog",
        "ALTER FUNCTION {0} OWNER TO postgres",
        "GRANT EXECUTE ON FUNCTION {0} TO flightctl_user WITH GRANT OPTION",
    ],
)
def test_a_function_that_is_less_guarded_is_noticed(ground: Ground, weakening: str) -> None:
    unnoticed = []
    for name, types in _functions(ground):
        with ground.after(weakening.format(f"flightctl.{name}({types})")):
            if not access.broken_rules(ground.admin):
                unnoticed.append(name)
    assert unnoticed == []


def test_a_function_with_the_rights_of_somebody_else_is_noticed(ground: Ground) -> None:
    unnoticed = []
    for name, types in _functions(ground):
        other = "INVOKER" if access.page().functions[name].runs_as == "owner" else "DEFINER"
        with ground.after(f"ALTER FUNCTION flightctl.{name}({types}) SECURITY {other}"):
            if not access.whose_rights(ground.admin):
                unnoticed.append(name)
    assert unnoticed == []


def test_a_function_for_a_group_more_or_less_is_noticed(ground: Ground) -> None:
    unnoticed = []
    for name, types in _functions(ground):
        for group, login in list(_LOWEST.items())[:3]:
            may = access.column_of(login) in access.page().functions[name].callers
            altered = "REVOKE {0} FROM {1}" if may else "GRANT {0} TO {1}"
            granted = [group, *(other for other in ("flightctl_user", "flightctl_staff") if may and other != group)]
            weakening = altered.format(f"EXECUTE ON FUNCTION flightctl.{name}({types})", ", ".join(granted))
            with ground.after(weakening):
                if not access.function_differences(ground.actor(login), name, types):
                    unnoticed.append(weakening)
    assert unnoticed == []


def _functions(ground: Ground) -> list[tuple[str, str]]:
    found = ground.admin.execute(access.FUNCTIONS.encode()).fetchall()
    listed = [(name, types) for name, types in found if name in access.page().functions]
    assert len(listed) > 20
    return listed


def test_the_use_of_a_sequence_more_is_noticed(ground: Ground) -> None:
    unnoticed = []
    for sequence, cells in access.page().sequences.items():
        for group, login in _LOWEST.items():
            for verb in ("USAGE", "SELECT", "UPDATE"):
                if cells.get((verb, access.column_of(login))):
                    continue
                with ground.after(f"GRANT {verb} ON SEQUENCE public.{sequence} TO {group}"):
                    if not access.sequence_differences(ground.actor(login)):
                        unnoticed.append((sequence, group, verb))
    assert unnoticed == []


@pytest.mark.parametrize("schema", access.page().schemas)
@pytest.mark.parametrize("group", _LOWEST)
def test_who_may_make_things_in_a_schema_is_noticed(ground: Ground, schema: str, group: str) -> None:
    with ground.after(f"GRANT CREATE ON SCHEMA {schema} TO {group}"):
        assert access.schema_differences(ground.actor(_LOWEST[group])) != []


@pytest.mark.parametrize(
    "weakening",
    [
        "ALTER ROLE flightctl_owner LOGIN",
        "ALTER ROLE flightctl_user BYPASSRLS",
        "ALTER ROLE service BYPASSRLS",
        "ALTER ROLE staff SUPERUSER",
        "ALTER ROLE basic CREATEROLE",
        "GRANT flightctl_owner TO service",
        "GRANT flightctl_owner TO service WITH INHERIT FALSE",
        "GRANT flightctl_service TO flightctl_staff",
        "GRANT flightctl_staff TO basic",
        "GRANT flightctl_user TO no_access WITH INHERIT FALSE",
        "ALTER DEFAULT PRIVILEGES FOR ROLE flightctl_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE flightctl_owner GRANT SELECT ON TABLES TO flightctl_user",
        "SET ROLE flightctl_owner; CREATE VIEW public.peep AS SELECT * FROM public.shares",
        "SET ROLE flightctl_owner; CREATE MATERIALIZED VIEW public.peep AS SELECT * FROM public.shares",
        "CREATE TABLE public.peep AS SELECT * FROM public.shares",
        "CREATE FUNCTION flightctl.peep() RETURNS void LANGUAGE sql SECURITY DEFINER AS ''",
        "CREATE POLICY narrow ON public.shares AS RESTRICTIVE TO flightctl_user USING (true)",
        "GRANT SELECT ON public.shares TO flightctl_user, PUBLIC",
        "GRANT SELECT (token_sha256) ON public.shares TO PUBLIC",
        "GRANT REFERENCES (flight_id) ON public.flights TO flightctl_service",
    ],
)
def test_a_role_or_an_object_that_breaks_a_rule_is_noticed(ground: Ground, weakening: str) -> None:
    if weakening == "GRANT flightctl_service TO flightctl_staff":
        # Whoever is in the higher group has to leave the lower one first: a circle is refused by the server itself.
        weakening = f"REVOKE flightctl_staff FROM flightctl_service; {weakening}"
    with ground.after(weakening):
        assert access.broken_rules(ground.admin) != []


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE public.one_more ()",
        "CREATE VIEW public.one_more WITH (security_invoker = true) AS SELECT 1",
        "CREATE SEQUENCE flightctl.one_more",
        "CREATE SCHEMA one_more",
        "CREATE FUNCTION public.one_more() RETURNS void LANGUAGE sql AS ''",
        "CREATE FUNCTION flightctl.track(integer) RETURNS void LANGUAGE sql AS ''",
        "DROP TABLE public.counter_batches",
        "DROP FUNCTION flightctl.lock_flights",
    ],
)
def test_what_is_there_without_a_line_on_the_page_is_noticed(ground: Ground, made: str) -> None:
    with ground.after(made):
        assert access.unlisted(ground.admin) != []
