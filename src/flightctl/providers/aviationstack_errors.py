"""AviationStack's refusals: ``error.code`` first, HTTP status second (CONTRACT A7), also with status 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

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
from flightctl.providers.redaction import redacted
from flightctl.providers.transport import Reply

_Kind = type[UpstreamError] | type[QuotaUsedUp]

_BY_CODE: Final[Mapping[str, _Kind]] = {
    "invalid_access_key": KeyRefused,
    "missing_access_key": KeyRefused,
    "inactive_user": KeyRefused,
    "function_access_restricted": PlanRefused,
    "https_access_restricted": PlanRefused,
    "usage_limit_reached": QuotaUsedUp,
    "rate_limit_reached": RateLimited,
    "internal_error": ServerError,
    "invalid_api_function": RequestRefused,
    "404_not_found": RequestRefused,
    "not_found_error": RequestRefused,
    "validation_error": RequestRefused,
    # Numbers of the sister products by the same vendor, which send them with HTTP 200.
    "101": KeyRefused,
    "102": KeyRefused,
    "103": RequestRefused,
    "104": QuotaUsedUp,
    "105": PlanRefused,
}
_BY_STATUS: Final[Mapping[int, _Kind]] = {401: KeyRefused, 403: PlanRefused, 429: RateLimited, 503: Unavailable}
_SENTENCES: Final[Mapping[_Kind, str]] = {
    KeyRefused: "AviationStack refused the key",
    PlanRefused: "AviationStack's plan for this key does not include the request",
    QuotaUsedUp: "AviationStack's quota for this key is used up",
    RateLimited: "AviationStack wants fewer requests a minute",
    ServerError: "AviationStack failed by its own account",
    Unavailable: "AviationStack is not available",
    RequestRefused: "AviationStack refused the request",
    Unreadable: "AviationStack sent something that is no answer",
    UpstreamError: "AviationStack answered with an error",
}
_TEXT_LENGTH = 200
_WAIT_SECONDS = (1.0, 3600.0)
DEFAULT_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class NotJson:
    """Stands for a document where the body was none; ``reason`` is a few words of ours."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Told:
    """What the body says about a failure; the texts are upstream's and not yet safe to show."""

    codes: tuple[str, ...] = ()
    message: str = ""


def refusal(reply: Reply, document: object, secrets: Sequence[str]) -> FlightctlError | None:
    """The error that ``reply`` is, or ``None`` where it has to be read as a page.

    ``document`` is the decoded body or NotJson. Never raises; upstream's texts are redacted, cleaned and cut.
    """
    told = _told(document)
    if 200 <= reply.status < 300 and told is None:
        return _no_json(document) if isinstance(document, NotJson) else None
    kind = _kind(told or _Told(), reply.status)
    hint = Unreadable.default_hint if isinstance(document, NotJson) and kind not in (ServerError, Unavailable) else ""
    sentence = _sentence(kind, reply.status, told, document, secrets)
    return _made(kind, sentence, hint, _wait_seconds(reply.headers))


def _no_json(document: NotJson) -> Unreadable:
    return Unreadable(f"AviationStack's answer is no JSON: {document.reason}")


def _made(kind: _Kind, message: str, hint: str, wait_seconds: float | None) -> FlightctlError:
    if issubclass(kind, ToldToWait):
        return kind(message, hint=hint, retry_after_seconds=wait_seconds or DEFAULT_WAIT_SECONDS)
    return kind(message, hint=hint)


def _sentence(kind: _Kind, status: int, told: _Told | None, document: object, secrets: Sequence[str]) -> str:
    if isinstance(document, NotJson):
        return f"{_SENTENCES[kind]} (HTTP {status}, and the answer is no JSON: {document.reason})"
    code, message = (told.codes[:1] or ("",))[0] if told else "", told.message if told else ""
    sentence = f"{_SENTENCES[kind]} ({_shown(code, secrets) or f'HTTP {status}'})"
    return f"{sentence}: {_shown(message, secrets)}" if message.strip() else sentence


def _shown(text: str, secrets: Sequence[str]) -> str:
    return cleaned(redacted(text.strip(), secrets))[:_TEXT_LENGTH]


def _kind(told: _Told, status: int) -> _Kind:
    status = _told_status(told) or status
    kind = next((_BY_CODE[code] for code in told.codes if code in _BY_CODE), None) or _kind_by_status(status)
    return Unavailable if kind is ServerError and status == HTTPStatus.SERVICE_UNAVAILABLE else kind


def _told_status(told: _Told) -> int | None:
    """An HTTP status in the place of a code, which counts for more than a 200 around it."""
    numbers = (int(code) for code in told.codes if len(code) == 3 and code.isascii() and code.isdigit())
    return next((number for number in numbers if 400 <= number < 600), None)


def _kind_by_status(status: int) -> _Kind:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    by_hundreds: Mapping[int, _Kind] = {2: UpstreamError, 4: RequestRefused, 5: ServerError}
    return by_hundreds.get(status // 100, Unreadable)


def _told(document: object) -> _Told | None:
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, dict) and error:
        return _Told(_codes(error), _message(error))
    if error:
        return _Told(message=error if isinstance(error, str) else "")
    if "data" in document:
        return None
    return _told_by_gateway(document)


def _told_by_gateway(document: Mapping[str, Any]) -> _Told | None:
    """``{"message": ...}`` is the gateway's before AviationStack; ``success: false`` the sister products'."""
    message = document.get("message")
    if isinstance(message, str):
        return _Told(message=message)
    return _Told() if document.get("success") is False else None


def _codes(error: Mapping[str, Any]) -> tuple[str, ...]:
    """``type`` before ``code``: where both are there, ``code`` is a bare number."""
    values = (error.get("type"), error.get("code"))
    return tuple(str(value) for value in values if type(value) in (str, int) and value != "")


def _message(error: Mapping[str, Any]) -> str:
    texts = [error.get("message"), error.get("info")]
    faults = error.get("context")
    if isinstance(faults, dict):
        texts += [f"{parameter}: {_fault(told)}" for parameter, told in faults.items()]
    return "; ".join(text for text in texts if isinstance(text, str) and text)


def _fault(told: object) -> str:
    """The first message of a validation error's list ``[{key, message}]``, as far as it is one."""
    first = told[0] if isinstance(told, list) and told else told
    message = first.get("message") if isinstance(first, dict) else first
    return message if isinstance(message, str) else "not accepted"


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
