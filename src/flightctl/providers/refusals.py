"""What the refusals of all providers have in common: the kind by HTTP status, the sentence, how long to wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from flightctl.domain.text import cleaned
from flightctl.errors import (
    FlightctlError,
    KeyRefused,
    PlanRefused,
    QuotaUsedUp,
    RateLimited,
    RequestRefused,
    ServerError,
    ToldToWait,
    Unavailable,
    Unreadable,
    UpstreamError,
)
from flightctl.providers.json_body import NotJson
from flightctl.providers.redaction import redacted
from flightctl.providers.transport import Reply

Kind = type[UpstreamError] | type[QuotaUsedUp]

DEFAULT_WAIT_SECONDS: Final = 60.0

_BY_STATUS: Final[Mapping[int, Kind]] = {401: KeyRefused, 403: PlanRefused, 429: RateLimited, 503: Unavailable}
_BY_HUNDREDS: Final[Mapping[int, Kind]] = {2: UpstreamError, 4: RequestRefused, 5: ServerError}
_SENTENCES: Final[Mapping[Kind, str]] = {
    KeyRefused: "{} refused the key",
    PlanRefused: "{}'s plan for this key does not include the request",
    QuotaUsedUp: "{}'s quota for this key is used up",
    RateLimited: "{} wants fewer requests a minute",
    ServerError: "{} failed by its own account",
    Unavailable: "{} is not available",
    RequestRefused: "{} refused the request",
    Unreadable: "{} sent something that is no answer",
    UpstreamError: "{} answered with an error",
}
_TEXT_LENGTH = 200
_WAIT_SECONDS = (1.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Refuser:
    """Puts one provider's refusals into our errors; its texts are redacted, cleaned and cut."""

    provider: str
    secrets: Sequence[str]
    hints: Mapping[Kind, str] = field(default_factory=dict)
    """What to do next, where the error's own hint speaks of another provider."""

    def no_json(self, document: NotJson) -> Unreadable:
        """The error for an answer with status 2xx that is no JSON."""
        return Unreadable(f"{self.provider}'s answer is no JSON: {document.reason}")

    def error(self, kind: Kind, reply: Reply, document: object, label: str, message: str) -> FlightctlError:
        """The error of this kind; ``label`` (its code) and ``message`` are upstream's, and may be empty."""
        sentence = self._sentence(kind, reply.status, document, label, message)
        hint = self._hint(kind, document)
        if issubclass(kind, ToldToWait):
            return kind(sentence, hint=hint, retry_after_seconds=_wait_seconds(reply.headers) or DEFAULT_WAIT_SECONDS)
        return kind(sentence, hint=hint)

    def _sentence(self, kind: Kind, status: int, document: object, label: str, message: str) -> str:
        said = _SENTENCES[kind].format(self.provider)
        if isinstance(document, NotJson):
            return f"{said} (HTTP {status}, and the answer is no JSON: {document.reason})"
        sentence = f"{said} ({self._shown(label) or f'HTTP {status}'})"
        return f"{sentence}: {self._shown(message)}" if message.strip() else sentence

    def _hint(self, kind: Kind, document: object) -> str:
        if isinstance(document, NotJson) and kind not in (ServerError, Unavailable):
            return Unreadable.default_hint
        return self.hints.get(kind, "")

    def _shown(self, text: str) -> str:
        return cleaned(redacted(text.strip(), self.secrets))[:_TEXT_LENGTH]


def kind_by_status(status: int) -> Kind:
    """What a status means where nothing else is said."""
    return _BY_STATUS.get(status) or _BY_HUNDREDS.get(status // 100, Unreadable)


def to_wait_for(kind: Kind, status: int) -> Kind:
    """The provider's own failure with status 503 is one that it wants us to wait for."""
    return Unavailable if kind is ServerError and status == HTTPStatus.SERVICE_UNAVAILABLE else kind


def _wait_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from Retry-After, a number or a date (by the server's own Date, else our clock), 1 to 3600."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        until = _http_date(text)
        if until is None:
            return None
        seconds = (until - (_http_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
    least, most = _WAIT_SECONDS
    return max(least, min(most, seconds))


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
