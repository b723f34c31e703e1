"""One line to one of the servers, made anew where it was lost; what nats-py raises becomes our errors here.

A refusal does not come as an answer: the server says it apart, and the answer never comes. So every request is
remembered with its subject until it is answered, refused, or the line is lost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from random import sample
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from flightctl.errors import FlightctlError, MirrorRefused, MirrorTimedOut, MirrorUnreachable
from flightctl.mirror.client import SafeClient, connected
from flightctl.mirror.terms import BucketTerms, addresses, title

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 5.0
_REFUSED = re.compile(r'permissions violation for (publish|subscription) to "([^"]*)"')
_NOT_LET_IN = ("authorization violation", "authentication", "account")
_SEVERAL = frozenset({"200", ""})
NO_RESPONDERS = "503"


class NotYet(MirrorUnreachable):
    """Nobody answers at the moment; that may pass, as when a cluster chooses another leader."""


class _Expected:
    """An answer of so many messages, or of fewer up to one that carries a status."""

    __slots__ = ("future", "heard", "most", "subject")

    def __init__(self, subject: str, most: int) -> None:
        self.subject = subject
        self.most = most
        self.heard: list[Msg] = []
        self.future: asyncio.Future[list[Msg] | FlightctlError] = asyncio.get_running_loop().create_future()

    def hear(self, message: Msg) -> bool:
        """Whether that was all."""
        self.heard.append(message)
        is_all = len(self.heard) == self.most or status(message) not in _SEVERAL
        if is_all and not self.future.done():
            self.future.set_result(self.heard)
        return is_all

    def fail(self, error: FlightctlError) -> None:
        if not self.future.done():
            self.future.set_result(error)


Answer = asyncio.Future[list[Msg] | FlightctlError]
"""Its messages, or why there are none."""


class Connection:
    """Raises ConfigurationError for addresses that are none."""

    def __init__(self, terms: BucketTerms, inbox: str = "_INBOX") -> None:
        self._addresses = addresses(terms.url)
        self.title = title(terms.url)
        self._credentials = terms.credentials
        self._inbox = inbox
        self._client = SafeClient()
        self._connecting = asyncio.Lock()
        self._expected: dict[str, _Expected] = {}
        self._tokens = count()
        self._answers = ""
        self._cause = ""
        self.lines = 0
        """How many there have been."""

    @property
    def is_open(self) -> bool:
        """Whether there is a line, as far as is known without asking."""
        return self._client.is_connected

    @property
    def max_bytes(self) -> int:
        """The largest message that the server takes."""
        return self._client.max_payload

    async def ready(self) -> None:
        """Connect where there is no line. Raises MirrorUnreachable, MirrorRefused, ConfigurationError."""
        async with self._connecting:
            if not self._client.is_connected:
                await self._connect()

    async def subscribe(self, subject: str, hear: Callable[[Msg], Awaitable[None]]) -> Subscription:
        """Hear what is sent there, for as long as there is this line. Raises NotYet."""
        try:
            return await self._client.subscribe(subject, cb=hear)
        except nats.errors.ConnectionClosedError:
            raise self._lost() from None

    async def publish(self, subject: str, payload: bytes, reply: str) -> None:
        """Send a request whose answers go elsewhere. Raises NotYet."""
        try:
            await self._client.publish(subject, payload, reply)
        except (nats.errors.ConnectionClosedError, nats.errors.OutboundBufferLimitError):
            raise self._lost() from None

    def new_inbox(self) -> str:
        """Where nobody else listens or sends."""
        return self._client.new_inbox()

    async def send(
        self, subject: str, payload: bytes = b"", headers: Mapping[str, str] | None = None, *, most: int = 1
    ) -> Answer:
        """Send a request that is answered by at most so many messages. Raises NotYet.

        The answer is waited for with ``answered`` or ``all_answered``.
        """
        token = str(next(self._tokens))
        expected = self._expected[token] = _Expected(subject.lower(), most)
        try:
            await self._client.publish(
                subject, payload, f"{self._answers}.{token}", None if headers is None else dict(headers)
            )
        except (nats.errors.ConnectionClosedError, nats.errors.OutboundBufferLimitError):
            raise self._lost() from None
        return expected.future

    async def answered(self, answer: Answer, within_s: float = ANSWER_WITHIN_S) -> list[Msg]:
        """The messages of an answer. Raises MirrorTimedOut, MirrorRefused, NotYet."""
        await self.all_answered([answer], within_s)
        heard = answer.result()
        if isinstance(heard, FlightctlError):
            raise heard
        return heard

    async def all_answered(self, answers: list[Answer], within_s: float = ANSWER_WITHIN_S) -> None:
        """Wait until each is answered, or has failed. A line on which one stays out is given up."""
        _, open_ = await asyncio.wait(answers, timeout=within_s)
        if open_:
            self._fail_all(MirrorTimedOut(f"NATS at {self.title} did not answer in {within_s:g} s"))
            await self._client.leave()

    async def close(self) -> None:
        """Let go of the line."""
        await self._client.leave()

    async def _connect(self) -> None:
        trouble: FlightctlError = MirrorUnreachable(f"NATS at {self.title} cannot be reached")
        within_s = CONNECT_WITHIN_S / len(self._addresses)
        for address in sample(self._addresses, len(self._addresses)):
            self._cause = "no answer"
            try:
                async with asyncio.timeout(within_s):
                    self._client = await connected(
                        address, self._inbox, self._credentials, on_error=self._on_error, on_close=self._on_close
                    )
                    self._answers = self._client.new_inbox()
                    await self._client.subscribe(f"{self._answers}.*", cb=self._hear)
                    self.lines += 1
            except (OSError, nats.errors.Error, TimeoutError) as error:
                trouble = self._unreachable(error)
            else:
                return
        raise trouble

    def _unreachable(self, error: Exception) -> FlightctlError:
        cause = self._cause if isinstance(error, nats.errors.NoServersError) else _plain(error) or self._cause
        if isinstance(error, nats.errors.AuthorizationError) or any(word in cause.lower() for word in _NOT_LET_IN):
            return MirrorRefused(f"NATS at {self.title} does not let this user in", cause=cause)
        return MirrorUnreachable(f"NATS at {self.title} cannot be reached", cause=cause)

    async def _hear(self, message: Msg) -> None:
        token = message.subject[len(self._answers) + 1 :]
        expected = self._expected.get(token)
        if expected is not None and expected.hear(message):
            del self._expected[token]

    async def _on_error(self, error: Exception) -> None:
        self._cause = _plain(error)
        refused = _REFUSED.search(str(error))
        if refused is None:
            return
        what = "write or ask" if refused[1] == "publish" else "listen"
        told = MirrorRefused(f"NATS at {self.title} does not let this user {what}: {refused[2]}")
        # Who may not listen hears no answer at all.
        self._fail_all(told, refused[2] if refused[1] == "publish" else "")

    async def _on_close(self) -> None:
        self._fail_all(self._lost())

    def _fail_all(self, error: FlightctlError, subject: str = "") -> None:
        """All that is waited for, or what was sent to this subject."""
        for token, expected in list(self._expected.items()):
            if not subject or expected.subject == subject:
                expected.fail(error)
                del self._expected[token]

    def _lost(self) -> NotYet:
        return NotYet(f"the connection to NATS at {self.title} was lost", cause=self._cause)


def status(message: Msg) -> str:
    """The status that the server itself answers with; empty for an ordinary message."""
    return str(message.headers.get("Status", "")) if message.headers else ""


def headers(message: Msg) -> dict[str, Any]:
    """Its headers; none is an empty one."""
    return message.headers or {}


def _plain(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else ""
