"""What ``pooler`` is for the other tests: a transaction pooler that resets nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from select import select
from typing import Any

import psycopg
import pytest

from pooler import Pooled, pooled
from postgres import BASIC, SERVICE, RemoteDatabase

Connection = psycopg.Connection[Any]
Connect = Callable[..., Connection]


@pytest.fixture
def pooler(shared_remote: RemoteDatabase) -> Iterator[Pooled]:
    with pooled(shared_remote, connections=1) as made:
        yield made


@pytest.fixture
def connect(pooler: Pooled) -> Iterator[Connect]:
    """A client of it."""
    with ExitStack() as stack:

        def call(login: str = BASIC, **more: Any) -> Connection:
            return stack.enter_context(closing(psycopg.connect(pooler.url(login), autocommit=True, **more)))

        yield call


def one(connection: Connection, statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def backend(connection: Connection) -> int:
    return int(one(connection, "SELECT pg_backend_pid()"))


def test_clients_of_a_login_share_a_server_connection(connect: Connect) -> None:
    assert backend(connect()) == backend(connect())


def test_other_logins_have_others(connect: Connect) -> None:
    clients = [connect(BASIC), connect(SERVICE)]
    assert backend(clients[0]) != backend(clients[1])
    assert [one(client, "SELECT session_user") for client in clients] == [BASIC, SERVICE]


def test_a_client_goes_from_one_server_connection_to_the_next(shared_remote: RemoteDatabase) -> None:
    with pooled(shared_remote, connections=2) as pooler, psycopg.connect(pooler.url(BASIC), autocommit=True) as client:
        first, second, third = (backend(client) for _ in range(3))
    assert first != second
    assert first == third


def test_what_one_client_sets_the_next_has(connect: Connect) -> None:
    setting, other = connect(), connect()
    setting.execute("SET statement_timeout = '1234ms'")
    assert one(other, "SHOW statement_timeout") == "1234ms"


def test_so_it_is_with_what_one_client_prepares(connect: Connect) -> None:
    preparing, other = connect(), connect()
    preparing.execute("SELECT 1", prepare=True)
    assert one(other, "SELECT count(*) FROM pg_prepared_statements") == 1


def test_much_may_be_on_its_way_both_ways_at_once(connect: Connect) -> None:
    client, long = connect(), "x" * 3000
    with client.pipeline():
        cursors = [client.execute("SELECT %s", [long]) for _ in range(500)]
    assert {cursor.fetchone() for cursor in cursors} == {(long,)}


def test_a_server_connection_is_kept_for_a_transaction(connect: Connect) -> None:
    holder, other = connect(), connect()
    with holder.transaction():
        holder.execute("SELECT 1")
        other.pgconn.send_query(b"SELECT 1")
        assert select([other], [], [], 0.1)[0] == []
    assert select([other], [], [], 10)[0] == [other]


def test_a_failed_transaction_is_kept_until_it_is_ended(connect: Connect) -> None:
    failing, other = connect(), connect()
    with pytest.raises(psycopg.errors.DivisionByZero), failing.transaction():
        failing.execute("SELECT 1 / 0")
    assert one(other, "SELECT now() = statement_timestamp()")


def test_who_leaves_in_a_transaction_takes_it_along(connect: Connect) -> None:
    leaving = connect()
    before = backend(leaving)
    leaving.execute("BEGIN")
    leaving.close()
    assert backend(connect()) != before


def test_a_notification_reaches_nobody_who_listens_through_it(connect: Connect, pooler: Pooled) -> None:
    listening = connect()
    listening.execute("LISTEN flightctl")
    pooler.rows("NOTIFY flightctl")
    assert list(listening.notifies(timeout=0.2)) == []


def test_settings_at_the_start_are_refused(connect: Connect) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter: options"):
        connect(options="-c statement_timeout=1")
