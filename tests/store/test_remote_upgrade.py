"""The remote as an admin makes, upgrades and takes it back."""

from __future__ import annotations

import psycopg
import pytest

from flightctl.errors import LoginRefused, RemoteUnreachable
from flightctl.store.migrate import downgrade_remote, upgrade_remote
from flightctl.store.remote_engine import Remote
from flightctl.store.schema import HEAD, REVISIONS
from postgres import ADMIN, NO_ACCESS, SERVICE, RemoteDatabase, Server


def test_an_upgrade_of_what_is_current_changes_nothing(remote: RemoteDatabase) -> None:
    assert upgrade_remote(remote.url()) == HEAD
    assert remote.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]


@pytest.mark.parametrize("revision", ["0006", "0001", "base"])
def test_a_downgrade_and_an_upgrade_lead_back(remote: RemoteDatabase, revision: str) -> None:
    tables = remote.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert downgrade_remote(remote.url(), revision) == HEAD
    assert upgrade_remote(remote.url()) == ("" if revision == "base" else revision)
    assert remote.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1") == tables


def test_before_the_rights_are_made_nobody_has_any(remote: RemoteDatabase) -> None:
    downgrade_remote(remote.url(), "0006")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        remote.rows("SELECT * FROM aviationstack_cache", user=SERVICE)


def test_what_is_cached_outlives_a_downgrade_of_the_rights(remote: RemoteDatabase) -> None:
    add = "INSERT INTO aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata)"
    remote.rows(f"{add} VALUES ('flight:NZ527', 'NZ527', 'NZ', 'AKL', 'CHC')")
    downgrade_remote(remote.url(), "0006")
    upgrade_remote(remote.url())
    assert remote.rows("SELECT cache_key, provider FROM aviationstack_cache") == [("flight:NZ527", "aviationstack")]


def test_every_table_belongs_to_who_cannot_log_in(remote: RemoteDatabase) -> None:
    owners = "SELECT DISTINCT tableowner, rolcanlogin FROM pg_tables JOIN pg_roles ON rolname = tableowner"
    assert remote.rows(f"{owners} WHERE schemaname = 'public'") == [("flightctl_owner", False)]


def test_a_login_that_there_is_not_is_refused(remote: RemoteDatabase) -> None:
    with pytest.raises(LoginRefused) as refusal, Remote(remote.url("nobody_known")).reading() as session:
        session.connection()
    assert refusal.value.exit_code == 4


def test_a_server_that_there_is_not_cannot_be_reached(postgres: Server) -> None:
    with pytest.raises(RemoteUnreachable) as failure, Remote("postgresql://x@127.0.0.1:1/x").reading() as session:
        session.connection()
    assert failure.value.exit_code == 5


def test_who_has_no_group_reads_nothing(remote: RemoteDatabase) -> None:
    tables = remote.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 30
    for (table,) in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            remote.rows(f"SELECT count(*) FROM {table}", user=NO_ACCESS)
    assert remote.rows("SELECT count(*) FROM alembic_version", user=ADMIN) == [(1,)]


def test_the_revisions_are_those_of_the_local_file() -> None:
    assert REVISIONS[-1] == HEAD
