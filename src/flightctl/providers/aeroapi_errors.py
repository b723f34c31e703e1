"""AeroAPI's refusals, ``{"title", "reason", "detail", "status"}``, and those that are an empty answer (CONTRACT B6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flightctl.errors import FlightctlError, KeyRefused, PlanRefused, RequestRefused
from flightctl.providers.json_body import EMPTY, NotJson
from flightctl.providers.refusals import Kind, Refuser, kind_by_status, to_wait_for
from flightctl.providers.transport import Reply

_HINTS: Final[Mapping[Kind, str]] = {
    KeyRefused: "check aeroapi.key in 'flightctl config show'; FlightAware answers a key whose plan is too low alike",
    PlanRefused: "the key is good, but its AeroAPI plan does not include this",
    RequestRefused: "ask for another date, or check aeroapi.url in 'flightctl config show'",
}
_ENVELOPE = frozenset({"title", "reason", "detail", "status", "flights", "scheduled"})
_OF_A_PLAN = re.compile(
    r"\b(?:tiers?|plans?|subscription|subscribed|entitled|entitlement|upgrade|package|permission)\b"
)
_PARAMETER = re.compile(
    r"\b(?:start|end|date(?:_start|_end|s)?|window|range|span|days?|weeks?|past|future|earliest|cursor|max_pages|pages?"
    r"|ident_type|flight_number|include_\w+)\b"
)
_FLIGHT = re.compile(
    r"(?<![a-z])(?:ident|identifier|id|flight|designator|callsign|registration|aircraft|airline|operator)s?(?![a-z_])"
)
_LACKING = re.compile(
    r"unknown|invalid|unrecogni|not (?:be )?(?:found|known|valid|recogni|exist)|not a (?:known|valid)"
)
_NOTHING = re.compile(r"\bno[ _](?:such|data|flights?)\b|\bnot[ _]found\b")


@dataclass(frozen=True, slots=True)
class _Told:
    """What the body says of a failure; the texts are upstream's and not yet safe to show."""

    title: str = ""
    reason: str = ""
    detail: str = ""
    status: int | None = None

    @property
    def everything(self) -> str:
        """In lower case, to look for words in."""
        return f"{self.title}\n{self.reason}\n{self.detail}".lower()


def refusal(reply: Reply, document: object, secrets: Sequence[str]) -> FlightctlError | None:
    """The error that ``reply`` is, or ``None`` where it has to be read as a page.

    ``document`` is the decoded body or NotJson. A 401 is the answer to a bad key and to a good one whose plan is too
    low, with the same title and reason: what speaks of a plan is PlanRefused. Never raises; upstream's texts are
    redacted, cleaned and cut.
    """
    refuser = Refuser("AeroAPI", secrets, _HINTS)
    told, status = _told(document), _status(reply, document)
    if 200 <= status < 300 and not told.reason:
        return refuser.no_json(document) if isinstance(document, NotJson) else None
    return refuser.error(_kind(told, status), reply, document, told.reason, told.detail or told.title)


def says_unknown(reply: Reply, document: object) -> bool:
    """Whether this is AeroAPI's way to say that it has no such flight; an empty list with status 200 is another.

    A 404 is, unless it comes from a gateway or from another page (no JSON, or none of AeroAPI's names in it). A 400
    is where it says that there is nothing (``no data``, ``not found``), or that the flight asked for is unknown or
    invalid (designators are well formed before they are asked for); never where its title, reason or detail names a
    parameter or the window, and not where it is unclear: an absence is remembered, an error is not.
    """
    status = _status(reply, document)
    if status == HTTPStatus.NOT_FOUND:
        return document == EMPTY or _is_its_own(document)
    return status == HTTPStatus.BAD_REQUEST and _has_nothing(_told(document).everything)


def _is_its_own(document: object) -> bool:
    """Whether AeroAPI wrote this, as far as its names tell."""
    return isinstance(document, dict) and (not document or not _ENVELOPE.isdisjoint(document))


def _has_nothing(said: str) -> bool:
    if _PARAMETER.search(said):
        return False
    return bool(_NOTHING.search(said) or (_FLIGHT.search(said) and _LACKING.search(said)))


def _kind(told: _Told, status: int) -> Kind:
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return PlanRefused
    if status == HTTPStatus.UNAUTHORIZED and _OF_A_PLAN.search(told.everything):
        return PlanRefused
    return to_wait_for(kind_by_status(status), status)


def _status(reply: Reply, document: object) -> int:
    """HTTP's, or, within a 2xx, that of the error in the body."""
    told = _told(document).status
    return told if told is not None and 200 <= reply.status < 300 else reply.status


def _told(document: object) -> _Told:
    if not isinstance(document, dict) or any(isinstance(document.get(name), list) for name in ("flights", "scheduled")):
        return _Told()
    return _Told(
        title=_text(document, "title"),
        reason=_text(document, "reason"),
        detail=_text(document, "detail") or _text(document, "message"),
        status=_error_status(document.get("status")),
    )


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _error_status(value: object) -> int | None:
    return value if type(value) is int and 400 <= value < 600 else None
