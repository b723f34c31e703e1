"""PostgreSQL's messages, as who stands between client and server has to take them."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

INT = struct.Struct("!i")
_HEAD, _PIECE = 5, 65536
_CANCEL, _ENCRYPTION = 80877102, (80877103, 80877104)


class Side:
    """One end of a line. Either may send the half of a message and wait for the other before it sends the rest."""

    def __init__(self, its: socket.socket) -> None:
        self.socket = its
        self._coming, self._going = bytearray(), bytearray()

    def fileno(self) -> int:
        return self.socket.fileno()

    @property
    def has_to_send(self) -> bool:
        return bool(self._going)

    def receive(self) -> None:
        """What is there, or what comes next."""
        piece = self.socket.recv(_PIECE)
        if not piece:
            raise ConnectionResetError
        self._coming += piece

    def taken(self) -> bytes:
        """The next message, if all of it is here."""
        size = 1 + INT.unpack(self._coming[1:5])[0] if len(self._coming) >= _HEAD else _HEAD
        if len(self._coming) < size:
            return b""
        message = bytes(self._coming[:size])
        del self._coming[:size]
        return message

    def next(self) -> bytes:
        """The next message, when it comes."""
        while not (message := self.taken()):
            self.receive()
        return message

    def send(self, message: bytes) -> None:
        """Later; see ``flush``."""
        self._going += message

    def flush(self, flags: int = socket.MSG_DONTWAIT) -> None:
        """As much as the other end takes now; with no flags all of it."""
        while self._going:
            with suppress(BlockingIOError):
                del self._going[: self.socket.send(self._going, flags)]
            if flags:
                return


def start_up(client: socket.socket) -> dict[str, str]:
    """What a client says at the start; nothing where it asks for a cancellation, which is not passed on."""
    while True:
        length, code = struct.unpack("!ii", _exactly(client, 8))
        words = _exactly(client, length - 8).decode("latin-1").split("\0")
        if code == _CANCEL:
            return {}
        if code not in _ENCRYPTION:
            return {name: value for name, value in zip(words[::2], words[1::2], strict=False) if name}
        client.sendall(b"N")


def _exactly(source: socket.socket, size: int) -> bytes:
    found = source.recv(size, socket.MSG_WAITALL)
    if len(found) < size:
        raise ConnectionResetError
    return found


def complaint(text: str) -> bytes:
    """A message that refuses a client."""
    fields = f"SFATAL\0VFATAL\0C08P01\0M{text}\0\0".encode()
    return b"E" + INT.pack(len(fields) + 4) + fields
