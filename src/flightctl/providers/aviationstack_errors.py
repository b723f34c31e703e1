"""AviationStack's refusals: ``error.code`` first, HTTP status second (CONTRACT A7), also with status 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flightctl.errors import (
    FlightctlError,
    KeyRefused,
    PlanRefused,
    QuotaUsedUp,
    RateLimited,
    RequestRefused,
    ServerError,
)
from flightctl.providers.json_body import NotJson
from flightctl.providers.refusals import Kind, Refuser, kind_by_status, to_wait_for
from flightctl.providers.transport import Reply

_BY_CODE: Final[Mapping[str, Kind]] = {
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
    refuser = Refuser("AviationStack", secrets)
    if 200 <= reply.status < 300 and told is None:
        return refuser.no_json(document) if isinstance(document, NotJson) else None
    said = told or _Told()
    label = said.codes[0] if said.codes else ""
    return refuser.error(_kind(said, reply.status), reply, document, label, said.message)


def _kind(told: _Told, status: int) -> Kind:
    status = _told_status(told) or status
    kind = next((_BY_CODE[code] for code in told.codes if code in _BY_CODE), None) or kind_by_status(status)
    return to_wait_for(kind, status)


def _told_status(told: _Told) -> int | None:
    """An HTTP status in the place of a code, which counts for more than a 200 around it."""
    numbers = (int(code) for code in told.codes if len(code) == 3 and code.isascii() and code.isdigit())
    return next((number for number in numbers if 400 <= number < 600), None)


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
