"""A transaction pooler on the loopback in front of a test's PostgreSQL server, as pgbouncer is in transaction mode.

A client has a server connection from its first message until the server says that no transaction is open; then another
client of the same login and database may get it, with whatever a session left behind on it: nothing is reset.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

from pgwire import INT, Side, complaint, start_up
from postgres import ADMIN, RemoteDatabase

_PROTOCOL = 196608
_TAKEN_OVER = {"user", "database", "client_encoding", "application_name"}
"""What a client may say at the start; as with pgbouncer, other settings of a session are refused."""
_ERROR, _KEY, _READY, _END = b"E", b"K", b"Z", b"X"
_ANSWERED_BY_READY = (b"Q", b"S", b"F")
"""Query, Sync and FunctionCall."""
_IDLE = b"I"
_NO_KEY = _KEY + INT.pack(12) + bytes(8)


class _Refused(Exception):
    """The argument is the message to the client."""


@dataclass(frozen=True)
class Pooled(RemoteDatabase):
    """A database that logins find through a pooler; the admin, who looks at it for the tests, goes past it."""

    port: int

    def url(self, user: str = ADMIN) -> str:
        return super().url(user) if user == ADMIN else self.through(user)

    def through(self, user: str) -> str:
        """The way of this login through the pooler, be it the admin's."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{self.name}"


@contextmanager
def pooled(remote: RemoteDatabase, connections: int) -> Iterator[Pooled]:
    """A pooler in front of this database, with so many server connections for each login, taken in turn."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pooler = _Pooler(str(next(Path(remote.server.socket_folder).glob(".s.PGSQL.*[0-9]"))), connections)
        thread = threading.Thread(target=pooler.serve, args=(listening,))
        thread.start()
        try:
            yield Pooled(remote.server, remote.name, listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


class _Line(Side):
    """One connection to the server, which the pooler itself has started."""

    def __init__(self, target: str, login: tuple[str, str]) -> None:
        super().__init__(socket.socket(socket.AF_UNIX))
        self.socket.connect(target)
        asked = b"user\0%b\0database\0%b\0\0" % (login[0].encode(), login[1].encode())
        self.socket.sendall(INT.pack(len(asked) + 8) + INT.pack(_PROTOCOL) + asked)
        self.greeting = b"".join(self._greeting())

    def _greeting(self) -> Iterator[bytes]:
        message = b""
        while message[:1] != _READY:
            message = self.next()
            if message[:1] == _ERROR:
                self.socket.close()
                raise _Refused(message)
            # The key by which to cancel is the server's and is no business of a client.
            yield _NO_KEY if message[:1] == _KEY else message

    def drop_what_is_for_nobody(self) -> None:
        """Such as a notification, which came while no client had the line."""
        while select.select([self], [], [], 0)[0]:
            self.receive()
        while self.taken():
            pass


class _Pool:
    """The lines of one login to one database."""

    def __init__(self, target: str, login: tuple[str, str], connections: int) -> None:
        self._target, self._login = target, login
        self._turns: Queue[_Line | None] = Queue()
        """Lines that are free, those longest so first; none for one that is to be opened."""
        for _ in range(connections):
            self._turns.put(None)
        self.greeting = b""

    def take(self) -> _Line:
        """A line for a transaction, as soon as there is one."""
        line = self._turns.get()
        try:
            if line is None:
                line = _Line(self._target, self._login)
                self.greeting = line.greeting
            line.drop_what_is_for_nobody()
        except BaseException:
            if line is not None:
                line.socket.close()
            self._turns.put(None)
            raise
        return line

    def give_back(self, line: _Line) -> None:
        self._turns.put(line)

    def end(self, line: _Line) -> None:
        """It is in nobody's state to be used again."""
        line.socket.close()
        self._turns.put(None)

    def close(self) -> None:
        while not self._turns.empty():
            line = self._turns.get()
            if line is not None:
                line.socket.close()


@dataclass
class _Pooler:
    """Every client has a thread."""

    target: str
    connections: int
    _pools: dict[tuple[str, str], _Pool] = field(default_factory=dict)
    _clients: list[tuple[socket.socket, threading.Thread]] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Until the listening socket is shut down."""
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=self._serve, args=(client,))
                self._clients.append((client, thread))
                thread.start()
        for client, _ in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for _, thread in self._clients:
            thread.join()
        for pool in self._pools.values():
            pool.close()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            try:
                wanted = start_up(client)
                if wanted:
                    self._start(client, wanted)
            except _Refused as refusal:
                client.sendall(refusal.args[0])

    def _start(self, client: socket.socket, wanted: dict[str, str]) -> None:
        if unknown := wanted.keys() - _TAKEN_OVER:
            raise _Refused(complaint(f"unsupported startup parameter: {min(unknown)}"))
        login = wanted["user"], wanted["database"]
        pool = self._pools.setdefault(login, _Pool(self.target, login, self.connections))
        if not pool.greeting:
            pool.give_back(pool.take())
        client.sendall(pool.greeting)
        side = Side(client)
        while (message := side.next())[:1] != _END:
            _transaction(side, message, pool)


def _transaction(client: Side, first: bytes, pool: _Pool) -> None:
    """From a client's first message to where no transaction is open."""
    line = pool.take()
    try:
        _pass_both_ways(client, first, line)
    except OSError:
        # Who goes in the middle of a transaction takes the line along.
        pool.end(line)
        raise
    pool.give_back(line)


def _pass_both_ways(client: Side, message: bytes, server: Side) -> None:
    owed, is_between = 0, False
    while True:
        while message:
            server.send(message)
            is_between = message[:1] not in _ANSWERED_BY_READY
            owed += not is_between
            message = client.taken()
        while answer := server.taken():
            client.send(answer)
            owed -= answer[:1] == _READY
            if answer[:1] == _READY and answer[5:] == _IDLE and not owed and not is_between:
                client.flush(0)
                return
        _wait(client, server)
        message = client.taken()


def _wait(*sides: Side) -> None:
    """Until one of them says something, or takes what is for it."""
    heard, taking, _ = select.select(sides, [side for side in sides if side.has_to_send], [])
    for side in taking:
        side.flush()
    for side in heard:
        side.receive()
