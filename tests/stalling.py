"""A network that stops: a door on the loopback to a server's Unix socket, which can be made to forward nothing more."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_PIECE = 65536


@dataclass
class Door:
    """Where clients connect to instead."""

    port: int
    opened: int = 0
    """Connections so far."""
    stalls: threading.Event = field(default_factory=threading.Event)
    """Set: whatever comes in is taken, and goes nowhere."""

    def url(self, user: str, database: str) -> str:
        """A database behind it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


@contextmanager
def door_to(socket_folder: str) -> Iterator[Door]:
    """Forward to the PostgreSQL server whose socket is in this folder."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        door, over = Door(listening.getsockname()[1]), threading.Event()
        target = str(next(Path(socket_folder).glob(".s.PGSQL.*[0-9]")))
        thread = threading.Thread(target=_serve, args=(listening, target, door, over))
        thread.start()
        yield door
        over.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", door.port), 1).close()
        thread.join()


def _serve(listening: socket.socket, target: str, door: Door, over: threading.Event) -> None:
    threads: list[threading.Thread] = []
    while not over.is_set():
        client, _ = listening.accept()
        door.opened += 1
        threads.append(threading.Thread(target=_forward, args=(client, target, door, over)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _forward(client: socket.socket, target: str, door: Door, over: threading.Event) -> None:
    with client, socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as waiting:
        server.connect(target)
        others = {client: server, server: client}
        for one in others:
            waiting.register(one, selectors.EVENT_READ)
        while not over.is_set():
            for key, _ in waiting.select(0.1):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if not _passed_on(source, others[source], door):
                    return


def _passed_on(source: socket.socket, to: socket.socket, door: Door) -> bool:
    """Whether the line still stands."""
    try:
        piece = source.recv(_PIECE)
        if piece and not door.stalls.is_set():
            to.sendall(piece)
    except OSError:
        return False
    return bool(piece)
