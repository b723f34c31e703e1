"""The one way HTTP is spoken: bounded in time and size, no redirects, no secret in any message or log."""

from __future__ import annotations

import logging
import ssl
import threading
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Final

import httpx

from flightctl.errors import FlightctlError, Redirected, TimedOut, TooLarge, Unreadable
from flightctl.providers.base_url import check_base_url
from flightctl.providers.deadline import Watch, within
from flightctl.providers.httpx_errors import FAILURES, explained, unusable_environment
from flightctl.providers.redaction import redacted

__all__ = ["DEADLINE_SECONDS", "MAX_BYTES", "Gateway", "Reply", "check_base_url", "redacted"]

DEADLINE_SECONDS: Final = 15.0
MAX_BYTES: Final = 8 * 1024 * 1024

_PATIENCE = 14 / 15
"""Part of the deadline spent waiting; the rest is for handing the error on."""
_OPERATION_PATIENCE = 0.95
"""Part of that for one read or write; frees an abandoned thread on its own."""
_CONNECT_PATIENCE = 0.3
"""Part of it for one address, so that a dead IPv6 address leaves time for IPv4."""
_KEPT_HEADERS = ("content-type", "date", "retry-after")
_SENT_HEADERS = MappingProxyType(
    {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "flightctl"}
)
_WINDOW_BITS = MappingProxyType({"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)})
"""zlib's window bits per content coding; what is sent as deflate comes with or without the zlib header."""
_HTTPCORE_PARTS = ("", ".connection", ".http11", ".proxy", ".socks")
_CHATTY_LOGGERS = ("httpx", *(f"httpcore{part}" for part in _HTTPCORE_PARTS))


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer that is no redirect: the body unpacked, the headers in use with lower-case names."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Question:
    path: str
    params: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Gateway:
    """HTTP GET against one base URL, with one kept-alive client that is made at the first request.

    ``base_url`` is what ``check_base_url`` returned for ``url_setting``; ``provider`` names it in messages;
    ``secrets`` are masked in every text that is passed on. ``transport`` replaces the network (sandbox, tests).
    A plain http base, which is on the loopback, ignores HTTP_PROXY: a proxy would see the key.
    """

    def __init__(
        self,
        base_url: str,
        *,
        provider: str = "the provider",
        url_setting: str = "its base URL",
        secrets: Sequence[str] = (),
        transport: httpx.BaseTransport | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._base_url = base_url
        self._provider = provider
        self._url_setting = url_setting
        self._secrets = tuple(secrets)
        self._transport = transport
        self._deadline_seconds = deadline_seconds
        self._max_bytes = max_bytes
        self._client: httpx.Client | None = None
        self._making = threading.Lock()

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        """Ask once for ``path`` (``/flights``), within the deadline from name lookup to the last byte.

        Raises Unreachable, TimedOut, Redirected, TooLarge, Unreadable, or ConfigurationError where the URL,
        the proxy or the certificates in the environment cannot be used. A status of 400 and more is a Reply.
        """
        question = _Question(path, params, {**_SENT_HEADERS, **(headers or {})})
        seconds = self._deadline_seconds
        try:
            outcome = within(seconds * _PATIENCE, lambda watch: self._attempt(question, watch))
        except TimeoutError:
            outcome = TimedOut(f"{self._provider} gave no complete answer in {seconds:g} seconds")
        if isinstance(outcome, FlightctlError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close the connections; the next ``get`` opens new ones."""
        with self._making:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _attempt(self, question: _Question, watch: Watch) -> Reply | FlightctlError:
        """Return errors instead of raising: raised here, they would keep httpx's with the URL as context."""
        try:
            return self._exchange(question, watch)
        except FlightctlError as refused:
            return refused
        except FAILURES as failure:
            return explained(failure, self._provider, self._secrets, self._url_setting)

    def _exchange(self, question: _Question, watch: Watch) -> Reply:
        with self._opened().stream(
            "GET",
            self._base_url + question.path,
            params=question.params,
            headers=question.headers,
            extensions={"trace": watch.trace},
        ) as response:
            body = self._body(response, watch)
            kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return Reply(response.status_code, body, kept)

    def _body(self, response: httpx.Response, watch: Watch) -> bytes:
        if response.is_stream_consumed:
            return self._bounded(response.content)  # of a transport inside this process: whole and unpacked
        packed = bytearray()
        for chunk in response.iter_raw():
            watch.check()
            packed += self._bounded(chunk, already=len(packed))
        coding = response.headers.get("content-encoding", "").strip().lower()
        return self._unpacked(bytes(packed), coding)

    def _unpacked(self, packed: bytes, coding: str) -> bytes:
        if coding in ("", "identity") or not packed:
            return packed
        if coding not in _WINDOW_BITS:
            raise Unreadable(f"{self._provider} packed its answer in a way that was not asked for")
        body = _inflated(packed, _WINDOW_BITS[coding], self._max_bytes + 1)
        if body is None:
            raise Unreadable(f"{self._provider} sent a packed answer that cannot be unpacked")
        return self._bounded(body)

    def _bounded(self, octets: bytes, *, already: int = 0) -> bytes:
        if already + len(octets) > self._max_bytes:
            raise TooLarge(f"{self._provider} sent more than {self._max_bytes / 2**20:g} MiB")
        return octets

    def _opened(self) -> httpx.Client:
        _hush()
        with self._making:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> httpx.Client:
        patience = self._deadline_seconds * _PATIENCE
        limits = httpx.Timeout(patience * _OPERATION_PATIENCE, connect=patience * _CONNECT_PATIENCE)
        try:
            return httpx.Client(
                transport=self._transport or self._direct_transport(),
                timeout=limits,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                event_hooks={"response": [self._refuse_redirect]},
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as failure:
            raise unusable_environment(failure) from None

    def _direct_transport(self) -> httpx.BaseTransport | None:
        """For plain http a transport that knows no proxy, and loads no certificates, which takes 20 ms."""
        if self._base_url.startswith("https:"):
            return None
        return httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)

    def _refuse_redirect(self, response: httpx.Response) -> None:
        # As a hook, because httpx reads Location even where it does not follow it, and quotes it in an error.
        if 300 <= response.status_code < 400:
            hint = f"check {self._url_setting}; redirects are not followed, because the key goes to no other host"
            raise Redirected(f"{self._provider} answered with a redirect (HTTP {response.status_code})", hint=hint)


def _inflated(packed: bytes, window_bits: Sequence[int], most: int) -> bytes | None:
    """At most ``most`` bytes of what is packed; ``None`` where it is damaged or cut off."""
    for bits in window_bits:
        inflater = zlib.decompressobj(bits)
        with suppress(zlib.error):
            body = inflater.decompress(packed, most)
            if inflater.eof or len(body) == most:
                return body
    return None


def _hush() -> None:
    """Keep httpx and httpcore from logging URLs and headers, whatever level somebody gave them since."""
    for name in _CHATTY_LOGGERS:
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.WARNING:
            logger.setLevel(logging.WARNING)
