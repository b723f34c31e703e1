"""A loopback server that answers as badly as it is told to, and remembers what it was asked."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import strategies as st

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

HEAD_END = b"\r\n\r\n"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)

Answer = Callable[[socket.socket], None]
Tls = ssl.SSLContext | None


@dataclass
class Server:
    """``asked`` holds the head of every request, ``connections`` counts what was accepted."""

    port: int
    scheme: str = "http"
    head_end: bytes = HEAD_END
    asked: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    @property
    def queries(self) -> list[dict[str, str]]:
        targets = (head.split(" ")[1] for head in self.asked)
        return [{name: values[0] for name, values in parse_qs(urlsplit(t).query).items()} for t in targets]


@contextmanager
def serving(answer: Answer, tls: Tls = None, head_end: bytes = HEAD_END) -> Iterator[Server]:
    """Answer every request with ``answer`` until the block ends; one connection may ask several times."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1], "https" if tls else "http", head_end)
        threading.Thread(target=_accept, args=(listener, server, answer, tls), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: Server, answer: Answer, tls: Tls) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            server.connections += 1
            threading.Thread(target=_serve, args=(connection, server, answer, tls), daemon=True).start()


def _serve(connection: socket.socket, server: Server, answer: Answer, tls: Tls) -> None:
    with suppress(OSError), connection:
        secured = tls.wrap_socket(connection, server_side=True) if tls else connection
        with secured:
            while head := _head(secured, server.head_end):
                server.asked.append(head)
                answer(secured)


def _head(connection: socket.socket, end: bytes) -> str:
    received = b""
    while not received or end not in received:
        chunk = connection.recv(4096)
        if not chunk:
            return ""
        received += chunk
    return received.decode("latin-1")


def packet(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; ``retry_after="5"`` becomes ``retry-after: 5``."""
    fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def answering(body: object, status: str = "200 OK", **headers: str) -> Answer:
    """Answer with bytes as they are, anything else as JSON."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return sending(packet(octets, status, **headers))


def sending(octets: bytes) -> Answer:
    return lambda connection: connection.sendall(octets)


def hanging_up_after(octets: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def dripping(octets: bytes, at_once: int = 0) -> Answer:
    """Send one byte every 20 ms, after ``at_once`` bytes in one piece: no single read ever waits long."""

    def answer(connection: socket.socket) -> None:
        pause = threading.Event()
        connection.sendall(octets[:at_once])
        for octet in octets[at_once:]:
            pause.wait(0.02)
            connection.sendall(bytes([octet]))

    return answer


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    connection.recv(1)


def packed(size: int) -> bytes:
    return gzip.compress(b" " * size, compresslevel=1)


def bursting(size: int) -> Answer:
    """Send so many bytes, packed."""
    return answering(packed(size), content_encoding="gzip")


def row(**changes: Any) -> dict[str, Any]:
    """One row of ``/flights``, in the shape of CONTRACT A4."""
    return {
        "flight_date": "2026-11-20",
        "flight_status": "scheduled",
        "departure": stop("AKL", "NZAA", "Auckland International", "2026-11-20T08:30:00+00:00"),
        "arrival": stop("CHC", "NZCH", "Christchurch International", "2026-11-20T09:55:00+00:00"),
        "airline": {"name": "Air New Zealand", "iata": "NZ", "icao": "ANZ"},
        "flight": {"number": "527", "iata": "NZ527", "icao": "ANZ527", "codeshared": None},
        "aircraft": None,
        "live": None,
        **changes,
    }


def stop(iata: str, icao: str, airport: str, scheduled: str) -> dict[str, Any]:
    return {
        "airport": airport,
        "timezone": "Pacific/Auckland",
        "iata": iata,
        "icao": icao,
        "terminal": None,
        "gate": None,
        "delay": None,
        "scheduled": scheduled,
        "estimated": scheduled,
        "actual": None,
    }


def page(*rows: object, **paging: object) -> dict[str, Any]:
    counted = {"limit": 100, "offset": 0, "count": len(rows), "total": len(rows)}
    return {"pagination": {**counted, **paging}, "data": list(rows)}


def everything_said(error: BaseException, log: pytest.LogCaptureFixture | None = None) -> str:
    """All that could ever be shown of ``error``: texts, attributes, the errors behind it, the log."""
    said = [str(error), repr(error), repr(error.args), repr(vars(error))]
    said += [everything_said(link) for link in (error.__cause__, error.__context__) if link is not None]
    said += [record.getMessage() + repr(record.args) for record in log.records] if log else []
    return "\n".join(said)


def without_key(text: str) -> bool:
    return KEY not in text.lower() and _percent(KEY) not in text.lower()


def _percent(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)
