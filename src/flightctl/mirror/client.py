"""nats-py's client, entered safely and left in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client, RawCredentials

from flightctl.errors import ConfigurationError
from flightctl.mirror.terms import Address

_CONNECT_WITHIN_S = 3
_CLOSED_WITHIN_S = 1.0
_PENDING_BYTES = 64 * 1024 * 1024
_CREDENTIALS_HAVE = ("BEGIN NATS USER JWT", "BEGIN USER NKEY SEED")


class SafeClient(Client):
    """Sends no password where ``tls://`` was asked for and the server offers none; leaves without waiting."""

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        server = self._current_server
        if initial_connection and server and server.uri.scheme == "tls" and not info.get("tls_required"):
            raise nats.errors.SecureConnRequiredError
        await super()._process_info(info, initial_connection)

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        """As nats-py's, in a third of the time: it looks at each character of each name."""
        lines = raw.decode("utf-8", "replace").split("\r\n")
        return {name.strip(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}

    async def leave(self) -> None:
        """Close, also where the server has stopped to read, and where there never was one."""
        if self._flush_queue is None:
            return
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSED_WITHIN_S):
                await self.close()
                return
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()


async def connected(
    address: Address,
    inbox: str,
    credentials: str,
    *,
    on_error: Callable[[Exception], Awaitable[None]],
    on_close: Callable[[], Awaitable[None]],
) -> SafeClient:
    """A line to this server. Raises what nats-py raises, OSError and ConfigurationError."""
    client = SafeClient()
    try:
        await client.connect(
            [address.url],
            error_cb=on_error,
            closed_cb=on_close,
            name="flightctl",
            # Which server is next, and when, is decided by ``Connection``.
            allow_reconnect=False,
            connect_timeout=_CONNECT_WITHIN_S,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            ping_interval=5,
            max_outstanding_pings=2,
            inbox_prefix=inbox,
            pending_size=_PENDING_BYTES,
            user=address.user or None,
            password=address.password or None,
            token=address.token or None,
            user_credentials=_credentials(credentials) if credentials else None,
        )
        if not client.is_connected:
            raise nats.errors.ConnectionClosedError
    except BaseException:
        await client.leave()
        raise
    return client


def _credentials(path: str) -> RawCredentials:
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"nats.creds_file: {path} cannot be read", cause=type(error).__name__) from None
    if not all(part in text for part in _CREDENTIALS_HAVE):
        raise ConfigurationError(f"nats.creds_file: {path} is no file of NATS credentials")
    return RawCredentials(text)
